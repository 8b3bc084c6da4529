"""The three-way table of the design, cell by cell, for groups that both sides may change and for one-way rows."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncengine.mapping.model import Policy
from syncengine.mapping.model import Row
from syncengine.mapping.transforms import Decimals
from syncengine.mapping.transforms import Fits
from syncengine.planner.merge import Ruling
from syncengine.planner.merge import Sides
from syncengine.planner.merge import Stamps
from syncengine.planner.merge import keeps
from syncengine.planner.merge import merge_group
from syncengine.planner.steps import Outcome
from syncengine.records.values import Ref
from syncengine.records.values import Side

NOTE = Row("note", ("note",), ("remark",))
TO_SALES, TO_BACK_OFFICE = Outcome.TO_SALES, Outcome.TO_BACK_OFFICE
AGREE, CONFLICT, RESTORE = Outcome.AGREE, Outcome.CONFLICT, Outcome.RESTORE


def outcome(
    rows: list[Row], sales: Any, back_office: Any, base: tuple[Any, Any] | None, ruling: Ruling | None = None
) -> Outcome | None:
    """Each value is that of the single row, or a dictionary for several."""
    name = rows[0].name if len(rows) == 1 else ""
    kept = [value if isinstance(value, dict) else {name: value} for value in (sales, back_office, *(base or ()))]
    sides = Sides(kept[0], kept[1], *(kept[2:] if base else (None, None)))
    decision = merge_group("group", rows, sides, ruling or Ruling())
    return decision.outcome if decision else None


@pytest.mark.parametrize(
    ("sales", "back_office", "expected"),
    [
        ("old", "old", None),
        ("new", "old", TO_BACK_OFFICE),
        ("old", "new", TO_SALES),
        ("new", "new", AGREE),
        ("one", "two", CONFLICT),
        (None, "old", TO_BACK_OFFICE),  # emptying a field is an edit like any other
        ("old", None, TO_SALES),
        (None, None, AGREE),
        (None, "new", CONFLICT),
    ],
)
def test_the_three_way_table(sales: Any, back_office: Any, expected: Outcome | None) -> None:
    assert outcome([NOTE], sales, back_office, ("old", "old")) is expected


@pytest.mark.parametrize(
    ("sales", "back_office", "expected"),
    [
        ("old S", "old B", None),
        ("new", "old B", TO_BACK_OFFICE),
        ("old S", "new", TO_SALES),
        ("old B", "old B", AGREE),  # changed to what the other side holds
        ("old S", "old S", AGREE),
        ("one", "two", CONFLICT),
    ],
)
def test_a_side_has_changed_only_against_its_own_picture(sales: Any, back_office: Any, expected: Outcome) -> None:
    """The pictures differ from each other (a default that the other system filled in): that is nobody's edit."""
    assert outcome([NOTE], sales, back_office, ("old S", "old B")) is expected


def test_a_value_that_was_cut_off_is_nobodys_edit() -> None:
    """40 characters in Sales, 10 in the back office: as long as each side holds what it held, nothing happened."""
    name = Row("name", ("name",), ("name",), transform=Fits(length=10))
    long, short = "Hauptstraße 11, Hof", "Hauptstraß"
    assert outcome([name], long, short, (long, short)) is None
    assert outcome([name], long, short, None) is AGREE
    assert outcome([name], "Hauptstraße 12", short, (long, short)) is AGREE  # changed behind the part that fits
    assert outcome([name], "Nebenstraße 1", short, (long, short)) is TO_BACK_OFFICE


def test_five_decimals_that_became_two_are_nobodys_edit() -> None:
    price = Row("price", ("price",), ("price",), transform=Decimals(sales=2, back_office=5))
    base = (Decimal("1.23"), Decimal("1.23456"))
    assert outcome([price], Decimal("1.23"), Decimal("1.23456"), base) is None
    assert outcome([price], Decimal("1.24"), Decimal("1.23456"), base) is TO_BACK_OFFICE
    assert (
        outcome([price], Decimal("1.23"), Decimal("1.23111"), base) is AGREE
    )  # changed, to what Sales holds but for the loss
    assert outcome([price], Decimal("1.23"), Decimal("1.29"), base) is TO_SALES


