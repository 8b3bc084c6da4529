"""Filters as data: which records a mapping admits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from syncengine.mapping.filters import STATE
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import admits
from syncengine.records.document import Document
from syncengine.records.values import Link

ORDER = Document(
    "1", "v", {"code": "Usd", "total": Decimal("99.50"), "day": date(2026, 3, 16), "buyer": Link("customers", "k-1"),
               "flag": False, "note": None, "choice": 0}, state="submitted",
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(STATE, ("active", "submitted")), True),
        (Condition(STATE, ("active",)), False),
        (Condition("code", ("USD",)), True),  # codes are compared without case, as both systems compare them
        (Condition("choice", (0,)), True),
        (Condition("choice", (1,)), False),
        (Condition("flag", (False,)), True),
        (Condition("flag", (True,)), False),
        (Condition("buyer", ("k-1",)), True),
        (Condition("note", ("",)), True),  # blank in either way of writing it
        (Condition("note", ("x",)), False),
        (Condition("total", at_least=Decimal("99.50")), True),
        (Condition("total", at_least=Decimal("99.51")), False),
        (Condition("total", at_most=Decimal("99.49")), False),
        (Condition("day", at_least=date(2026, 1, 1), at_most=date(2026, 12, 31)), True),
        (Condition("note", at_least=date(2026, 1, 1)), False),  # nothing is in no range
        (Condition("note", blank=True), True),
        (Condition("code", blank=True), False),
        (Condition("code", blank=False), True),
        (Condition("unknown", blank=True), True),
        (Condition("code", none_of=("usd", "EUR")), False),
        (Condition("code", none_of=("EUR",)), True),
        (Condition("note", none_of=("",)), False),
    ],
    ids=repr,
)
def test_a_condition(condition: Condition, expected: bool) -> None:
    assert admits((condition,), ORDER) is expected


def test_all_conditions_must_hold() -> None:
    assert admits((), ORDER)
    assert not admits((Condition("code", ("USD",)), Condition("flag", (True,))), ORDER)
