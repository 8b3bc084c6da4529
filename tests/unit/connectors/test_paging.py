"""Pages and batches of reads: their size, their end, and that half a document is none."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from syncengine.connectors.business_central.system import BusinessCentral
from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales.system import DynamicsSales
from syncengine.connectors.http import AnswerTooLarge
from syncengine.connectors.paging import AIM_BYTES
from syncengine.connectors.paging import FIRST
from syncengine.connectors.paging import LARGEST_BYTES
from syncengine.connectors.paging import PageSizes
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import HttpLimits
from syncengine.errors import Unreachable
from syncengine.mapping.filters import Condition
from syncengine.planner.steps import Step
from syncengine.ports import Poll
from syncengine.records.document import Document
from syncengine.records.document import View

COMPANY = "5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d"
CENTRAL = "https://erp.example/v2.0/t/production/api/v2.0"
SALES = "https://crm.example"
ORDERS = View("salesOrders", ("number",), "salesOrderLines", "documentId", ("quantity",))
SALES_ORDERS = View("salesorders", ("name",), "salesorderdetails", "salesorderid", ("quantity",))
LIMITS = HttpLimits(page=100, page_with_lines=100, attempts=1, patience_s=0.05)


def size_asked(request: httpx.Request) -> int:
    found = re.search(r"maxpagesize=(\d+)", request.headers["prefer"])
    assert found
    return int(found[1])


class Central:
    """Business Central as far as a scan goes: `weights` are the rows' sizes, lines stand in each row."""

    def __init__(self, weights: list[int]) -> None:
        self.weights = weights
        self.pages: list[tuple[int, int]] = []  # rows asked for, bytes given
        self.special: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        special = self.special(request)
        if special is not None:
            return special
        if path.endswith("$metadata"):
            return httpx.Response(404)
        if path.endswith("/companies"):
            return answer({"value": [{"id": COMPANY, "name": "CRONUS"}]})
        at = int(dict(request.url.params).get("$skiptoken", 0))
        size = size_asked(request)
        rows = [
            {"id": f"{n}", "number": "x" * self.weights[n], "salesOrderLines": [{"id": f"{n}-1", "quantity": 1}]}
            for n in range(at, min(at + size, len(self.weights)))
        ]
        body: dict[str, Any] = {"value": rows}
        if at + size < len(self.weights):
            body["@odata.nextLink"] = f"{CENTRAL}/companies({COMPANY})/salesOrders?$skiptoken={at + size}"
        made = answer(body)
        self.pages.append((size, len(made.content)))
        return made


