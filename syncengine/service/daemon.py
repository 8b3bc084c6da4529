"""The daemon: a scheduler that says when, rounds for each company, and an HTTP server that says how it is and hears
what the systems tell.

APScheduler only says "a run is due": its jobs are made from the configuration at each start and at each SIGHUP, so a
lost trigger costs one interval and nothing else.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from typing import Final

import uvicorn
from apscheduler.schedulers.background import BackgroundScheduler

from syncengine.config.loading import Loaded
from syncengine.config.loading import load
from syncengine.errors import ConfigurationError
from syncengine.errors import SyncError
from syncengine.observe.logging import get_logger
from syncengine.observe.metrics import Metrics
from syncengine.ports import Delivery
from syncengine.records.values import Side
from syncengine.service.alerts import Alerts
from syncengine.service.health import Health
from syncengine.service.health import look
from syncengine.service.health import measure
from syncengine.service.rounds import Rounds
from syncengine.service.schedule import trigger
from syncengine.service.wiring import Company
from syncengine.service.wiring import companies
from syncengine.web.app import Doors
from syncengine.web.app import application
from syncengine.web.webhooks import Reply

log = get_logger()

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ALERTS_EVERY_S: Final = 20
SUBSCRIPTIONS_EVERY_S: Final = 3600


def hold_signals() -> None:
    """Before any thread is there: signals are taken by `sigwait`, so no thread may get them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


