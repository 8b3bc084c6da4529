"""The runs of one company in a daemon: asked for by name, one at a time, only while this instance schedules it.

Asking twice is asking once: what was asked for while a run went on is done once, after it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from typing import Final
from typing import Literal

from syncengine.engine.run import Asked
from syncengine.errors import LeaseHeld
from syncengine.errors import LeaseLost
from syncengine.errors import Refused
from syncengine.errors import SyncError
from syncengine.observe.logging import bind
from syncengine.observe.logging import get_logger
from syncengine.observe.metrics import Metrics
from syncengine.service.lease import Lease
from syncengine.service.lease import hold
from syncengine.service.runs import perform
from syncengine.service.schedule import seconds_between
from syncengine.service.wiring import Company
from syncengine.store.runs import SqlLease
from syncengine.store.session import Session

log = get_logger()

Job = Literal["incremental", "sweep", "full", "verify", "subscriptions"]
JOBS: Final[tuple[Job, ...]] = ("incremental", "sweep", "full", "verify", "subscriptions")

SCHEDULER: Final = "scheduler"
LOOK_AGAIN_S: Final = 3.0
"""How soon another instance's end is noticed: its lock is free the moment it is dead."""

BESIDE_S: Final = 2.0
"""How long a run waits for a one-shot of the same company before it is asked for anew."""


@dataclass(frozen=True)
class Standing:
    """What a company's rounds are doing. `reason` is why nothing is written, "" while all goes its way."""

    state: Literal["starting", "scheduling", "standing-by", "failing"] = "starting"
    reason: str = ""
    message: str = ""
    remedy: str = ""
    since: datetime | None = None
    exit_code: int = 0  # with which the failing run ended


