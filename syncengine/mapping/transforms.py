"""Named two-way transforms: how a value is read from each side's cells, written back, and when two sides agree.

Law: what `write` puts on a side, `read` gives back, up to the loss the transform declares; `agree` knows that loss.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import time
from datetime import tzinfo
from decimal import Decimal
from decimal import InvalidOperation
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from typing import ClassVar
from typing import Final
from typing import Protocol

from syncengine.records.values import SIDES
from syncengine.records.values import Link
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import rounded
from syncengine.records.values import same

Cells = tuple[Wire, ...]


class DoesNotSurvive(ValueError):
    """The other side cannot hold this value, and there is no shorter form of it; the message says why."""


class Keep:
    """In what `write` returns: this column is only read, leave it alone."""


_TAG: Final = re.compile(r"</?[a-zA-Z][^>]*>")
KEEP: Final = Keep()
LARGEST: Final = Decimal(100_000_000_000)  # the largest amount that Sales holds; the back office takes more
WHOLE: Final = 100
Written = tuple[Wire | Keep, ...]


class Transform(Protocol):
    @property
    def two_way(self) -> bool:
        """False where the back office's value cannot be made from Sales'."""
        ...

    @property
    def only_read(self) -> Mapping[Side, frozenset[int]]:
        """Which of the row's columns, by their place, are never written."""
        ...

    @property
    def searchable(self) -> frozenset[Side]:
        """On which sides a record can be asked for by what `write` gives, its first column being equal."""
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
    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {}
    searchable: ClassVar[frozenset[Side]] = frozenset(SIDES)

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
class Exact(AsIs):
    """Text that must survive whole: longer than `length`, it is a person's to shorten."""

    length: int = 0

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "back_office" and isinstance(value, str) and len(value) > self.length:
            raise DoesNotSurvive(
                f"{value!r} has {len(value)} characters, the back office takes {self.length}, "
                "and there is no shorter form of it"
            )
        return (value,)  # type: ignore[return-value]


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
        written = rounded(number(value), self.sales if side == "sales" else self.back_office)
        if abs(written) > LARGEST:
            raise DoesNotSurvive(f"{value} is out of range: Sales holds no number beyond {LARGEST}")
        return (written,)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        kept = min(self.sales, self.back_office)
        return rounded(number(sales), kept) == rounded(number(back_office), kept)


@dataclass(frozen=True)
class UnitPrice(Decimals):
    """A price without tax. Back office: the price, and where its prices may include tax, the line's tax rate and the
    flag: what includes tax is read without it and written with it.
    """

    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"back_office": frozenset({1, 2})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        price = number(cells[0])
        return rounded(price / _gross(cells), self.back_office) if side == "back_office" else price

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "sales":
            return (rounded(number(value), self.sales),)
        return (rounded(number(value) * _gross(current), self.back_office), *(KEEP for _ in current[1:]))


def _gross(cells: Cells) -> Decimal:
    """What a price without tax is multiplied by to get the one that stands in the first of these cells."""
    if len(cells) < 3 or not cells[-1]:  # noqa: PLR2004
        return Decimal(1)
    return 1 + number(cells[-2]) / 100


@dataclass(frozen=True)
class Stock(Decimals):
    """A quantity at hand. The back office may count less than nothing; Sales may not."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

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
    searchable: ClassVar[frozenset[Side]] = frozenset({"back_office"})  # in Sales, a moment of that day

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

    searchable: ClassVar[frozenset[Side]] = frozenset()

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

    def _back_office(self, value: Scalar) -> Scalar:
        """Raises ValueError on a value of Sales that the list lacks."""
        for sales, back_office in self.pairs:
            if _equal(value, sales):
                return back_office  # type: ignore[return-value]
        if is_blank(value):
            return None
        raise ValueError(f"{value!r} is none of the listed values: {_listed(pair[0] for pair in self.pairs)}")

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = _only(cells)
        return value if side == "back_office" else self._back_office(value)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        known = [pair for pair in self.pairs if _equal(value, pair[1])]
        if not known and not is_blank(value):
            raise DoesNotSurvive(f"{value!r} is none of the listed values: {_listed(pair[1] for pair in self.pairs)}")
        if side == "back_office":
            return (value,)  # type: ignore[return-value]
        return (known[0][0] if known else None,)


def _equal(one: object, two: object) -> bool:
    """A flag that is off is a value here, and no blank."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    return same(one, two)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(one) for one in values)


