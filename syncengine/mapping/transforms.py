"""Named two-way transforms: how a value is read from each side's cells, written back, and when two sides agree.

Law: what `write` puts on a side, `read` gives back, up to the loss the transform declares; `agree` knows that loss.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import tzinfo
from decimal import Decimal
from decimal import InvalidOperation
from typing import Any
from typing import Final
from typing import Protocol

from syncengine.records.values import Link
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import rounded
from syncengine.records.values import same

Cells = tuple[Wire, ...]


class Keep:
    """In what `write` returns: this column is only read, leave it alone."""


KEEP: Final = Keep()
Written = tuple[Wire | Keep, ...]


class Transform(Protocol):
    @property
    def two_way(self) -> bool:
        """False where the back office's value cannot be made from Sales'."""
        ...

    def read(self, side: Side, cells: Cells) -> Scalar:
        """The value that these cells hold, in the order of the row's columns."""
        ...

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        """One cell for each column of the row; `current` is what the target holds, blanks when it is created."""
        ...

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        """Do both sides hold the same, but for the declared loss?"""
        ...


def _only(cells: Cells) -> Scalar:
    value = cells[0]
    if isinstance(value, Link):
        return value.id  # a fact: which record it points at
    return value.rstrip() if isinstance(value, str) else value


@dataclass(frozen=True)
class AsIs:
    two_way: bool = True

    def read(self, side: Side, cells: Cells) -> Scalar:
        return _only(cells)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (value,)  # type: ignore[return-value]  # references are unfolded before

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(sales, back_office)


@dataclass(frozen=True)
class Fits(AsIs):
    """Text of which only the first `length` characters survive in the back office."""

    length: int = 0

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "back_office" and isinstance(value, str):
            value = value[: self.length].rstrip()
        return (value,)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(_cut(sales, self.length), _cut(back_office, self.length))


def _cut(value: Scalar, length: int) -> Scalar:
    return value[:length].rstrip() if isinstance(value, str) else value


@dataclass(frozen=True)
class Code(AsIs):
    """A code that the back office keeps in capitals."""

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (value.upper() if side == "back_office" and isinstance(value, str) else value,)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(_upper(sales), _upper(back_office))


def _upper(value: Scalar) -> Scalar:
    return value.upper() if isinstance(value, str) else value


@dataclass(frozen=True)
class Decimals(AsIs):
    """A number that keeps `sales` decimals in Sales and `back_office` in the back office."""

    sales: int = 5
    back_office: int = 5

    def read(self, side: Side, cells: Cells) -> Scalar:
        return number(cells[0])

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (rounded(number(value), self.sales if side == "sales" else self.back_office),)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        kept = min(self.sales, self.back_office)
        return rounded(number(sales), kept) == rounded(number(back_office), kept)


@dataclass(frozen=True)
class Stock(Decimals):
    """A quantity at hand. The back office may count less than nothing; Sales may not."""

    two_way: bool = False

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (rounded(max(number(value), Decimal(0)), self.sales),)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return rounded(number(sales), self.sales) == rounded(max(number(back_office), Decimal(0)), self.sales)


def number(value: Any) -> Decimal:
    """A cell as a number; blank is 0. Raises ValueError on text that is none."""
    if value is None or value == "":
        return Decimal(0)
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"{value!r} is not a number") from error


@dataclass(frozen=True)
class CalendarDay(AsIs):
    """A day in the back office, a moment in Sales: read as the day in `zone`, written as noon of that day there."""

    zone: tzinfo = UTC

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = cells[0]
        if is_blank(value):
            return None
        if isinstance(value, datetime):
            return value.astimezone(self.zone).date()
        if isinstance(value, date):
            return value
        raise ValueError(f"{value!r} is not a date")

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "sales" and isinstance(value, date) and not is_blank(value):
            return (datetime.combine(value, time(12), tzinfo=self.zone).astimezone(UTC),)
        return (None if is_blank(value) else value,)  # type: ignore[return-value]


@dataclass(frozen=True)
class Country(AsIs):
    """A country code in the back office, a code or a name in Sales. `codes`: name or code, folded, to code."""

    codes: Mapping[str, str] | None = None

    def _code(self, value: Scalar) -> Scalar:
        if not isinstance(value, str):
            return value
        return (self.codes or {}).get(value.strip().casefold(), value.strip().upper())

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (self._code(value),)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(self._code(sales), self._code(back_office))


@dataclass(frozen=True)
class ValueMap(AsIs):
    """A closed list of values: Sales' word for each of the back office's."""

    pairs: tuple[tuple[Wire, Wire], ...] = ()  # (sales, back office)

    def _across(self, value: Scalar, *, to: Side) -> Scalar:
        for sales, back_office in self.pairs:
            if to == "back_office" and same(value, sales):
                return back_office  # type: ignore[return-value]
            if to == "sales" and same(value, back_office):
                return sales  # type: ignore[return-value]
        return None

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = _only(cells)
        return value if side == "back_office" or is_blank(value) else self._across(value, to="back_office")

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (self._across(value, to="sales") if side == "sales" else value,)  # type: ignore[return-value]


