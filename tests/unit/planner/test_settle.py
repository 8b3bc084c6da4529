"""What the base becomes: only what both sides agreed on moves it, and nothing that was seen is swallowed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from syncengine.planner.plan import plan_pair
from syncengine.planner.rules import PlainRules
from syncengine.planner.settle import UNFINISHED
from syncengine.planner.settle import Made
from syncengine.planner.settle import settle
from syncengine.planner.settle import tokens
from syncengine.planner.steps import Action
from syncengine.records.document import Document
from syncengine.records.record import Base
from syncengine.records.record import Pair
from syncengine.records.values import same
from tests.unit import examples as ex

LINES = {"l-1": "m-1"}


def agreed(**cells: Any) -> tuple[Document, Document]:
    return ex.sales_order(ex.sales_line("l-1"), **cells), ex.back_office_order(ex.back_office_line("m-1"))


def plan(sales: Document, back_office: Document, was: tuple[Document, Document] | None = None) -> Action:
    pair = ex.pair(sales, back_office, agreed=was or agreed(), lines=LINES)
    return plan_pair(pair, ex.mapping(), PlainRules(), ex.REFS, ex.facts())


def changed(base: Base, sales: Document, back_office: Document) -> set[str]:
    """The header rows that a next plan would see as changed on some side."""
    found = set()
    for side, document in (("sales", sales), ("back_office", back_office)):
        now = ex.read(side, document)  # type: ignore[arg-type]
        found |= {
            n for n, v in now.fields.items() if n in ex.mapping().rows and not same(v, base.of(side).fields.get(n))
        }  # type: ignore[arg-type]
    return found


def test_a_written_field_moves_both_pictures() -> None:
    was = agreed()
    sales = ex.sales_order(*was[0].lines, city="Bonn")
    base = settle(plan(sales, was[1]), ex.mapping(), Made()).base
    assert (base.sales.fields["city"], base.back_office.fields["city"]) == ("Bonn", "Bonn")


def test_the_receiving_picture_is_what_survives_there() -> None:
    was = agreed()
    sales = ex.sales_order(*was[0].lines, street="Nebenstraße 27")
    base = settle(plan(sales, was[1]), ex.mapping(), Made()).base
    assert (base.sales.fields["street"], base.back_office.fields["street"]) == ("Nebenstraße 27", "Nebenstraß")


def test_a_value_the_system_moved_shows_as_its_change_the_next_time() -> None:
    """We wrote Bonn; it answers BONN: that is a difference from what was written, and it is planned, not swallowed."""
    was = agreed()
    sales = ex.sales_order(*was[0].lines, city="Bonn")
    base = settle(plan(sales, was[1]), ex.mapping(), Made()).base
    assert changed(base, sales, ex.back_office_order(*was[1].lines, city="BONN")) == {"city"}


def test_an_edit_that_arrives_during_our_write_is_not_swallowed() -> None:
    """We write the city; before the read-back somebody edits the terms: the next plan must see that edit."""
    was = agreed()
    sales = ex.sales_order(*was[0].lines, city="Bonn")
    base = settle(plan(sales, was[1]), ex.mapping(), Made()).base
    seen = ex.back_office_order(*was[1].lines, city="Bonn", street="Hauptstr.", terms="30 days")
    assert changed(base, sales, seen) == {"terms"}


def test_what_was_lost_stays_to_be_written() -> None:
    was = agreed()
    sales = ex.sales_order(*was[0].lines, terms="cash", city="Bonn")
    made = Made(lost=frozenset({(None, "terms")}))
    base = settle(plan(sales, was[1]), ex.mapping(), made).base
    assert base.sales.fields["city"] == "Bonn"
    assert changed(base, sales, ex.back_office_order(*was[1].lines, city="Bonn")) == {"terms"}


def test_one_lost_member_keeps_its_whole_group_open() -> None:
    was = agreed()
    sales = ex.sales_order(*was[0].lines, street="Weg 1", city="Bonn")
    made = Made(lost=frozenset({(None, "street")}))
    base = settle(plan(sales, was[1]), ex.mapping(), made).base
    assert (base.sales.fields["street"], base.sales.fields["city"]) == ("Hauptstr. 1", "Ulm")


def test_a_conflict_moves_no_picture() -> None:
    was = agreed()
    sales = ex.sales_order(ex.sales_line("l-1", quantity=20))
    back_office = ex.back_office_order(ex.back_office_line("m-1", quantity=15))
    base = settle(plan(sales, back_office, was), ex.mapping(), Made()).base
    assert base.sales.lines["l-1"].fields["quantity"] == Decimal(2)
    assert base.back_office.lines["m-1"].fields["quantity"] == Decimal(2)


def test_equal_edits_become_the_base_without_a_write() -> None:
    was = agreed()
    action = plan(ex.sales_order(*was[0].lines, terms="cash"), ex.back_office_order(*was[1].lines, terms="cash"))
    assert action.steps == ()
    base = settle(action, ex.mapping(), Made()).base
    assert (base.sales.fields["terms"], base.back_office.fields["terms"]) == ("cash", "cash")


def test_a_created_document_gets_its_lines_coupled() -> None:
    record = ex.read("sales", ex.sales_order(ex.sales_line("l-1"), ex.sales_line("l-2", "p-2", 3)))
    action = plan_pair(Pair("ORDER", None, record, None), ex.mapping(), PlainRules(), ex.REFS, ex.facts())
    settled = settle(action, ex.mapping(), Made("b-9", {"l-1": "m-7", "l-2": "m-8"}))
    assert {(one.sales, one.back_office) for one in settled.line_pairs} == {("l-1", "m-7"), ("l-2", "m-8")}
    assert settled.base.back_office.id == "b-9"
    assert settled.base.back_office.lines["m-8"].fields["quantity"] == Decimal(3)


def test_what_the_back_office_fills_in_on_create_is_its_change() -> None:
    """Terms were empty in Sales and not sent; the back office took the customer's: that flows to Sales."""
    order = ex.sales_order(ex.sales_line("l-1"))
    record = ex.read("sales", order)
    action = plan_pair(Pair("ORDER", None, record, None), ex.mapping(), PlainRules(), ex.REFS, ex.facts())
    base = settle(action, ex.mapping(), Made("b-1", {"l-1": "m-1"})).base
    answered = ex.back_office_order(ex.back_office_line("m-1"), terms="30 days", street="Hauptstr.")
    assert changed(base, order, answered) >= {"terms"}
    assert "customer" not in changed(base, order, answered)


