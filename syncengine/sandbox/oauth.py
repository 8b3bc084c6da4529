"""The OAuth2 client-credentials endpoint of one origin, with Microsoft Entra's way of refusing.

Error bodies carry an AADSTS number in `error_description` and in `error_codes`, as Entra's do.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime
from datetime import timedelta
from urllib.parse import parse_qsl

from syncengine.sandbox.clock import Clock
from syncengine.sandbox.exchange import Caller
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response

TOKEN_PATH = "/sandbox-tenant/oauth2/v2.0/token"


class TokenService:
    def __init__(self, clients: Iterable[Client], clock: Clock, scope: str) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.clock = clock
        self.scope = scope
        self.lifetime_s = 3599
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
        client = self.clients.get(form.get("client_id", ""))
        if form.get("grant_type") != "client_credentials":
            return self._refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if client is None:
            return self._refuse(
                400,
                "unauthorized_client",
                700016,
                f"Application with identifier '{form.get('client_id', '')}' was not found in the directory.",
            )
        if not secrets.compare_digest(form.get("client_secret", "").encode(), client.client_secret.encode()):
            return self._refuse(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if not form.get("scope", "").endswith("/.default"):
            return self._refuse(400, "invalid_scope", 1002012, "The provided value for scope is not valid.")
        token = secrets.token_urlsafe(24)
        self._issued[token] = (client, self.clock.now() + timedelta(seconds=self.lifetime_s))
        return Response.json(
            200,
            {
                "token_type": "Bearer",
                "expires_in": self.lifetime_s,
                "ext_expires_in": self.lifetime_s,
                "access_token": token,
            },
            cache_control="no-store",
        )

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
