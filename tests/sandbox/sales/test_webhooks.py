from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING
from typing import Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Receiver:
    """A webhook receiver that keeps what it gets and answers what it is told."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.slow_s = 0.0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(receiver.slow_s)
                receiver.got.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def register(sales: Any, receiver: Receiver, message: str, table: str = "salesorder", **more: Any) -> str:
    """A service endpoint and a step, as an administrator registers them; gives the step."""
    auth = more.pop("auth", {"authtype": 4, "authvalue": "s3cret"})
    body = {"name": "hook", "contract": 8, "url": more.pop("url", receiver.url), **auth}
    endpoint = sales.admin.make("serviceendpoints", body)
    messages = sales.admin.read(f"sdkmessages?$select=name&$filter=name eq '{message}'")["value"]
    key = messages[0]["sdkmessageid"]
    condition = f"_sdkmessageid_value eq {key} and primaryobjecttypecode eq '{table}'"
    scope = sales.admin.read(f"sdkmessagefilters?$filter={condition}")["value"][0]["sdkmessagefilterid"]
    step = {
        "name": f"{message} of {table}",
        "mode": 1,
        "stage": 40,
        "rank": 1,
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
        "sdkmessageid@odata.bind": f"/sdkmessages({key})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({scope})",
        **more,
    }
    return sales.admin.make("sdkmessageprocessingsteps", step)


def settled(sales: Any) -> list[dict[str, Any]]:
    """What has been sent once nothing waits any more."""
    for _ in range(400):
        found = sales.door("GET", "deliveries").json()
        if not found["pending"]:
            return found["done"]
        time.sleep(0.005)
    raise AssertionError("deliveries do not come to an end")


def test_a_created_order_is_announced(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """POST with the documented headers and a RemoteExecutionContext; WebhookKey sends ?code=."""
    register(sales, receiver, "Create")
    order = catalog.order(sales.seller)
    assert [one["status"] for one in settled(sales)] == [200]
    got = receiver.got[0]
    assert got["path"] == "/hook?code=s3cret"
    headers = {name.lower(): value for name, value in got["headers"].items()}
    assert headers["x-ms-dynamics-entity-name"] == "salesorder"
    assert headers["x-ms-dynamics-request-name"] == "Create"
    assert "x-ms-dynamics-organization" in headers
    assert headers["x-ms-correlation-request-id"] == got["body"]["CorrelationId"]
    body = got["body"]
    assert (body["MessageName"], body["PrimaryEntityName"], body["PrimaryEntityId"]) == (
        "Create",
        "salesorder",
        order,
    )
    assert body["UserId"] == body["InitiatingUserId"] == sales.user("seller")
    assert (body["Stage"], body["Mode"], body["Depth"]) == (40, 1, 1)


def attributes(body: dict[str, Any]) -> dict[str, Any]:
    target = body["InputParameters"][0]
    assert target["key"] == "Target"
    return {one["key"]: one["value"] for one in target["value"]["Attributes"]}


def test_an_update_has_only_the_columns_written(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Target holds what was sent, the key and the stamps; values carry their __type, dates are /Date(ms)/."""
    order = catalog.order()
    register(sales, receiver, "Update")
    bind = {"customerid_contact@odata.bind": f"/contacts({catalog.contact})"}
    sales.seller.patch(f"salesorders({order})", {"name": "New", "paymenttermscode": 2, **bind})
    settled(sales)
    found = attributes(receiver.got[0]["body"])
    assert found["name"] == "New"
    assert found["paymenttermscode"]["Value"] == 2
    assert found["paymenttermscode"]["__type"].startswith("OptionSetValue:")
    assert (found["customerid"]["LogicalName"], found["customerid"]["Id"]) == ("contact", catalog.contact)
    assert found["modifiedon"].startswith("/Date(")
    assert found["salesorderid"] == order
    assert "description" not in found


