"""Where tokens come from: an OAuth 2.0 token service by secret or certificate, or the machine's managed identity.

The secret's way is one form; a certificate signs an assertion in its place, with msal's signer; only the managed
identity needs msal's own client. msal comes with the extra `entra` and is imported when it is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from typing import Final
from urllib.parse import urlencode

from syncengine.connectors.answers import Answer
from syncengine.connectors.auth import HOUR_S
from syncengine.connectors.auth import Token
from syncengine.connectors.auth import TokenSource
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.settings import Auth
from syncengine.errors import ConfigurationError
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable

Exchange = Callable[[str, str, Mapping[str, str], bytes | None], Answer]
"""Method, url, headers, body; retried while it fails in passing. Raises Unreachable."""

OK: Final = 200
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


def source_of(auth: Auth, exchange: Exchange, side: str) -> TokenSource | None:
    """None where no tokens are used."""
    match auth.kind:
        case "client-credentials":
            return ClientCredentials(auth, exchange, side)
        case "certificate":
            return Certificate(auth, exchange, side)
        case "managed-identity":
            return ManagedIdentity(auth, exchange, side)
        case _:
            return None


class ClientCredentials:
    """Client id and secret, at any OAuth 2.0 token URL."""

    def __init__(self, auth: Auth, exchange: Exchange, side: str) -> None:
        self.auth = auth
        self.exchange = exchange
        self.side = side

    def proof(self) -> dict[str, str]:
        return {"client_secret": self.auth.client_secret}

    def fetch(self) -> Token:
        form = {"grant_type": "client_credentials", "client_id": self.auth.client_id, **self.proof()}
        if self.auth.scope:
            form["scope"] = self.auth.scope
        answer = self.exchange("POST", self.auth.token_url, FORM, urlencode(form).encode())
        body = _json(answer)
        token = body.get("access_token")
        if answer.status != OK or not isinstance(token, str) or not token:
            words = body.get("error_description") or body.get("error") or answer.words()
            raise CredentialsRefused(
                f"the token service refused the credentials: {words}",
                remedy="Check client_id, the secret or certificate, scope and token_url; it may have expired.",
                side=self.side,
            )
        return Token(token, _life_s(body.get("expires_in")))


class Certificate(ClientCredentials):
    """A signed assertion instead of the secret. The file holds the private key and the certificate, as PEM."""

    def proof(self) -> dict[str, str]:
        signer = self._signer()
        assertion = signer.create_normal_assertion(audience=self.auth.token_url, issuer=self.auth.client_id)
        text = assertion.decode() if isinstance(assertion, bytes) else str(assertion)
        return {"client_assertion_type": ASSERTION, "client_assertion": text}

    def _signer(self) -> Any:
        _require_msal(self.side)
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  part of the extra
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415
        from msal.oauth2cli import JwtAssertionCreator  # noqa: PLC0415

        try:
            pem = Path(self.auth.certificate_file).read_bytes()
            password = self.auth.certificate_password.encode() or None
            key = load_pem_private_key(pem, password)
            thumbprint = load_pem_x509_certificate(pem).fingerprint(SHA256())
        except (OSError, ValueError, TypeError) as error:
            raise ConfigurationError(
                f"the certificate {self.auth.certificate_file} cannot be used: {error}",
                remedy="certificate_file must hold the private key and the certificate as PEM; an encrypted key needs "
                "certificate_password.",
                side=self.side,
            ) from error
        return JwtAssertionCreator(key, algorithm="PS256", sha256_thumbprint=thumbprint.hex())


def certificate_ends(file: str) -> datetime | None:
    """Until when the certificate in this PEM file is valid; None where it cannot be read: signing in says why."""
    try:
        from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415  part of the extra

        return load_pem_x509_certificate(Path(file).read_bytes()).not_valid_after_utc
    except (ImportError, OSError, ValueError):
        return None


class ManagedIdentity:
    """The identity of the Azure machine, app or container this runs in; `client_id` names a user-assigned one."""

    def __init__(self, auth: Auth, exchange: Exchange, side: str) -> None:
        self.auth = auth
        self.side = side
        self.door = _Door(exchange)
        self._client: Any = None
        self._lock = threading.Lock()

    def fetch(self) -> Token:
        resource = self.auth.scope.removesuffix("/.default")
        try:
            found = self._made().acquire_token_for_client(resource=resource)
        except ValueError as error:
            raise self._refused(str(error)) from error
        if not isinstance(found.get("access_token"), str):
            raise self._refused(str(found.get("error_description") or found.get("error") or found))
        return Token(found["access_token"], _life_s(found.get("expires_in")))

    def _made(self) -> Any:
        with self._lock:
            if self._client is None:
                msal = _require_msal(self.side)
                identity = (
                    msal.UserAssignedManagedIdentity(client_id=self.auth.client_id)
                    if self.auth.client_id
                    else msal.SystemAssignedManagedIdentity()
                )
                self._client = msal.ManagedIdentityClient(identity, http_client=self.door)
            return self._client

    def _refused(self, words: str) -> CredentialsRefused:
        return CredentialsRefused(
            f"the managed identity got no token: {words}",
            remedy="Assign an identity to this machine and register it in both systems; scope names the resource.",
            side=self.side,
        )


class _Door:
    """What msal asks of an HTTP client, over ours: proxies, deadline and limits are the same everywhere."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> _Response:
        full = f"{url}?{urlencode(params)}" if params else url
        return _Response(self.exchange("GET", full, dict(headers or {}), None))

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> _Response:
        full = f"{url}?{urlencode(params)}" if params else url
        body = urlencode(data) if isinstance(data, Mapping) else (data or "")
        return _Response(self.exchange("POST", full, {**FORM, **dict(headers or {})}, str(body).encode()))

    def close(self) -> None:
        """Nothing of ours is msal's to close."""


class _Response:
    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.headers = answer.headers
        self.text = answer.body.decode("utf-8", "replace")

    def raise_for_status(self) -> None:
        if self.status_code >= 400:  # noqa: PLR2004
            raise Unreachable(f"the token service answered with status {self.status_code}")


def _require_msal(side: str) -> Any:
    try:
        import msal  # noqa: PLC0415  only who signs in so needs it
    except ImportError as error:
        raise ConfigurationError(
            "signing in by certificate or managed identity needs the package msal",
            remedy="Install it with the extra: pip install 'syncengine[entra]'.",
            side=side,
        ) from error
    return msal


def _life_s(told: object) -> float:
    try:
        return max(1.0, float(str(told)))
    except ValueError:
        return HOUR_S


def _json(answer: Answer) -> dict[str, Any]:
    try:
        body = from_json(answer.body)
    except NotJson:
        return {}
    return body if isinstance(body, dict) else {}
