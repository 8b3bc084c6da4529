"""Alerts are told once, to every receiver, over restarts and receivers that are down; and once more when they end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from syncengine.config.loading import load
from syncengine.connectors.alerting import Channel
from syncengine.connectors.alerting import Email
from syncengine.connectors.alerting import Message
from syncengine.connectors.alerting import NotTold
from syncengine.connectors.alerting import Webhook
from syncengine.connectors.alerting import body
from syncengine.observe.metrics import Metrics
from syncengine.service import alerts
from syncengine.service.alerts import Alerts
from syncengine.service.alerts import channels_of
from syncengine.service.health import Health
from syncengine.service.rounds import Standing
from syncengine.service.wiring import Company
from syncengine.service.wiring import company

CONFIGURATION = """
[store]
url = "sqlite:///engine.db"
[sales]
url = "https://sales.invalid"
auth = { kind = "none" }
[back_office]
url = "https://back-office.invalid"
company = "CRONUS"
auth = { kind = "none" }
[integration]
mode = "bidirectional"
"""
NOON = "2026-03-02T12:00:00+00:00"
MESSAGE = Message("freshness", "CRONUS", "firing", "late", "look", NOON, NOON)


@pytest.fixture
def cronus(tmp_path: Path) -> Company:
    file = tmp_path / "syncengine.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    return company(load(str(file), {}))


class Receiver:
    """A webhook's other end; `up` False: it answers 503."""

    def __init__(self, host: str = "alerts.invalid") -> None:
        self.up = True
        self.told: list[tuple[str, str]] = []
        self.channel: Channel = Webhook(f"https://{host}/x", transport=httpx.MockTransport(self._take))

    def _take(self, request: httpx.Request) -> httpx.Response:
        if not self.up:
            return httpx.Response(503)
        found = json.loads(request.content)
        self.told.append((found["alert"], found["status"]))
        return httpx.Response(202)


def _look(made: Alerts, company: Company, *, unexplained: int = 0, minutes: float = 0) -> None:
    at = company.clock.now() + timedelta(minutes=minutes)
    made.judge(company, Standing("scheduling"), Health(at, unexplained=unexplained), scheduling=True)
    made.wait()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    made = Receiver()
    monkeypatch.setattr(alerts, "channels_of", lambda _company: [made.channel])
    return made


def test_it_is_told_once_while_it_stands_and_once_when_it_is_over(cronus: Company, receiver: Receiver) -> None:
    made = Alerts(Metrics())
    for minutes in range(3):
        _look(made, cronus, unexplained=2, minutes=minutes)
    assert receiver.told == [("unexplained", "firing")]
    for minutes in range(3, 5):
        _look(made, cronus, minutes=minutes)
    assert receiver.told == [("unexplained", "firing"), ("unexplained", "cleared")]
    _look(made, cronus, unexplained=1, minutes=6)
    assert receiver.told[2:] == [("unexplained", "firing")]
    made.close()


def test_a_restart_does_not_tell_it_again(cronus: Company, receiver: Receiver) -> None:
    first = Alerts(Metrics())
    _look(first, cronus, unexplained=2)
    first.close()
    second = Alerts(Metrics())
    _look(second, cronus, unexplained=2, minutes=1)
    assert receiver.told == [("unexplained", "firing")]
    _look(second, cronus, minutes=2)
    assert receiver.told == [("unexplained", "firing"), ("unexplained", "cleared")]
    second.close()


