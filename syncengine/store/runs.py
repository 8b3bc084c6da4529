"""Runs and the lease that keeps them apart, and what is remembered about the systems."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import update

from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import chunks
from syncengine.store.session import moment
from syncengine.store.session import stamp

_r = tables.runs.c
_l = tables.leases.c
_m = tables.remembered.c


class SqlRuns:
    def __init__(self, session: Session) -> None:
        self.session = session

    def started(self, run_id: str, kind: str, mode: str, at: str = "") -> None:
        self.session.run(
            insert(tables.runs).values(
                id=run_id,
                company=self.session.company,
                kind=kind,
                mode=mode,
                status="running",
                started_at=at or self.session.now(),
            )
        )

    def abandoned(self) -> int:
        """Runs that are still called running while the caller holds the lease: their processes are dead."""
        done = self.session.run(
            update(tables.runs)
            .where(_r.company == self.session.company, _r.status == "running")
            .values(status="interrupted", finished_at=self.session.now())
        )
        return int(done.rowcount)

    def finished(self, run_id: str, status: str, exit_code: int, result: str) -> None:
        self.session.run(
            update(tables.runs)
            .where(_r.company == self.session.company, _r.id == run_id)
            .values(status=status, exit_code=exit_code, finished_at=self.session.now(), result=result)
        )

    def newest(self, limit: int | None = None, since: datetime | None = None) -> list[Mapping[str, Any]]:
        """Newest first, without what each of them found."""
        columns = [column for column in tables.runs.c if column.name != "result"]
        statement = select(*columns).where(_r.company == self.session.company)
        if since is not None:
            statement = statement.where(_r.started_at >= stamp(since))
        statement = statement.order_by(_r.started_at.desc(), _r.id.desc()).limit(limit)
        return [dict(row) for row in self.session.run(statement).mappings()]

    def get(self, run_id: str) -> Mapping[str, Any] | None:
        """One run with its result; by the beginning of its id, where that names one only."""
        statement = select(tables.runs).where(
            _r.company == self.session.company, _r.id.startswith(run_id, autoescape=True)
        )
        rows = self.session.run(statement.limit(2)).mappings().all()
        return dict(rows[0]) if len(rows) == 1 else None


class SqlRemembered:
    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, name: str, max_age_s: float | None = None) -> Any:
        row = self.session.run(
            select(_m.value, _m.at).where(_m.company == self.session.company, _m.name == name)
        ).first()
        if row is None:
            return None
        if max_age_s is not None and self.session.clock.now() - moment(row.at) > timedelta(seconds=max_age_s):
            return None
        return json.loads(row.value)

    def some(self, names: Sequence[str]) -> Mapping[str, Any]:
        """Those of these that are there."""
        found: dict[str, Any] = {}
        for part in chunks(list(names)):
            statement = select(_m.name, _m.value).where(_m.company == self.session.company, _m.name.in_(part))
            found |= {name: json.loads(value) for name, value in self.session.run(statement)}
        return found

    def put(self, name: str, value: Any) -> None:
        row = {
            "company": self.session.company,
            "name": name,
            "value": json.dumps(value, ensure_ascii=False),
            "at": self.session.now(),
        }
        self.session.upsert(tables.remembered, row, ("company", "name"))


class SqlLease:
    """The lease of a company: taken by a run, renewed while it works, fenced by a number that only grows."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def holder(self) -> Mapping[str, Any] | None:
        row = self.session.run(select(tables.leases).where(_l.company == self.session.company)).mappings().first()
        return dict(row) if row else None

    def take(self, holder: str, mode: str, run_id: str, lease_s: float, *, freed: bool) -> int | None:
        """The new fence, or None while somebody else holds it. `freed`: its holder is known to be dead."""
        held = self.holder()
        now = self.session.clock.now()
        if held is not None and held["holder"] and not freed and moment(held["expires_at"]) > now:
            return None
        fence = (held["fence"] if held else 0) + 1
        row = {
            "company": self.session.company,
            "fence": fence,
            "holder": holder,
            "mode": mode,
            "run_id": run_id,
            "expires_at": stamp(now + timedelta(seconds=lease_s)),
        }
        self.session.upsert(tables.leases, row, ("company",))
        return fence

    def renew(self, fence: int, lease_s: float) -> bool:
        """False where somebody else has taken it."""
        expires: datetime = self.session.clock.now() + timedelta(seconds=lease_s)
        done = self.session.run(
            update(tables.leases)
            .where(_l.company == self.session.company, _l.fence == fence)
            .values(expires_at=stamp(expires))
        )
        return bool(done.rowcount)

    def release(self, fence: int) -> None:
        self.session.run(
            update(tables.leases)
            .where(_l.company == self.session.company, _l.fence == fence)
            .values(holder="", expires_at=self.session.now())
        )
