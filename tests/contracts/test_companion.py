"""The companion's tables beside those of API v2.0: one system, two roots, and nobody who uses it can tell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from syncengine.connectors.business_central.system import BusinessCentral
from syncengine.errors import Unreachable
from syncengine.mapping.filters import Condition
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Poll
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from tests.bench.bench import Bench

AGENTS = View("companion/shippingAgents", ("code", "displayName"))


@pytest.fixture
def central(bench: Bench) -> Iterator[BusinessCentral]:
    bench.switch("back_office", has_companion=True)
    bench.configure(limits={"page": 2})
    yield bench.company.back_office
    bench.calm()


def _step(verb: Any, target: str | None = None, expects: str | None = None, **body: Any) -> Step:
    return Step(1, "back_office", verb, AGENTS.table, target=target, body=body, expects=expects)


def _write(central: BusinessCentral, *steps: Step) -> list[Receipt]:
    found = dict(central.write([[step] for step in steps], AGENTS))
    return [found[number][0] for number in range(len(steps))]


def _made(central: BusinessCentral, *codes: str) -> list[Document]:
    receipts = _write(central, *(_step("create", code=code, displayName=f"Agent {code}") for code in codes))
    assert [one.outcome for one in receipts] == [ReceiptOutcome.DONE] * len(codes)
    return [one.after for one in receipts if isinstance(one.after, Document)]


def test_what_it_can_is_read_from_its_own_metadata(central: BusinessCentral) -> None:
    """A mapping may require each of its tables, under the name that it has in mappings."""
    assert {"companion/resources", "companion/priceListLines", "companion/recordNotes"} <= central.capabilities()
    schema = central.traits([AGENTS.table, "salesOrders"]).schemas[AGENTS.table]
    assert (schema.columns["code"].length, schema.columns["id"].creatable) == (10, False)
    described = central.describe("companion/resources")
    assert described is not None
    assert set(described.columns["type"].choices) == {"Person", "Machine"}


def test_rows_are_made_many_at_once_and_read(central: BusinessCentral) -> None:
    """In one batch of its own root; a scan gives each once, a search by values finds it, another id is gone."""
    central.identity()
    assert central.capabilities()
    before = central.counts.requests
    made = _made(central, "DHL", "UPS", "FEDEX")
    assert central.counts.requests - before == 1
    found = [one.fields["code"] for page in central.scan(AGENTS, ()) for one in page.documents]
    assert sorted(str(one) for one in found) == ["DHL", "FEDEX", "UPS"]
    assert central.total(AGENTS.table, (Condition("code", ("UPS",)),)) == 1
    assert [[one.id for one in some] for some in central.find(AGENTS, [{"code": "UPS"}, {"code": "NONE"}])] == [
        [made[1].id],
        [],
    ]
    unknown = "00000000-0000-4000-8000-000000000001"
    read = central.read(AGENTS, [made[0].id, unknown])
    assert isinstance(read[made[0].id], Document)
    assert read[unknown] == Gone(unknown)


def test_a_write_carries_its_token(central: BusinessCentral) -> None:
    """Changed with the token of the read; refused with an older one; gone when it is deleted."""
    (made,) = _made(central, "DHL")
    (changed,) = _write(central, _step("update", made.id, made.version, displayName="DHL Express"))
    assert isinstance(changed.after, Document)
    assert changed.after.fields["displayName"] == "DHL Express"
    (stale,) = _write(central, _step("update", made.id, made.version, displayName="late"))
    assert stale.outcome is ReceiptOutcome.STALE
    (gone,) = _write(central, _step("delete", made.id, changed.after.version))
    assert (gone.outcome, gone.after) == (ReceiptOutcome.DONE, Gone(made.id))


def test_both_roots_are_polled_together_in_order(central: BusinessCentral) -> None:
    """One answer for each that was asked for, with the row that changed."""
    polls = [Poll(table) for table in (AGENTS.table, "customers", "companion/resources", "salesOrders")]
    polls = [Poll(one.table, central.begin(one)) for one in polls]
    (made,) = _made(central, "DHL")
    found = list(central.poll(polls))
    assert [one.table for one in found] == [one.table for one in polls]
    assert [(one.id, one.version) for one in found[0].changes] == [(made.id, made.version)]
    assert all(json.loads(one.cursor or "{}").get("since") for one in found)


def test_what_stands_beside_a_document_is_read_and_written_with_it(central: BusinessCentral, bench: Bench) -> None:
    """Its columns under their own names, its token beside the document's; half a document is none."""
    table = "companion/orderDocuments"
    made = bench.back_office_order(1, release=False)
    traits = central.traits(["salesOrders", "items"])
    assert (traits.table("salesOrders").beside, traits.table("items").beside) == ((table,), ())
    assert traits.schemas["salesOrders"].columns[f"{table}.shippingAgentCode"].length == 10
    view = View("salesOrders", None, "salesOrderLines", "documentId", beside=(table,))
    read = central.read(view, [made["id"]])[made["id"]]
    assert isinstance(read, Document)
    (scanned,) = [one for page in central.scan(view, ()) for one in page.documents]
    ((found,),) = central.find(view, [{"number": made["number"]}])
    for one in (read, scanned, found):
        assert (one.fields[f"{table}.workDescription"], one.token(table), one.token("salesOrders")) == (
            "",
            read.beside[table],
            made["@odata.etag"],
        )
    body = {f"{table}.workDescription": "Ring twice"}
    step = Step(1, "back_office", "update", table, target=made["id"], body=body, expects=read.token(table))
    ((_, (written,)),) = central.write([[step]], view)
    assert isinstance(written.after, Document)
    assert written.after.fields[f"{table}.workDescription"] == "Ring twice"
    assert written.after.token(table) not in (None, read.token(table))
    ((_, (stale,)),) = central.write([[step]], view)
    assert stale.outcome is ReceiptOutcome.STALE
    bench.fault(
        "back_office", kind="status", status=503, retry_after=0, probability=1, match={"path": "orderDocuments"}
    )
    with pytest.raises(Unreachable):
        central.read(view, [made["id"]])


def test_without_the_extension_its_tables_are_told_from_empty_ones(bench: Bench) -> None:
    """No table of it is described; whoever asks for one is told what is missing."""
    central = bench.company.back_office
    assert central.capabilities() == frozenset()
    assert central.describe(AGENTS.table) is None
    with pytest.raises(Unreachable, match="companion extension is not installed"):
        central.read(AGENTS, ["1"])


def test_an_extension_that_does_not_answer_is_not_taken_for_missing(central: BusinessCentral, bench: Bench) -> None:
    """Mappings would change their meaning for as long as the trouble lasts."""
    bench.configure(limits={"attempts": 1, "patience_s": 0.05})
    bench.fault("back_office", kind="status", status=503, retry_after=0, probability=1, match={"path": "companion"})
    with pytest.raises(Unreachable):
        bench.company.back_office.capabilities()
    bench.calm()
    assert "companion/resources" in bench.company.back_office.capabilities()
