"""What a transform is, and the plainest one.

Law: what `write` puts on a side, `read` gives back, up to the loss the transform declares; `agree` knows that loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from typing import Final
from typing import Protocol

from syncengine.records.values import SIDES
from syncengine.records.values import Link
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import same

Cells = tuple[Wire, ...]


class DoesNotSurvive(ValueError):
    """The other side cannot hold this value, and there is no shorter form of it; the message says why."""


class Keep:
    """In what `write` returns: this column is only read, leave it alone."""


KEEP: Final = Keep()
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
    def shared(self) -> Mapping[Side, frozenset[int]]:
        """Which of the columns that are only read hold what lines of one kind in one document have in common."""
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


def only(cells: Cells) -> Scalar:
    value = cells[0]
    if isinstance(value, Link):
        return value.id  # a fact: which record it points at
    return value.rstrip() if isinstance(value, str) else value


@dataclass(frozen=True)
class AsIs:
    two_way: bool = True
    only_read: ClassVar[Mapping[Side, frozenset[int]]] = {}
    shared: ClassVar[Mapping[Side, frozenset[int]]] = {}
    searchable: ClassVar[frozenset[Side]] = frozenset(SIDES)

    def read(self, side: Side, cells: Cells) -> Scalar:
        return only(cells)

    def write(self, side: Side, value: Scalar, current: Cells) -> Written:
        return (value,)  # type: ignore[return-value]  # references are unfolded before

    def agree(self, sales: Scalar, back_office: Scalar) -> bool:
        return same(sales, back_office)