def test_a_line_the_answer_does_not_show_is_not_coupled() -> None:
    record = ex.read("sales", ex.sales_order(ex.sales_line("l-1"), ex.sales_line("l-2", "p-2", 3)))
    action = plan_pair(Pair("ORDER", None, record, None), ex.mapping(), PlainRules(), ex.REFS, ex.facts())
    settled = settle(action, ex.mapping(), Made("b-9", {"l-1": "m-7"}))
    assert [(one.sales, one.back_office) for one in settled.line_pairs] == [("l-1", "m-7")]
    assert "l-2" not in settled.base.sales.lines


def test_a_create_that_did_not_reach_its_last_state_remembers_that() -> None:
    """So that the state it was left in is not read as a person's."""
    record = ex.read("back_office", agreed()[1])
    action = plan_pair(Pair("ORDER", None, None, record), ex.mapping(), PlainRules(), ex.REFS, ex.facts())
    base = settle(action, ex.mapping(), Made("s-9", {"m-1": "l-9"}, state_lost=True)).base
    assert base.sales.state == UNFINISHED


def test_tokens_are_those_of_one_read() -> None:
    record = ex.read("sales", ex.sales_order(ex.sales_line("l-1"), ex.sales_line("l-2")))
    assert tokens(record) == {"": "s-v1", "l-1": "v-l-1", "l-2": "v-l-2"}


def test_a_disputed_line_stays_as_it_was_while_other_fields_flow() -> None:
    """Removed in Sales, changed in the back office: a conflict; the city that goes across in the same action does."""
    was = agreed()
    sales = ex.sales_order(city="Bonn")
    back_office = ex.back_office_order(ex.back_office_line("m-1", quantity=15))
    action = plan(sales, back_office, was)
    assert [step.verb for step in action.steps] == ["update"]
    settled = settle(action, ex.mapping(), Made())
    assert settled.base.back_office.fields["city"] == "Bonn"
    assert [(one.sales, one.back_office) for one in settled.line_pairs] == [("l-1", "m-1")]
    assert settled.base.sales.lines["l-1"].fields["quantity"] == Decimal(2)
    assert settled.base.back_office.lines["m-1"].fields["quantity"] == Decimal(2)