@dataclass(frozen=True)
class Inverted(AsIs):
    """A flag that says the opposite on the other side."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = cells[0]
        if value is None:
            return None
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is no flag")  # noqa: TRY004  the value of a record, not an argument
        return value if side == "back_office" else not value

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (value if side == "back_office" or value is None else not value,)  # type: ignore[return-value]

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return bool(sales) == bool(back_office)


@dataclass(frozen=True)
class Negated(Decimals):
    """A number whose sign is the other way round in the back office."""

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = number(cells[0])
        return value if side == "sales" else -value

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        (written,) = super().write(side, value, current)
        return (written if side == "sales" else -number(written),)


@dataclass(frozen=True)
class Continued(AsIs):
    """A long text, in pieces of at most `length` characters: its own line, then comment lines.

    A line of text is broken at blanks, as late as they allow; a longer word is cut. So a piece that left no room for
    the next word goes on in the next piece, any other ends a line: declared loss is the kind and number of blanks,
    and a line break where a piece was full.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset()

    length: int = 0

    def read(self, side: Side, cells: Cells) -> Scalar:
        """Back office: as many cells as there are pieces."""
        if side == "sales":
            return _only(cells)
        pieces = [str(cell or "").rstrip() for cell in cells]
        text = pieces[0]
        for before, piece in pairwise(pieces):
            text += self._between(before, piece) + piece
        return text.rstrip() or None

    def _between(self, before: str, piece: str) -> str:
        if len(before) == self.length and " " not in before:
            return ""  # a word that was cut
        word = piece.partition(" ")[0]
        return " " if before and word and len(before) + 1 + len(word) > self.length else "\n"

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        """Back office: the pieces, at least one."""
        if side == "sales":
            return (value,)  # type: ignore[return-value]
        return tuple(self.pieces(str(value or "")))

    def pieces(self, text: str) -> list[str]:
        found = [piece for line in text.splitlines() or [""] for piece in self._broken(line)]
        while len(found) > 1 and not found[-1]:
            found.pop()
        return found

    def _broken(self, line: str) -> list[str]:
        pieces, words = [""], line.split()
        for word in words:
            if pieces[-1] and len(pieces[-1]) + 1 + len(word) <= self.length:
                pieces[-1] += f" {word}"
                continue
            cut = [word[at : at + self.length] for at in range(0, len(word), self.length)]
            if pieces[-1]:
                pieces += cut
            else:
                pieces = cut
        return pieces

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(self._kept(sales), self._kept(back_office))

    def _kept(self, value: Scalar) -> Scalar:
        return self.read("back_office", tuple(self.pieces(str(value or ""))))


class _Text(HTMLParser):
    """The text of a piece of HTML: blocks and line breaks end a line."""

    BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.hidden += tag in ("script", "style")
        if tag in self.BREAKS and self.text and not self.text.endswith("\n"):
            self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text += data


@dataclass(frozen=True)
class PlainText(AsIs):
    """Text that may be HTML in Sales and is plain in the back office. Formatting is the declared loss."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = _only(cells)
        if side == "back_office" or not isinstance(value, str) or not _TAG.search(value):
            return value
        parser = _Text()
        parser.feed(value)
        parser.close()
        lines = (" ".join(line.split()) for line in parser.text.splitlines())
        return "\n".join(lines).strip() or None


@dataclass(frozen=True)
class HeaderDiscount(AsIs):
    """One invoice discount amount, without tax.

    Sales: columns amount, percentage and the undiscounted total of the lines; the percentage applies to that total
    ("Price arithmetic": both may be set). Written as an amount, the percentage cleared.
    Back office: the amount, and where its prices may include tax, both totals and the flag: a discount is shared among
    the lines in proportion, so it holds tax in the proportion of the totals.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset()

    decimals: int = 2
    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"sales": frozenset({2}), "back_office": frozenset({1, 2, 3})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return rounded(number(cells[0]) / _with_tax(cells), self.decimals)
        amount, percentage, total = (number(cell) for cell in cells)
        return amount + rounded(total * percentage / 100, self.decimals)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "sales":
            return (rounded(number(value), self.decimals), Decimal(0), KEEP)
        return (rounded(number(value) * _with_tax(current), self.decimals), *(KEEP for _ in current[1:]))

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return rounded(number(sales), self.decimals) == rounded(number(back_office), self.decimals)