def answer(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def central(service: Callable[[httpx.Request], httpx.Response], **limits: Any) -> BusinessCentral:
    chosen = HttpLimits(**{**LIMITS.__dict__, **limits})
    connection = Connection(CENTRAL, limits=chosen, options={"company": "CRONUS"})
    return BusinessCentral(connection, transport=httpx.MockTransport(service))


def sales(service: Callable[[httpx.Request], httpx.Response], **limits: Any) -> DynamicsSales:
    chosen = HttpLimits(**{**LIMITS.__dict__, **limits})
    return DynamicsSales(Connection(SALES, limits=chosen), transport=httpx.MockTransport(service))


def ids(system: BusinessCentral | DynamicsSales, view: View, after: str | None = None) -> list[str]:
    return [one.id for page in system.scan(view, (), after) for one in page.documents]


def test_sizes_follow_the_weight_of_rows() -> None:
    """Unknown: a few. Then as many as fit, never more than asked for, never less than one."""
    sizes = PageSizes()
    assert sizes.rows("orders", 500) == FIRST
    sizes.learn("orders", 20, 20 * 1000)
    assert sizes.rows("orders", 500) == 500
    sizes.learn("orders", 20, 20 * AIM_BYTES // 50)
    assert sizes.rows("orders", 500) == 50
    sizes.learn("orders", 1, 3 * AIM_BYTES)
    assert sizes.rows("orders", 500) == 1
    assert sizes.rows("other", 500) == FIRST


def test_pages_stay_under_eight_megabytes() -> None:
    """Rows become heavier while they are read: pages become smaller, and every row comes once."""
    weights = [2_000] * 150 + [60_000] * 150 + [100_000] * 150 + [150_000] * 60
    service = Central(weights)
    assert ids(central(service), ORDERS) == [str(n) for n in range(len(weights))]
    assert max(size for _, size in service.pages) < LARGEST_BYTES
    assert service.pages[0][0] == FIRST
    assert max(asked for asked, _ in service.pages) == 100  # light rows come by the hundred
    assert service.pages[-1][0] < 50


def test_a_page_that_is_more_than_we_take_is_asked_for_in_halves() -> None:
    """Within the same scan: the link goes on behind the last row sent."""
    service = Central([1_000] * 30 + [90_000] * 10)
    system = central(service, max_body_bytes=500_000)
    assert ids(system, ORDERS) == [str(n) for n in range(40)]


def test_one_row_that_is_more_than_we_take_says_what_to_raise() -> None:
    """There is no smaller page than one row."""
    with pytest.raises(AnswerTooLarge) as told:
        ids(central(Central([1_000] * 3 + [900_000]), max_body_bytes=500_000), ORDERS)
    assert "max_body_mb" in told.value.remedy


def test_a_collection_that_was_cut_is_read_to_its_end() -> None:
    """Business Central: a nested link among the expanded lines; half a document is never compared."""
    more = f"{CENTRAL}/companies({COMPANY})/salesOrders(1)/salesOrderLines?$skiptoken="

    def cut(request: httpx.Request) -> httpx.Response | None:
        where = str(request.url)
        if "/salesOrderLines?" in where:
            last = where.endswith("2")
            rows = [{"id": "b" if not last else "c", "sequence": 20000 if not last else 30000, "quantity": 1}]
            return answer({"value": rows} if last else {"value": rows, "@odata.nextLink": more + "2"})
        if "salesOrders" in where:
            lines = [{"id": "a", "sequence": 10000, "quantity": 1}]
            order = {"id": "1", "salesOrderLines": lines, "salesOrderLines@odata.nextLink": more + "1"}
            return answer(order if "salesOrders(1)" in where or request.method == "POST" else {"value": [order]})
        return None

    service = Central([])
    service.special = cut
    system = central(service)
    (page,) = list(system.scan(ORDERS, ()))
    found = system.read(ORDERS, ["1"])["1"]
    ((searched,),) = system.find(ORDERS, [{"number": "x"}])
    step = Step(1, "back_office", "create", "salesOrders", body={"externalDocumentNumber": "x"})
    ((_, (receipt,)),) = list(system.write([[step]], ORDERS))
    for document in (page.documents[0], found, searched, receipt.after):
        assert isinstance(document, Document)
        assert [line.id for line in document.lines] == ["a", "b", "c"]


def test_nested_links_to_another_host_are_not_followed() -> None:
    """Nor is such a document taken for whole."""

    def evil(request: httpx.Request) -> httpx.Response | None:
        if "salesOrders" in str(request.url):
            order = {"id": "1", "salesOrderLines": [], "salesOrderLines@odata.nextLink": "https://evil.example/x"}
            return answer({"value": [order]})
        return None

    service = Central([])
    service.special = evil
    with pytest.raises(Unreachable, match="another host"):
        list(central(service).scan(ORDERS, ()))


@pytest.mark.parametrize("place", ["page", "delta"])
def test_links_of_pages_and_deltas_to_another_host_are_not_followed(place: str) -> None:
    """Our credentials go to the configured origin only."""
    asked: list[str] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.path.endswith("$metadata"):
            return httpx.Response(404)
        body = {"value": [], "@odata.nextLink": "https://evil.example/api/data/v9.2/salesorders?$skiptoken=1"}
        return httpx.Response(200, json=body, headers={"preference-applied": "odata.track-changes"})

    system = sales(service)
    follow = {"page": lambda: ids(system, SALES_ORDERS), "delta": lambda: system.begin(Poll("salesorders"))}[place]
    with pytest.raises(Unreachable, match="another host"):
        follow()
    assert set(asked) == {"crm.example"}


class Dataverse:
    """Dataverse as far as a scan goes: a sequence of pages keeps the size of its first."""

    def __init__(self, weights: list[int]) -> None:
        self.weights = weights
        self.gone: set[int] = set()
        self.sizes: list[int] = []
        self.weighed: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("$metadata"):
            return httpx.Response(404)
        size = size_asked(request)
        self.sizes.append(size)
        told = unquote(dict(request.url.params).get("$skiptoken", f"0-{size}"))
        at, first_size = (int(one) for one in told.split("-"))
        assert size == first_size, "the page size must not change within a sequence"
        rows = [
            {"salesorderid": f"{n}", "name": "x" * self.weights[n], "order_details": []}
            for n in range(at, min(at + size, len(self.weights)))
            if n not in self.gone
        ]
        body: dict[str, Any] = {"value": rows}
        if at + size < len(self.weights):
            body["@odata.nextLink"] = f"{SALES}/api/data/v9.2/salesorders?$skiptoken={at + size}-{size}"
        made = answer(body)
        self.weighed.append(len(made.content))
        return made


def test_a_sequence_of_pages_keeps_its_size() -> None:
    """Dataverse: one small page to weigh the rows, then all pages of a size, each row once, and resumable in it."""
    service = Dataverse([10_000] * 350)
    system = sales(service)
    pages = list(system.scan(SALES_ORDERS, ()))
    assert [one.id for page in pages for one in page.documents] == [str(n) for n in range(350)]
    assert service.sizes == [FIRST, 100, 100, 100, 100]
    another = sales(service)
    assert ids(another, SALES_ORDERS, pages[1].after) == [str(n) for n in range(200, 350)]


def test_heavy_rows_are_asked_for_in_small_pages_the_next_time() -> None:
    """What was learned in one scan holds for the next, though its size was fixed before the heavy rows came."""
    service = Dataverse([10_000] * 40 + [200_000] * 60)
    system = sales(service)
    for _ in range(2):
        service.weighed.clear()
        assert ids(system, SALES_ORDERS) == [str(n) for n in range(100)]
    assert max(service.weighed) < LARGEST_BYTES


def test_rows_that_are_suddenly_heavy_are_asked_for_in_fewer() -> None:
    """Business Central: a page of more than 8 MB is cut off and asked for again, smaller, behind the same row."""
    service = Central([10_000] * 120 + [300_000] * 80)
    assert ids(central(service), ORDERS) == [str(n) for n in range(200)]
    too_large = [asked for asked, size in service.pages if size > LARGEST_BYTES]
    assert too_large
    followed = list(itertools.pairwise(service.pages))
    assert all(after[0] <= before[0] // 2 for before, after in followed if before[1] > LARGEST_BYTES)


def test_a_sequence_that_becomes_too_heavy_begins_again_and_gives_no_row_twice() -> None:
    """Dataverse: a new sequence of smaller pages is passed over up to the last row that was given on."""
    service = Dataverse([10_000] * 150 + [200_000] * 50)
    system = sales(service)
    pages = list(system.scan(SALES_ORDERS, ()))
    assert [one.id for page in pages for one in page.documents] == [str(n) for n in range(200)]
    assert service.sizes[:3] == [FIRST, 100, 100]
    assert service.sizes[3] < 100
    given = iter(size for asked, size in zip(service.sizes, service.weighed, strict=True) if asked == service.sizes[-1])
    assert max(given) < LARGEST_BYTES
    resumed = sales(service)
    assert ids(resumed, SALES_ORDERS, pages[0].after) == [str(n) for n in range(100, 200)]


def test_rows_come_twice_rather_than_not_at_all_when_the_place_is_gone() -> None:
    """The last row that was given on is deleted while the sequence begins again: nothing may be left out."""
    service = Dataverse([10_000] * 150 + [200_000] * 50)

    def leaving(request: httpx.Request) -> httpx.Response:
        found = service(request)
        if len(found.content) > LARGEST_BYTES:
            service.gone = {99}
        return found

    found = ids(sales(leaving), SALES_ORDERS)
    assert set(found) == {str(n) for n in range(200)}
    assert found[:100] == [str(n) for n in range(100)]


def test_a_first_page_that_is_more_than_we_take_is_asked_for_in_halves() -> None:
    """Nothing was given on yet, so the sequence begins again with smaller pages."""
    service = Dataverse([100_000] * 20)
    assert ids(sales(service, max_body_bytes=1_200_000), SALES_ORDERS) == [str(n) for n in range(20)]
    assert service.sizes[:2] == [20, 10]


def test_a_batch_of_reads_that_is_too_much_is_asked_for_in_halves() -> None:
    """Refused as such, or answered with more than we take: down to single reads, in the order asked."""
    sizes: list[int] = []

    def service(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("$metadata"):
            return httpx.Response(404)
        if path.endswith("/companies"):
            return answer({"value": [{"id": COMPANY, "name": "CRONUS"}]})
        if not path.endswith("$batch"):
            return answer({"id": path.partition("salesOrders(")[2].rstrip(")"), "salesOrderLines": []})
        asked = from_json(request.content)["requests"]
        sizes.append(len(asked))
        if len(asked) > 12:
            return httpx.Response(413)
        weight = 1_000 if len(asked) < 7 else 200_000
        return answer(
            {
                "responses": [
                    {
                        "id": one["id"],
                        "status": 200,
                        "body": {
                            "id": one["url"].partition("salesOrders(")[2].partition(")")[0],
                            "number": "x" * weight,
                            "salesOrderLines": [],
                        },
                    }
                    for one in asked
                ]
            }
        )

    wanted = [str(n) for n in range(50)]
    found = central(service, max_body_bytes=1_000_000).read(ORDERS, wanted)
    assert list(found) == wanted
    assert all(isinstance(found[one], Document) and found[one].id == one for one in wanted)
    assert max(sizes) == 50


def test_an_address_that_would_be_too_long_is_not_sent() -> None:
    """A filter with hundreds of values is evaluated here; the service is asked for everything."""
    asked: list[str] = []
    service = Central([10])

    def watch(request: httpx.Request) -> None:
        asked.append(str(request.url))

    service.special = watch
    many = Condition("number", tuple(f"number {n:040d}" for n in range(400)))
    list(central(service).scan(ORDERS, (many,)))
    assert max(len(one) for one in asked) < 15_700
    few = Condition("number", ("1", "2"))
    list(central(service).scan(ORDERS, (few,)))
    assert "$filter" in unquote(asked[-1])
