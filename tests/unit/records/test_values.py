"""When two values of one side are the same: what "nothing" may look like, and what is never forgiven."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from syncengine.records.values import ZERO_GUID
from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import is_blank
from syncengine.records.values import rounded
from syncengine.records.values import same

NOTHING: list[Any] = [
    None, "", "   ", ZERO_GUID, date(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC), Decimal(0), Decimal("0.00"), False,
    Link("customers", ZERO_GUID), Ref("CUSTOMER", None), {"street": "", "city": None},
]  # fmt: skip


@pytest.mark.parametrize("one", NOTHING, ids=repr)
@pytest.mark.parametrize("two", NOTHING, ids=repr)
def test_every_way_to_write_nothing_is_the_same_nothing(one: Any, two: Any) -> None:
    assert same(one, two)


@pytest.mark.parametrize(
    "value", ["0", "x", 0, 7, True, Decimal("0.00001"), date(2026, 1, 1), Link("customers", "1"), Ref("CUSTOMER", 3)]
)
def test_something_is_not_nothing(value: Any) -> None:
    """A code 0 of a choice column is a choice, and the text "0" a text: only amounts of 0 are nothing."""
    assert not is_blank(value)
    assert not same(value, None)


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ("EUR", "EUR", True),
        ("EUR", "EUR  ", True),  # trailing blanks do not survive in the back office
        ("EUR", "eur", False),  # a case change is somebody's edit, unless the transform says otherwise
        (" EUR", "EUR", False),
        (Decimal("1.50"), Decimal("1.5"), True),
        (Decimal("1.23456"), Decimal("1.23"), False),
        (Decimal("12345678901234567.89"), Decimal("12345678901234567.88"), False),
        (date(2026, 3, 15), date(2026, 3, 16), False),
        (Ref("CUSTOMER", 3, "sales", "a"), Ref("CUSTOMER", 3, "back_office", "b"), True),  # one coupling, two ids
        (Ref("CUSTOMER", 3, "sales", "a"), Ref("CUSTOMER", 4, "sales", "b"), False),
        (Ref("CUSTOMER", None, "sales", "a"), Ref("CUSTOMER", None, "sales", "a"), True),
        (Ref("CUSTOMER", None, "sales", "a"), Ref("CUSTOMER", 3, "sales", "a"), True),  # the same id, coupled since
        (Ref("CUSTOMER", None, "sales", "a"), Ref("CUSTOMER", None, "back_office", "a"), False),
        ({"quantity": Decimal(2), "unit": "BOX"}, {"quantity": Decimal(2), "unit": "PCS"}, False),
        ({"quantity": Decimal(2), "unit": None}, {"quantity": Decimal("2.0")}, True),
    ],
)
def test_same(one: Any, two: Any, expected: bool) -> None:
    assert same(one, two) is expected
    assert same(two, one) is expected


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [("2.345", 2, "2.35"), ("-2.345", 2, "-2.35"), ("2.5", 0, "3"), ("1.23456", 5, "1.23456"), ("0.005", 2, "0.01")],
)
def test_money_is_rounded_half_away_from_zero(value: str, decimals: int, expected: str) -> None:
    assert rounded(Decimal(value), decimals) == Decimal(expected)
