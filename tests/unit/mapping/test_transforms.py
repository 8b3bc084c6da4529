"""Every transform's law: what `write` puts on a side, `read` gives back, up to the loss that `agree` knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from syncengine.mapping.transforms import ARGUMENTS
from syncengine.mapping.transforms import KEEP
from syncengine.mapping.transforms import TRANSFORMS
from syncengine.mapping.transforms import WIDTHS
from syncengine.mapping.transforms import DoesNotSurvive
from syncengine.mapping.transforms import Transform
from syncengine.records.values import SIDES
from syncengine.records.values import Side

SETTINGS = {
    "price_decimals": 2,
    "time_zone": ZoneInfo("Pacific/Auckland"),
    "countries": {"us": "US", "united states": "US", "de": "DE", "germany": "DE"},
}
VALUES = {"draft": "Open", 3: "Paid", True: "Yes", False: "No"}
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), max_size=12)
WORDS = st.lists(TEXT.filter(bool), max_size=8).map(" ".join)
MONEY = st.decimals(-1_000_000, 1_000_000, places=7, allow_nan=False)

# transform -> its argument, and the values it is for
CASES: Mapping[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "as_is": (None, WORDS | st.integers() | st.booleans()),
    "fits": (10, WORDS),
    "exact": (200, WORDS),
    "continued": (15, st.lists(WORDS, max_size=4).map("\n".join)),
    "code": (None, st.from_regex(r"[A-Z0-9-]{0,12}", fullmatch=True)),
    "capitals": (10, st.from_regex(r"[A-Z0-9 -]{0,14}", fullmatch=True).map(str.strip)),
    "decimals": (2, MONEY),
    "unit_price": (None, MONEY),
    "negated": (None, MONEY),
    "stock": (None, MONEY.map(abs)),
    "exchange_rate": (None, st.just("JPY")),
    "decimal_places": (None, st.integers(0, 4)),
    "first_filled": (None, WORDS),
    "calendar_day": (None, st.dates(date(1990, 1, 1), date(2100, 1, 1))),
    "country_code": (None, st.sampled_from(["US", "DE", "FR", ""])),
    "values": (VALUES, st.sampled_from([*VALUES.values(), None])),
    "inverted": (None, st.booleans() | st.none()),
    "person_name": (None, WORDS),
    "plain_text": (None, WORDS.filter(lambda text: "<" not in text)),
    "text_lines": (
        None,
        st.lists(WORDS, max_size=4).flatmap(
            lambda some: st.sampled_from("\r\n|\r|\n".split("|")).map(lambda end: end.join(some))
        ),
    ),
    "note_file": (None, st.just("")),
    "header_discount": (None, MONEY),
    "line_discount": (None, MONEY),
    "plus": (None, MONEY),
    "minus": (None, MONEY),
    "undiscounted": (None, MONEY),
    "status_line": (None, st.just("")),
    "in_order": (None, st.just(1)),
    "backordered": (None, MONEY),
    "leading_number": (None, st.just("")),
}


def made(name: str, argument: Any = None) -> Transform:
    return TRANSFORMS[name](argument, SETTINGS)


def width(name: str, side: Side) -> int:
    """The fewest columns it takes."""
    return WIDTHS.get(name, ((1,), (1,)))[SIDES.index(side)][0]


def test_every_transform_has_a_case() -> None:
    assert CASES.keys() == TRANSFORMS.keys()
    assert {name for name, (argument, _) in CASES.items() if argument is not None} == ARGUMENTS.keys()


@pytest.mark.parametrize("name", [name for name in CASES if made(name, CASES[name][0]).two_way])
@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_back_up_to_the_declared_loss(name: str, side: Side, data: st.DataObject) -> None:
    argument, values = CASES[name]
    transform, value = made(name, argument), data.draw(values)
    held: tuple[Any, ...] = tuple(None for _ in range(width(name, side)))
    if name == "line_discount" and side == "sales":
        held = (None, Decimal(1), Decimal(3))
    written = transform.write(side, value, held)
    now = tuple(held[at] if one is KEEP and at < len(held) else one for at, one in enumerate(written))
    read = transform.read(side, now)
    assert transform.agree(value, read) if side == "back_office" else transform.agree(read, value)


def test_a_number_that_was_rounded_twice_is_still_the_same_one() -> None:
    """0.244995 is 0.24 with two decimals, and 0.24500 with five, which is 0.25 with two."""
    transform = made("unit_price", None)
    assert transform.write("back_office", Decimal("0.244995"), (None,))[0] == Decimal("0.24500")
    assert transform.agree(Decimal("0.244995"), Decimal("0.24500"))
    assert not transform.agree(Decimal("0.24"), Decimal("0.24500"))
    assert not transform.agree(Decimal("0.244995"), Decimal("0.25"))


@pytest.mark.parametrize(
    ("name", "held", "value", "written"),
    [
        # 1000 net with freight: 975 before it, Sales keeps the freight of 25
        ("plus", (1, 25), 1000, 975),
        ("plus", (1, None), 1000, 1000),
        # the order's discount of 10, and 5 that Sales counts among its lines
        ("minus", (1, 5), 10, 15),
        # 1000 net with freight of 25, after 10 %: 1083.33 less 108.33 is 975
        ("undiscounted", (1, 10, None, 25), 1000, Decimal("1083.33")),
        ("undiscounted", (1, None, 15, 25), 1000, 990),
        ("undiscounted", (1, 10, 15, 25), 1000, 1100),
    ],
)
def test_totals_are_split_as_sales_splits_them(name: str, held: tuple[Any, ...], value: int, written: Any) -> None:
    """Only the first column is written; read with the others it gives the total back."""
    transform = made(name)
    first, *rest = transform.write("sales", Decimal(value), held)
    assert first == written
    assert all(one is KEEP for one in rest)
    assert transform.agree(transform.read("sales", (first, *held[1:])), Decimal(value))  # type: ignore[arg-type]
    assert not transform.agree(transform.read("sales", (first + 1, *held[1:])), Decimal(value))  # type: ignore[operator,arg-type]


def test_an_order_that_is_discounted_entirely_tells_nothing_of_its_lines() -> None:
    assert set(made("undiscounted").write("sales", Decimal(0), (7, 100, None, None))) == {KEEP}


@pytest.mark.parametrize("name", [name for name in CASES if made(name, CASES[name][0]).two_way])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_loss_is_lost_once(name: str, data: st.DataObject) -> None:
    """What the back office shows of a value, sent to it again, shows the same: nothing flows for ever."""
    argument, values = CASES[name]
    transform = made(name, argument)
    once = transform.read("back_office", _cells(transform, data.draw(values)))
    assert transform.read("back_office", _cells(transform, once)) == once


def _cells(transform: Transform, value: Any) -> tuple[Any, ...]:
    return tuple(transform.write("back_office", value, ()))


@pytest.mark.parametrize(
    ("name", "cells", "net"),
    [
        # A document whose prices include 25 % tax: the amount as it stands there, then what says how much of it is tax.
        ("unit_price", (Decimal(125), Decimal(25), True), 100),
        ("unit_price", (Decimal(125), Decimal(25), False), 125),
        ("line_discount", (Decimal("12.50"), Decimal(2), Decimal(25), True), 10),
        ("header_discount", (Decimal(25), Decimal(1000), Decimal(1250), True), 20),
        ("header_discount", (Decimal(25), Decimal(0), Decimal(0), True), 25),
    ],
)
def test_amounts_that_include_tax_are_read_without_and_written_with_it(
    name: str, cells: tuple[Any, ...], net: int
) -> None:
    transform = made(name)
    assert transform.read("back_office", cells) == net
    assert transform.write("back_office", Decimal(net), cells) == (cells[0], *(KEEP for _ in cells[1:]))


@pytest.mark.parametrize(
    ("per_unit", "sales", "total"),
    [
        # manual 2.50, volume 1.00 a unit, 4 units
        (False, (Decimal("2.50"), Decimal(1), Decimal(4)), Decimal("6.50")),
        (True, (Decimal("2.50"), Decimal(1), Decimal(4)), Decimal(14)),
    ],
)
def test_a_line_discount_counts_as_the_organization_says(
    per_unit: bool, sales: tuple[Decimal, ...], total: Decimal
) -> None:
    transform = TRANSFORMS["line_discount"](None, {**SETTINGS, "discount_per_unit": per_unit})
    assert transform.read("sales", sales) == total
    assert transform.write("sales", total, sales) == (sales[0], KEEP, KEEP)


def test_what_does_not_divide_into_cents_a_unit_is_read_as_what_does() -> None:
    transform = TRANSFORMS["line_discount"](None, {**SETTINGS, "discount_per_unit": True})
    assert transform.read("back_office", (Decimal(10), Decimal(3))) == Decimal("9.99")
    assert transform.write("sales", Decimal("9.99"), (None, None, Decimal(3)))[0] == Decimal("3.33")


@pytest.mark.parametrize(
    ("name", "argument", "side", "value", "words"),
    [
        ("exact", 20, "back_office", "D-12345-678901-234567", "21 characters, the back office takes 20"),
        ("decimals", 2, "sales", Decimal(100000000001), "out of range"),
        ("values", {"draft": "Open"}, "sales", "Posted", "'Posted' is none of the listed values: Open"),
        ("values", {"draft": "Open"}, "back_office", "Posted", "none of the listed values"),
    ],
)
def test_what_does_not_survive_is_said(name: str, argument: Any, side: Side, value: Any, words: str) -> None:
    with pytest.raises(DoesNotSurvive, match=words):
        made(name, argument).write(side, value, ())


def test_a_value_that_the_list_lacks_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="'lost' is none of the listed values: draft"):
        made("values", {"draft": "Open"}).read("sales", ("lost",))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("one two three four", ["one two", "three four"]),
        ("one\ntwo three", ["one", "two three"]),
        ("a\n\nb", ["a", "", "b"]),
        ("abcdefghijklmno", ["abcdefghij", "klmno"]),
    ],
)
def test_a_long_text_is_broken_at_blanks(text: str, pieces: list[str]) -> None:
    transform = made("continued", 10)
    assert list(transform.write("back_office", text, ())) == pieces
    assert transform.read("back_office", tuple(pieces)) == (text or None)


def test_a_comment_that_is_no_continuation_is_a_line_of_its_own() -> None:
    """The clerk's comment behind a short line: the seller sees it below the description, not glued to it."""
    assert (
        made("continued", 100).read("back_office", ("Conference table", "ring twice")) == "Conference table\nring twice"
    )


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Pacific/Auckland", datetime(2026, 3, 15, 11, tzinfo=UTC), date(2026, 3, 16)),
        ("Europe/Berlin", datetime(2026, 3, 15, 23, tzinfo=UTC), date(2026, 3, 16)),
        ("America/New_York", datetime(2026, 3, 16, 3, 59, tzinfo=UTC), date(2026, 3, 15)),
    ],
)
def test_a_day_is_the_day_in_the_users_zone(zone: str, moment: datetime, day: date) -> None:
    transform = TRANSFORMS["calendar_day"](None, {"time_zone": ZoneInfo(zone)})
    assert transform.read("sales", (moment,)) == day
    (noon,) = transform.write("sales", day, ())
    assert isinstance(noon, datetime)
    assert (noon.astimezone(ZoneInfo(zone)).date(), noon.astimezone(ZoneInfo(zone)).hour) == (day, 12)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Ring twice.</p><p>Ask for <b>Ann</b> &amp; Bo</p>", "Ring twice.\nAsk for Ann & Bo"),
        ("a<br/>b", "a\nb"),
        ("<div>x<style>p {}</style></div>", "x"),
        ("3 < 4", "3 < 4"),
    ],
)
def test_the_text_of_html(html: str, text: str) -> None:
    assert made("plain_text").read("sales", (html,)) == text


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("side", SIDES)
def test_what_is_only_read_is_kept(name: str, side: Side) -> None:
    transform = made(name, CASES[name][0])
    if not transform.two_way or name == "person_name":  # of a name that says nothing new, nothing is written
        return
    most = WIDTHS.get(name, ((1,), (1,)))[SIDES.index(side)][-1]
    written = transform.write(side, None, tuple(None for _ in range(most)))
    kept = {at for at, one in enumerate(written) if one is KEEP}
    assert kept == transform.only_read.get(side, frozenset())