class Rounds:
    """A thread of its own for one company. `stopping` ends it: no new run begins, the one under way is asked to end.
    `on_standing` is called whenever `standing` has changed.
    """

    def __init__(
        self, company: Company, metrics: Metrics, stopping: threading.Event, on_standing: Callable[[], None]
    ) -> None:
        self.metrics = metrics
        self.standing = Standing()
        self.scheduling = False
        self.running: Job | None = None
        self.last: dict[str, dict[str, Any]] = {}
        self._company = company
        self._next_company: Company | None = None
        self._stopping = stopping
        self._on_standing = on_standing
        self._dismissed = False
        self._asked: dict[Job, float] = {}
        self._changed = threading.Condition()
        self._hinted_at = float("-inf")
        self._retried_at: dict[str, float] = {}
        self._thread = threading.Thread(target=self._live, name=f"rounds-{company.name}", daemon=True)
        self._observed(company)

    @property
    def company(self) -> Company:
        return self._company

    def start(self) -> None:
        self._thread.start()

    def ask(self, job: Job, delay_s: float = 0) -> None:
        """A run of this kind, once, as soon as it can be; an earlier asking stays."""
        due = time.monotonic() + delay_s
        with self._changed:
            self._asked[job] = min(due, self._asked.get(job, due))
            self._changed.notify()

    def hint(self) -> None:
        """Somebody says that something has changed: look soon, but not for each of many hints."""
        part = self._company.loaded.configuration.webhooks
        now = time.monotonic()
        self.ask("incremental", max(part.debounce_s, self._hinted_at + part.min_interval_s - now))

    def replace(self, company: Company) -> None:
        """From the next run on, work with this configuration."""
        self._observed(company)
        with self._changed:
            self._next_company = company
            self._changed.notify()

    def dismiss(self) -> None:
        """No further run: the company has left the configuration."""
        with self._changed:
            self._dismissed = True
            self._changed.notify()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def join(self, timeout_s: float) -> bool:
        """Has it ended?"""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # the thread

    def _observed(self, company: Company) -> None:
        company.on_exchange = lambda side, method, status, seconds: self.metrics.exchanged(
            company.name, side, method, status, seconds
        )

    def _ended(self) -> bool:
        return self._stopping.is_set() or self._dismissed

    def _live(self) -> None:
        bind(company=self._company.name)
        while not self._ended():
            self._take_over_configuration()
            try:
                with self._scheduling() as lease:
                    self._work(lease)
            except LeaseHeld as error:
                self._stand("standing-by", "another-instance", self._whose(error), error.remedy)
            except Refused as error:
                self._stand("standing-by", error.code, error.message, error.remedy)
            except LeaseLost as error:
                self._stand("standing-by", "lease-lost", error.message, error.remedy)
            except SyncError as error:
                self._stand("failing", error.code, error.message, error.remedy)
            except Exception as error:
                log.exception("rounds_broke")
                self._stand("failing", "internal", str(error), "This is a bug in syncengine; the log shows where.")
            self._pause(LOOK_AGAIN_S)
        self._company.close()

    @contextlib.contextmanager
    def _scheduling(self) -> Iterator[Lease]:
        """Who schedules a company holds a lease of its own for as long; each run takes the company's besides."""
        company = self._company
        limits = company.loaded.configuration.limits
        session = Session(company.engine, f"{SCHEDULER}:{company.name}", company.clock, writes=True)
        try:
            with hold(
                company.engine, session, mode=company.require_mode(), run_id=SCHEDULER, lease_s=limits.lease_s
            ) as lease:
                self.scheduling = True
                self._stand("scheduling")
                yield lease
        finally:
            self.scheduling = False
            session.close()

    def _whose(self, error: LeaseHeld) -> str:
        """Who schedules instead of us, and in which mode."""
        company = self._company
        session = Session(company.engine, f"{SCHEDULER}:{company.name}", company.clock, writes=False)
        try:
            with session.transaction():
                held = SqlLease(session).holder()
        finally:
            session.close()
        if held is None or not held["holder"]:
            return error.message
        return f"{held['holder']} schedules {company.name}, in {held['mode']} mode"

    def _work(self, lease: Lease) -> None:
        while not self._ended() and self._next_company is None:
            job = self._take(lease.lease_s / 3)
            lease.check()
            if job is not None and not self._ended():
                self.running = job
                try:
                    self._perform(job)
                finally:
                    self.running = None

    def _take(self, at_most_s: float) -> Job | None:
        """The next job that is due; waits for one."""
        with self._changed:
            now = time.monotonic()
            due = sorted((at, JOBS.index(job), job) for job, at in self._asked.items())
            if due and due[0][0] <= now:
                del self._asked[due[0][2]]
                return due[0][2]
            if not self._ended() and self._next_company is None:
                self._changed.wait(min(at_most_s, due[0][0] - now) if due else at_most_s)
            return None

    def _pause(self, seconds: float) -> None:
        with self._changed:
            if not self._ended() and self._next_company is None:
                self._changed.wait(seconds)

    def _take_over_configuration(self) -> None:
        with self._changed:
            fresh, self._next_company = self._next_company, None
        if fresh is not None:
            self._company.close()
            self._company = fresh
            log.info("configuration_taken_over")

    # one run

    def _perform(self, job: Job) -> None:
        if job == "subscriptions":
            from syncengine.service.subscriptions import keep_subscriptions  # noqa: PLC0415  seldom

            keep_subscriptions(self._company, self.metrics)
            return
        company, started = self._company, time.monotonic()
        if job == "incremental":
            self._hinted_at = started
        before = self._counted()
        try:
            result = perform(company, self._wanted(job), stop_asked=self._ended)
        except LeaseHeld:
            log.info("another_run_in_progress", job=job)
            self.ask(job, BESIDE_S)
            return
        except SyncError as error:
            log.error("run_failed", job=job, error=error.message, remedy=error.remedy)  # noqa: TRY400  (told, not traced)
            self._outcome(job, {"status": "failed", "error": error.message, "exit_code": error.exit_code})
            self._stand("failing", error.code, error.message, error.remedy)
            return
        except Exception as error:
            log.exception("run_broke", job=job)
            self._outcome(job, {"status": "failed", "error": "internal error", "exit_code": 70})
            self._stand("failing", "internal", str(error), "This is a bug in syncengine; the log shows where.")
            return
        self._told(job, result, time.monotonic() - started, before)

    def _wanted(self, job: Job) -> Asked:
        sweep_s = seconds_between(self._company.loaded.configuration.schedule.sweep, "[schedule] sweep")
        if job == "full":
            return Asked("full-sync")
        if job == "verify":
            return Asked("verify")
        return Asked("sync", sweep_interval_s=sweep_s)

    def _told(self, job: Job, result: Mapping[str, Any], seconds: float, before: Mapping[str, tuple[int, int]]) -> None:
        company = self._company
        self.metrics.ran(result, seconds, company.clock.now().timestamp())
        for side, (retries, throttled) in self._counted().items():
            retries_before, throttled_before = before.get(side, (0, 0))
            self.metrics.counted(
                company.name, side, retries=retries - retries_before, throttled=throttled - throttled_before
            )
        error = result.get("error") or {}
        log.info(
            "run",
            job=job,
            run=result["run_id"],
            status=result["status"],
            exit_code=result["exit_code"],
            seconds=round(seconds, 3),
            requests=result["requests"],
        )
        self._outcome(
            job,
            {
                "run": result["run_id"],
                "status": result["status"],
                "exit_code": result["exit_code"],
                "error": error.get("message", ""),
            },
        )
        refusal = result.get("refusal")
        if refusal:
            self._stand("standing-by", refusal["code"], refusal["what"], refusal["remedy"])
        elif error:
            self._stand("failing", error["code"], error["message"], error["remedy"], result["exit_code"])
        elif result["status"] != "interrupted":
            self._stand("scheduling")

    def _counted(self) -> dict[str, tuple[int, int]]:
        return {
            side: (system.counts.retries, system.counts.throttled)
            for side, system in self._company.opened_systems().items()
        }

    def _outcome(self, job: Job, what: Mapping[str, Any]) -> None:
        self.last[job] = {**what, "at": self._company.clock.now().isoformat()}

    def _stand(self, state: Any, reason: str = "", message: str = "", remedy: str = "", exit_code: int = 0) -> None:
        """Told once when it begins, and once when it ends."""
        before = self.standing
        if (before.state, before.reason) == (state, reason):
            return
        self.standing = Standing(state, reason, message, remedy, self._company.clock.now(), exit_code)
        self.metrics.standing(self._company.name, scheduling=self.scheduling, reason=reason)
        if state == "scheduling":
            log.info("resumed" if before.reason else "scheduling", was=before.reason)
        elif state == "standing-by":
            log.warning("standing_by", reason=reason, message=message, remedy=remedy)
        else:
            log.error("failing", reason=reason, message=message, remedy=remedy)
        self._on_standing()
