"""Alerts: each told once when it begins and once when it is over, to every receiver that is configured.

What stands is remembered in the store, so that a restart does not tell it again. A receiver that could not be reached
is tried at each look.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Final

from syncengine.config.loading import secret
from syncengine.config.models import AlertsPart
from syncengine.connectors.alerting import Channel
from syncengine.connectors.alerting import Email
from syncengine.connectors.alerting import Message
from syncengine.connectors.alerting import NotTold
from syncengine.connectors.alerting import Webhook
from syncengine.errors import SyncError
from syncengine.errors import WritingStopped
from syncengine.observe.logging import get_logger
from syncengine.observe.metrics import Metrics
from syncengine.records.values import Side
from syncengine.service.credentials import Ending
from syncengine.service.credentials import endings
from syncengine.service.health import Health
from syncengine.service.rounds import Standing
from syncengine.service.subscriptions import NAME as SUBSCRIPTIONS
from syncengine.service.wiring import Company
from syncengine.store.health import changes_between
from syncengine.store.health import usual_traffic

log = get_logger()

KINDS: Final = (
    *("freshness", "failing", "failed-records", "conflicts", "unexplained", "credentials"),
    *("subscription", "silence", "standing-by", "safety-limit"),
)
"""docs/how-to/alerts.md says what each is about; a test keeps it complete."""

KEPT: Final = "alerts"
WEEKS: Final = 3
UNEVENTFUL: Final = frozenset({"another-instance", "lease-lost"})
"""Reasons for standing by that are how it is meant to be."""

SIDE_NAMES: Final = {"sales": "Sales", "back_office": "the back office"}


@dataclass(frozen=True)
class Alert:
    kind: str
    text: str
    remedy: str = ""
    about: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.about}" if self.about else self.kind


@dataclass(frozen=True)
class Seen:
    """All that alerts are judged by."""

    health: Health
    standing: Standing
    scheduling: bool
    subscriptions: Mapping[str, Mapping[str, str]]
    endings: Mapping[Side, Ending]
    traffic_now: int = 0
    traffic_before: tuple[int, ...] = ()


def judge(part: AlertsPart, seen: Seen) -> list[Alert]:
    """What stands at this look. Pure."""
    found = [*_standing(part, seen)]
    if seen.scheduling and seen.health.error is None:
        found += [*_records(part, seen), *_credentials(part, seen), *_subscriptions(seen), *_silence(part, seen)]
    return found


def _standing(part: AlertsPart, seen: Seen) -> list[Alert]:
    standing, now = seen.standing, seen.health.at
    if standing.state == "standing-by" and standing.reason not in UNEVENTFUL:
        return [Alert("standing-by", f"nothing is written: {standing.message}", standing.remedy)]
    if standing.state == "failing" and standing.exit_code == WritingStopped.exit_code and not seen.health.held:
        return [Alert("safety-limit", f"nothing is written: {standing.message}", standing.remedy)]
    if part.failing_after_s and standing.state == "failing" and standing.since is not None:
        for_s = (now - standing.since).total_seconds()
        if for_s >= part.failing_after_s:
            return [Alert("failing", f"runs have failed for {_told_age(for_s)}: {standing.message}", standing.remedy)]
    return []


def _records(part: AlertsPart, seen: Seen) -> list[Alert]:
    found, now = [], seen.health.at
    if seen.health.held:
        text = f"held back until somebody approves: {'; '.join(seen.health.held)}"
        found.append(Alert("safety-limit", text, "`syncengine limits` lists it, `syncengine approve` lets it pass."))
    stale, conflicts = [], []
    for name, one in seen.health.mappings.items():
        for (side, state), since in one.oldest.items():
            age_s = (now - since).total_seconds()
            if part.freshness_s and state == "moving" and age_s >= part.freshness_s:
                stale.append(f"{name} from {SIDE_NAMES[side]} for {_told_age(age_s)}")
        if part.conflicts_after_s and one.oldest_conflict is not None:
            age_s = (now - one.oldest_conflict).total_seconds()
            if age_s >= part.conflicts_after_s:
                conflicts.append(f"{one.conflicts} of {name} for {_told_age(age_s)}")
    if stale:
        text = f"changes have not been carried over: {'; '.join(stale)}"
        found.append(Alert("freshness", text, "`syncengine status`, `errors` and `waiting` show what holds them up."))
    if conflicts:
        text = f"conflicts wait for an answer: {'; '.join(conflicts)}"
        found.append(Alert("conflicts", text, "`syncengine conflicts` lists them, `syncengine resolve` answers."))
    failed = {name: one.failed for name, one in seen.health.mappings.items() if one.failed}
    if part.failed_records and sum(failed.values()) >= part.failed_records:
        told = ", ".join(f"{count} of {name}" for name, count in failed.items())
        found.append(
            Alert("failed-records", f"records need a person: {told}", "`syncengine errors` says what each needs.")
        )
    if part.unexplained and seen.health.unexplained >= part.unexplained:
        text = f"the last verify found {seen.health.unexplained} differences that nothing explains"
        found.append(Alert("unexplained", text, "`syncengine verify` lists them; `--repair` has the next sync act."))
    return found


def _credentials(part: AlertsPart, seen: Seen) -> list[Alert]:
    found = []
    for side, ending in seen.endings.items():
        days = (ending.on - seen.health.at.date()).days
        if part.credentials_days and days <= part.credentials_days:
            told = f"expire in {days} days" if days > 0 else "have expired"
            text = f"the credentials for {SIDE_NAMES[side]} {told} ({ending.on})"
            found.append(Alert("credentials", text, ending.remedy, side))
    return found


def _subscriptions(seen: Seen) -> list[Alert]:
    found = []
    for side, kept in seen.subscriptions.items():
        until = kept.get("until", "")
        if kept.get("error"):
            text = f"{SIDE_NAMES[side]} does not tell of changes: {kept['error']}"
            found.append(Alert("subscription", text, kept.get("remedy", ""), side))
        elif until and datetime.fromisoformat(until) < seen.health.at:
            text = f"the subscription to changes of {SIDE_NAMES[side]} ended at {until} and was not renewed"
            found.append(Alert("subscription", text, "Changes are found at the pace of the schedule.", side))
    return found


def _silence(part: AlertsPart, seen: Seen) -> list[Alert]:
    before = seen.traffic_before
    if not part.silence_window_s or seen.traffic_now or not before or min(before) < part.silence_changes:
        return []
    text = (
        f"no change in the last {_told_age(part.silence_window_s)}; in the same time of the last {len(before)} weeks "
        f"there were {', '.join(map(str, before))}"
    )
    remedy = "Is anybody working? Else look whether the application user still sees the orders: `syncengine check`."
    return [Alert("silence", text, remedy)]


def _told_age(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"  # noqa: PLR2004


class Alerts:
    """Keeps what stands, company by company, and tells."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._standing: dict[str, dict[str, dict[str, Any]]] = {}
        self._telling = ThreadPoolExecutor(1, "alerts")
        self._under_way: dict[str, Future[None]] = {}
        self._one_look = threading.Lock()

    def close(self) -> None:
        self._telling.shutdown(wait=False, cancel_futures=True)

    def judge(self, company: Company, standing: Standing, health: Health, *, scheduling: bool) -> None:
        """Look once. Telling happens beside: a receiver that does not answer holds nothing up. Raises
        ConfigurationError where a receiver's secret cannot be read.
        """
        with self._one_look:
            self._judge(company, standing, health, scheduling=scheduling)

    def _judge(self, company: Company, standing: Standing, health: Health, *, scheduling: bool) -> None:
        under_way = self._under_way.get(company.name)
        if under_way is not None and not under_way.done():
            return
        part = company.loaded.configuration.alerts
        channels = channels_of(company)
        found = {one.key: one for one in judge(part, _seen(company, standing, health, scheduling=scheduling))}
        held = self._held(company, scheduling=scheduling)
        now = health.at.isoformat()
        for key, one in found.items():
            entry = held.setdefault(key, {"since": now, "told": []})
            entry |= {"kind": one.kind, "text": one.text, "remedy": one.remedy, "over": False}
            if entry["since"] == now:
                log.warning("alert", alert=one.kind, company=company.name, message=one.text, remedy=one.remedy)
        for key, entry in held.items():
            entry["over"] = key not in found
        for kind in KINDS:
            active = any(entry["kind"] == kind and not entry["over"] for entry in held.values())
            self.metrics.alert(company.name, kind, active=active)
        self._under_way[company.name] = self._telling.submit(self._tell, company, held, channels, now, scheduling)

    def wait(self) -> None:
        """Until what is under way has been told."""
        for one in self._under_way.values():
            one.result()

    def _tell(
        self, company: Company, held: dict[str, dict[str, Any]], channels: list[Channel], now: str, scheduling: bool
    ) -> None:
        for key, entry in list(held.items()):
            for channel in channels:
                told = channel.name in entry["told"]
                if told == entry["over"] and self._told(channel, company, entry, now):
                    entry["told"] = (
                        [one for one in entry["told"] if one != channel.name]
                        if entry["over"]
                        else [*entry["told"], channel.name]
                    )
            if entry["over"] and not set(entry["told"]) & {channel.name for channel in channels}:
                log.info("alert_cleared", alert=entry["kind"], company=company.name)
                del held[key]
        self._keep(company, held, scheduling=scheduling)

    def _told(self, channel: Channel, company: Company, entry: Mapping[str, Any], now: str) -> bool:
        message = Message(
            alert=entry["kind"],
            company=company.name,
            status="cleared" if entry["over"] else "firing",
            text=entry["text"],
            remedy="" if entry["over"] else entry["remedy"],
            since=entry["since"],
            at=now,
        )
        try:
            channel.tell(message)
        except NotTold as error:
            log.warning("alert_not_told", alert=entry["kind"], receiver=channel.name, error=str(error))
            return False
        return True

    def _held(self, company: Company, *, scheduling: bool) -> dict[str, dict[str, Any]]:
        """From the store at the first look of the instance that schedules; one that stands by keeps its own."""
        name = f"{company.name}:{scheduling}"
        if name not in self._standing:
            self._standing[name] = {}
            if scheduling:
                try:
                    with company.store() as store, store.transaction():
                        kept = store.remembered.get(KEPT)
                except SyncError:
                    del self._standing[name]  # the store is down: asked again at the next look
                    return {}
                self._standing[name] = dict(kept) if isinstance(kept, dict) else {}
        return self._standing[name]

    def _keep(self, company: Company, held: Mapping[str, Any], *, scheduling: bool) -> None:
        if not scheduling:
            return
        try:
            with company.store(writes=True) as store, store.transaction():
                if store.remembered.get(KEPT) != held:
                    store.remembered.put(KEPT, held)
        except SyncError as error:
            log.warning("alerts_not_kept", error=error.message)


