"""What the planner asks of a kind of record, and the answers for records without a life of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from syncengine.errors import FailureClass
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import Policy
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.planner.build import Builder
from syncengine.planner.decide import Decided
from syncengine.planner.decide import Line
from syncengine.planner.decide import policy_of
from syncengine.planner.merge import NAMES
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Step
from syncengine.planner.writes import create_record
from syncengine.planner.writes import update_side
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Side


@dataclass(frozen=True)
class Built:
    """What the rules made of the decisions; the steps themselves are in the builder.

    `executes`: the decisions that these steps carry out. Those left out are planned again afterwards. `loses`: what
    of the old record the new one cannot take over, in words.
    """

    kind: str
    reason: str
    executes: tuple[Decision, ...] = ()
    destructive: bool = False
    archive: bool = False
    predicted: tuple[Step, ...] = ()
    loses: tuple[str, ...] = ()


class Rules(Protocol):
    @property
    def sealed(self) -> Side | None:
        """The side that has no say in a record any more once it is coupled, because it has handed it over."""
        ...

    def compares(self, row: Row | None, *, line: bool) -> bool:
        """Are both sides meant to hold the same in this row? `row` None: as to which lines there are."""
        ...

    def contradict(self, sales: Record, back_office: Record) -> bool:
        """Is the record's life over on one side, and the other one does not know of it?"""
        ...

    def policy(self, pair: Pair, mapping: TableMapping, group: str, line: Line) -> Policy:
        """The conflict policy for one group of this pair."""
        ...

    def admits(self, pair: Pair, mapping: TableMapping, side: Side) -> Problem | None:
        """Why an uncoupled record may not enter from `side` now; None when it may."""
        ...

    def gone(self, builder: Builder) -> Built | Problem | None:
        """What follows for a coupled record of which one side, or both, are gone; None where nothing is left."""
        ...

    def review(self, builder: Builder, decided: Decided) -> tuple[tuple[Decision, ...], Problem | None]:
        """Adjust the decisions; a problem stops every write of this pair."""
        ...

    def create(self, builder: Builder, source: Side) -> Built: ...

    def write(self, builder: Builder, decided: Decided) -> Built: ...

    def restore(self, builder: Builder, version: Record, reason: str) -> Built | Problem:
        """The back office's document as it was in an earlier version, as a new change of that side."""
        ...

    def settled(self, builder: Builder) -> Problem | None:
        """What is still to be said of a pair of which nothing is to be written."""
        ...

    def differs(self, sales: Record, back_office: Record) -> Problem | None:
        """Why a record of Sales that several of the back office share cannot stand for this one."""
        ...

    def tell(self, builder: Builder, problem: Problem) -> None:
        """Add the step that tells people of the problem where they look, if it is not told there yet."""
        ...


class PlainRules:
    """Records that have no states: created, updated field by field; nothing is deleted by itself."""

    sealed: Side | None = None

    def compares(self, row: Row | None, *, line: bool) -> bool:
        return True

    def contradict(self, sales: Record, back_office: Record) -> bool:
        return False

    def policy(self, pair: Pair, mapping: TableMapping, group: str, line: Line) -> Policy:
        return policy_of(mapping, group, line)

    def admits(self, pair: Pair, mapping: TableMapping, side: Side) -> Problem | None:
        return None

    def gone(self, builder: Builder) -> Built | Problem | None:
        problem = deleted(builder.pair)
        answer = builder.mapping.deleted.get(problem.side) if problem is not None and problem.side is not None else None
        if problem is None or answer not in ("uncouple", FOLLOW):
            return problem
        if answer == FOLLOW and _left_behind(builder):
            create_record(builder, "sales")
            return Built("renew", "what it belongs to was replaced by a successor, and it goes along")
        return Built("uncouple", problem.message)

    def review(self, builder: Builder, decided: Decided) -> tuple[tuple[Decision, ...], Problem | None]:
        return decided.decisions, None

    def create(self, builder: Builder, source: Side) -> Built:
        create_record(builder, source)
        return Built("create", f"new in {NAMES[source]}")

    def write(self, builder: Builder, decided: Decided) -> Built:
        for side in SIDES:
            update_side(builder, side, decided)
        return Built("update", "", decided.decisions)

    def restore(self, builder: Builder, version: Record, reason: str) -> Built | Problem:
        return Problem(FailureClass.PERSON, "not-restorable", "only orders have versions that can be restored")

    def settled(self, builder: Builder) -> Problem | None:
        return None

    def differs(self, sales: Record, back_office: Record) -> Problem | None:
        return None

    def tell(self, builder: Builder, problem: Problem) -> None:
        pass


def _left_behind(builder: Builder) -> bool:
    """Was the document that this record belongs to replaced more often than the record was made again?"""
    fields = builder.pair.record("sales").fields
    belongs = [fields.get(row.name) for row in builder.mapping.rows.values() if row.is_reference]
    return any(isinstance(one, Ref) and builder.refs.generation(one) > builder.pair.generation for one in belongs)


def deleted(pair: Pair) -> Problem | None:
    """The problem of a coupled record that was deleted on one side; None where both sides are gone."""
    gone = [side for side in SIDES if not isinstance(pair.of(side), Record)]
    if len(gone) == 2:  # noqa: PLR2004
        return None
    side = gone[0]
    word = "deleted-in-sales" if side == "sales" else "deleted-in-back-office"
    return Problem(
        FailureClass.PERSON,
        word,
        f"the record was deleted in {NAMES[side]}",
        "Uncouple it, or restore the record there.",
        side,
    )
