"""Tells people: a webhook (plain JSON, a Teams card, a Slack message) or an e-mail. One message to one receiver."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from email.message import EmailMessage
from typing import Any
from typing import Literal

import httpx

from syncengine.observe.redaction import hide

TIMEOUT_S = 15.0
Kind = Literal["generic", "teams", "slack"]


class NotTold(Exception):
    """The receiver did not take it; the message says why and holds no secret."""


@dataclass(frozen=True)
class Message:
    """`status`: the alert stands, or it is over."""

    alert: str
    company: str
    status: Literal["firing", "cleared"]
    text: str
    remedy: str
    since: str
    at: str

    @property
    def title(self) -> str:
        over = "" if self.status == "firing" else " is over"
        return f"syncengine, {self.company}: {self.alert}{over}"

    def as_json(self) -> dict[str, str]:
        return {
            "alert": self.alert,
            "company": self.company,
            "status": self.status,
            "message": self.text,
            "remedy": self.remedy,
            "since": self.since,
            "at": self.at,
        }


@dataclass(frozen=True)
class Webhook:
    """The address is a secret of its own with Teams and Slack. `secret` goes along in a header, where one is set."""

    url: str = field(repr=False)
    kind: Kind = "generic"
    secret: str = field(default="", repr=False)
    transport: httpx.BaseTransport | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}:{httpx.URL(self.url).host}"

    def tell(self, message: Message) -> None:
        """Raises NotTold."""
        hide(self.url)
        headers = {"x-syncengine-secret": self.secret} if self.secret else {}
        try:
            with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, transport=self.transport) as client:
                answer = client.post(self.url, json=body(self.kind, message), headers=headers)
        except httpx.HTTPError as error:
            raise NotTold(f"no answer: {type(error).__name__}") from error
        if not answer.is_success:
            raise NotTold(f"answered with status {answer.status_code}")


def body(kind: Kind, message: Message) -> Mapping[str, Any]:
    if kind == "slack":
        remedy = f"\n{message.remedy}" if message.remedy else ""
        return {"text": f"*{message.title}*\n{message.text}{remedy}"}
    if kind == "teams":
        return _card(message)
    return message.as_json()


def _card(message: Message) -> Mapping[str, Any]:
    """As the workflow "Post to a channel when a webhook request is received" takes it."""
    blocks = [{"type": "TextBlock", "text": message.title, "weight": "Bolder", "wrap": True}]
    blocks += [{"type": "TextBlock", "text": text, "wrap": True} for text in (message.text, message.remedy) if text]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


@dataclass(frozen=True)
class Email:
    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        return f"email:{','.join(self.recipients)}"

    def tell(self, message: Message) -> None:
        """Raises NotTold."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, ", ".join(self.recipients), message.title
        mail.set_content("\n\n".join(text for text in (message.text, message.remedy, f"Since {message.since}") if text))
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise NotTold(f"{type(error).__name__}: {error}") from error

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        if self.security == "starttls":
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


Channel = Webhook | Email
