"""The daemon: a scheduler that says when, one run at a time, and a small HTTP server that says how it is.

APScheduler only says "poll now": its jobs are made from the configuration at each start, so a lost trigger costs one
interval and nothing else.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from typing import Any

import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from syncengine.engine.run import Asked
from syncengine.errors import ConfigurationError
from syncengine.errors import LeaseHeld
from syncengine.errors import SyncError
from syncengine.observe.logging import get_logger
from syncengine.service.runs import perform
from syncengine.service.schedule import seconds_between
from syncengine.service.schedule import trigger
from syncengine.service.wiring import Company
from syncengine.web.app import application

log = get_logger()


class Daemon:
    """Runs until SIGTERM or SIGINT: then no new round is begun, and those under way get their grace."""

    def __init__(self, company: Company, host: str | None, port: int | None) -> None:
        self.company = company
        configuration = company.loaded.configuration
        self.host = host or configuration.web.host
        self.port = configuration.web.port if port is None else port
        self.grace_s = configuration.limits.shutdown_grace_s
        self._one_run = threading.Lock()
        self._stopping = threading.Event()
        self._last: dict[str, Any] = {}
        self._scheduler = BackgroundScheduler(timezone="UTC")

    def serve(self, announce: Callable[[str], None]) -> None:
        """Raises ConfigurationError where a schedule is none or the port is taken."""
        self.company.require_mode()
        self._add_jobs()
        listening = self._listen()
        self._scheduler.start()
        announce(f"http://{self.host}:{listening.getsockname()[1]}")
        try:
            self._answer(listening)
        finally:
            self._stopping.set()
            self._scheduler.shutdown(wait=False)
            if self._one_run.acquire(timeout=self.grace_s):
                self._one_run.release()
            else:
                log.warning("stopped_in_the_middle", after_s=self.grace_s)
            self.company.close()
            log.info("stopped")

    def _add_jobs(self) -> None:
        schedule = self.company.loaded.configuration.schedule
        sweep_s = seconds_between(schedule.sweep, "[schedule] sweep")
        jobs = {
            "incremental": (schedule.incremental, Asked("sync", sweep_interval_s=sweep_s)),
            "sweep": (schedule.sweep, Asked("sync", sweep_interval_s=sweep_s)),
            "full": (schedule.full, Asked("full-sync")),
            "verify": (schedule.verify, Asked("verify")),
        }
        for name, (text, asked) in jobs.items():
            when = trigger(text, f"[schedule] {name}")
            if when is not None:
                # Triggers that were missed while a run went on are one run, not many.
                self._scheduler.add_job(
                    self._run,
                    when,
                    args=[name, asked],
                    id=name,
                    coalesce=True,
                    max_instances=1,
                    misfire_grace_time=None,
                )

    def _run(self, name: str, asked: Asked) -> None:
        if self._stopping.is_set() or not self._one_run.acquire(blocking=False):
            return
        try:
            result = perform(self.company, asked, stop_asked=self._stopping.is_set)
            self._last = {"run": result["run_id"], "job": name, "status": result["status"], "at": result["finished_at"]}
            log.info(
                "run", job=name, status=result["status"], exit_code=result["exit_code"], requests=result["requests"]
            )
        except LeaseHeld:
            log.info("standing_by", job=name)
            self._last = {"job": name, "status": "standing-by"}
        except SyncError as error:
            log.error("run_failed", job=name, error=error.message, remedy=error.remedy)  # noqa: TRY400  (told, not traced)
            self._last = {"job": name, "status": "failed", "error": error.message}
        except Exception:
            log.exception("run_broke", job=name)
            self._last = {"job": name, "status": "failed", "error": "internal error"}
        finally:
            self._one_run.release()

    def _ready(self) -> dict[str, Any]:
        try:
            with self.company.store() as store, store.transaction():
                holder = store.lease.holder()
        except SyncError as error:
            return {"status": "not-ready", "error": error.message}
        return {"status": "ready", "last": self._last, "lease": holder["holder"] if holder else ""}

    def _listen(self) -> socket.socket:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self.host, self.port))
            listening.listen()  # announced only once somebody can knock
        except OSError as error:
            listening.close()
            raise ConfigurationError(
                f"{self.host}:{self.port} cannot be used: {error.strerror}",
                remedy="Choose another --port, or stop what listens there.",
            ) from error
        return listening

    def _answer(self, listening: socket.socket) -> None:
        """Answer in a thread of its own, until a signal asks this one to stop."""
        config = uvicorn.Config(
            application(self._ready), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="web", daemon=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._stopping.set())
        thread.start()
        self._stopping.wait()
        server.should_exit = True
        thread.join(5)