GOODS = [Row("product", ("p",), ("i",)), Row("unit", ("u",), ("m",)), Row("quantity", ("q",), ("n",))]


def _goods(product: str = "chair", unit: str = "PCS", quantity: int = 1) -> dict[str, Any]:
    return {"product": product, "unit": unit, "quantity": quantity}


def test_a_group_is_merged_as_one_value() -> None:
    """2 BOX here and 12 PCS there must never become 12 BOX."""
    was = (_goods(), _goods())
    assert outcome(GOODS, _goods(unit="BOX", quantity=2), _goods(quantity=12), was) is CONFLICT
    assert outcome(GOODS, _goods(unit="BOX"), _goods(quantity=12), was) is CONFLICT  # different members of one group
    assert outcome(GOODS, _goods(quantity=12), _goods(quantity=12), was) is AGREE
    assert outcome(GOODS, _goods(quantity=12), _goods(), was) is TO_BACK_OFFICE


@pytest.mark.parametrize(
    ("sales", "back_office", "expected"),
    [
        ("same", "same", AGREE),
        ("one", "two", CONFLICT),
        (None, "two", TO_SALES),  # nothing is lost by filling a blank
        ("one", None, TO_BACK_OFFICE),
        (None, None, AGREE),
    ],
)
def test_without_a_base_neither_side_overwrites_the_other(sales: Any, back_office: Any, expected: Outcome) -> None:
    assert outcome([NOTE], sales, back_office, None) is expected


TOTAL = Row("total", ("total",), ("amount",), to="sales")


@pytest.mark.parametrize(
    ("sales", "back_office", "expected"),
    [
        ("old", "old", None),
        ("old", "new", TO_SALES),
        ("drift", "old", RESTORE),  # the receiving side has no vote …
        ("drift", "new", TO_SALES),  # … and never a conflict
        ("new", "new", AGREE),
    ],
)
def test_a_one_way_row_is_restored_never_disputed(sales: Any, back_office: Any, expected: Outcome) -> None:
    assert outcome([TOTAL], sales, back_office, ("old", "old")) is expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("manual", CONFLICT), ("sales", TO_BACK_OFFICE), ("back-office", TO_SALES), ("newest", CONFLICT)],
)
def test_the_policy_decides_a_conflict(policy: Policy, expected: Outcome) -> None:
    """`newest` without stamps is a person's to decide."""
    assert outcome([NOTE], "one", "two", ("old", "old"), Ruling(policy)) is expected


@pytest.mark.parametrize("policy", ["manual", "sales", "back-office", "newest"])
@pytest.mark.parametrize(("take", "expected"), [("sales", TO_BACK_OFFICE), ("back_office", TO_SALES)])
def test_a_persons_answer_goes_before_every_policy(policy: Policy, take: Side, expected: Outcome) -> None:
    assert outcome([NOTE], "one", "two", ("old", "old"), Ruling(policy, take)) is expected


NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sales_after_s", "expected"),
    [(61, TO_BACK_OFFICE), (-61, TO_SALES), (60, CONFLICT), (-60, CONFLICT), (0, CONFLICT), (None, CONFLICT)],
)
def test_newest_needs_stamps_further_apart_than_clocks_may_be(sales_after_s: float | None, expected: Outcome) -> None:
    """A stamp that our own write made (None) says nothing about a person."""
    stamp = None if sales_after_s is None else NOON + timedelta(seconds=sales_after_s)
    ruling = Ruling("newest", stamps=Stamps(stamp, NOON), skew_s=60)
    assert outcome([NOTE], "one", "two", ("old", "old"), ruling) is expected


