"""An answer as a receipt: which words of each system mean stale, refused, locked, turned away, unknown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from syncengine.connectors.business_central.system import BusinessCentral
from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales.system import DynamicsSales
from syncengine.connectors.odata import metadata
from syncengine.connectors.settings import Auth
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import HttpLimits
from syncengine.errors import CredentialsRefused
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.records.document import Gone
from syncengine.records.document import View
from tests.unit.connectors.serving import SECRET
from tests.unit.connectors.serving import TOKENS

ORDER = "0c9f8d52-3116-f111-8c2e-6045bd9a7e10"
LIMITS = HttpLimits(attempts=1, patience_s=0.05, concurrency=2)
STALE, REFUSED, LOCKED = ReceiptOutcome.STALE, ReceiptOutcome.REFUSED, ReceiptOutcome.READ_ONLY
THROTTLED, UNKNOWN, NOT_SENT = ReceiptOutcome.THROTTLED, ReceiptOutcome.UNKNOWN, ReceiptOutcome.NOT_SENT
DONE = ReceiptOutcome.DONE


def central(answer: Any) -> BusinessCentral:
    def service(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("$metadata"):
            return httpx.Response(404)
        if request.url.path.endswith("/companies"):
            return httpx.Response(200, json={"value": [{"id": ORDER, "name": "CRONUS"}]})
        made = answer(request) if callable(answer) else answer
        assert isinstance(made, httpx.Response)
        return made

    connection = Connection("https://erp.example/api/v2.0", limits=LIMITS, options={"company": "CRONUS"})
    return BusinessCentral(connection, transport=httpx.MockTransport(service))


def sales(answer: Any, auth: Auth | None = None) -> DynamicsSales:
    def service(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("$metadata"):
            return httpx.Response(404)
        made = answer(request) if callable(answer) else answer
        assert isinstance(made, httpx.Response)
        return made

    connection = (
        Connection("https://crm.example", auth, LIMITS) if auth else Connection("https://crm.example", limits=LIMITS)
    )
    return DynamicsSales(connection, transport=httpx.MockTransport(service))


def error(status: int, code: str, message: str, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": {"code": code, "message": message}}, headers=sent)


def step(side: Any, verb: Any = "update", *, no: int = 1) -> Step:
    table = "salesorders" if side == "sales" else "salesOrders"
    made = verb in ("create", "create-line")
    return Step(
        no, side, verb, table, target=None if made else ORDER, body={"name": "x"}, expects=None if made else 'W/"1"'
    )


def receipt(system: BusinessCentral | DynamicsSales, verb: Any = "update") -> Receipt:
    one = step(system.side, verb)
    ((_, (found,)),) = list(system.write([[one]], View(one.table, ())))
    return found


@pytest.mark.parametrize(
    ("status", "code", "verb", "outcome"),
    [
        (412, "0x80060882", "update", STALE),  # row version
        (412, "0x80060882", "delete", STALE),
        (404, "0x80040217", "update", STALE),  # the row is gone
        (404, "0x80060891", "update", STALE),  # no row for these key values
        (404, "0x80040217", "delete", DONE),
        (404, "0x8006088a", "update", REFUSED),  # no such table: nothing about the row
        (412, "0x80040237", "create", UNKNOWN),  # our own id is there already: look at it
        (409, "0x80040237", "create", UNKNOWN),  # as one public client saw it
        (412, "0x80060892", "create", REFUSED),  # another row has the alternate key
        (412, "0x80040333", "update", REFUSED),  # a duplicate detection rule
        (400, "0x80044331", "update", REFUSED),  # too long
        (400, "0x80040265", "update", REFUSED),  # somebody's plug-in
        (403, "0x80040220", "update", REFUSED),  # a privilege is missing
        (400, "0x80043b09", "create-line", LOCKED),  # parent is read-only
        (400, "0x8004022e", "update", LOCKED),
        (403, "0x8004022e", "update", LOCKED),
        (400, "0x80040228", "delete", LOCKED),
        (429, "0x80072322", "update", THROTTLED),  # requests
        (429, "0x80072321", "update", THROTTLED),  # execution time
        (429, "0x80072326", "update", THROTTLED),  # concurrency
        (429, "0x8005F103", "create", THROTTLED),
        (500, "0x80040216", "create", UNKNOWN),
        (502, "", "update", UNKNOWN),
        (503, "", "create", UNKNOWN),
        (504, "", "create", UNKNOWN),
    ],
)  # fmt: skip
def test_refusals_of_dataverse(status: int, code: str, verb: str, outcome: ReceiptOutcome) -> None:
    """By code first, by status then. (Section 5 of its reference.)"""
    found = receipt(sales(error(status, code, "words", retry_after="0")), verb)
    assert found.outcome is outcome
    if outcome is not DONE:
        assert found.error is not None
        assert (found.error.status, found.error.code, found.error.message) == (status, code, "words")


@pytest.mark.parametrize(
    ("status", "code", "message", "verb", "outcome"),
    [
        (409, "Request_EntityChanged", "Another user has already changed the record.", "update", STALE),
        (412, "Request_EntityChanged", "…", "update", STALE),
        (412, "", "", "update", STALE),
        (409, "Internal_EntityWithSameKeyExists", "…", "create", REFUSED),  # not every 409 is staleness
        (400, "Internal_EntityWithSameKeyExists", "…", "create", REFUSED),
        (409, "Internal_EntityWithSameKeyExists", "…", "update", REFUSED),
        (400, "BadRequest_InvalidToken", "…", "update", REFUSED),
        (400, "Application_DialogException", "Item does not exist.", "create-line", REFUSED),
        (400, "Application_StringExceededLength", "…", "update", REFUSED),
        (400, "Application_FieldValidationException",
         "Status must be equal to 'Open'  in Sales Header: Document Type=Order, No.=1. Current value is 'Released'.",
         "update", LOCKED),
        (404, "BadRequest_ResourceNotFound", "…", "update", STALE),
        (404, "Internal_RecordNotFound", "…", "delete", DONE),
        (404, "Internal_CompanyNotFound", "…", "delete", REFUSED),  # the company went, not the order
        (404, "Internal_CompanyNotFound", "…", "update", REFUSED),
        (404, "", "", "delete", REFUSED),  # some proxy's
        (403, "Authorization_RequestDenied", "…", "update", REFUSED),
        (405, "BadRequest_MethodNotAllowed", "…", "delete", REFUSED),
        (408, "", "", "create", UNKNOWN),
        (429, "Application_TooManyRequests", "…", "create", THROTTLED),
        (500, "Internal_ServerError", "…", "create", UNKNOWN),
        (503, "Internal_TenantUnavailable", "…", "create", UNKNOWN),
        (504, "", "", "create", UNKNOWN),
    ],
)  # fmt: skip
def test_refusals_of_business_central(status: int, code: str, message: str, verb: str, outcome: ReceiptOutcome) -> None:
    """By code first, by status then. (Section 3.3 of its reference.)"""
    answer = error(status, code, message, retry_after="0") if code else httpx.Response(status, text=message)
    assert receipt(central(answer), verb).outcome is outcome


def test_the_words_of_business_central_come_without_its_correlation_id() -> None:
    """Two blanks and a GUID that tell a person nothing, and make equal refusals look different."""
    answer = error(400, "Application_DialogException", "Item does not exist.  CorrelationId:  6a1d0c7e-5f0e.")
    found = receipt(central(answer))
    assert found.error is not None
    assert found.error.message == "Item does not exist."


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_what_the_service_asks_to_wait_is_passed_on(side: str) -> None:
    """The engine may put the work back until then."""
    answer = error(429, "0x80072322", "too many", retry_after="17")
    found = receipt(sales(answer) if side == "sales" else central(answer))
    assert found.error is not None
    assert found.error.retry_after_s == 17


@pytest.mark.parametrize("side", ["sales", "back_office"])
@pytest.mark.parametrize("body", ["<html>welcome</html>", "[", "", "[]", '{"value":7}'])
def test_a_success_that_shows_nothing_is_no_success_of_its_own(side: str, body: str) -> None:
    """A page from a proxy with status 200 says nothing of what happened; an empty 2xx says that it did."""
    answer = httpx.Response(
        200, text=body, headers={"content-type": "text/html" if "<" in body else "application/json"}
    )
    found = receipt(sales(answer) if side == "sales" else central(answer))
    assert found.outcome is (DONE if body == "" else UNKNOWN)


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_created_row_is_known_by_its_address(side: str) -> None:
    """204 without a body, where a service gives none."""
    location = {"odata-entityid": f"https://x/salesorders({ORDER})", "location": f"https://x/salesOrders({ORDER})"}
    answer = httpx.Response(204, headers=location)
    found = receipt(sales(answer) if side == "sales" else central(answer), "create")
    assert found.outcome is DONE
    assert found.after is not None
    assert found.after.id == ORDER


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_batch_that_is_not_taken_is_sent_in_halves(side: str) -> None:
    """Too large, too many, or one part that spoils it: nothing was carried out, so each is sent again, once."""
    applied: list[str] = []
    sizes: list[int] = []

    def service(request: httpx.Request) -> httpx.Response:
        text = request.content.decode()
        bodies = [one for one in ("n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7") if f'"{one}"' in text]
        sizes.append(len(bodies))
        if "n5" in bodies:
            return error(400, "BadRequest", "The batch cannot be read.")
        applied.extend(bodies)
        if len(bodies) == 1:
            return httpx.Response(204)
        if side == "sales":
            parts = "".join(
                "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n" for _ in bodies
            )
            return httpx.Response(
                200, text=parts + "--b--\r\n", headers={"content-type": "multipart/mixed; boundary=b"}
            )
        asked = from_json(request.content)["requests"]
        return httpx.Response(200, json={"responses": [{"id": one["id"], "status": 204} for one in asked]})

    system = sales(service) if side == "sales" else central(service)
    table = "salesorders" if side == "sales" else "salesOrders"
    steps = [
        Step(n, system.side, "update", table, target=ORDER, body={"name": f"n{n}"}, expects='W/"1"') for n in range(8)
    ]
    found = {some[0].step: some[0].outcome for _, some in system.write([[one] for one in steps], View(table, ()))}
    assert found == {n: REFUSED if n == 5 else DONE for n in range(8)}
    assert sorted(applied) == ["n0", "n1", "n2", "n3", "n4", "n6", "n7"]
    assert sizes[0] == 8


def test_without_a_token_nothing_is_sent_and_every_step_is_told() -> None:
    """The token service refuses: each step gets its receipt, then the error ends the run (exit 4)."""
    asked: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(401, json={"error": "invalid_client"})

    system = sales(service, SECRET)
    found: list[Receipt] = []
    system.schema.published._model, system.schema.published._read_at = metadata.Model(), float("inf")
    written = system.write([[step("sales", no=no)] for no in (1, 2, 3)], View("salesorders", ()))
    with pytest.raises(CredentialsRefused):
        found.extend(receipts[0] for _, receipts in written)
    assert [(one.step, one.outcome) for one in found] == [(no, NOT_SENT) for no in (1, 2, 3)]
    assert set(asked) == {TOKENS}


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_batch_turned_away_at_the_door_says_nothing_of_its_records(side: str) -> None:
    """The user is no member, the address is wrong: no record is at fault, and the run ends (exit 4)."""
    answer = error(403, "0x80072560", "The user is not a member of the organization.")
    system = sales(answer) if side == "sales" else central(answer)
    found: list[Receipt] = []
    written = system.write([[step(system.side, no=no)] for no in (1, 2)], View(step(system.side).table, ()))
    with pytest.raises(CredentialsRefused, match="not a member"):
        found.extend(receipts[0] for _, receipts in written)
    assert [(one.step, one.outcome) for one in found] == [(no, NOT_SENT) for no in (1, 2)]


def test_a_failed_change_set_fails_every_step_of_it() -> None:
    """One answer for all of it: none was carried out."""
    part = '{"error":{"code":"0x80060882","message":"stale"}}'
    text = (
        "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 412 Precondition Failed\r\n"
        f"Content-Type: application/json\r\n\r\n{part}\r\n--b--\r\n"
    )
    system = sales(httpx.Response(200, text=text, headers={"content-type": "multipart/mixed; boundary=b"}))
    group = [replace(step("sales", no=no), atomic=1) for no in (1, 2)]
    ((_, receipts),) = list(system.write([group], View("salesorders", ())))
    assert [(one.step, one.outcome) for one in receipts] == [(1, STALE), (2, STALE)]


def test_a_batch_cut_off_in_the_middle_leaves_the_rest_unknown() -> None:
    """What was answered is known; what was not may have happened."""
    text = (
        "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n"
        "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No"
    )
    system = sales(httpx.Response(200, text=text, headers={"content-type": "multipart/mixed; boundary=b"}))
    found = dict(system.write([[step("sales", no=1)], [step("sales", no=2)]], View("salesorders", ())))
    assert [found[n][0].outcome for n in (0, 1)] == [DONE, UNKNOWN]


def test_removing_what_is_gone_is_done() -> None:
    """By the service's own word for this very row."""
    assert receipt(sales(error(404, "0x80040217", "…")), "delete").after == Gone(ORDER)


def test_a_row_of_a_document_that_is_gone_already_has_been_deleted() -> None:
    """Deleting it once more, where the first answer was lost, is no failure."""
    one = Step(1, "back_office", "delete-part", "dimensionSetLines", target="d-1", parent=ORDER)
    asked: list[httpx.Request] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return error(404, "BadRequest_ResourceNotFound", "Nothing there.")

    ((_, (found,)),) = list(central(service).write([[one]], View("salesOrders", ())))
    assert (found.outcome, found.after) == (DONE, Gone("d-1"))
    assert asked[0].method == "DELETE"
    assert asked[0].url.path.endswith(f"/salesOrders({ORDER})/dimensionSetLines(d-1)")
