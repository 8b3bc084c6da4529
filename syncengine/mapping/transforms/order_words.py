"""What the back office says of an order, in Sales' words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import only
from syncengine.mapping.transforms.numbers import number
from syncengine.records.values import Scalar
from syncengine.records.values import Side

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

    Back office: number, state, how far the goods have left, and the day the last of them leave, if that is late.
    """

    searchable: ClassVar[frozenset[Side]] = frozenset()

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        if side == "sales":
            return only(cells)
        document_number, state, progress, *more = cells
        words = PROGRESS_WORDS.get(str(progress), "")
        if not words or state == "draft":
            words = ", ".join(one for one in (STATE_WORDS.get(str(state), str(state)), words) if one)
        late = f"{DOT}ships on {more[0]}, later than asked for" if more and more[0] else ""
        return f"{document_number}{DOT}{words}{late}" if document_number else None


@dataclass(frozen=True)
class InOrder(AsIs):
    """The status code of a document that goes on by itself: 1, whatever its state."""

    two_way: bool = False

    def read(self, side: Side, cells: Cells) -> Scalar:
        return only(cells) if side == "sales" else (1 if cells[0] else None)


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
        text = only(cells)
        return (
            text.partition(DOT)[0]
            if side == "sales" and isinstance(text, str) and DOT in text
            else (None if side == "sales" else text)
        )
