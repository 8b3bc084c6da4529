"""Rows that point at records: through which record, and what a missing partner does."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.errors import FailureClass
from syncengine.mapping.fold import fold
from syncengine.mapping.unfold import Uncoupled
from syncengine.mapping.unfold import write_row
from syncengine.planner.build import Builder
from syncengine.planner.writes import create_record
from syncengine.records.document import ColumnSchema
from syncengine.records.document import Document
from syncengine.records.document import TableSchema
from syncengine.records.record import Pair
from syncengine.records.traits import Traits
from syncengine.records.values import Link
from syncengine.records.values import Ref
from tests.fakes.references import Coupled
from tests.fakes.references import TableOfReferences
from tests.unit import examples as ex

COMPANY = Ref("CUSTOMER", 1, "sales", "c-1")
REFS = TableOfReferences(
    (
        *ex.REFS.coupled,
        Coupled("CONTACT", 31, Link("contacts", "p-31"), Link("people", "q-31"), facts={"company": COMPANY}),
        Coupled("CONTACT", 32, Link("contacts", "p-32"), Link("people", "q-32")),
    )
)


def with_row(**row: Any) -> Any:
    rows = {**ex.RAW["fields"], "customer": {"sales": "customer", "back_office": "buyer", **row}}
    return ex.mapping({"fields": rows})


THROUGH = with_row(lookup=["CUSTOMER", "CONTACT"], through={"CONTACT": "company"})


def test_a_contact_counts_as_its_company() -> None:
    order = ex.sales_order(customer=Link("contacts", "p-31"))
    record = fold(THROUGH, "sales", order, REFS)
    assert record.fields["customer"] == COMPANY
    row = THROUGH.rows["customer"]
    assert write_row(row, record.fields["customer"], "back_office", REFS) == {"buyer": Link("customers", "k-1")}


def test_a_contact_without_a_company_is_waited_for() -> None:
    """Its own partner is no customer: nothing may be written for it."""
    record = fold(THROUGH, "sales", ex.sales_order(customer=Link("contacts", "p-32")), REFS)
    with pytest.raises(Uncoupled):
        write_row(THROUGH.rows["customer"], record.fields["customer"], "back_office", REFS)


def test_a_company_counts_as_itself() -> None:
    record = fold(THROUGH, "sales", ex.sales_order(), REFS)
    assert record.fields["customer"] == Ref("CUSTOMER", 1, "sales", "c-1")


def created(mapping: Any, facts: Any = None, **cells: Any) -> Builder:
    record = fold(mapping, "sales", ex.sales_order(ex.sales_line("l-1"), **cells), ex.REFS)
    builder = Builder(Pair("ORDER", None, record, None), mapping, ex.REFS, facts or ex.facts())
    create_record(builder, "sales")
    return builder


@pytest.mark.parametrize(
    ("on_missing", "waits", "problems"), [("wait", ["c-9"], []), ("fail", [], ["not-coupled"]), ("blank", [], [])]
)
def test_what_a_missing_partner_does(on_missing: str, waits: list[str], problems: list[str]) -> None:
    builder = created(with_row(lookup="CUSTOMER", on_missing=on_missing), customer=Link("accounts", "c-9"))
    assert [ref.remote_id for ref in builder.missing] == waits
    assert [one.code for one in builder.problems] == problems
    assert all(one.failure is FailureClass.PERSON for one in builder.problems)


def test_a_value_that_does_not_survive_is_told_with_its_row() -> None:
    rows = {**ex.RAW["fields"], "note": {"sales": "note", "back_office": "remark", "transform": {"exact": 5}}}
    builder = created(ex.mapping({"fields": rows}), note="too long")
    (problem,) = builder.problems
    assert (problem.code, problem.side) == ("does-not-survive", "back_office")
    assert problem.message.startswith("note: 'too long' has 8 characters, the back office takes 5")


def test_a_text_that_its_column_cannot_hold_is_told_before_it_is_sent() -> None:
    facts = ex.facts()
    traits = facts.traits["back_office"]
    schema = TableSchema("documents", {"remark": ColumnSchema("remark", "text", length=5)})
    facts.traits["back_office"] = Traits(traits.tables, {"documents": schema})  # type: ignore[index]
    builder = created(ex.mapping(), facts, note="too long")
    assert [one.code for one in builder.problems] == ["does-not-survive"]
    assert "8 characters, and `remark` of the back office takes 5" in builder.problems[0].message


def test_a_line_of_another_kind_has_no_reference() -> None:
    account = Document("m-2", "v", {"kind": "account", "object": "4711", "price": 5})
    assert ex.read("back_office", ex.back_office_order(account)).lines["m-2"].fields["product"] == Ref(
        "ITEM", None, "back_office", "4711"
    )
