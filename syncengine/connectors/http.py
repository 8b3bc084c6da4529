"""One exchange with a service: deadline, size limit, credentials, retries of what is safe to repeat.

The errors answer two questions: was it sent, and what may follow.

    ExchangeFailed
    ├── NotSent       no connection was made, or the service turned the request away before any work (429)
    └── NoAnswer      sent, and nobody knows what became of it
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from typing import Final
from urllib.parse import urlsplit

import httpx
import tenacity

from syncengine import __version__
from syncengine.connectors.auth import Authenticator
from syncengine.connectors.settings import Connection
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable
from syncengine.observe.logging import get_logger
from syncengine.ports import Counts

log = get_logger()

USER_AGENT: Final = f"syncengine/{__version__}"
RETRIED: Final = frozenset({429, 500, 502, 503, 504, 408})


@dataclass(frozen=True)
class Answer:
    """A complete answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after_s(self) -> float | None:
        """Seconds the service asks to wait; a date in the header is not used by either service."""
        text = self.headers.get("retry-after", "")
        try:
            return max(0.0, float(text))
        except ValueError:
            return None

    def looks_like_json(self) -> bool:
        return "json" in self.headers.get("content-type", "") or self.body.lstrip()[:1] in (b"{", b"[")

    def words(self) -> str:
        """What the service said, short, for a person: an OData message, else the first of the text."""
        code, message = error_of(self)
        return f"{message} ({code})" if code else message


