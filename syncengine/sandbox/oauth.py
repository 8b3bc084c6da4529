"""The OAuth2 client-credentials endpoint of one origin, with Microsoft Entra's way of refusing.

Error bodies carry an AADSTS number in `error_description` and in `error_codes`, as Entra's do. A client may prove
itself by its secret or by a signed assertion; of an assertion the claims are checked, not the signature.
"""

from __future__ import annotations

import re
import secrets
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Callable
from collections.abc import Iterable
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Protocol
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

import msgspec

from syncengine.sandbox.clock import Clock
from syncengine.sandbox.exchange import Caller
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json

TENANT = "sandbox-tenant"
TOKEN_PATH = f"/{TENANT}/oauth2/v2.0/token"
# The endpoint of any tenant, this one or not.
ANY_TENANT = re.compile(r"/([^/]+)/oauth2/v2\.0/token")
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_KNOWN_HOSTS = re.compile(r"(.*\.)?dynamics\.com|localhost|127\.0\.0\.1|\[::1\]")


class Switches(Protocol):
    """What is open about the endpoint; each service has these among its own switches."""

    @property
    def token_secret_status(self) -> str: ...
    @property
    def token_expires_in(self) -> str: ...


class TokenService:
    def __init__(self, clients: Iterable[Client], clock: Clock, scope: str, switches: Callable[[], Switches]) -> None:
        self.switches = switches
        self.clients = {client.client_id: client for client in clients}
        self.clock = clock
        self.scope = scope
        self.lifetime_s = 3599
        self.expired_secrets: set[str] = set()  # roles
        self._issued: dict[str, tuple[Client, datetime]] = {}

    def revoke_all(self) -> None:
        """Every token issued so far is refused from now on, as after a changed policy or a restart."""
        self._issued.clear()

    def expire_all(self) -> None:
        """Every token issued so far is past its lifetime."""
        past = self.clock.now() - timedelta(seconds=1)
        self._issued = {token: (client, past) for token, (client, _) in self._issued.items()}

    def issue(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        tenant = (ANY_TENANT.fullmatch(request.path) or [""])[1]
        if tenant != TENANT:
            return self._refuse(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return self._refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        client = self.clients.get(form.get("client_id", ""))
        if client is None:
            return self._refuse(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{form.get('client_id', '')}' was not found in the directory.",
            )
        refused = self._unproven(client, form, request) or self._out_of_scope(form.get("scope", ""), request)
        if refused is not None:
            return refused
        token = secrets.token_urlsafe(24)
        self._issued[token] = (client, self.clock.now() + timedelta(seconds=self.lifetime_s))
        life: int | str = self.lifetime_s
        if self.switches().token_expires_in == "text":
            life = str(life)
        return Response.json(
            200,
            {
                "token_type": "Bearer",
                "expires_in": life,
                "ext_expires_in": life,
                "access_token": token,
            },
            cache_control="no-store",
        )

    def _unproven(self, client: Client, form: dict[str, str], request: Request) -> Response | None:
        status = int(self.switches().token_secret_status)
        if form.get("client_assertion_type") == _ASSERTION:
            wrong = self._wrong_assertion(client, form.get("client_assertion", ""), request)
            return self._refuse(status, "invalid_client", *wrong) if wrong else None
        if not secrets.compare_digest(form.get("client_secret", "").encode(), client.client_secret.encode()):
            return self._refuse(status, "invalid_client", 7000215, "Invalid client secret provided.")
        if client.role in self.expired_secrets:
            text = f"The provided client secret keys for app '{client.client_id}' are expired."
            return self._refuse(status, "invalid_client", 7000222, text)
        return None

    def _wrong_assertion(self, client: Client, assertion: str, request: Request) -> tuple[int, str] | None:
        try:
            head, claims = (_json_of(piece) for piece in assertion.split(".")[:2])
        except (ValueError, msgspec.DecodeError):
            return 50027, "JWT token is invalid or malformed."
        if (
            not isinstance(claims, dict)
            or not isinstance(head, dict)
            or not head.get("alg", "").startswith(("RS", "PS"))
        ):
            return 50027, "JWT token is invalid or malformed."
        if {claims.get("iss"), claims.get("sub")} != {client.client_id}:
            return 700021, "Client assertion application identifier doesn't match 'client_id' parameter."
        if not str(claims.get("aud", "")).endswith(request.path):
            return 700023, "Client assertion audience claim does not match the token endpoint."
        if float(claims.get("exp", 0)) <= self.clock.now().timestamp():
            return 700024, "Client assertion is not within its valid time range."
        return None

    def _out_of_scope(self, scope: str, request: Request) -> Response | None:
        if not scope.endswith("/.default"):
            return self._refuse(400, "invalid_scope", 1002012, "The provided value for scope is not valid.")
        resource = scope.removesuffix("/.default")
        host = urlsplit(resource).hostname or ""
        asked = urlsplit(request.origin).hostname
        if host != asked and not _KNOWN_HOSTS.fullmatch(host):
            text = f"The resource principal named {resource} was not found in the tenant."
            return self._refuse(400, "invalid_resource", 500011, text)
        return None

    def caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Caller(None, "missing")
        found = self._issued.get(token)
        if found is None:
            return Caller(None, "unknown")
        client, expires_at = found
        return Caller(client) if self.clock.now() < expires_at else Caller(None, "expired")

    def _refuse(self, status: int, error: str, number: int, text: str) -> Response:
        trace = str(uuid.uuid4())
        return Response.json(
            status,
            {
                "error": error,
                "error_description": f"AADSTS{number}: {text} Trace ID: {trace}",
                "error_codes": [number],
                "timestamp": self.clock.now().strftime("%Y-%m-%d %H:%M:%SZ"),
                "trace_id": trace,
                "correlation_id": str(uuid.uuid4()),
            },
        )


def _json_of(piece: str) -> Any:
    return from_json(urlsafe_b64decode(piece + "=" * (-len(piece) % 4)))
