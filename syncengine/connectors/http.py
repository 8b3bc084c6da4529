"""One exchange with a service: deadline, size limit, credentials, budget, retries of what is safe to repeat.

The errors answer two questions: was it sent, and what may follow.

    ExchangeFailed
    ├── NotSent       no connection was made, or the service wants no requests now
    └── NoAnswer      sent, and nobody knows what became of it

Unreachable and CredentialsRefused, from the same calls, mean that nothing was carried out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx
import tenacity

from syncengine.connectors.answers import Answer
from syncengine.connectors.auth import Authenticator
from syncengine.connectors.settings import Connection
from syncengine.connectors.throttle import Budget
from syncengine.connectors.throttle import Busy
from syncengine.connectors.tokens import source_of
from syncengine.connectors.transport import open_client
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable
from syncengine.observe import tracing
from syncengine.observe.logging import get_logger
from syncengine.ports import Counts

log = get_logger()

PUSHED_BACK: Final = frozenset({429, 503})
RETRIED: Final = frozenset({*PUSHED_BACK, 408, 500, 502, 504})
RATE: Final = 6000
"""Requests of one user in five minutes: both services' limit."""


class ExchangeFailed(Exception):
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotSent(ExchangeFailed):
    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoAnswer(ExchangeFailed):
    pass


class TooLarge(NoAnswer):
    """The answer is larger than we take; it was cut off."""


class AnswerTooLarge(Unreachable):
    """A read brought more than we take; asked for less, it may go well."""


class _Again(Exception):
    """A safe request that came back with a passing failure."""

    def __init__(self, cause: str, *, pushed_back: bool = False) -> None:
        super().__init__(cause)
        self.cause = cause
        self.pushed_back = pushed_back


