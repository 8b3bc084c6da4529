"""Access tokens: fetched once for all threads, renewed before they expire, renewed once more on a 401."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any
from typing import Final

import httpx

from syncengine.connectors.settings import Auth
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable
from syncengine.observe.redaction import hide

EARLY_S: Final = 300
"""A token is renewed this long before its end, or at half its life where that is shorter."""


class Authenticator:
    """Gives the Authorization header. `monotonic` is the clock for expiry: the wall clock may jump."""

    def __init__(
        self, auth: Auth, client: httpx.Client, side: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.auth = auth
        self.client = client
        self.side = side
        self.monotonic = monotonic
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        for secret in (auth.client_secret, auth.password):
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
        if self.auth.kind != "client-credentials":
            return False
        with self._lock:
            if header.get("authorization") == f"Bearer {self._token}":
                self._token = ""
        return True

    def _fetch(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.auth.client_id,
            "client_secret": self.auth.client_secret,
            "scope": self.auth.scope,
        }
        try:
            answer = self.client.post(self.auth.token_url, data=form)
        except httpx.HTTPError as error:
            raise Unreachable(
                f"the token service {self.auth.token_url} does not answer: {str(error) or type(error).__name__}",
                remedy="Check token_url and the network.",
                side=self.side,
            ) from error
        body = _json(answer)
        token = body.get("access_token")
        if answer.status_code != httpx.codes.OK or not isinstance(token, str) or not token:
            self._refuse(answer, body)
        hide(str(token))
        self._token = str(token)
        life_s = float(body.get("expires_in") or 3600)
        self._renew_at = self.monotonic() + max(life_s - EARLY_S, life_s / 2)

    def _refuse(self, answer: httpx.Response, body: dict[str, Any]) -> None:
        words = body.get("error_description") or body.get("error") or f"status {answer.status_code}"
        if (
            answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
            or answer.status_code == httpx.codes.TOO_MANY_REQUESTS
        ):
            raise Unreachable(f"the token service failed: {words}", remedy="Try again later.", side=self.side)
        raise CredentialsRefused(
            f"the token service refused the credentials: {words}",
            remedy="Check client_id, client_secret, scope and token_url; a secret may have expired.",
            side=self.side,
        )


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