@pytest.mark.parametrize(
    ("ordered", "shipped", "progress", "left"),
    [(5, 0, None, 0), (5, 0, "part-shipped", 5), (5, 2, "part-shipped", 3), (5, 5, "shipped", 0), (5, 6, "shipped", 0)],
)
def test_what_is_still_to_come_counts_from_the_first_shipment_of_the_order(
    ordered: int, shipped: int, progress: str | None, left: int
) -> None:
    assert made("backordered").read("back_office", (Decimal(ordered), Decimal(shipped), progress)) == left


@pytest.mark.parametrize(
    ("state", "progress", "text"),
    [
        ("draft", None, "S-1 · Draft, to be released"),
        ("draft", "part-shipped", "S-1 · Draft, to be released, shipped in part"),
        ("in-review", None, "S-1 · In review"),
        ("released", None, "S-1 · Released"),
        ("released", "part-shipped", "S-1 · shipped in part"),
        ("released", "shipped", "S-1 · shipped"),
    ],
)
def test_what_the_seller_reads(state: str, progress: str | None, text: str) -> None:
    assert made("status_line").read("back_office", ("S-1", state, progress)) == text


def test_half_a_cent_of_discount_is_rounded_before_the_volume_discount_is_taken_off() -> None:
    """Else it would be rounded down on the negative side, and read back as another value than it was compared as."""
    transform = TRANSFORMS["line_discount"](None, SETTINGS)
    written = transform.write("sales", Decimal("0.005"), (None, Decimal(1), Decimal(3)))
    assert written[0] == Decimal("-2.99")
    assert transform.read("sales", (written[0], Decimal(1), Decimal(3))) == Decimal("0.01")