def _seen(company: Company, standing: Standing, health: Health, *, scheduling: bool) -> Seen:
    configuration = company.loaded.configuration
    part = configuration.alerts
    subscriptions: Mapping[str, Mapping[str, str]] = {}
    now_changes = 0
    before: tuple[int, ...] = ()
    if health.error is None and scheduling:
        try:
            with company.store() as store, store.transaction():
                kept = store.remembered.get(SUBSCRIPTIONS)
                subscriptions = kept if isinstance(kept, dict) else {}
                if part.silence_window_s:
                    window = timedelta(seconds=part.silence_window_s)
                    now_changes = changes_between(store.session, health.at - window, health.at)
                    before = tuple(usual_traffic(store.session, health.at, window, WEEKS))
        except SyncError as error:
            log.warning("alerts_not_judged", company=company.name, error=error.message)
    return Seen(
        health=health,
        standing=standing,
        scheduling=scheduling,
        subscriptions=subscriptions,
        endings=endings(company.loaded),
        traffic_now=now_changes,
        traffic_before=before,
    )


def channels_of(company: Company) -> list[Channel]:
    """The receivers, their secrets read. Raises ConfigurationError."""
    loaded, part = company.loaded, company.loaded.configuration.alerts
    found: list[Channel] = [
        Webhook(
            secret(loaded, one.url, "[alerts] webhooks url"),
            one.kind,
            secret(loaded, one.secret, "[alerts] webhooks secret"),
        )
        for one in part.webhooks
    ]
    if part.email is not None:
        one = part.email
        found.append(
            Email(
                one.host,
                one.port,
                one.security,
                one.sender,
                tuple(one.recipients),
                one.user,
                secret(loaded, one.password, "[alerts.email] password"),
            )
        )
    return found