def test_a_policy_never_decides_what_is_no_conflict() -> None:
    assert outcome([NOTE], "old", "new", ("old", "old"), Ruling("sales")) is TO_SALES
    assert outcome([NOTE], "new", "old", ("old", "old"), Ruling("back-office")) is TO_BACK_OFFICE


CUSTOMER = Row("customer", ("customer",), ("buyer",), lookup=("CUSTOMER",))
TERMS = Row("terms", ("terms",), ("terms",), lookup=("TERMS",), option=True, on_missing="blank")


def test_a_lookup_is_compared_by_its_coupling() -> None:
    here, there = Ref("CUSTOMER", 3, "sales", "a"), Ref("CUSTOMER", 3, "back_office", "b")
    assert outcome([CUSTOMER], here, there, None) is AGREE
    moved = Ref("CUSTOMER", 4, "back_office", "c")
    assert outcome([CUSTOMER], here, moved, (here, there)) is TO_SALES


def test_an_option_without_partner_that_came_back_blank_counts_as_agreed() -> None:
    """Terms that the other side lacks: written as nothing, read back as nothing, and nobody's edit."""
    lonely = Ref("TERMS", None, "sales", "7")
    assert outcome([TERMS], lonely, None, (lonely, None)) is None
    assert outcome([TERMS], lonely, None, None) is AGREE
    assert outcome([CUSTOMER], Ref("CUSTOMER", None, "sales", "7"), None, None) is TO_BACK_OFFICE  # that one waits


def test_a_decision_tells_the_whole_story() -> None:
    """Both values, both bases, and the reason in words."""
    decision = merge_group(
        "note", [NOTE], Sides({"note": "one"}, {"note": "two"}, {"note": "was S"}, {"note": "was B"}), Ruling(), 42
    )
    assert decision is not None
    assert (decision.group, decision.line, decision.sales, decision.back_office) == ("note", 42, "one", "two")
    assert decision.base == {"sales": "was S", "back_office": "was B"}
    assert decision.reason == "changed on both sides"


PRICE = Row("price", ("priceperunit",), ("unitPrice",), transform=Decimals(sales=2, back_office=5))
NAME = Row("name", ("shipto_name",), ("shipToName",), transform=Fits(length=5))
CITY = Row("city", ("shipto_city",), ("shipToCity",))
PRODUCT = Row("product", ("productid",), ("itemId",), lookup=("ITEM",))


@pytest.mark.parametrize(
    ("side", "own", "theirs", "kept"),
    [
        # The back office cut the name, and a clerk changed the city: Sales keeps its whole name.
        ("sales", {"name": "Northwind", "city": "Rome"}, {"name": "North", "city": "Oslo"}, {"name"}),
        # The seller changed the city: the back office's name stays as it is.
        ("back_office", {"name": "North", "city": "Rome"}, {"name": "Northwind", "city": "Oslo"}, {"name"}),
        ("sales", {"name": "Northwind", "city": "Rome"}, {"name": "South", "city": "Oslo"}, set()),
        ("sales", {"name": None, "city": "Rome"}, {"name": None, "city": "Oslo"}, set()),
    ],
)
def test_of_a_group_that_is_written_what_is_alike_but_for_a_loss_stays(
    side: Side, own: dict[str, str], theirs: dict[str, str], kept: set[str]
) -> None:
    assert keeps({"name": NAME, "city": CITY}, ["name", "city"], side, own, theirs) == kept


@pytest.mark.parametrize(("coupling", "kept"), [(1, {"price"}), (2, set())])
def test_a_fine_price_stays_with_its_product_only(coupling: int, kept: set[str]) -> None:
    own = {"product": Ref("ITEM", 1, "back_office", "i-1"), "price": Decimal("1.23456")}
    theirs = {"product": Ref("ITEM", coupling, "sales", "p-1"), "price": Decimal("1.23")}
    assert keeps({"product": PRODUCT, "price": PRICE}, ["product", "price"], "back_office", own, theirs) == kept
