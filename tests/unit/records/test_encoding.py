"""Records survive the store exactly: whatever a cell can hold comes back equal and of the same type."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.records.document import Document
from syncengine.records.encoding import document_from
from syncengine.records.encoding import document_to
from syncengine.records.encoding import dumps
from syncengine.records.encoding import loads
from syncengine.records.encoding import record_from
from syncengine.records.encoding import record_to
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.values import Link
from syncengine.records.values import Ref

texts = st.text(st.characters(exclude_categories=["Cs"]))
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), texts, st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False), st.datetimes(timezones=st.just(UTC)),
    st.builds(Link, texts, texts),
    st.builds(
        Ref, texts, st.none() | st.integers(), st.sampled_from(["sales", "back_office", None]), st.none() | texts
    ),
)  # fmt: skip


def _kinds(value: Any) -> Any:
    return {key: _kinds(one) for key, one in value.items()} if isinstance(value, dict) else type(value)


@given(st.dictionaries(texts.filter(lambda key: not key.startswith("$")), scalars))
def test_whatever_a_record_holds_comes_back(fields: dict[str, Any]) -> None:
    back = loads(dumps(fields))
    assert back == fields
    assert _kinds(back) == _kinds(fields)


@pytest.mark.parametrize("digits", ["12345678901234567.89", "0.10", "1.23456", "-0.00001", "1E+3"])
def test_money_keeps_its_digits(digits: str) -> None:
    """0.10 stays 0.10: what is shown to a person is what the system said."""
    assert str(loads(dumps(Decimal(digits)))) == digits


def test_a_document_with_lines_comes_back() -> None:
    at = datetime(2026, 3, 16, 9, 30, 15, 123456, tzinfo=UTC)
    line = Document("l-1", None, {"quantity": Decimal("2.00000"), "due": date(2026, 3, 17)})
    document = Document("d-1", 'W/"7"', {"name": "O'Brien & Sons <x>"}, (line,), "released", at)
    assert document_from(loads(dumps(document_to(document)))) == document


def test_a_record_keeps_the_order_of_its_lines() -> None:
    lines = {name: LineRecord(name, f"v{name}", {"quantity": Decimal(1)}) for name in ("z", "a", "m")}
    record = Record("r", "v", {"customer": Ref("CUSTOMER", 3, "sales", "c-1")}, lines, "submitted")
    back = record_from(loads(dumps(record_to(record))))
    assert back == record
    assert list(back.lines) == ["z", "a", "m"]


def test_what_cannot_be_kept_is_refused() -> None:
    """A float would lose a cent in silence."""
    with pytest.raises(TypeError, match=r"0\.1"):
        dumps({"price": 0.1})
