"""Access tokens: fetched once for all threads, renewed before they expire, renewed once more on a 401."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from typing import Protocol

from syncengine.connectors.settings import Auth
from syncengine.errors import CredentialsRefused
from syncengine.observe.redaction import hide

EARLY_S: Final = 300
"""A token is renewed this long before its end, or at half its life where that is shorter."""

HOUR_S: Final = 3600.0


@dataclass(frozen=True)
class Token:
    value: str
    life_s: float


class TokenSource(Protocol):
    def fetch(self) -> Token:
        """Raises CredentialsRefused, Unreachable."""
        ...


class Authenticator:
    """Gives the Authorization header. `monotonic` is the clock for expiry: the wall clock may jump."""

    def __init__(
        self, auth: Auth, source: TokenSource | None, side: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.auth = auth
        self.source = source
        self.side = side
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        for secret in (auth.client_secret, auth.password, auth.certificate_password):
            hide(secret)

    def header(self) -> dict[str, str]:
        """Raises CredentialsRefused, Unreachable."""
        if self.auth.kind == "none":
            return {}
        if self.auth.kind == "basic":
            pair = f"{self.auth.user}:{self.auth.password}".encode()
            return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
        with self._lock:
            if not self._token or self.monotonic() >= self._renew_at:
                self._fetch()
            return {"authorization": f"Bearer {self._token}"}

    def refused(self, header: dict[str, str]) -> bool:
        """The service answered 401 to this header: drop that token. False where there is no point in asking again."""
        if self.source is None:
            return False
        with self._lock:
            if header.get("authorization") == f"Bearer {self._token}":
                self._token = ""
        return True

    def _fetch(self) -> None:
        if self.source is None:
            raise CredentialsRefused(f"nobody gives tokens of kind {self.auth.kind!r}", side=self.side)
        token = self.source.fetch()
        hide(token.value)
        self._token = token.value
        self._renew_at = self.monotonic() + max(token.life_s - EARLY_S, token.life_s / 2)
