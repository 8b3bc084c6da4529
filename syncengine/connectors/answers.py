"""A complete HTTP answer, and what can be read from it without knowing the service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from syncengine.observe.redaction import redacted


@dataclass(frozen=True)
class Answer:
    """Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after_s(self) -> float | None:
        """Seconds the service asks to wait: told as a number, or as a moment of its own clock."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.replace(".", "", 1).isdigit():
            return float(text)
        until = _moment(text)
        if until is None:
            return None
        return max(0.0, (until - server_time(self.headers)).total_seconds())

    def looks_like_json(self) -> bool:
        return "json" in self.headers.get("content-type", "") or self.body.lstrip()[:1] in (b"{", b"[")

    def words(self) -> str:
        """What the service said, short, for a person: an OData message, else the first of the text."""
        code, message = error_of(self)
        return f"{message} ({code})" if code else message

    def expected(self) -> bool:
        """Is it of a kind that a service gives: data, the plain text of `$count`, XML of `$metadata`, `$batch`'s
        parts? A page for people is not.
        """
        kind = self.headers.get("content-type", "")
        plain = any(word in kind for word in ("xml", "multipart", "text/plain")) and "html" not in kind
        return not self.body or self.looks_like_json() or plain

    def kind(self) -> str:
        return self.headers.get("content-type", "something without a type").partition(";")[0]

    def excerpt(self) -> str:
        text = " ".join(self.body[:400].decode("utf-8", "replace").split())
        return redacted(text[:200])


def error_of(answer: Answer) -> tuple[str, str]:
    """Code and message of an OData error body; the first of the text where it is none.

    A service may quote what we sent it: its words are kept and shown, so our secrets are taken out here.
    """
    try:
        found: Any = json.loads(answer.body or b"null")
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and isinstance(found.get("error"), dict):
        error = found["error"]
        return redacted(str(error.get("code") or "")), redacted(str(error.get("message") or ""))
    return "", answer.excerpt() or f"status {answer.status} without a word"


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """The `Date` of an answer."""
    return _moment(headers.get("date", ""))


def server_time(headers: Mapping[str, str]) -> datetime:
    """The `Date` of an answer; our own clock where a service sends none."""
    return told_time(headers) or datetime.now(UTC)


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
