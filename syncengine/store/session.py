"""One connection to the store for one company, and the transactions on it.

A run's session holds the lease: each commit checks that nobody else has taken it since. Both databases keep the same
order: who writes waits for whoever writes already, who only looks waits for nobody and sees one moment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import Protocol
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import Executable
from sqlalchemy import func
from sqlalchemy import select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import Table

from syncengine.errors import LeaseLost
from syncengine.ports import Clock
from syncengine.store import tables
from syncengine.store.database import lock_number
from syncengine.store.database import translated

T = TypeVar("T")

CHUNK = 400  # how many values one IN list takes


class Along(Protocol):
    """What goes along with each commit of a session."""

    def before_commit(self, session: Session) -> None: ...

    def after_commit(self) -> None: ...


class Session:
    """`company` is part of every statement. Not safe to share between threads: one coordinator owns it."""

    def __init__(self, engine: Engine, company: str, clock: Clock, *, writes: bool) -> None:
        self.engine = engine
        self.company = company
        self.clock = clock
        self.writes = writes
        self.fence: int | None = None
        self.along: Along | None = None
        self.pretending = False  # a dry run: see `temporary`
        self._turn: Executable | None = None
        options: dict[str, Any] = {"immediate": writes}
        if engine.dialect.name == "postgresql":
            if writes:
                # What BEGIN IMMEDIATE is on SQLite. So no commit comes between what another one read and wrote, and
                # nobody takes the lease between the check of the fence and the commit.
                self._turn = select(func.pg_advisory_xact_lock(lock_number("writes", company)))
            else:
                options["isolation_level"] = "REPEATABLE READ"
        with translated():
            self.connection: Connection = engine.connect().execution_options(**options)
        self._depth = 0

    def close(self) -> None:
        with contextlib.suppress(Exception):  # a connection that is gone needs no closing
            self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; inner ones join the outer one. Raises StoreError, LeaseLost."""
        if self._depth:
            yield
            return
        with translated():
            begun = self.connection.begin()
            try:
                if self._turn is not None:
                    self.connection.execute(self._turn)
            except BaseException:
                with contextlib.suppress(Exception):  # the first error is the one to tell
                    begun.rollback()
                raise
        self._depth = 1
        try:
            yield
            self._check_fence()
            if self.along is not None:
                self.along.before_commit(self)
        except BaseException:
            self._depth = 0
            with contextlib.suppress(Exception):  # the first error is the one to tell
                begun.rollback()
            raise
        self._depth = 0
        with translated():
            begun.commit()
        if self.along is not None:
            self.along.after_commit()

    def _check_fence(self) -> None:
        if self.fence is None:
            return
        held = self.run(select(tables.leases.c.fence).where(tables.leases.c.company == self.company)).scalar()
        if held != self.fence:
            raise LeaseLost(
                "another instance has taken over while this one was at work; nothing of this step was kept",
                remedy="Nothing to do: the other instance settles what was in progress.",
            )

    def run(self, statement: Executable, values: Sequence[Mapping[str, Any]] | None = None) -> Any:
        """Execute; rows come back as the driver gives them."""
        with translated():
            return self.connection.execute(statement, values) if values else self.connection.execute(statement)

    def upsert(self, table: Table, values: Mapping[str, Any], key: Iterable[str]) -> None:
        """Insert, or replace what is there under the key."""
        self.upsert_many(table, [values], key)

    def upsert_many(self, table: Table, rows: Sequence[Mapping[str, Any]], key: Iterable[str]) -> None:
        if not rows:
            return
        keys = list(key)
        insert = postgresql.insert if self.connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        index = [table.c[name] for name in keys]
        done = (
            statement.on_conflict_do_update(index_elements=index, set_=changed)
            if changed
            else statement.on_conflict_do_nothing(index_elements=index)
        )
        self.run(done, [dict(row) for row in rows])

    def now(self) -> str:
        return stamp(self.clock.now())


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, so that text order is time order."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for at in range(0, len(values), CHUNK):
        yield values[at : at + CHUNK]
