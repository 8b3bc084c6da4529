"""Discounts, and totals that hold one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from typing import Final

from syncengine.mapping.transforms.law import KEEP
from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import Written
from syncengine.mapping.transforms.numbers import gross
from syncengine.mapping.transforms.numbers import number
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import rounded

WHOLE: Final = 100


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
    shared: ClassVar[Mapping[Side, frozenset[int]]] = {"back_office": frozenset({2, 3})}

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "back_office":
            amount = rounded(number(cells[0]) / gross(cells), self.decimals)
            quantity = number(cells[1]) if len(cells) > 1 else Decimal(0)
            return rounded(amount / quantity, self.decimals) * quantity if self.per_unit and quantity else amount
        manual, volume, quantity = (number(cell) for cell in cells)
        times = quantity if self.per_unit else Decimal(1)
        return rounded(manual * times, self.decimals) + rounded(volume * quantity, self.decimals)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        if side == "back_office":
            return (rounded(number(value) * gross(current), self.decimals), *(KEEP for _ in current[1:]))
        _, volume, quantity = (number(cell) for cell in current)
        amount = rounded(number(value), self.decimals) - rounded(volume * quantity, self.decimals)
        if self.per_unit and quantity:
            amount /= quantity
        return (rounded(amount, self.decimals), KEEP, KEEP)


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