class ExchangeFailed(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotSent(ExchangeFailed):
    pass


class NoAnswer(ExchangeFailed):
    pass


class _Again(Exception):
    """A safe request that came back with a passing failure."""

    def __init__(self, answer: Answer | None, cause: str) -> None:
        super().__init__(cause)
        self.answer = answer
        self.cause = cause


class HttpClient:
    """Shared by all threads of one side. `side` names it in errors."""

    def __init__(self, connection: Connection, side: str, transport: httpx.BaseTransport | None = None) -> None:
        limits = connection.limits
        self.connection = connection
        self.side = side
        self.counts = Counts()
        self._count_lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(limits.concurrency)
        self._client = httpx.Client(
            timeout=httpx.Timeout(limits.request_timeout_s, connect=limits.connect_timeout_s, pool=None),
            limits=httpx.Limits(
                max_connections=limits.concurrency + 2, max_keepalive_connections=limits.concurrency + 2
            ),
            follow_redirects=False,
            headers={"user-agent": USER_AGENT},
            verify=connection.ca_file or True,
            transport=transport,
        )
        self._auth = Authenticator(connection.auth, self._client, side)
        self._origin = urlsplit(connection.url)[:2]

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read; repeated while it fails in passing. Raises Unreachable, CredentialsRefused."""
        return self.safely("GET", url, headers or {}, None)

    def safely(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int = 1
    ) -> Answer:
        """An exchange that changes nothing and may be repeated. The answer may be a refusal (4xx)."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=tenacity.stop_after_attempt(self.connection.limits.attempts),
            wait=self._wait,
            before_sleep=self._count_retry,
            reraise=True,
        )
        try:
            return retrying(self._safe_once, method, url, headers, body, operations)
        except _Again as error:
            raise Unreachable(
                f"{_host(url)} does not answer as it should: {error.cause}",
                remedy="Check the url and the network; if the service is down, the next run goes on from here.",
                side=self.side,
            ) from error

    def once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int = 1
    ) -> Answer:
        """An exchange that is never repeated here. Raises NotSent, NoAnswer, CredentialsRefused, Unreachable."""
        with self._slots:
            auth = self._auth.header()
            answer = self._exchange(method, url, {**headers, **auth}, body, operations)
            if answer.status == httpx.codes.UNAUTHORIZED and self._auth.refused(auth):
                # The token was refused before any work: the request has not been carried out.
                answer = self._exchange(method, url, {**headers, **self._auth.header()}, body, operations)
        if answer.status == httpx.codes.UNAUTHORIZED:
            raise CredentialsRefused(
                f"{_host(url)} refused the credentials: {answer.words()}",
                remedy="Check that the application is registered and enabled there.",
                side=self.side,
            )
        if 300 <= answer.status < 400:  # noqa: PLR2004
            where = answer.headers.get("location", "elsewhere")
            raise Unreachable(
                f"{_host(url)} redirects to {where}; credentials are not sent after it",
                remedy="Put the final address into the configuration.",
                side=self.side,
            )
        return answer

    def same_origin(self, url: str) -> str:
        """A link the service gave us, if it stays on the configured origin. Raises Unreachable."""
        if urlsplit(url)[:2] != self._origin:
            raise Unreachable(
                f"the service answered with a link to another host: {_host(url)}",
                remedy="A proxy rewrites its answers, or the url is not the one the service knows itself by.",
                side=self.side,
            )
        return url

    # one attempt

    def _safe_once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int
    ) -> Answer:
        try:
            answer = self.once(method, url, headers, body, operations)
        except ExchangeFailed as error:
            raise _Again(None, error.message) from error
        if answer.status in RETRIED:
            raise _Again(answer, f"status {answer.status}: {answer.words()}")
        if answer.status < 400 and answer.body and not answer.looks_like_json() and not _plain(answer):  # noqa: PLR2004
            raise _Again(answer, f"it answered with {_kind(answer)}, not with data: {_excerpt(answer.body)}")
        return answer

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int
    ) -> Answer:
        self._count(operations)
        started = time.monotonic()
        deadline = started + self.connection.limits.request_timeout_s
        try:
            with self._client.stream(method, url, headers=dict(headers), content=body) as response:
                received = self._receive(response, deadline)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise NotSent(f"no connection to {_host(url)}: {str(error) or type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise NoAnswer(f"no answer from {_host(url)}: {str(error) or type(error).__name__}") from error
        log.debug(
            "exchange",
            method=method,
            url=url,
            status=received.status,
            milliseconds=round((time.monotonic() - started) * 1000),
        )
        return received

    def _receive(self, response: httpx.Response, deadline: float) -> Answer:
        pieces, size = [], 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > self.connection.limits.max_body_bytes:
                raise NoAnswer(f"the answer is larger than {self.connection.limits.max_body_bytes} bytes")
            if time.monotonic() > deadline:
                raise NoAnswer(f"the answer took longer than {self.connection.limits.request_timeout_s:.0f} s")
            pieces.append(piece)
        return Answer(response.status_code, dict(response.headers), b"".join(pieces))

    # counting and waiting

    def _count(self, operations: int) -> None:
        with self._count_lock:
            self.counts.requests += 1
            self.counts.operations += operations

    def _count_retry(self, state: tenacity.RetryCallState) -> None:
        with self._count_lock:
            self.counts.retries += 1
            again = _failure(state)
            if again is not None and again.answer is not None and again.answer.status == httpx.codes.TOO_MANY_REQUESTS:
                self.counts.throttled += 1

    def throttled(self) -> None:
        """A write was turned away because there are too many."""
        with self._count_lock:
            self.counts.throttled += 1

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """What the service asks for, up to our patience; else exponential with jitter."""
        again = _failure(state)
        asked = again.answer.retry_after_s if again is not None and again.answer is not None else None
        if asked is not None:
            return min(asked, self.connection.limits.patience_s)
        return float(tenacity.wait_random_exponential(multiplier=0.5, max=self.connection.limits.patience_s)(state))


def _failure(state: tenacity.RetryCallState) -> _Again | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, _Again) else None


def error_of(answer: Answer) -> tuple[str, str]:
    """Code and message of an OData error body; the first of the text where it is none."""
    try:
        found: Any = json.loads(answer.body or b"null")
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("error"), dict):
        error = found["error"]
        return str(error.get("code") or ""), str(error.get("message") or "")
    return "", _excerpt(answer.body) or f"status {answer.status} without a word"


def server_time(headers: Mapping[str, str]) -> datetime:
    """The `Date` of an answer; our own clock where a service sends none."""
    try:
        return parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return datetime.now(UTC)


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    return text[:200]


def _kind(answer: Answer) -> str:
    return answer.headers.get("content-type", "something without a type").partition(";")[0]


def _plain(answer: Answer) -> bool:
    """`$count` answers with plain text, `$metadata` with XML, `$batch` with parts."""
    kind = answer.headers.get("content-type", "")
    return any(word in kind for word in ("xml", "multipart", "text/plain")) and "html" not in kind


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