class HttpClient:
    """Shared by all threads of one side. `side` names it in errors, `ceiling` is how much the service runs at once."""

    def __init__(
        self, connection: Connection, side: str, transport: httpx.BaseTransport | None = None, ceiling: int = 50
    ) -> None:
        limits = connection.limits
        self.connection = connection
        self.side = side
        self.counts = Counts()
        self.concurrency = min(limits.concurrency, ceiling)
        self.budget = Budget(self.concurrency, RATE, limits.patience_s)
        self._count_lock = threading.Lock()
        self._client, self._deadline = open_client(connection, self.concurrency + 2, transport)
        self._auth = Authenticator(connection.auth, source_of(connection.auth, self._token_exchange, side), side)
        self._origin = _origin(connection.url)

    def close(self) -> None:
        self._client.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Read; repeated while it fails in passing. Raises Unreachable, CredentialsRefused."""
        return self.safely("GET", url, headers or {}, None)

    def get_up_to(self, most: int, url: str, headers: Mapping[str, str]) -> Answer:
        """Read what has at most so many bytes; what is more is cut off. Raises AnswerTooLarge besides."""
        with self._deadline.no_more_than(most):
            return self.get(url, headers)

    def file(self, url: str, headers: Mapping[str, str]) -> Answer:
        """As `get`, of a file: whatever it holds, only not the page of some proxy."""
        return self.safely("GET", url, headers, None, expected=lambda answer: answer.kind() != "text/html")

    def safely(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        operations: int = 1,
        *,
        expected: Callable[[Answer], bool] = Answer.expected,
    ) -> Answer:
        """An exchange that changes nothing and may be repeated. The answer may be a refusal (4xx).

        Raises Unreachable, AnswerTooLarge, CredentialsRefused.
        """
        try:
            return self._retrying(self._count_retry)(self._safe_once, method, url, headers, body, operations, expected)
        except _Again as error:
            raise self._unreachable(url, error.cause) from error
        except TooLarge as error:
            raise AnswerTooLarge(
                f"{_host(url)} answers more than is taken: {error.message}",
                remedy="Raise [limits] max_body_mb, or lower page and page_with_lines.",
                side=self.side,
            ) from error

    def once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int = 1
    ) -> Answer:
        """An exchange that is never repeated here. Raises NotSent, NoAnswer, CredentialsRefused, Unreachable."""
        try:
            with self.budget.place():
                answer = self._authorized(method, url, headers, body, operations)
        except Busy as error:
            raise NotSent(f"{_host(url)} has had too much: {error}", error.seconds) from error
        if answer.status in PUSHED_BACK:
            self.budget.pushed_back(answer.retry_after_s)
        elif answer.status < 500:  # noqa: PLR2004
            self.budget.went_well()
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

    def throttled(self, retry_after_s: float | None) -> None:
        """A part of a batch was turned away because there are too many; the batch itself was not."""
        self.budget.pushed_back(retry_after_s)
        with self._count_lock:
            self.counts.throttled += 1

    def same_origin(self, url: str) -> str:
        """A link the service gave us, if it stays on the configured origin. Raises Unreachable."""
        if _origin(url) != self._origin:
            raise Unreachable(
                f"the service answered with a link to another host: {_host(url)}",
                remedy="A proxy rewrites its answers, or the url is not the one the service knows itself by.",
                side=self.side,
            )
        return url

    # one attempt

    def _safe_once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        operations: int,
        expected: Callable[[Answer], bool],
    ) -> Answer:
        try:
            answer = self.once(method, url, headers, body, operations)
        except TooLarge:
            raise
        except NotSent as error:
            if error.retry_after_s is not None:
                raise self._unreachable(url, error.message) from error
            raise _Again(error.message) from error
        except NoAnswer as error:
            raise _Again(error.message) from error
        if answer.status in RETRIED:
            pushed_back = answer.status in PUSHED_BACK
            raise _Again(f"status {answer.status}: {answer.words()}", pushed_back=pushed_back)
        if answer.status < 400 and not expected(answer):  # noqa: PLR2004
            raise _Again(f"it answered with {answer.kind()}, not with data: {answer.excerpt()}")
        return answer

    def _authorized(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int
    ) -> Answer:
        header = self._auth.header()
        self._count(operations)
        answer = self._exchange(method, url, {**headers, **header}, body, operations)
        if answer.status == httpx.codes.UNAUTHORIZED and self._auth.refused(header):
            # The token was refused before any work: the request has not been carried out.
            header = self._auth.header()
            self._count(operations)
            answer = self._exchange(method, url, {**headers, **header}, body, operations)
        return answer

    def _token_exchange(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """To the token service: no budget, no credentials of ours; retried, for a token can be asked for twice."""

        def attempt() -> Answer:
            try:
                answer = self._exchange(method, url, headers, body)
            except ExchangeFailed as error:
                raise _Again(error.message) from error
            if answer.status in RETRIED:
                raise _Again(f"status {answer.status}: {answer.words()}")
            return answer

        try:
            return self._retrying(None)(attempt)
        except _Again as error:
            raise Unreachable(
                f"the token service {_host(url)} does not answer as it should: {error.cause}",
                remedy="Check token_url and the network.",
                side=self.side,
            ) from error

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, operations: int = 0
    ) -> Answer:
        """`operations` 0: for a token."""
        started = time.monotonic()
        self._deadline.start(self.connection.limits.request_timeout_s)
        status = 0
        kind = "request" if operations else "token"
        with tracing.span(kind, side=self.side, method=method, path=urlsplit(url).path, operations=operations) as trace:
            try:
                with self._client.stream(method, url, headers=dict(headers), content=body) as response:
                    received = self._receive(response)
                status = received.status
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.ProxyError) as error:
                raise NotSent(f"no connection to {_host(url)}: {_words(error)}") from error
            except httpx.HTTPError as error:
                raise NoAnswer(f"no answer from {_host(url)}: {_words(error)}") from error
            finally:
                seconds = time.monotonic() - started
                trace.note(status=status)
                if operations:
                    self.connection.on_exchange(method, status, seconds)
                log.debug("exchange", method=method, url=url, status=status, milliseconds=round(seconds * 1000))
        return received

    def _receive(self, response: httpx.Response) -> Answer:
        pieces, size, most = [], 0, min(self.connection.limits.max_body_bytes, self._deadline.most_bytes)
        for piece in response.iter_bytes():
            size += len(piece)
            if size > most:
                raise TooLarge(f"the answer is larger than {most} bytes")
            pieces.append(piece)
        return Answer(response.status_code, dict(response.headers), b"".join(pieces))

    # counting and waiting

    def _retrying(self, before_sleep: object) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Again),
            stop=self._enough,
            wait=self._wait,
            before_sleep=before_sleep,  # type: ignore[arg-type]
            reraise=True,
        )

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        """By number; where the service pushes back, only once our patience has run out as well."""
        if state.attempt_number < self.connection.limits.attempts:
            return False
        again = _failure(state)
        elapsed = state.seconds_since_start or 0.0
        return again is None or not again.pushed_back or elapsed > self.connection.limits.patience_s

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Exponential with jitter. Where the service pushed back the budget makes everybody wait, and none twice."""
        again = _failure(state)
        if again is not None and again.pushed_back:
            return 0.0
        return float(tenacity.wait_random_exponential(multiplier=0.5, max=self.connection.limits.patience_s)(state))

    def _count(self, operations: int) -> None:
        with self._count_lock:
            self.counts.requests += 1
            self.counts.operations += operations

    def _count_retry(self, state: tenacity.RetryCallState) -> None:
        again = _failure(state)
        with self._count_lock:
            self.counts.retries += 1
            self.counts.throttled += again is not None and again.pushed_back

    def _unreachable(self, url: str, cause: str) -> Unreachable:
        return Unreachable(
            f"{_host(url)} does not answer as it should: {cause}",
            remedy="Check the url and the network; if the service is down, the next run goes on from here.",
            side=self.side,
        )


def _failure(state: tenacity.RetryCallState) -> _Again | None:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, _Again) else None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, however they are written; never equal where there is a user in the address."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme.lower())
    host = parts.hostname or ""
    return parts.scheme.lower(), parts.netloc if "@" in parts.netloc else host, parts.port or usual


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
