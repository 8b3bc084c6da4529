"""A record in mapped form, the base of a coupling, and the pair that the planner looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from datetime import date
from datetime import datetime
from decimal import Decimal

from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.values import Scalar
from syncengine.records.values import Side


@dataclass(frozen=True)
class LineRecord:
    """A mapped line: keys of `fields` are row names. `version` is the line's own token, None where it has none."""

    id: str
    version: str | None
    fields: Mapping[str, Scalar]


@dataclass(frozen=True)
class Record:
    """A header with its mapped lines, keyed by remote line id in document order.

    `native` is the whole wire document it was folded from; the pictures of a base do not keep it.
    """

    id: str
    version: str | None
    fields: Mapping[str, Scalar]
    lines: Mapping[str, LineRecord] = field(default_factory=dict)
    state: str | None = None
    modified_at: datetime | None = None
    native: Document | None = field(default=None, compare=False, repr=False)

    def picture(self) -> Record:
        return replace(self, native=None)


Seen = Record | Gone | None  # None: never existed on that side


@dataclass(frozen=True)
class LinePair:
    """One line coupling."""

    coupling: int
    sales: str
    back_office: str

    def id(self, side: Side) -> str:
        return self.sales if side == "sales" else self.back_office


@dataclass(frozen=True)
class Base:
    """Two pictures, each as read back from its own side when both last agreed."""

    sales: Record
    back_office: Record

    def of(self, side: Side) -> Record:
        return self.sales if side == "sales" else self.back_office


@dataclass(frozen=True)
class Traces:
    """What is known of a record of which one side is gone.

    `shipped` and `invoiced` are quantities by place, from what was posted. `confirm_in_s`: in how many seconds the
    absence is to be asked for once more; 0 when both answers are there, far enough apart.
    """

    shipped: Mapping[str, Decimal] = field(default_factory=dict)
    invoiced: Mapping[str, Decimal] = field(default_factory=dict)
    last_shipment: date | None = None
    confirm_in_s: float = 0


@dataclass(frozen=True)
class Pair:
    """What the planner knows of one record: the coupling, if any, and both sides as just read.

    `coupling` None: not coupled, one side is None. `base` None: coupled, but the sides never agreed yet. `traces`
    are there where one side of a coupled record is gone.
    """

    mapping: str
    coupling: int | None
    sales: Seen
    back_office: Seen
    base: Base | None = None
    line_pairs: tuple[LinePair, ...] = ()
    generation: int = 0
    traces: Traces = field(default_factory=Traces)
    unstamped: frozenset[Side] = frozenset()  # sides whose stamp no person's change has made

    def of(self, side: Side) -> Seen:
        return self.sales if side == "sales" else self.back_office

    def record(self, side: Side) -> Record:
        """The side's record. Raises LookupError where it is gone or never was: callers have asked before."""
        seen = self.of(side)
        if not isinstance(seen, Record):
            raise LookupError(f"{self.mapping}: no {side} record in this pair")  # noqa: TRY004  not a wrong type
        return seen