def test_a_receiver_that_was_down_is_told_later_and_the_others_only_once(
    cronus: Company, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Receiver("other.invalid")
    monkeypatch.setattr(alerts, "channels_of", lambda _company: [receiver.channel, other.channel])
    receiver.up = False
    made = Alerts(Metrics())
    _look(made, cronus, unexplained=2)
    _look(made, cronus, unexplained=2, minutes=1)
    assert (receiver.told, other.told) == ([], [("unexplained", "firing")])
    receiver.up = True
    _look(made, cronus, unexplained=2, minutes=2)
    _look(made, cronus, unexplained=2, minutes=3)
    assert (receiver.told, other.told) == ([("unexplained", "firing")], [("unexplained", "firing")])
    made.close()


def test_one_that_was_over_before_it_could_be_told_is_not_told(cronus: Company, receiver: Receiver) -> None:
    receiver.up = False
    made = Alerts(Metrics())
    _look(made, cronus, unexplained=2)
    receiver.up = True
    _look(made, cronus, minutes=1)
    assert receiver.told == []
    made.close()


def test_the_metric_stands_as_long_as_the_alert(cronus: Company, receiver: Receiver) -> None:
    metrics = Metrics()
    made = Alerts(metrics)
    line = b'syncengine_alert_active{alert="unexplained",company="CRONUS"}'
    _look(made, cronus, unexplained=2)
    assert line + b" 1.0" in metrics.text()
    _look(made, cronus, minutes=1)
    assert line + b" 0.0" in metrics.text()
    made.close()


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("generic", ("alert",), "freshness"),
        ("generic", ("status",), "firing"),
        ("generic", ("remedy",), "look"),
        ("slack", ("text",), "*syncengine, CRONUS: freshness*\nlate\nlook"),
        ("teams", ("type",), "message"),
        ("teams", ("attachments", 0, "contentType"), "application/vnd.microsoft.card.adaptive"),
        ("teams", ("attachments", 0, "content", "type"), "AdaptiveCard"),
        ("teams", ("attachments", 0, "content", "body", 0, "text"), "syncengine, CRONUS: freshness"),
        ("teams", ("attachments", 0, "content", "body", 1, "text"), "late"),
    ],
)
def test_each_receiver_gets_the_shape_it_knows(kind: Any, path: tuple[Any, ...], expected: str) -> None:
    found: Any = body(kind, MESSAGE)
    for step in path:
        found = found[step]
    assert found == expected


def test_a_webhook_says_why_it_was_not_told_and_never_its_address() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection to https://hooks.invalid/SECRET failed")

    webhook = Webhook("https://hooks.invalid/SECRET", "slack", transport=httpx.MockTransport(refuse))
    with pytest.raises(NotTold) as told:
        webhook.tell(MESSAGE)
    assert "SECRET" not in str(told.value) + webhook.name + repr(webhook)


def test_a_redirect_is_not_followed() -> None:
    seen: list[str] = []

    def away(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(302, headers={"location": "https://elsewhere.invalid/"})

    with pytest.raises(NotTold, match="302"):
        Webhook("https://hooks.invalid/x", transport=httpx.MockTransport(away)).tell(MESSAGE)
    assert seen == ["https://hooks.invalid/x"]


def test_an_email_that_cannot_be_sent_is_a_reason_not_a_crash() -> None:
    mail = Email("127.0.0.1", 1, "none", "syncengine@example.com", ("ops@example.com",))
    with pytest.raises(NotTold, match="Connection"):
        mail.tell(MESSAGE)


def test_an_email_says_what_and_what_to_do(smtp: Any) -> None:
    Email("127.0.0.1", smtp.port, "none", "syncengine@example.com", ("ops@example.com", "boss@example.com")).tell(
        replace(MESSAGE, status="cleared")
    )
    smtp.thread.join(10)
    text = smtp.received
    assert "rcpt to:<ops@example.com>" in text.lower()
    assert "rcpt to:<boss@example.com>" in text.lower()
    assert "Subject: syncengine, CRONUS: freshness is over" in text
    assert "late" in text
    assert "look" in text


def test_the_receivers_come_from_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("https://hooks.invalid/from-a-file\n", encoding="utf-8")
    file = tmp_path / "syncengine.toml"
    file.write_text(
        CONFIGURATION
        + '[alerts]\nwebhooks = [{ url = { file = "hook" }, kind = "teams" }]\n'
        + '[alerts.email]\nhost = "mail.invalid"\nsender = "a@example.com"\nrecipients = ["b@example.com"]\n',
        encoding="utf-8",
    )
    webhook, mail = channels_of(company(load(str(file), {})))
    assert isinstance(webhook, Webhook)
    assert (webhook.url, webhook.kind) == ("https://hooks.invalid/from-a-file", "teams")
    assert isinstance(mail, Email)
    assert (mail.host, mail.port, mail.security, mail.recipients) == (
        "mail.invalid",
        587,
        "starttls",
        ("b@example.com",),
    )
