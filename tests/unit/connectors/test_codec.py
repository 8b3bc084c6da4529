"""JSON to values and back: exact, by column type, whatever a service sends."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import cells
from syncengine.connectors.codec import decode
from syncengine.connectors.codec import encode
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import literal
from syncengine.connectors.codec import to_json
from syncengine.records.document import ColumnSchema
from syncengine.records.values import Link

GUID = "0c9f8d52-3116-f111-8c2e-6045bd9a7e10"


def column(kind: str) -> ColumnSchema:
    return ColumnSchema("x", kind)


@pytest.mark.parametrize(
    "digits", ["1099.10", "20000.0000", "0.00001", "-0.5", "12345678901234567.89", "0.10", "100000000000.00001"]
)
def test_money_goes_from_wire_to_wire_digit_by_digit(digits: str) -> None:
    """A number with a point is a Decimal with all its digits, and leaves as the very same text."""
    body = from_json(f'{{"unitPrice":{digits}}}'.encode())
    value = decode(body["unitPrice"], column("decimal"))
    assert value == Decimal(digits)
    assert to_json({"unitPrice": encode(value, column("decimal"))}) == f'{{"unitPrice":{digits}}}'.encode()


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=5))
def test_five_decimals_of_a_quantity_survive(value: Decimal) -> None:
    """Quantities have five decimals on both sides; none is lost or made up on the way there and back."""
    sent = to_json({"quantity": encode(value, column("decimal"))})
    assert decode(from_json(sent)["quantity"], column("decimal")) == value


def test_a_whole_number_in_a_decimal_column_is_a_decimal() -> None:
    """`"quantity": 2` is as much an amount as 2.00."""
    value = decode(from_json(b'{"quantity":2}')["quantity"], column("decimal"))
    assert (value, type(value)) == (Decimal(2), Decimal)


def test_a_number_with_an_exponent_is_exact() -> None:
    """JSON may write 1E-5; that is 0.00001 and no binary fraction."""
    assert decode(from_json(b'{"x":1E-5}')["x"], column("decimal")) == Decimal("0.00001")


@pytest.mark.parametrize(("value", "sent"), [(Decimal("1E+5"), b"100000"), (Decimal("0.0000001"), b"0.0000001")])
def test_no_exponent_is_ever_sent(value: Decimal, sent: bytes) -> None:
    """Where a decimal is expected services read digits."""
    assert to_json(encode(value, column("decimal"))) == sent


def test_a_boolean_is_no_amount() -> None:
    """True is not 1 where a decimal is expected."""
    assert decode(True, column("decimal")) is True


@pytest.mark.parametrize(
    ("sent", "kind", "expected"),
    [
        ("2026-03-16", "date", date(2026, 3, 16)),
        ("2026-03-16T00:00:00Z", "date", date(2026, 3, 16)),
        ("0001-01-01", "date", date(1, 1, 1)),
        ("2016-09-28T22:57:53Z", "datetime", datetime(2016, 9, 28, 22, 57, 53, tzinfo=UTC)),
        ("2026-03-02T09:14:07.213Z", "datetime", datetime(2026, 3, 2, 9, 14, 7, 213000, tzinfo=UTC)),
        ("2026-03-02T09:20:11.41Z", "datetime", datetime(2026, 3, 2, 9, 20, 11, 410000, tzinfo=UTC)),
        ("2026-03-02T09:20:11.1234567Z", "datetime", datetime(2026, 3, 2, 9, 20, 11, 123456, tzinfo=UTC)),
        ("2026-03-02T10:20:11+01:00", "datetime", datetime(2026, 3, 2, 9, 20, 11, tzinfo=UTC)),
        ("2026-03-02T09:20:11", "datetime", datetime(2026, 3, 2, 9, 20, 11, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", "datetime", datetime(1, 1, 1, tzinfo=UTC)),
        (GUID, "guid", GUID),
        (None, "decimal", None),
        ("O'Brien & Sons <x>", "text", "O'Brien & Sons <x>"),
        ("not a day", "date", "not a day"),
        ("not a moment", "datetime", "not a moment"),
    ],
)
def test_values_are_read_by_type(sent: Any, kind: str, expected: Any) -> None:
    """What a column's type promises is what comes out; what cannot be read so stays text for a person to see."""
    assert decode(sent, column(kind)) == expected


@pytest.mark.parametrize(
    ("value", "kind", "sent"),
    [
        (date(2026, 3, 16), "date", "2026-03-16"),
        (datetime(2026, 3, 16, 12, tzinfo=UTC), "date", "2026-03-16"),
        (datetime(2026, 3, 15, 23, 30, 5, 999, tzinfo=UTC), "datetime", "2026-03-15T23:30:05Z"),
        (datetime(2026, 3, 16, 12, tzinfo=timezone(timedelta(hours=13))), "datetime", "2026-03-15T23:00:00Z"),
        (Decimal(3), "integer", 3),
        ("776160001", "integer", 776160001),
        (True, "boolean", True),
        (None, "text", None),
        (Link("accounts", GUID), "lookup", GUID),
    ],
)
def test_values_are_written_by_type(value: Any, kind: str, sent: Any) -> None:
    """Moments leave in UTC and whole seconds, days as days, codes as numbers, lookups by id."""
    assert encode(value, column(kind)) == sent


def test_awkward_text_is_escaped_by_json_alone() -> None:
    """Quotes, ampersands, angle brackets, control characters and any alphabet come back as they were."""
    text = 'O\'Brien & Sons <x> "y"\\z\n\t\u2028 žluťoučký 株式会社 🚲'
    assert from_json(to_json({"name": text}))["name"] == text


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("O'Brien & Sons <x>", "text", "'O''Brien & Sons <x>'"),
        ("", "text", "''"),
        (GUID, "guid", GUID),
        (GUID, "lookup", GUID),
        (Link("accounts", GUID), "lookup", GUID),
        (date(2026, 3, 16), "date", "2026-03-16"),
        (datetime(2026, 1, 31, 8, tzinfo=UTC), "datetime", "2026-01-31T08:00:00Z"),
        (Decimal("1000.80"), "decimal", "1000.80"),
        (Decimal("0.00001"), "decimal", "0.00001"),
        (Decimal("1E+5"), "decimal", "100000"),
        (3, "integer", "3"),
        (True, "boolean", "true"),
        (False, "boolean", "false"),
        (None, "text", "null"),
        ("In_x0020_Review", "choice", "'In_x0020_Review'"),
    ],
)
def test_literals_of_a_filter(value: Any, kind: str, expected: str) -> None:
    """Text in single quotes with its own doubled; GUIDs, numbers, dates, moments and booleans bare."""
    assert literal(value, column(kind)) == expected


def test_text_that_looks_like_a_number_is_quoted() -> None:
    """An item number 1000 is text; without its type too."""
    assert literal("1000", column("text")) == "'1000'"
    assert literal("1000", None) == "'1000'"


def test_control_information_is_no_column() -> None:
    """Annotations and nested entities are left out of an entity's cells."""
    body = {"@odata.etag": 'W/"1"', "name": "x", "_v_value@Microsoft.Dynamics.CRM.lookuplogicalname": "a", "lines": []}
    assert cells(body, {}) == {"name": "x"}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":1', b'{"a":NaN}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    """Whatever a proxy or an attacker sends becomes one named error."""
    with pytest.raises(NotJson):
        from_json(body)