def _with_tax(cells: Cells) -> Decimal:
    """Total with tax by total without, where the last cell says that amounts include it."""
    if len(cells) < 4 or not cells[-1] or not number(cells[1]):  # noqa: PLR2004
        return Decimal(1)
    return number(cells[2]) / number(cells[1])


@dataclass(frozen=True)
class LineDiscount(HeaderDiscount):
    """A line's whole discount, without tax. Sales: manual, volume discount per unit, quantity; written to the manual.

    `per_unit`: the organization counts the manual discount for each unit (`discountcalculationmethod` 1). What does not
    divide into whole cents a unit cannot be held there: both sides are then read as what can.
    Back office: the amount and the quantity, and where its prices may include tax, the tax rate and the flag.
    """

    per_unit: bool = False

    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {
        "sales": frozenset({1, 2}),
        "back_office": frozenset({1, 2, 3}),
    }

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            amount = rounded(number(cells[0]) / _gross(cells), self.decimals)
            quantity = number(cells[1]) if len(cells) > 1 else Decimal(0)
            return rounded(amount / quantity, self.decimals) * quantity if self.per_unit and quantity else amount
        manual, volume, quantity = (number(cell) for cell in cells)
        times = quantity if self.per_unit else Decimal(1)
        return rounded(manual * times, self.decimals) + rounded(volume * quantity, self.decimals)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "back_office":
            return (rounded(number(value) * _gross(current), self.decimals), *(KEEP for _ in current[1:]))
        _, volume, quantity = (number(cell) for cell in current)
        amount = rounded(number(value), self.decimals) - rounded(volume * quantity, self.decimals)
        if self.per_unit and quantity:
            amount /= quantity
        return (rounded(amount, self.decimals), KEEP, KEEP)


@dataclass(frozen=True)
class PersonName(AsIs):
    """One name in the back office; whole, first, middle and last in Sales, where the whole one cannot be written.

    The last word becomes the last name, the others the first: what is read back is the same whole name.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset({"back_office"})

    length: int = 100
    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"sales": frozenset({0})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return _only(cells)
        parts = [str(cell).strip() for cell in cells[1:] if not is_blank(cell)]
        return " ".join(parts) or _only(cells)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        text = " ".join(str(value or "").split())
        if side == "back_office":
            return (text[: self.length].rstrip(),)
        if current and same(text, self.read("sales", current)):
            return (KEEP, KEEP, KEEP, KEEP)  # "Anna" + "van Dyck" is the same name as "Anna van" + "Dyck"
        first, _, last = text.rpartition(" ")
        return (KEEP, first, "", last)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(_cut(_spaced(sales), self.length), _cut(_spaced(back_office), self.length))


def _spaced(value: Scalar) -> Scalar:
    return " ".join(value.split()) if isinstance(value, str) else value


@dataclass(frozen=True)
class Beside(AsIs):
    """An amount that is split in Sales: the value is the first column plus (or minus) the second one.

    Only the first is written; the second is another row's.
    """

    two_way: bool = False
    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"sales": frozenset({1})}
    sign: int = 1
    decimals: int = 2

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return number(cells[0])
        first, second = (number(cell) for cell in cells)
        return first + self.sign * second

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        second = number(current[1])
        return (rounded(number(value) - self.sign * second, self.decimals), KEEP)

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return rounded(number(sales), self.decimals) == rounded(number(back_office), self.decimals)


@dataclass(frozen=True)
class Undiscounted(Beside):
    """The lines' total of Sales, against the net total of the back office, which is after discount, with freight.

    Sales: columns the lines' total, discount percentage and amount, freight ("Price arithmetic"). The first is written.
    """

    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"sales": frozenset({1, 2, 3})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            return number(cells[0])
        lines, percentage, amount, freight = (number(cell) for cell in cells)
        return rounded(lines - lines * percentage / 100, self.decimals) - amount + freight

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        _, percentage, amount, freight = (number(cell) for cell in current)
        if percentage >= WHOLE:
            return (KEEP, KEEP, KEEP, KEEP)  # nothing can be told from a discount of everything
        lines = (number(value) - freight + amount) * WHOLE / (WHOLE - percentage)
        return (rounded(lines, self.decimals), KEEP, KEEP, KEEP)


DOT = " · "
STATE_WORDS = {
    "draft": "Draft, to be released",
    "in-review": "In review",
    "released": "Released",
}


PROGRESS_WORDS = {
    "part-shipped": "shipped in part",
    "shipped": "shipped",
}


@dataclass(frozen=True)
class StatusLine(AsIs):
    """What the seller reads on the order: `S-ORD101001 · Draft, to be released`, `S-ORD101001 · shipped in part`.

    Back office: number, state, and how far the goods have left.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset()

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "sales":
            return _only(cells)
        document_number, state, progress = cells
        words = PROGRESS_WORDS.get(str(progress), "")
        if not words or state == "draft":
            words = ", ".join(one for one in (STATE_WORDS.get(str(state), str(state)), words) if one)
        return f"{document_number}{DOT}{words}" if document_number else None


