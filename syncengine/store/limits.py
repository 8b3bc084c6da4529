"""Safety limits: what they hold back, what a person has approved, and what the last day already saw of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import update

from syncengine.ports import SafetyLimit
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import moment
from syncengine.store.session import stamp

_l = tables.safety_limits.c
_o = tables.operations.c
_w = tables.work.c


class SqlSafetyLimits:
    def __init__(self, session: Session) -> None:
        self.session = session

    def open(self, kind: str, message: str, number: int | None = None) -> int:
        """The id of the open limit of this kind, opened now where there is none. `number`: see `SafetyLimit`."""
        held = self.standing(kind)
        if held is not None and held.status == "open":
            values = {"message": message, "number": number}
            self.session.run(update(tables.safety_limits).where(_l.id == held.id).values(**values))
            return held.id
        made = self.session.run(
            insert(tables.safety_limits)
            .values(
                company=self.session.company,
                kind=kind,
                status="open",
                message=message,
                number=number,
                opened_at=self.session.now(),
            )
            .returning(_l.id)
        )
        return int(made.scalar_one())

    def standing(self, kind: str) -> SafetyLimit | None:
        """The newest limit of this kind that is open, or approved and not used up."""
        return next((one for one in self.all() if one.kind == kind), None)

    def all(self) -> Sequence[SafetyLimit]:
        """Those that are open or approved and not used up, newest first."""
        statement = (
            select(tables.safety_limits)
            .where(_l.company == self.session.company, _l.status.in_(("open", "approved")))
            .order_by(_l.id.desc())
        )
        return [self._limit(row) for row in self.session.run(statement).mappings()]

    def approve(self, limit: int, number: int) -> None:
        self._set(limit, status="approved", approved=number, approved_at=self.session.now())

    def use(self, limit: int) -> None:
        """One of the approved actions is carried out."""
        self._set(limit, used=_l.used + 1)

    def close(self, limit: int) -> None:
        self._set(limit, status="closed")

    def held(self, kind: str) -> int:
        """How many records are set aside under this limit."""
        statement = select(func.count()).where(
            _w.company == self.session.company, _w.state == "parked", _w.code == kind
        )
        return int(self.session.run(statement).scalar_one())

    def release(self, kind: str) -> int:
        """What was set aside under this limit is to be planned again; gives how many."""
        where = and_(_w.company == self.session.company, _w.state == "parked", _w.code == kind)
        return int(self.session.run(update(tables.work).where(where).values(state="pending")).rowcount)

    def destructive_since(self, since: datetime) -> int:
        """Documents replaced, removed or canceled since then, without those that a person approved."""
        done = self.session.run(
            select(func.count()).where(
                _o.company == self.session.company,
                _o.destructive.is_(True),
                _o.created_at >= stamp(since),
                _o.status.in_(("open", "done")),
            )
        ).scalar_one()
        approved = self.session.run(
            select(func.coalesce(func.sum(_l.used), 0)).where(
                _l.company == self.session.company, _l.approved_at >= stamp(since)
            )
        ).scalar_one()
        return max(0, int(done) - int(approved))

    def created(self) -> int:
        """Records that were created, or are being created."""
        statement = select(func.count()).where(
            _o.company == self.session.company, _o.kind == "create", _o.status.in_(("open", "done"))
        )
        return int(self.session.run(statement).scalar_one())

    def _set(self, limit: int, **values: Any) -> None:
        self.session.run(
            update(tables.safety_limits).where(_l.company == self.session.company, _l.id == limit).values(**values)
        )

    def _limit(self, row: Any) -> SafetyLimit:
        return SafetyLimit(
            id=row["id"],
            kind=row["kind"],
            status=row["status"],
            message=row["message"],
            number=row["number"] if row["number"] is not None else self.held(row["kind"]),
            approved=row["approved"],
            used=row["used"],
            opened_at=moment(row["opened_at"]),
            approved_at=moment(row["approved_at"]) if row["approved_at"] else None,
        )
