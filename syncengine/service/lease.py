"""The lease of a run: a lock that the operating system or the database server frees with its holder, and a row.

The lock tells at once that a holder is dead; the row carries the fence that every commit of the run checks, and the
time until which it holds, renewed in the background while requests are under way.
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

from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import text

from syncengine.engine.guard import other_mode
from syncengine.errors import LeaseHeld
from syncengine.errors import LeaseLost
from syncengine.errors import StoreError
from syncengine.errors import SyncError
from syncengine.observe.logging import get_logger
from syncengine.ports import Clock
from syncengine.store.database import translated
from syncengine.store.runs import SqlLease
from syncengine.store.session import Session

log = get_logger()

RENEW_S: Final = 10.0
LEFT_S: Final = 10.0
"""Nothing is sent with less than this left."""


class Lease:
    """Held while `fence` is set. `check` raises LeaseLost where it may have passed to somebody else."""

    def __init__(self, engine: Engine, company: str, clock: Clock, lease_s: float) -> None:
        self.engine = engine
        self.company = company
        self.clock = clock
        self.lease_s = lease_s
        self.fence = 0
        self._until = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fence: int) -> None:
        self.fence = fence
        self._until = time.monotonic() + self.lease_s
        self._thread = threading.Thread(target=self._renew_forever, name="lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(5)

    def check(self) -> None:
        """Called just before sending."""
        if self._until - time.monotonic() < LEFT_S:
            raise LeaseLost(
                "the lease could not be renewed in time; nothing more is sent",
                remedy="Nothing to do: the next run settles what was in progress.",
            )

    def _renew_forever(self) -> None:
        while not self._stop.wait(RENEW_S):
            asked_at = time.monotonic()
            try:
                if self._renew():
                    self._until = asked_at + self.lease_s
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
    with _lock(engine, session, mode, wait_s):
        holder = f"{socket.gethostname()}:{os.getpid()}"
        lease_rows = SqlLease(session)
        with session.transaction():
            # We have the lock: whoever is named in the row is dead, or on a store without locks its time is over.
            fence = lease_rows.take(holder, mode, run_id, lease_s, freed=True)
        if fence is None:
            raise LeaseHeld("another run of this company is in progress", remedy="Try again, or use --wait.")
        session.fence = fence
        lease = Lease(engine, session.company, session.clock, lease_s)
        lease.start(fence)
        try:
            yield lease
        finally:
            lease.stop()
            session.fence = None
            with contextlib.suppress(SyncError), session.transaction():
                lease_rows.release(fence)


@contextlib.contextmanager
def _lock(engine: Engine, session: Session, mode: str, wait_s: float) -> Iterator[None]:
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
        yield
    finally:
        held.close()


def _try_file(engine: Engine, company: str) -> IO[str] | None:
    """A file lock beside the database: freed by the operating system when its holder dies."""
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
    return file


def _try_advisory(engine: Engine, company: str) -> Connection | None:
    """A session lock of the server: freed when the connection of its holder ends."""
    key = int.from_bytes(hashlib.sha256(f"syncengine:{company}".encode()).digest()[:8], "big", signed=True)
    with translated():
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
            return connection
        connection.close()
        return None
