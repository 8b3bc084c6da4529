"""The store of one company as the engine sees it: one session, and a repository for each concern."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy import Engine

from syncengine.ports import Clock
from syncengine.store.couplings import SqlCouplings
from syncengine.store.cursors import SqlCursors
from syncengine.store.decisions import SqlArchive
from syncengine.store.decisions import SqlConflicts
from syncengine.store.decisions import SqlHistory
from syncengine.store.journal import SqlJournal
from syncengine.store.limits import SqlSafetyLimits
from syncengine.store.matching import SqlMatching
from syncengine.store.runs import SqlLease
from syncengine.store.runs import SqlRemembered
from syncengine.store.runs import SqlRuns
from syncengine.store.session import Session
from syncengine.store.work import SqlWork


class SqlStore:
    """`writes` False opens it for looking only."""

    def __init__(self, engine: Engine, company: str, clock: Clock, *, run_id: str = "", writes: bool = True) -> None:
        self.session = Session(engine, company, clock, writes=writes)
        self.couplings = SqlCouplings(self.session)
        self.work = SqlWork(self.session)
        self.journal = SqlJournal(self.session)
        self.cursors = SqlCursors(self.session)
        self.matching = SqlMatching(self.session)
        self.conflicts = SqlConflicts(self.session)
        self.archive = SqlArchive(self.session)
        self.history = SqlHistory(self.session, run_id)
        self.remembered = SqlRemembered(self.session)
        self.runs = SqlRuns(self.session)
        self.limits = SqlSafetyLimits(self.session)
        self.lease = SqlLease(self.session)

    def transaction(self) -> AbstractContextManager[None]:
        return self.session.transaction()

    def close(self) -> None:
        self.session.close()
