"""The lease of a run: a lock that the operating system or the database server frees with its holder, and a row.

The lock tells at once that a holder is dead; the row carries the fence that every commit of the run checks, and the
time until which it holds: renewed in the background while requests are under way, and along with the run's own
commits, which a busy run makes so closely one after another that nobody else gets a turn at the store.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from typing import Final
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import func
from sqlalchemy import select

from syncengine.engine.guard import other_mode
from syncengine.errors import LeaseHeld
from syncengine.errors import LeaseLost
from syncengine.errors import StoreError
from syncengine.errors import SyncError
from syncengine.observe.logging import get_logger
from syncengine.ports import Clock
from syncengine.store.database import lock_number
from syncengine.store.database import translated
from syncengine.store.runs import SqlLease
from syncengine.store.session import Session

log = get_logger()

RENEW_S: Final = 10.0
LEFT_S: Final = 10.0
"""Nothing is sent with less than this left."""


class Lock(Protocol):
    """What the operating system or the database server frees when its holder dies."""

    def held(self) -> bool:
        """Is it still ours?"""
        ...

    def close(self) -> None: ...


class Lease:
    """Held while `fence` is set. `check` raises LeaseLost where it may have passed to somebody else."""

    def __init__(self, engine: Engine, company: str, clock: Clock, lease_s: float, lock: Lock) -> None:
        self.engine = engine
        self.company = company
        self.clock = clock
        self.lease_s = lease_s
        self.lock = lock
        self.fence = 0
        self._until = 0.0
        self._asked_at = 0.0
        self._renewing = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fence: int) -> None:
        self.fence = fence
        self._asked_at = time.monotonic()
        self._until = self._asked_at + self.lease_s
        self._thread = threading.Thread(target=self._renew_forever, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def check(self) -> None:
        """Called just before sending."""
        if self._until - time.monotonic() < LEFT_S or not self.lock.held():
            raise LeaseLost(
                "the lease could not be renewed in time; nothing more is sent",
                remedy="Nothing to do: the next run settles what was in progress.",
            )

    def before_commit(self, session: Session) -> None:
        now, self._renewing = time.monotonic(), 0.0
        if now - self._asked_at >= RENEW_S and SqlLease(session).renew(self.fence, self.lease_s):
            self._renewing = now

    def after_commit(self) -> None:
        if self._renewing:
            self._asked_at, self._renewing = self._renewing, 0.0
            self._until = self._asked_at + self.lease_s

    def _renew_forever(self) -> None:
        while not self._stop.wait(RENEW_S):
            asked_at = time.monotonic()
            try:
                if self._renew():
                    self._until = max(self._until, asked_at + self.lease_s)
                    continue
                log.error("lease_lost", company=self.company)
                self._until = 0.0
                return  # noqa: TRY300  (the loop ends here, the handler goes on)
            except SyncError as error:
                log.warning("lease_not_renewed", error=error.message)

    def _renew(self) -> bool:
        session = Session(self.engine, self.company, self.clock, writes=True)
        try:
            with session.transaction():
                return SqlLease(session).renew(self.fence, self.lease_s)
        finally:
            session.close()


@contextlib.contextmanager
def hold(
    engine: Engine, session: Session, *, mode: str, run_id: str, lease_s: float, wait_s: float = 0
) -> Iterator[Lease]:
    """Hold the company's lease for a run.

    Raises LeaseHeld when a run of the company is in progress for longer, Refused when that one is in the other mode.
    """
    with _lock(engine, session, mode, wait_s) as lock:
        holder = f"{socket.gethostname()}:{os.getpid()}"
        lease_rows = SqlLease(session)
        with session.transaction():
            # We have the lock: whoever is named in the row is dead, or on a store without locks its time is over.
            fence = lease_rows.take(holder, mode, run_id, lease_s, freed=True)
        if fence is None:
            raise LeaseHeld("another run of this company is in progress", remedy="Try again, or use --wait.")
        session.fence = fence
        lease = Lease(engine, session.company, session.clock, lease_s, lock)
        lease.start(fence)
        session.along = lease
        try:
            yield lease
        finally:
            lease.stop()
            session.along = None
            session.fence = None
            with contextlib.suppress(SyncError), session.transaction():
                lease_rows.release(fence)


@contextlib.contextmanager
def _lock(engine: Engine, session: Session, mode: str, wait_s: float) -> Iterator[Lock]:
    company = session.company
    deadline = time.monotonic() + wait_s
    while True:
        held = _try_file(engine, company) if engine.dialect.name == "sqlite" else _try_advisory(engine, company)
        if held is not None:
            break
        if time.monotonic() >= deadline:
            with session.transaction():
                other_mode(SqlLease(session).holder(), mode, session.clock.now())
            raise LeaseHeld(
                f"a run of {company} is in progress", remedy="Wait for it to end, or call with --wait SECONDS."
            )
        time.sleep(min(0.2, max(0.0, deadline - time.monotonic())))
    try:
        yield held
    finally:
        held.close()


class FileLock:
    """A file lock beside the database: freed by the operating system when its holder dies."""

    def __init__(self, file: IO[str]) -> None:
        self.file = file

    def held(self) -> bool:
        return not self.file.closed

    def close(self) -> None:
        self.file.close()


class SessionLock:
    """A lock of the database server: freed when the connection of its holder ends, whoever ended it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def held(self) -> bool:
        try:
            with translated():
                return bool(self.connection.execute(select(1)).scalar())
        except StoreError:
            return False

    def close(self) -> None:
        with contextlib.suppress(Exception):  # a connection that is gone needs no closing
            self.connection.close()


def _try_file(engine: Engine, company: str) -> FileLock | None:
    database = engine.url.database or ":memory:"
    name = hashlib.sha256(company.encode()).hexdigest()[:16]
    path = Path(f"{database}.{name}.lock")
    try:
        file = path.open("a+")
    except OSError as error:
        raise StoreError(
            f"the lock file {path} cannot be opened: {error}",
            remedy="The store's folder must be writable for the user that runs syncengine.",
            code="store-read-only",
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return FileLock(file)


def _try_advisory(engine: Engine, company: str) -> SessionLock | None:
    statement = select(func.pg_try_advisory_lock(lock_number("run", company)))
    with translated():
        lock = SessionLock(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
        try:
            if lock.connection.execute(statement).scalar():
                return lock
        except BaseException:
            lock.close()
            raise
        lock.close()
        return None
