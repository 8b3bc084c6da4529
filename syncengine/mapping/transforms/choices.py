"""Closed lists of values, and flags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import DoesNotSurvive
from syncengine.mapping.transforms.law import Written
from syncengine.mapping.transforms.law import only
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import same


@dataclass(frozen=True)
class ValueMap(AsIs):
    """A closed list of values: Sales' word for each of the back office's."""

    pairs: tuple[tuple[Wire, Wire], ...] = ()  # (sales, back office)

    def _back_office(self, value: Scalar) -> Scalar:
        """Raises ValueError on a value of Sales that the list lacks."""
        for sales, back_office in self.pairs:
            if equal(value, sales):
                return back_office  # type: ignore[return-value]
        if is_blank(value):
            return None
        raise ValueError(f"{value!r} is none of the listed values: {_listed(pair[0] for pair in self.pairs)}")

    def read(self, side: Side, cells: Cells) -> Scalar:
        value = only(cells)
        return value if side == "back_office" else self._back_office(value)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        known = [pair for pair in self.pairs if equal(value, pair[1])]
        if not known and not is_blank(value):
            raise DoesNotSurvive(f"{value!r} is none of the listed values: {_listed(pair[1] for pair in self.pairs)}")
        if side == "back_office":
            return (value,)  # type: ignore[return-value]
        return (known[0][0] if known else None,)


def equal(one: object, two: object) -> bool:
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