def test_filtering_attributes_choose_updates(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Only an update of a watched column is announced."""
    order = catalog.order()
    register(sales, receiver, "Update", filteringattributes="statecode,name")
    sales.seller.patch(f"salesorders({order})", {"description": "x"})
    assert settled(sales) == []
    sales.seller.patch(f"salesorders({order})", {"statecode": 1, "statuscode": 3})
    assert len(settled(sales)) == 1


def test_the_pricing_pass_is_an_update_of_its_own(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """A line write announces an update of the header with its totals."""
    order = catalog.order()
    register(sales, receiver, "Update")
    catalog.add_line(order, catalog.bikes(1))
    assert len(settled(sales)) == 1
    found = attributes(receiver.got[0]["body"])
    assert found["totalamount"]["Value"] == 1000


def test_a_deletion_is_announced_as_reference(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Target is an EntityReference."""
    order = catalog.order()
    register(sales, receiver, "Delete")
    sales.admin.delete(f"salesorders({order})")
    settled(sales)
    target = receiver.got[0]["body"]["InputParameters"][0]["value"]
    assert target["__type"].startswith("EntityReference:")
    assert (target["LogicalName"], target["Id"]) == ("salesorder", order)


@pytest.mark.parametrize(("authtype", "place"), [(5, "header"), (6, "query")])
def test_secrets_travel_as_header_or_query(
    sales: Any, catalog: Any, receiver: Receiver, authtype: int, place: str
) -> None:
    """HttpHeader and HttpQueryString send arbitrary pairs; there is no signature."""
    value = '<settings><setting name="X-Secret" value="s3cret" /></settings>'
    register(sales, receiver, "Create", auth={"authtype": authtype, "authvalue": value})
    catalog.order()
    settled(sales)
    got = receiver.got[0]
    if place == "header":
        assert {name.lower(): v for name, v in got["headers"].items()}["x-secret"] == "s3cret"
    else:
        assert got["path"] == "/hook?X-Secret=s3cret"


def test_a_tag_becomes_a_shared_variable(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """?tag=text in the address marks the origin of a write."""
    order = catalog.order()
    register(sales, receiver, "Update")
    sales.integration.patch(f"salesorders({order})?tag=syncengine", {"name": "x"})
    settled(sales)
    assert receiver.got[0]["body"]["SharedVariables"] == [{"key": "tag", "value": "syncengine"}]


@pytest.mark.parametrize(("statuses", "attempts"), [([503, 200], 2), ([502, 504], 2), ([500], 1), ([404], 1)])
def test_only_gateway_errors_get_one_extra_attempt(
    sales: Any, catalog: Any, receiver: Receiver, statuses: list[int], attempts: int
) -> None:
    """502, 503 and 504 are tried once more, anything else fails at once; a failure is a failed system job."""
    register(sales, receiver, "Create")
    receiver.statuses = list(statuses)
    catalog.order()
    done = settled(sales)
    assert [one["attempts"] for one in done] == [attempts]
    jobs = sales.admin.read("asyncoperations?$select=statuscode&$filter=operationtype eq 1")["value"]
    assert [job["statuscode"] for job in jobs] == [30 if statuses[-1] == 200 else 31]


def test_a_successful_job_may_be_deleted_automatically(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """`asyncautodelete` leaves only failures behind."""
    register(sales, receiver, "Create", asyncautodelete=True)
    catalog.order()
    settled(sales)
    assert sales.admin.read("asyncoperations")["value"] == []


def test_a_slow_receiver_has_failed(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Success is 2xx within 60 s, here within a switch."""
    sales.setup(webhook_timeout_s=0.05)
    receiver.slow_s = 0.3
    register(sales, receiver, "Create")
    catalog.order()
    done = settled(sales)
    assert (done[0]["status"], done[0]["attempts"]) == (0, 1)


def test_a_synchronous_step_rolls_the_write_back_when_it_fails(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """The user's transaction is refused, and nothing is written."""
    register(sales, receiver, "Create", mode=0)
    receiver.statuses = [500]
    refused = sales.seller.post("salesorders", {"name": "x"})
    assert refused.status_code == 400
    assert sales.admin.read("salesorders")["value"] == []
    assert sales.seller.post("salesorders", {"name": "x"}).status_code == 204


def test_an_undone_change_set_announces_nothing(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Asynchronous steps run after the commit."""
    register(sales, receiver, "Create")
    bad = catalog.bikes(1) | {"quantity": 1.5}
    sales.seller.post("salesorders", {"name": "x", "order_details": [bad]})
    assert settled(sales) == []


def test_disabled_steps_and_other_tables_are_silent(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """A step is for its table, and can be turned off."""
    step = register(sales, receiver, "Create", table="account")
    catalog.order()
    assert settled(sales) == []
    sales.admin.patch(f"sdkmessageprocessingsteps({step})", {"statecode": 1, "statuscode": 2})
    sales.admin.make("accounts", {"name": "x"})
    assert settled(sales) == []


def test_duplicates_losses_and_reversal_on_demand(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """There is no ordering guarantee, and duplicates and losses happen."""
    register(sales, receiver, "Create", table="salesorderdetail")
    sales.setup(webhook_duplicates=1)
    catalog.order(None, catalog.bikes(1))
    assert len(settled(sales)) == 2
    assert receiver.got[0]["body"] == receiver.got[1]["body"]
    sales.setup(webhook_duplicates=0, webhook_losses=1)
    catalog.order(None, catalog.bikes(1))
    assert len(settled(sales)) == 2
    sales.setup(webhook_losses=0, webhook_reversed=True)
    receiver.got.clear()
    catalog.order(None, catalog.bikes(1), catalog.bikes(2))
    settled(sales)
    assert [attributes(one["body"])["quantity"] for one in receiver.got] == [2, 1]


def test_late_deliveries_on_demand(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Asynchronous steps may take their time."""
    register(sales, receiver, "Create")
    sales.setup(webhook_delay_s=0.2)
    catalog.order()
    assert sales.door("GET", "deliveries").json()["pending"] == 1
    assert receiver.got == []
    assert len(settled(sales)) == 1


def test_only_loopback_is_called(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Another host is never contacted: the job fails."""
    register(sales, receiver, "Create", url="http://198.51.100.1/hook")
    catalog.order()
    done = settled(sales)
    assert (done[0]["status"], "loopback" in done[0]["error"]) == (0, True)


def test_a_large_context_is_cut(sales: Any, catalog: Any, receiver: Receiver) -> None:
    """Over 256 KB the header says so and parameters and images are dropped."""
    register(sales, receiver, "Create", table="annotation")
    sales.admin.make("annotations", {"subject": "big", "notetext": "x" * 90_000, "documentbody": "y" * 200_000})
    settled(sales)
    got = receiver.got[0]
    assert {name.lower() for name in got["headers"]} >= {"x-ms-dynamics-msg-size-exceeded"}
    assert got["body"]["InputParameters"] is None
    assert got["body"]["PrimaryEntityName"] == "annotation"
