"""How a company is doing, in numbers: what metrics and alerts are made of. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Final
from typing import Literal

from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import select

from syncengine.errors import FailureClass
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import moment
from syncengine.store.session import stamp
from syncengine.store.work import ASIDE

State = Literal["moving", "waiting", "person"]

STATES: Final[tuple[State, ...]] = ("moving", "waiting", "person")
"""What becomes of a change that has not been carried over: it goes by itself, it waits for another record, or for a
person."""

_w = tables.work.c
_c = tables.couplings.c
_k = tables.conflicts.c
_o = tables.operations.c
_h = tables.history.c
_r = tables.runs.c


@dataclass
class MappingHealth:
    """`work` counts records that have something outstanding; `oldest` is when the oldest change was first seen."""

    coupled: int = 0
    work: dict[State, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))
    uncoupled_work: int = 0
    conflicts: int = 0
    oldest_conflict: datetime | None = None
    failed: int = 0
    in_progress: int = 0
    oldest: dict[tuple[Side, State], datetime] = field(default_factory=dict)

    @property
    def outstanding(self) -> int:
        return sum(self.work.values())

    @property
    def records_in_step(self) -> float:
        """The share of known records that have nothing outstanding; 1 where none is known."""
        known = self.coupled + self.uncoupled_work
        return 1.0 if not known else max(0.0, 1.0 - self.outstanding / known)


def by_mapping(session: Session) -> dict[str, MappingHealth]:
    """Only mappings of which the store holds something."""
    found: dict[str, MappingHealth] = {}
    _couplings(session, found)
    _work(session, found)
    _conflicts(session, found)
    open_operations = (
        select(_o.mapping, func.count()).where(_o.company == session.company, _o.status == "open").group_by(_o.mapping)
    )
    for mapping, count in session.run(open_operations):
        found.setdefault(mapping, MappingHealth()).in_progress = count
    return found


def _couplings(session: Session, found: dict[str, MappingHealth]) -> None:
    statement = (
        select(_c.mapping, func.count())
        .where(_c.company == session.company, _c.status == "coupled")
        .group_by(_c.mapping)
    )
    for mapping, count in session.run(statement):
        found.setdefault(mapping, MappingHealth()).coupled = count


def _work(session: Session, found: dict[str, MappingHealth]) -> None:
    uncoupled = _w.coupling_id.is_(None)
    statement = (
        select(
            _w.mapping,
            _w.state,
            _w.failure,
            _w.code,
            uncoupled.label("uncoupled"),
            func.count().label("records"),
            func.min(_w.sales_since).label("sales"),
            func.min(_w.back_office_since).label("back_office"),
        )
        .where(_w.company == session.company, _w.state.not_in(ASIDE))
        .group_by(_w.mapping, _w.state, _w.failure, _w.code, uncoupled)
    )
    for row in session.run(statement).mappings():
        health = found.setdefault(row["mapping"], MappingHealth())
        state = _state(row)
        health.work[state] += row["records"]
        health.uncoupled_work += row["records"] if row["uncoupled"] else 0
        if state == "person" and row["code"] != "conflict":
            health.failed += row["records"]
        for side in SIDES:
            if row[side]:
                seen = moment(row[side])
                health.oldest[side, state] = min(seen, health.oldest.get((side, state), seen))


def _state(row: Mapping[str, Any]) -> State:
    if row["state"] != "parked":
        return "moving"
    if row["failure"] == str(FailureClass.WAITING):
        return "waiting"
    return "person" if row["failure"] in (str(FailureClass.PERSON), str(FailureClass.BUG)) else "moving"


def _conflicts(session: Session, found: dict[str, MappingHealth]) -> None:
    statement = (
        select(_k.mapping, func.count(), func.min(_k.since))
        .where(_k.company == session.company, _k.status == "open", _k.answer.is_(None))
        .group_by(_k.mapping)
    )
    for mapping, count, since in session.run(statement):
        health = found.setdefault(mapping, MappingHealth())
        health.conflicts = count
        health.oldest_conflict = moment(since) if since else None


def changes_between(session: Session, since: datetime, until: datetime) -> int:
    """How many records were seen to move in that time: what was planned, sent, or set aside."""
    statement = select(func.count()).where(
        and_(_h.company == session.company, _h.at >= stamp(since), _h.at < stamp(until), _h.event == "planned")
    )
    return int(session.run(statement).scalar_one())


def usual_traffic(session: Session, now: datetime, window: timedelta, weeks: int) -> Sequence[int]:
    """The changes of this same window of the week in each of the last weeks, newest first."""
    found = []
    for week in range(1, weeks + 1):
        until = now - timedelta(weeks=week)
        found.append(changes_between(session, until - window, until))
    return found


def last_ends(session: Session) -> dict[str, tuple[datetime, str]]:
    """By kind of run: when the last one ended, and how."""
    newest = (
        select(_r.kind, func.max(_r.finished_at).label("at"))
        .where(_r.company == session.company, _r.finished_at.is_not(None))
        .group_by(_r.kind)
        .subquery()
    )
    statement = (
        select(_r.kind, _r.finished_at, _r.status)
        .join(newest, and_(_r.kind == newest.c.kind, _r.finished_at == newest.c.at))
        .where(_r.company == session.company)
    )
    return {kind: (moment(at), status) for kind, at, status in session.run(statement)}
