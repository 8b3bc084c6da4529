"""Numbers: decimals, ranges, signs, and prices with and without tax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from decimal import InvalidOperation
from typing import Any
from typing import ClassVar
from typing import Final

from syncengine.mapping.transforms.law import KEEP
from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import DoesNotSurvive
from syncengine.mapping.transforms.law import Written
from syncengine.mapping.transforms.law import only
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import rounded

RATE_DECIMALS: Final = 10
MOST_DECIMALS: Final = 4
LARGEST: Final = Decimal(100_000_000_000)  # the largest amount that Sales holds; the back office takes more


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
        one, two = number(sales), number(back_office)
        # As many decimals as both keep; or as the finer one keeps: what is rounded twice may end a step further on.
        return any(rounded(one, kept) == rounded(two, kept) for kept in (self.sales, self.back_office))


@dataclass(frozen=True)
class UnitPrice(Decimals):
    """A price without tax. Back office: the price, and where its prices may include tax, the line's tax rate and the
    flag: what includes tax is read without it and written with it.
    """

    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {"back_office": frozenset({1, 2})}
    shared: ClassVar[Mapping[Side, frozenset[int]]] = {"back_office": frozenset({1, 2})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        price = number(cells[0])
        return rounded(price / gross(cells), self.back_office) if side == "back_office" else price

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "sales":
            return (rounded(number(value), self.sales),)
        return (rounded(number(value) * gross(current), self.back_office), *(KEEP for _ in current[1:]))


def gross(cells: Cells) -> Decimal:
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
class ExchangeRate(AsIs):
    """How many of a currency are one of Sales' base currency. Back office: the currency's code.

    `here`: Sales' rates by code; `there`: how many of a code are one of which other. The two bases may differ: the
    back office's rates are followed until they come to a currency that Sales knows.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset()

    two_way: bool = False
    here: Mapping[str, Decimal] = field(default_factory=dict)
    there: Mapping[str, tuple[Decimal, str]] = field(default_factory=dict)

    def read(self, side: Side, cells: Cells) -> Scalar:
        return number(cells[0]) if side == "sales" else only(cells)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        code, rate, passed = str(value), Decimal(1), set[str]()
        while code not in self.here:
            if code in passed or code not in self.there:
                raise DoesNotSurvive(f"no exchange rate of {value} leads to a currency that Sales has")
            passed.add(code)
            amount, code = self.there[code]
            rate *= amount
        return (rounded(rate * self.here[code], RATE_DECIMALS),)


@dataclass(frozen=True)
class DecimalPlaces(AsIs):
    """How many decimals amounts have: `2:2` in the back office, fewest and most; a number in Sales, 4 at most."""

    searchable: ClassVar[frozenset[Side]] = frozenset()

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        most = str(cells[0] if cells[0] is not None else "").rpartition(":")[2].strip()
        return min(int(number(most)), MOST_DECIMALS) if most else None


@dataclass(frozen=True)
class Negated(Decimals):
    """A number whose sign is the other way round in the back office."""

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = number(cells[0])
        return value if side == "sales" else -value

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        (written,) = super().write(side, value, current)
        return (written if side == "sales" else -number(written),)