@dataclass(frozen=True)
class InOrder(AsIs):
    """The status code of a document that goes on by itself: 1, whatever its state."""

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        return _only(cells) if side == "sales" else (1 if cells[0] else None)


@dataclass(frozen=True)
class Backordered(AsIs):
    """What is still to come once the first goods of the order have left. Back office: ordered, shipped, progress."""

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "sales":
            return number(cells[0])
        ordered, shipped, progress = cells
        return max(number(ordered) - number(shipped), Decimal(0)) if progress else Decimal(0)


@dataclass(frozen=True)
class LeadingNumber(AsIs):
    """The document number at the head of a status line."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        text = _only(cells)
        return (
            text.partition(DOT)[0]
            if side == "sales" and isinstance(text, str) and DOT in text
            else (None if side == "sales" else text)
        )


Factory = Callable[[Any, Mapping[str, Any]], Transform]


def _decimals(places: Any, _: Mapping[str, Any]) -> Transform:
    return Decimals(sales=places, back_office=places)


def _unit_price(_: Any, settings: Mapping[str, Any]) -> Transform:
    return UnitPrice(sales=settings.get("price_decimals", 2), back_office=5)


def _line_discount(_: Any, settings: Mapping[str, Any]) -> Transform:
    return LineDiscount(per_unit=settings.get("discount_per_unit") is True)


def _calendar_day(_: Any, settings: Mapping[str, Any]) -> Transform:
    return CalendarDay(zone=settings.get("time_zone", UTC))


def _country(_: Any, settings: Mapping[str, Any]) -> Transform:
    return Country(codes=settings.get("countries", {}))


def _values(pairs: Any, _: Mapping[str, Any]) -> Transform:
    return ValueMap(pairs=tuple(pairs.items()))


def _plain(transform: Transform) -> Factory:
    return lambda _argument, _settings: transform


TRANSFORMS: Final[Mapping[str, Factory]] = {
    "as_is": _plain(AsIs()),
    "fits": lambda argument, _: Fits(length=argument),
    "exact": lambda argument, _: Exact(length=argument),
    "continued": lambda argument, _: Continued(length=argument),
    "code": _plain(Code()),
    "decimals": _decimals,
    "unit_price": _unit_price,
    "calendar_day": _calendar_day,
    "country_code": _country,
    "values": _values,
    "inverted": _plain(Inverted()),
    "negated": _plain(Negated()),
    "person_name": _plain(PersonName()),
    "plain_text": _plain(PlainText()),
    "header_discount": _plain(HeaderDiscount()),
    "line_discount": _line_discount,
    "plus": _plain(Beside(sign=1)),
    "minus": _plain(Beside(sign=-1)),
    "undiscounted": _plain(Undiscounted()),
    "status_line": _plain(StatusLine()),
    "in_order": _plain(InOrder()),
    "backordered": _plain(Backordered()),
    "stock": _plain(Stock(sales=2)),
    "leading_number": _plain(LeadingNumber()),
}

_LENGTH: Final = {"type": "integer", "minimum": 1, "maximum": 100_000}
ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "fits": _LENGTH,
    "exact": _LENGTH,
    "continued": _LENGTH,
    "decimals": {"type": "integer", "minimum": 0, "maximum": 10},
    "values": {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
        "minProperties": 1,
        "description": "Sales value: back-office value",
    },
}
"""What the transforms that take an argument take, as JSON Schema says it."""

WIDTHS: Final[Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "header_discount": ((3,), (1, 4)),
    "line_discount": ((3,), (1, 2, 4)),
    "plus": ((2,), (1,)),
    "minus": ((2,), (1,)),
    "undiscounted": ((4,), (1,)),
    "person_name": ((4,), (1,)),
    "status_line": ((1,), (3,)),
    "backordered": ((1,), (3,)),
    "unit_price": ((1,), (1, 3)),
}
"""How many columns a transform takes on each side (sales, back office); one each where nothing is said."""
