"""Prometheus metrics, in a registry of their own. docs/reference/metrics.md names each; a test keeps it complete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client import Counter
from prometheus_client import Gauge
from prometheus_client import Histogram
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from syncengine import __version__

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
SIDES: Final = ("sales", "back_office")
BY_SIDE: Final = ("inserted", "modified", "deleted")
WITHOUT_SIDE: Final = ("unchanged", "coupled", "uncoupled", "archived", "recreated")
REQUEST_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120)
RUN_BUCKETS: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Metrics:
    """What a daemon counts and measures. Counters are fed as things happen, gauges set whole at each look."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        build = self._gauge("build_info", "The version that runs.", "version")
        build.labels(__version__).set(1)
        self._store_up = self._gauge("store_up", "1 while the store answers.", "company")
        self._configuration_ok = self._gauge("configuration_ok", "0 while a changed configuration is refused.")
        self._configuration_ok.set(1)

        self._oldest = self._gauge(
            "oldest_unsynced_seconds",
            "Age of the oldest change that has not been carried over, by what it waits for.",
            *("company", "mapping", "side", "state"),
        )
        self._yield = self._gauge(
            "records_in_step_ratio", "Share of known records with nothing outstanding.", "company", "mapping"
        )
        self._coupled = self._gauge("coupled_records", "Live couplings.", "company", "mapping")
        self._queue = self._gauge("queue_records", "Records with work outstanding.", "company", "mapping", "state")
        self._conflicts = self._gauge("conflicts", "Conflicts without an answer.", "company", "mapping")
        self._failed = self._gauge("failed_records", "Records that need a person.", "company", "mapping")
        self._in_progress = self._gauge("in_progress", "Writes begun and not settled.", "company", "mapping")
        self._unexplained = self._gauge(
            "unexplained_differences", "Differences without a reason in the last verify.", "company"
        )

        self._records = self._counter(
            "records", "Records by what became of them.", "company", "mapping", "side", "outcome"
        )
        self._requests = self._counter(
            "requests", "HTTP requests, by status; 0: no answer.", "company", "side", "method", "status"
        )
        self._request_seconds = Histogram(
            "syncengine_request_seconds",
            "How long requests took.",
            ("company", "side"),
            registry=self.registry,
            buckets=REQUEST_BUCKETS,
        )
        self._throttled = self._counter("throttled", "Requests turned away for being too many.", "company", "side")
        self._retries = self._counter("retries", "Requests sent once more.", "company", "side")

        self._runs = self._counter("runs", "Runs by how they ended.", "company", "kind", "status")
        self._run_seconds = Histogram(
            "syncengine_run_seconds",
            "How long runs took.",
            ("company", "kind"),
            registry=self.registry,
            buckets=RUN_BUCKETS,
        )
        self._last_run = self._gauge(
            "last_run_timestamp_seconds", "When the last run ended.", "company", "kind", "status"
        )
        self._last_success = self._gauge(
            "last_success_timestamp_seconds", "When the last run that did its work ended.", "company", "kind"
        )
        self._scheduling = self._gauge("scheduling", "1 while this instance schedules the company.", "company")
        self._standing_by = self._gauge("standing_by", "1 while nothing is written, by why.", "company", "reason")
        self._hints = self._counter("hints", "Change notifications received.", "side", "outcome")
        self._alerts = self._gauge("alert_active", "1 while an alert stands.", "company", "alert")
        self._subscriptions = self._gauge(
            "subscription_expiry_timestamp_seconds", "When a change subscription ends.", "company", "side"
        )

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"syncengine_{name}", meaning, labels, registry=self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"syncengine_{name}", meaning, labels, registry=self.registry)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    # as things happen

    def exchanged(self, company: str, side: str, method: str, status: int, seconds: float) -> None:
        self._requests.labels(company, side, method, str(status)).inc()
        self._request_seconds.labels(company, side).observe(seconds)

    def counted(self, company: str, side: str, *, retries: int, throttled: int) -> None:
        self._retries.labels(company, side).inc(retries)
        self._throttled.labels(company, side).inc(throttled)

    def ran(self, result: Mapping[str, Any], seconds: float, at: float) -> None:
        """A run, by its JSON."""
        company, kind, status = result["company"], result["kind"], result["status"]
        self._runs.labels(company, kind, status).inc()
        self._run_seconds.labels(company, kind).observe(seconds)
        self._last_run.labels(company, kind, status).set(at)
        if status in ("completed", "completed-with-errors"):
            self._last_success.labels(company, kind).set(at)
        for one in result["mappings"]:
            for outcome in BY_SIDE:
                for side in SIDES:
                    self._records.labels(company, one["mapping"], side, outcome).inc(one[outcome][side])
            for outcome in WITHOUT_SIDE:
                self._records.labels(company, one["mapping"], "", outcome).inc(one[outcome])

    def hinted(self, side: str, outcome: str) -> None:
        self._hints.labels(side, outcome).inc()

    def configuration(self, *, ok: bool) -> None:
        self._configuration_ok.set(ok)

    # at each look

    def store(self, company: str, *, up: bool) -> None:
        self._store_up.labels(company).set(up)

    def standing(self, company: str, *, scheduling: bool, reason: str) -> None:
        """`reason` "": it does its work. A reason that no longer holds stays visible with 0."""
        self._scheduling.labels(company).set(scheduling)
        for labels in {one.labels["reason"] for one in _samples(self._standing_by) if one.labels["company"] == company}:
            self._standing_by.labels(company, labels).set(0)
        if reason:
            self._standing_by.labels(company, reason).set(1)

    def mapping(
        self,
        company: str,
        mapping: str,
        *,
        coupled: int,
        in_step: float,
        queue: Mapping[str, int],
        conflicts: int,
        failed: int,
        in_progress: int,
        oldest_s: Mapping[tuple[str, str], float],
    ) -> None:
        self._coupled.labels(company, mapping).set(coupled)
        self._yield.labels(company, mapping).set(in_step)
        for state, count in queue.items():
            self._queue.labels(company, mapping, state).set(count)
            for side in SIDES:
                self._oldest.labels(company, mapping, side, state).set(oldest_s.get((side, state), 0))
        self._conflicts.labels(company, mapping).set(conflicts)
        self._failed.labels(company, mapping).set(failed)
        self._in_progress.labels(company, mapping).set(in_progress)

    def unexplained(self, company: str, count: int) -> None:
        self._unexplained.labels(company).set(count)

    def alert(self, company: str, name: str, *, active: bool) -> None:
        self._alerts.labels(company, name).set(active)

    def subscription(self, company: str, side: str, expires_at: float) -> None:
        self._subscriptions.labels(company, side).set(expires_at)


def _samples(gauge: Gauge) -> list[Any]:
    return [sample for metric in gauge.collect() for sample in metric.samples]