@dataclass(frozen=True)
class HeaderDiscount(AsIs):
    """One invoice discount amount.

    Sales: columns amount, percentage and the undiscounted total of the lines; the percentage applies to that total
    ("Price arithmetic": both may be set). Written as an amount, the percentage cleared.
    """

    decimals: int = 2

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return number(cells[0])
        amount, percentage, total = (number(cell) for cell in cells)
        return amount + rounded(total * percentage / 100, self.decimals)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        amount = rounded(number(value), self.decimals)
        return (amount,) if side == "back_office" else (amount, Decimal(0), KEEP)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return rounded(number(sales), self.decimals) == rounded(number(back_office), self.decimals)


@dataclass(frozen=True)
class LineDiscount(HeaderDiscount):
    """A line's whole discount. Sales: manual amount, volume discount per unit, quantity; written to the manual one."""

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return number(cells[0])
        manual, volume, quantity = (number(cell) for cell in cells)
        return manual + rounded(volume * quantity, self.decimals)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        amount = rounded(number(value), self.decimals)
        if side == "back_office":
            return (amount,)
        _, volume, quantity = (number(cell) for cell in current)
        return (amount - rounded(volume * quantity, self.decimals), KEEP, KEEP)


@dataclass(frozen=True)
class PersonName(AsIs):
    """One name in the back office; whole, first, middle and last in Sales, where the whole one cannot be written.

    The last word becomes the last name, the others the first: what is read back is the same whole name.
    """

    length: int = 100

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return _only(cells)
        parts = [str(cell).strip() for cell in cells[1:] if not is_blank(cell)]
        return " ".join(parts) or _only(cells)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        text = " ".join(str(value or "").split())
        if side == "back_office":
            return (text[: self.length].rstrip(),)
        first, _, last = text.rpartition(" ")
        return (KEEP, first, "", last)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(_cut(_spaced(sales), self.length), _cut(_spaced(back_office), self.length))


def _spaced(value: Scalar) -> Scalar:
    return " ".join(value.split()) if isinstance(value, str) else value


DOT = " · "
STATE_WORDS = {
    "draft": "Draft, to be released",
    "in-review": "In review",
    "released": "Released",
}


@dataclass(frozen=True)
class StatusLine(AsIs):
    """What the seller reads on the order: `S-ORD101001 · Draft, to be released`. Back office: number and state."""

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "sales":
            return _only(cells)
        document_number, state = cells
        return f"{document_number}{DOT}{STATE_WORDS.get(str(state), state)}" if document_number else None


@dataclass(frozen=True)
class LeadingNumber(AsIs):
    """The document number at the head of a status line."""

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        text = _only(cells)
        return (
            text.partition(DOT)[0]
            if side == "sales" and isinstance(text, str) and DOT in text
            else (None if side == "sales" else text)
        )


class BadArgument(ValueError):
    """A transform's argument is wrong; the message says what it takes."""


Factory = Callable[[Any, Mapping[str, Any]], Transform]


def _whole(argument: Any, name: str, low: int, high: int) -> int:
    if not isinstance(argument, int) or isinstance(argument, bool) or not low <= argument <= high:
        raise BadArgument(f"{name} takes a whole number from {low} to {high}")
    return argument


def _none(argument: Any, name: str) -> None:
    if argument is not None:
        raise BadArgument(f"{name} takes no argument")


def _decimals(argument: Any, _: Mapping[str, Any]) -> Transform:
    places = _whole(argument, "decimals", 0, 10)
    return Decimals(sales=places, back_office=places)


def _unit_price(argument: Any, settings: Mapping[str, Any]) -> Transform:
    _none(argument, "unit_price")
    return Decimals(sales=settings.get("price_decimals", 2), back_office=5)


def _calendar_day(argument: Any, settings: Mapping[str, Any]) -> Transform:
    _none(argument, "calendar_day")
    return CalendarDay(zone=settings.get("time_zone", UTC))


def _country(argument: Any, settings: Mapping[str, Any]) -> Transform:
    _none(argument, "country_code")
    return Country(codes=settings.get("countries", {}))


def _values(argument: Any, _: Mapping[str, Any]) -> Transform:
    if not isinstance(argument, Mapping) or not argument:
        raise BadArgument("values takes a list of `sales value: back-office value`")
    return ValueMap(pairs=tuple(argument.items()))


def _plain(transform: Transform, name: str) -> Factory:
    def make(argument: Any, _: Mapping[str, Any]) -> Transform:
        _none(argument, name)
        return transform

    return make


TRANSFORMS: Final[Mapping[str, Factory]] = {
    "as_is": _plain(AsIs(), "as_is"),
    "fits": lambda argument, _: Fits(length=_whole(argument, "fits", 1, 100_000)),
    "code": _plain(Code(), "code"),
    "decimals": _decimals,
    "unit_price": _unit_price,
    "calendar_day": _calendar_day,
    "country_code": _country,
    "values": _values,
    "header_discount": _plain(HeaderDiscount(), "header_discount"),
    "line_discount": _plain(LineDiscount(), "line_discount"),
    "person_name": _plain(PersonName(), "person_name"),
    "status_line": _plain(StatusLine(), "status_line"),
    "stock": _plain(Stock(sales=2), "stock"),
    "leading_number": _plain(LeadingNumber(), "leading_number"),
}

WIDTHS: Final[Mapping[str, tuple[int, int]]] = {
    "header_discount": (3, 1),
    "line_discount": (3, 1),
    "person_name": (4, 1),
    "status_line": (1, 2),
}
"""How many columns a transform takes on each side (sales, back office); one each where nothing is said."""