class Daemon:
    """Runs until SIGTERM or SIGINT: then no new round is begun, and those under way get their grace.

    `name` limits it to one company. On SIGHUP the configuration is read again; a bad one is refused and the old stays.
    """

    def __init__(self, loaded: Loaded, name: str | None, host: str | None, port: int | None) -> None:
        self.loaded = loaded
        self.name = name
        self.host = host or loaded.configuration.web.host
        self.port = loaded.configuration.web.port if port is None else port
        self.metrics = Metrics()
        self.rounds: dict[str, Rounds] = {}
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone="UTC")
        self._alerts = Alerts(self.metrics)

    def serve(self, announce: Callable[[str], None]) -> None:
        """Raises SyncError where the configuration cannot be run with or the port is taken. `hold_signals` has been
        called.
        """
        made = _checked(self.loaded, self.name)
        listening = self._listen()
        self._apply(self.loaded, made)
        self._scheduler.start()
        server = self._answer(listening)
        announce(f"http://{self.host}:{listening.getsockname()[1]}")
        while (number := signal.sigwait(SIGNALS)) == signal.SIGHUP:
            self._reload()
        log.info("stopping", signal=signal.Signals(number).name)
        self._stop(server)

    # configuration

    def _reload(self) -> None:
        try:
            fresh = load(str(self.loaded.file))
            made = _checked(fresh, self.name)
        except SyncError as error:
            log.error("configuration_refused", error=error.message, remedy=error.remedy)  # noqa: TRY400  (told, not traced)
            self.metrics.configuration(ok=False)
            return
        if (fresh.configuration.web.host, fresh.configuration.web.port) != (
            self.loaded.configuration.web.host,
            self.loaded.configuration.web.port,
        ):
            log.warning("restart_needed", keys=["[web] host", "[web] port"])
        self._apply(fresh, made)
        self.metrics.configuration(ok=True)
        log.info("configuration_reloaded", file=str(fresh.file))

    def _apply(self, loaded: Loaded, made: list[Company]) -> None:
        """From here on this configuration: companies that are new begin, those that are gone end."""
        self.loaded = loaded
        wanted = {company.name: company for company in made}
        for name in [name for name in self.rounds if name not in wanted]:
            self.rounds.pop(name).dismiss()
        for name, company in wanted.items():
            if name in self.rounds:
                self.rounds[name].replace(company)
            else:
                self.rounds[name] = Rounds(company, self.metrics, self._stopping, self._look_soon)
                self.rounds[name].start()
        self._schedule(loaded)

    def _schedule(self, loaded: Loaded) -> None:
        self._scheduler.remove_all_jobs()
        part = loaded.configuration.schedule
        for job in ("incremental", "sweep", "full", "verify"):
            when = trigger(getattr(part, job), f"[schedule] {job}", part.jitter_s)
            if when is not None:
                self._add(job, when)
        if part.incremental:
            self._ask_all("incremental")  # whatever happened while we were away
        self._ask_all("subscriptions")
        self._add("subscriptions", trigger(f"every {SUBSCRIPTIONS_EVERY_S}s", "subscriptions", 60))
        self._scheduler.add_job(self._look, trigger(f"every {ALERTS_EVERY_S}s", "alerts"), id="alerts", coalesce=True)

    def _add(self, job: str, when: Any) -> None:
        # Triggers that were missed, because the machine slept, are one run and not many.
        self._scheduler.add_job(
            self._ask_all, when, args=[job], id=job, coalesce=True, max_instances=1, misfire_grace_time=None
        )

    def _ask_all(self, job: Any) -> None:
        if not self._stopping.is_set():
            for one in list(self.rounds.values()):
                one.ask(job)

    def _look_soon(self) -> None:
        """Something has begun or ended that people may want to be told of."""
        if not self._stopping.is_set():
            self._scheduler.add_job(self._look, id="look", replace_existing=True, misfire_grace_time=None)

    def _look(self) -> None:
        for one in list(self.rounds.values()):
            found = self._measure(one)
            try:
                self._alerts.judge(one.company, one.standing, found, scheduling=one.scheduling)
            except SyncError as error:
                log.warning("alerts_not_judged", company=one.company.name, error=error.message)

    def _measure(self, one: Rounds) -> Health:
        found = look(one.company)
        measure(self.metrics, one.company.name, found)
        return found

    # what the HTTP server asks

    def _ready(self) -> tuple[bool, dict[str, Any]]:
        """Ready: each store answers, and each company is scheduled here or by another instance."""
        told, ready = [], True
        for name, one in list(self.rounds.items()):
            error = look(one.company).error
            standing = one.standing
            fit = error is None and (one.scheduling or standing.state == "standing-by")
            ready = ready and fit
            told.append(
                {
                    "company": name,
                    "ready": fit,
                    "state": standing.state,
                    "reason": standing.reason,
                    "message": error.message if error is not None else standing.message,
                    "remedy": error.remedy if error is not None else standing.remedy,
                    "since": standing.since.isoformat() if standing.since else None,
                    "running": one.running,
                    "last": dict(one.last),
                }
            )
        return ready, {"status": "ready" if ready else "not-ready", "companies": told}

    def _metrics_text(self) -> bytes:
        for one in list(self.rounds.values()):
            self._measure(one)
        return self.metrics.text()

    def _heard(self, side: Side, delivery: Delivery) -> Reply:
        """A hint makes a poll come sooner, and nothing else. The connector judges whether it is genuine."""
        genuine = False
        for one in list(self.rounds.values()):
            heard = one.company.systems()[side].webhooks.hear(delivery, one.company.webhook_secret(side))
            if not heard.genuine:
                continue
            if heard.reply:
                self.metrics.hinted(side, "handshake")
                return Reply(200, heard.reply)
            genuine = True
            if heard.hints:
                one.hint()
        self.metrics.hinted(side, "accepted" if genuine else "refused")
        if not genuine:
            log.warning("webhook_refused", side=side)
        return Reply(202 if genuine else 403)

    # the process

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

    def _answer(self, listening: socket.socket) -> uvicorn.Server:
        """Answers in a thread of its own."""
        doors = Doors(
            ready=self._ready,
            metrics=self._metrics_text,
            heard=self._heard,
            max_body_bytes=self.loaded.configuration.webhooks.max_body_kb * 1024,
        )
        config = uvicorn.Config(
            application(doors), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        server = uvicorn.Server(config)
        threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="web", daemon=True).start()
        return server

    def _stop(self, server: uvicorn.Server) -> None:
        """No new round, grace for those under way; what is left then is settled by the next process."""
        self._stopping.set()
        self._scheduler.shutdown(wait=False)
        grace_s = self.loaded.configuration.limits.shutdown_grace_s
        deadline = time.monotonic() + grace_s
        for one in self.rounds.values():
            one.wake()
        left = [name for name, one in self.rounds.items() if not one.join(max(0.0, deadline - time.monotonic()))]
        server.should_exit = True
        self._alerts.close()
        if left:
            log.warning("stopped_in_the_middle", companies=left, after_s=grace_s)
            sys.stdout.flush()
            sys.stderr.flush()
            # Threads that wait for an answer would keep the process for as long as that takes. The journal holds what
            # they were sending: dying here is what it is for.
            os._exit(0)
        log.info("stopped")


def _checked(loaded: Loaded, name: str | None) -> list[Company]:
    """The companies of a configuration that can be run with as a whole. Raises SyncError."""
    part = loaded.configuration.schedule
    for job in ("incremental", "sweep", "full", "verify"):
        trigger(getattr(part, job), f"[schedule] {job}")
    made = companies(loaded, name)
    for company in made:
        company.require_mode()
        company.offline_mappings()
        company.require_secrets()
    return made
