"""One pair in, one action out: decisions, steps, what it waits for; on the example order, without any system."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncengine.errors import FailureClass
from syncengine.planner.decide import Answer
from syncengine.planner.facts import chosen_id
from syncengine.planner.facts import operation_key
from syncengine.planner.plan import plan_pair
from syncengine.planner.rules import PlainRules
from syncengine.planner.steps import Action
from syncengine.planner.steps import Outcome
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.record import Pair
from syncengine.records.traits import TableTraits
from syncengine.records.values import Link
from syncengine.records.values import Side
from tests.unit import examples as ex

LINES = {"l-1": "m-1", "l-2": "m-2"}


def agreed() -> tuple[Document, Document]:
    return (
        ex.sales_order(ex.sales_line("l-1"), ex.sales_line("l-2", "p-2", 3)),
        ex.back_office_order(ex.back_office_line("m-1"), ex.back_office_line("m-2", "i-2", 3)),
    )


def plan(sales: Document, back_office: Document, answers: dict[Any, Side] | None = None, **settings: Any) -> Action:
    pair = ex.pair(sales, back_office, agreed=agreed(), lines=LINES)
    return plan_pair(pair, ex.mapping(), PlainRules(), ex.REFS, ex.facts(**settings), answers)


def written(action: Action) -> list[tuple[str, str, Any, dict[str, Any]]]:
    return [(step.side, step.verb, step.target, dict(step.body)) for step in action.steps]


def test_nothing_changed_nothing_to_do() -> None:
    action = plan(*agreed())
    assert (action.kind, action.steps, action.decisions, action.problem) == ("none", (), (), None)


def test_a_header_field_goes_across_under_the_token_it_was_read_with() -> None:
    was = agreed()
    action = plan(ex.sales_order(*was[0].lines, city="Bonn"), was[1])
    # A group is written whole: the street goes with the city, cut to what fits there.
    assert written(action) == [("back_office", "update", "b-1", {"street": "Hauptstr.", "city": "Bonn"})]
    assert action.steps[0].expects == "b-v1"


def test_edits_of_different_fields_are_merged() -> None:
    was = agreed()
    action = plan(ex.sales_order(*was[0].lines, city="Bonn"), ex.back_office_order(*was[1].lines, terms="30 days"))
    assert {(d.group, d.outcome) for d in action.decisions} == {
        ("ship_to", Outcome.TO_BACK_OFFICE), ("terms", Outcome.TO_SALES),
    }  # fmt: skip
    assert [(step.side, sorted(step.body)) for step in action.steps] == [
        ("sales", ["terms"]), ("back_office", ["city", "street"]),
    ]  # fmt: skip


def test_a_line_edit_writes_the_line_under_its_own_token_and_its_whole_group() -> None:
    was = agreed()
    changed = ex.back_office_order(ex.back_office_line("m-1", quantity=7), was[1].lines[1])
    action = plan(was[0], changed)
    (step,) = action.steps
    assert (step.side, step.verb, step.target, step.parent, step.expects) == (
        "sales",
        "update-line",
        "l-1",
        "s-1",
        "v-l-1",
    )
    assert step.body == {"product": Link("products", "p-1"), "quantity": Decimal(7), "price": Decimal(10)}


def test_a_conflict_on_one_group_leaves_the_others_flowing() -> None:
    was = agreed()
    sales = ex.sales_order(ex.sales_line("l-1", quantity=20), was[0].lines[1], terms="cash")
    back_office = ex.back_office_order(ex.back_office_line("m-1", quantity=15), was[1].lines[1])
    action = plan(sales, back_office)
    assert [(d.group, d.line, d.outcome) for d in action.decisions] == [
        ("terms", None, Outcome.TO_BACK_OFFICE), ("goods", 101, Outcome.CONFLICT),
    ]  # fmt: skip
    assert written(action) == [("back_office", "update", "b-1", {"terms": "cash"})]
    assert action.problem is not None
    assert (action.problem.failure, action.problem.code) == (FailureClass.PERSON, "conflict")


@pytest.mark.parametrize(("take", "side", "quantity"), [("sales", "back_office", 20), ("back_office", "sales", 15)])
def test_a_persons_answer_is_carried_out(take: Side, side: Side, quantity: int) -> None:
    was = agreed()
    sales = ex.sales_order(ex.sales_line("l-1", quantity=20), was[0].lines[1])
    back_office = ex.back_office_order(ex.back_office_line("m-1", quantity=15), was[1].lines[1])
    (asked,) = plan(sales, back_office).decisions
    action = plan(sales, back_office, {(101, "goods"): Answer(take, asked.sales, asked.back_office)})
    assert action.problem is None
    assert [(step.side, step.body["quantity"]) for step in action.steps] == [(side, Decimal(quantity))]


def test_an_answer_to_another_question_is_no_answer() -> None:
    """Somebody has edited it once more since the person was asked."""
    was = agreed()
    sales = ex.sales_order(ex.sales_line("l-1", quantity=20), was[0].lines[1])
    back_office = ex.back_office_order(ex.back_office_line("m-1", quantity=15), was[1].lines[1])
    (asked,) = plan(sales, back_office).decisions
    edited = ex.sales_order(ex.sales_line("l-1", quantity=30), was[0].lines[1])
    action = plan(edited, back_office, {(101, "goods"): Answer("sales", asked.sales, asked.back_office)})
    assert action.problem is not None
    assert (action.problem.code, action.steps) == ("conflict", ())


def test_a_line_added_in_sales_is_added_at_a_place_of_its_own() -> None:
    """The place is chosen by us, so that a repeat of the same insert finds itself."""
    was = agreed()
    sales = ex.sales_order(*was[0].lines, ex.sales_line("l-3", "p-3", 1, 99))
    (step,) = plan(sales, was[1]).steps
    assert (step.side, step.verb, step.parent, step.about) == ("back_office", "create-line", "b-1", "l-3")
    assert step.body["place"] == 30_000
    assert step.identity == {"place": 30_000}
    assert (step.body["object"], step.body["kind"], step.body["quantity"]) == (Link("items", "i-3"), "item", Decimal(1))


def test_a_line_added_in_the_back_office_gets_a_derived_id() -> None:
    was = agreed()
    back_office = ex.back_office_order(*was[1].lines, ex.back_office_line("m-3", "i-3", 1))
    first, again = plan(was[0], back_office), plan(was[0], back_office)
    assert first.steps[0].target == again.steps[0].target == chosen_id(ex.facts(), "order_lines", "m-3", 0)


def test_a_removed_line_is_removed_there_unless_somebody_changed_it() -> None:
    was = agreed()
    sales = ex.sales_order(was[0].lines[0])
    (step,) = plan(sales, was[1]).steps
    assert (step.side, step.verb, step.target, step.expects) == ("back_office", "delete-line", "m-2", "v-m-2")
    touched = ex.back_office_order(was[1].lines[0], ex.back_office_line("m-2", "i-2", 8))
    action = plan(sales, touched)
    assert action.steps == ()
    assert [(d.group, d.line, d.outcome) for d in action.decisions] == [("set", 102, Outcome.CONFLICT)]


def test_what_was_shipped_of_a_removed_line_is_no_edit() -> None:
    """One-way rows do not count: the line was removed in Sales and only shipped in the back office."""
    was = agreed()
    sales = ex.sales_order(was[0].lines[0])
    shipped = ex.back_office_order(was[1].lines[0], ex.back_office_line("m-2", "i-2", 3, shipped=Decimal(1)))
    assert [step.verb for step in plan(sales, shipped).steps] == ["delete-line"]


def test_while_a_removal_is_in_conflict_no_addition_of_that_side_flows() -> None:
    """The new line may be what the removed one became: adding it now would deliver both."""
    was = agreed()
    sales = ex.sales_order(was[0].lines[0], ex.sales_line("l-9", "p-3", 4))
    touched = ex.back_office_order(was[1].lines[0], ex.back_office_line("m-2", "i-2", 8))
    action = plan(sales, touched)
    assert action.steps == ()
    assert [(d.line, d.outcome) for d in action.decisions] == [(102, Outcome.CONFLICT), ("l-9", Outcome.KEEP)]


def test_a_line_removed_on_both_sides_is_agreed() -> None:
    was = agreed()
    action = plan(ex.sales_order(was[0].lines[0]), ex.back_office_order(was[1].lines[0]))
    assert [(d.line, d.outcome) for d in action.decisions] == [(102, Outcome.AGREE)]
    assert action.steps == ()


def test_a_header_value_that_is_a_line_there_is_added_changed_and_removed() -> None:
    was = agreed()
    (added,) = plan(ex.sales_order(*was[0].lines, freight=Decimal("12.50")), was[1]).steps
    assert (added.verb, added.body["kind"], added.body["object"], added.body["price"]) == (
        "create-line", "account", "8400", Decimal("12.50"),
    )  # fmt: skip
    carrying = Document(
        "m-9", "v-m-9", {"kind": "account", "object": "8400", "price": Decimal("12.50"), "place": 90_000}
    )
    before = (ex.sales_order(*was[0].lines, freight=Decimal("12.50")), ex.back_office_order(*was[1].lines, carrying))
    for freight, expected in ((Decimal(20), ("update-line", {"price": Decimal(20)})), (None, ("delete-line", {}))):
        pair = ex.pair(ex.sales_order(*was[0].lines, freight=freight), before[1], agreed=before, lines=LINES)
        (step,) = plan_pair(pair, ex.mapping(), PlainRules(), ex.REFS, ex.facts()).steps
        assert (step.verb, dict(step.body), step.target) == (*expected, "m-9")


def test_freight_without_a_line_to_carry_it_is_a_problem_that_says_so() -> None:
    was = agreed()
    mapping = ex.mapping(settings={"freight_account": ""})
    pair = ex.pair(ex.sales_order(*was[0].lines, freight=Decimal(9)), was[1], agreed=was, lines=LINES, using=mapping)
    action = plan_pair(pair, mapping, PlainRules(), ex.REFS, ex.facts())
    assert action.steps == ()
    assert action.problem is not None
    assert action.problem.code == "freight-account-unset"
    assert "freight_account" in action.problem.remedy


# creation


def created(source: Document, side: Side, **parts: Any) -> Action:
    record = ex.read(side, source)
    pair = Pair("ORDER", None, record if side == "sales" else None, record if side == "back_office" else None)
    return plan_pair(pair, ex.mapping(), PlainRules(), ex.REFS, ex.facts(**parts))


def test_an_order_from_sales_is_created_in_one_piece_under_its_own_number() -> None:
    action = created(agreed()[0], "sales")
    (step,) = action.steps
    assert (action.kind, step.verb, step.side, step.target) == ("create", "create", "back_office", None)
    assert step.identity == {"their_key": "SO-1"}
    assert step.body["their_key"] == "SO-1"
    assert step.body["buyer"] == Link("customers", "k-1")
    assert [line["object"] for line in step.lines] == [Link("items", "i-1"), Link("items", "i-2")]
    assert step.partners == ("l-1", "l-2")
    assert "terms" not in step.body  # empty in Sales: left to the back office to fill in


def test_without_a_number_of_its_own_an_operation_key_stands_in() -> None:
    nameless = Document("s-1", "v", {**agreed()[0].fields, "number": None}, agreed()[0].lines, "submitted")
    action = created(nameless, "sales")
    key = operation_key(ex.facts(), ex.mapping(), "s-1", 0)
    assert action.steps[0].identity == {"their_key": key}
    assert key.startswith("SE:")
    assert len(key) <= 35  # externalDocumentNumber holds 35 characters


def test_an_order_from_the_back_office_is_created_under_ids_that_we_derive() -> None:
    first, again = created(agreed()[1], "back_office").steps[0], created(agreed()[1], "back_office").steps[0]
    assert first.target == chosen_id(ex.facts(), "orders", "b-1", 0)
    assert first.line_ids == (
        chosen_id(ex.facts(), "order_lines", "m-1", 0),
        chosen_id(ex.facts(), "order_lines", "m-2", 0),
    )
    assert (first.target, first.line_ids) == (again.target, again.line_ids)


def test_a_second_life_gets_other_ids_and_keys() -> None:
    """A generation is counted up when a create was given up for good; the earlier attempt may still arrive."""
    ids = {chosen_id(ex.facts(), "orders", "b-1", generation) for generation in range(3)}
    assert len(ids) == 3
    assert len({operation_key(ex.facts(), ex.mapping(), "s-1", generation) for generation in range(3)}) == 3


def test_identities_of_two_companies_never_meet() -> None:
    one, two = ex.facts(), replace(ex.facts(), company="other")
    assert chosen_id(one, "orders", "b-1", 0) != chosen_id(two, "orders", "b-1", 0)


def test_what_is_not_coupled_is_waited_for_all_at_once() -> None:
    lines = (ex.sales_line("l-1", "p-8"), ex.sales_line("l-2", "p-9"))
    action = created(ex.sales_order(*lines, customer=Link("accounts", "c-9")), "sales")
    assert action.steps == ()
    assert [(ref.mapping, ref.remote_id) for ref in action.waits_for] == [
        ("CUSTOMER", "c-9"), ("ITEM", "p-8"), ("ITEM", "p-9"),
    ]  # fmt: skip
    assert action.problem is not None
    assert action.problem.failure is FailureClass.WAITING
    assert "customer c-9" in action.problem.message


@pytest.mark.parametrize("lines", [100, 101, 250])
def test_a_long_document_is_created_with_its_first_lines_and_the_rest_follow(lines: int) -> None:
    order = ex.sales_order(*(ex.sales_line(f"l-{n}", quantity=n) for n in range(1, lines + 1)))
    action = created(order, "sales")
    assert len(action.steps[0].lines) == min(lines, 100)
    rest = [step for step in action.steps if step.verb == "create-line"]
    assert [step.about for step in rest] == [f"l-{n}" for n in range(101, lines + 1)]
    places = [step.body["place"] for step in rest]
    assert places == sorted(set(places))
    assert all(place > 1_000_000 for place in places)  # behind the hundred lines that are numbered by the system


def test_columns_that_need_lines_are_written_last() -> None:
    traits = TableTraits(line_order="place", after_lines=frozenset({"remark"}))
    record = ex.read("sales", ex.sales_order(*agreed()[0].lines, note="fragile"))
    action = plan_pair(
        Pair("ORDER", None, record, None), ex.mapping(), PlainRules(), ex.REFS, ex.facts(back_office=traits)
    )
    assert [(step.verb, step.target) for step in action.steps] == [("create", None), ("update", 1)]
    assert "remark" not in action.steps[0].body
    assert action.steps[1].body == {"remark": "fragile"}


def test_a_mapping_that_creates_nothing_creates_nothing() -> None:
    record = ex.read("sales", agreed()[0])
    mapping = ex.mapping({"create": "sales"})
    action = plan_pair(Pair("ORDER", None, record, None), mapping, PlainRules(), ex.REFS, ex.facts())
    assert (action.steps, action.problem) == ((), None)


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_deleted_record_is_a_persons_to_decide(side: Side) -> None:
    was = agreed()
    base = ex.pair(*was, agreed=was, lines=LINES)
    gone = {"sales": Gone("s-1"), "back_office": Gone("b-1")}[side]
    seen = {"sales": base.sales, "back_office": base.back_office} | {side: gone}
    pair = Pair("ORDER", 5, seen["sales"], seen["back_office"], base.base, base.line_pairs)
    action = plan_pair(pair, ex.mapping(), PlainRules(), ex.REFS, ex.facts())
    assert action.steps == ()
    assert action.problem is not None
    assert action.problem.failure is FailureClass.PERSON
