"""Archive and recreate as steps: what the successor takes over, in which order things happen, and the way back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncengine.orders.recreate import RECHECK
from syncengine.orders.recreate import REMOVE
from syncengine.orders.recreate import SUCCESSOR
from syncengine.orders.recreate import WAY_BACK
from syncengine.orders.rules import OrderRules
from syncengine.planner.facts import operation_key
from syncengine.planner.plan import plan_pair
from syncengine.planner.steps import Action
from syncengine.planner.steps import Step
from syncengine.records.document import Attached
from syncengine.records.document import Document
from syncengine.records.traits import Belonging
from syncengine.records.traits import TableTraits
from syncengine.records.values import Link
from tests.unit import examples as ex

LINES = {"l-1": "m-1", "l-2": "m-2"}
SETTINGS: dict[str, Any] = {"on_order_change": "archive-and-recreate", "recreate_released": True}
TRAITS = TableTraits(
    line_order="place",
    carried=("no_series", "buyer", "street", "city", "remark", "terms", "their_key"),
    carried_lines=("kind", "object", "quantity", "price", "text", "location"),
    derived={"object": frozenset({"price"})},
)

COMMENT = Document("m-3", "v", {"kind": "comment", "text": "ring twice", "place": 30_000})
FREIGHT = Document("m-4", "v", {"kind": "account", "object": "8400", "price": Decimal("12.50"), "place": 40_000})


def documents(state: str = "released") -> tuple[Document, Document]:
    sales = ex.sales_order(ex.sales_line("l-1"), ex.sales_line("l-2", "p-2", 3), freight=Decimal("12.50"))
    lines = (
        ex.back_office_line("m-1", location="EAST"), ex.back_office_line("m-2", "i-2", 3), COMMENT, FREIGHT,
    )  # fmt: skip
    return sales, ex.back_office_order(*lines, state=state, no_series="S-ORD", terms="30 days")


def recreated(*lines: Document, was: tuple[Document, Document] | None = None, **cells: Any) -> Action:
    """The plan after Sales changed its lines, or header cells."""
    before = was or documents()
    kept = {name: before[0].fields.get(name) for name in ("freight",)}
    sales = ex.sales_order(*(lines or before[0].lines), **{**kept, **cells})
    pair = ex.pair(sales, before[1], agreed=before, lines=LINES)
    facts = ex.facts(back_office=TRAITS)
    return plan_pair(pair, ex.mapping(), OrderRules(dict(ex.SETTINGS, **SETTINGS)), ex.REFS, facts)


def test_the_steps_in_their_order() -> None:
    """Create the successor under a key of its own, give it the true key, look once more, remove the predecessor."""
    action = recreated(ex.sales_line("l-1", quantity=9), documents()[0].lines[1])
    assert action.kind == "recreate"
    assert (action.destructive, action.archive) == (True, True)
    assert [(step.verb, step.role, step.when, step.target) for step in action.steps] == [
        ("create", SUCCESSOR, "always", None),
        ("update", SUCCESSOR, "always", 1),
        ("read", RECHECK, "always", "b-1"),
        ("delete", REMOVE, "always", "b-1"),
        ("delete", WAY_BACK, "foreign-edit", 1),
    ]
    create, correlate, reread, remove = action.steps[:4]
    key = operation_key(ex.facts(), ex.mapping(), "b-1", 0)
    assert create.identity == {"their_key": key} == {"their_key": create.body["their_key"]}
    assert correlate.body == {"their_key": "SO-1"}
    assert remove.expects == reread.no  # removed only in the very version that was just looked at


def _successor(action: Action) -> Step:
    return action.steps[0]


def test_the_successor_holds_what_the_clerk_put_on_the_predecessor() -> None:
    made = _successor(recreated(ex.sales_line("l-1", quantity=9), documents()[0].lines[1]))
    assert made.body["no_series"] == "S-ORD"
    assert made.body["terms"] == "30 days"
    assert [line.get("kind") for line in made.lines] == ["item", "item", "comment", "account"]
    assert made.lines[0]["location"] == "EAST"
    assert made.lines[0]["quantity"] == Decimal(9)
    assert made.lines[2]["text"] == "ring twice"
    assert made.lines[3]["price"] == Decimal("12.50")
    assert made.partners == ("l-1", "l-2", "", "")


def test_the_merged_result_lies_on_top() -> None:
    """The seller changed a quantity and the city; the clerk the terms: the successor has all three."""
    was = documents()
    touched = ex.back_office_order(*was[1].lines, state="released", no_series="S-ORD", terms="cash")
    sales = ex.sales_order(ex.sales_line("l-1", quantity=9), was[0].lines[1], freight=Decimal("12.50"), city="Bonn")
    pair = ex.pair(sales, touched, agreed=was, lines=LINES)
    rules = OrderRules(dict(ex.SETTINGS, **SETTINGS))
    action = plan_pair(pair, ex.mapping(), rules, ex.REFS, ex.facts(back_office=TRAITS))
    made = _successor(action)
    assert (made.body["city"], made.body["terms"], made.lines[0]["quantity"]) == ("Bonn", "cash", Decimal(9))


def test_a_new_product_takes_its_own_price_unless_the_merge_says_one() -> None:
    """What derives from the old product is not carried over to the new one."""
    made = _successor(recreated(ex.sales_line("l-1", "p-3", 2, 77), documents()[0].lines[1]))
    assert (made.lines[0]["object"], made.lines[0]["price"]) == (Link("items", "i-3"), Decimal(77))


def test_a_removed_line_takes_its_comments_with_it_and_a_new_one_comes_last() -> None:
    made = _successor(recreated(documents()[0].lines[0], ex.sales_line("l-3", "p-3", 1)))
    assert [(line.get("kind"), line.get("object")) for line in made.lines] == [
        ("item", "i-1"), ("account", "8400"), ("item", Link("items", "i-3")),
    ]  # fmt: skip
    assert made.partners == ("l-1", "", "l-3")


@pytest.mark.parametrize(
    ("freight", "expected"), [(Decimal(20), [Decimal(20)]), (None, []), (Decimal("12.50"), [Decimal("12.50")])]
)
def test_freight_is_carried_once(freight: Decimal | None, expected: list[Decimal]) -> None:
    made = _successor(recreated(ex.sales_line("l-1", quantity=9), documents()[0].lines[1], freight=freight))
    assert [line["price"] for line in made.lines if line.get("kind") == "account"] == expected


def test_another_header_field_alone_is_patched_in_place() -> None:
    action = recreated(city="Bonn", was=documents("draft"))
    assert [(step.verb, step.target) for step in action.steps] == [("update", "b-1")]
    assert not action.archive


def test_an_order_in_review_waits() -> None:
    action = recreated(ex.sales_line("l-1", quantity=9), documents()[0].lines[1], was=documents("in-review"))
    assert action.steps == ()
    assert action.problem is not None
    assert (action.problem.failure, action.problem.code) == ("waiting", "in-review")


def test_a_long_document_gets_its_further_lines_before_it_gets_the_true_key() -> None:
    numbers = range(1, 131)
    sales_lines = [ex.sales_line(f"l-{n}", quantity=n) for n in numbers]
    before = (
        ex.sales_order(*sales_lines),
        ex.back_office_order(*(ex.back_office_line(f"m-{n}", quantity=n) for n in numbers)),
    )
    changed = ex.sales_order(ex.sales_line("l-1", quantity=500), *sales_lines[1:])
    pair = ex.pair(changed, before[1], agreed=before, lines={f"l-{n}": f"m-{n}" for n in numbers})
    rules = OrderRules(dict(ex.SETTINGS, **SETTINGS))
    action = plan_pair(pair, ex.mapping(), rules, ex.REFS, ex.facts(back_office=TRAITS))
    verbs = [step.verb for step in action.steps]
    assert verbs == ["create", *["create-line"] * 30, "read", "update", "read", "delete", "delete"]
    assert len(action.steps[0].lines) == 100
    assert action.steps[32].expects == action.steps[31].no


def test_what_a_new_document_has_by_default_is_taken_off_where_the_old_one_has_it_not() -> None:
    """Looked at once it is made, the document and each line; a line that sells something else keeps what it brings."""
    marks = Belonging("marks", "marks", "owner", ("id",), of_lines=True, keyed=True, by_default=True)
    sales, order = documents()
    was = sales, replace(order, attached=(Attached("marks", "red", "m-1", {"id": "red"}),))
    changed = ex.sales_order(ex.sales_line("l-1", quantity=9), ex.sales_line("l-2", "p-3", 3), freight=Decimal("12.50"))
    facts = ex.facts(back_office=replace(TRAITS, belongings=(marks,)))
    rules = OrderRules(dict(ex.SETTINGS, **SETTINGS))
    action = plan_pair(ex.pair(changed, was[1], agreed=was, lines=LINES), ex.mapping(), rules, ex.REFS, facts)
    (read,) = (step for step in action.steps if step.belongings)
    (update,) = (step for step in action.steps if step.verb == "update")
    conditional = [(step.line, step.excluding) for step in action.steps if step.when == "extra"]
    assert conditional == [(None, ()), ((1, 0), ("red",)), ((1, 2), ()), ((1, 3), ())]
    assert all(step.instead_of == read.no for step in action.steps if step.when == "extra")
    assert update.expects == read.no