RATES = {
    "currency_rates": {"USD": Decimal(1), "EUR": Decimal("0.92")},
    "exchange_rates": {
        "GBP": (Decimal("0.86"), "EUR"),  # 0.86 pounds are a euro
        "JPY": (Decimal(190), "GBP"),
        "XXX": (Decimal(2), "YYY"),
        "YYY": (Decimal(2), "XXX"),
    },
}


@pytest.mark.parametrize(
    ("code", "rate"),
    [
        ("GBP", Decimal("0.7912")),  # 0.86 x 0.92: Sales' base is the dollar, the back office's the euro
        ("JPY", Decimal("150.328")),  # 190 x 0.7912
        ("EUR", Decimal("0.92")),
    ],
)
def test_an_exchange_rate_is_one_to_the_base_currency_of_sales(code: str, rate: Decimal) -> None:
    transform = TRANSFORMS["exchange_rate"](None, RATES)
    assert transform.write("sales", transform.read("back_office", (code,)), (None,)) == (rate,)


@pytest.mark.parametrize("code", ["CHF", "XXX"])
def test_a_currency_whose_rate_leads_nowhere_is_a_persons(code: str) -> None:
    with pytest.raises(DoesNotSurvive, match=f"no exchange rate of {code}"):
        TRANSFORMS["exchange_rate"](None, RATES).write("sales", code, (None,))


@pytest.mark.parametrize(("shown", "wanted"), [("2:2", 2), ("0:0", 0), ("2:5", 4), ("3", 3), ("", None), (None, None)])
def test_decimal_places_are_the_most_that_amounts_may_have(shown: str | None, wanted: int | None) -> None:
    assert made("decimal_places").read("back_office", (shown,)) == wanted


def test_the_first_filled_column_is_taken() -> None:
    transform = made("first_filled")
    assert transform.read("back_office", ("", "JPY")) == "JPY"
    assert transform.read("back_office", ("\u00a5", "JPY")) == "\u00a5"
