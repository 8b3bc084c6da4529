"""The token endpoint of both systems, and Entra's ways of refusing."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from syncengine.sandbox.back_office import BusinessCentral
from syncengine.sandbox.host import Host
from syncengine.sandbox.oauth import TOKEN_PATH
from syncengine.sandbox.sales import Dataverse


class Endpoint:
    def __init__(self, service: Any, url: str) -> None:
        self.service = service
        self.client = service.clients["integration"]
        self.http = httpx.Client(base_url=url, timeout=20)

    def ask(self, path: str = TOKEN_PATH, **changes: Any) -> httpx.Response:
        """A good request, with some fields changed, or left out where they are None."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client.client_id,
            "client_secret": self.client.client_secret,
            "scope": self.service.tokens.scope,
        }
        return self.http.post(path, data={k: v for k, v in {**form, **changes}.items() if v is not None})


@pytest.fixture(scope="module")
def endpoints() -> Iterator[dict[str, Endpoint]]:
    host = Host()
    services = {"sales": Dataverse(), "back_office": BusinessCentral()}
    found = {name: Endpoint(service, host.add(service)[1]) for name, service in services.items()}
    host.start()
    yield found
    for one in found.values():
        one.http.close()
    host.stop()


@pytest.fixture(params=["sales", "back_office"])
def endpoint(request: pytest.FixtureRequest, endpoints: dict[str, Endpoint]) -> Endpoint:
    one = endpoints[request.param]
    one.http.delete("/sandbox/faults")
    one.http.post("/sandbox/tokens", json={"expired_secrets": []})
    return one


def test_a_token_is_issued_for_a_secret(endpoint: Endpoint) -> None:
    """Bearer, about an hour, no refresh token."""
    answer = endpoint.ask()
    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3599, 3599)
    assert "refresh_token" not in body


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_id": "00000000-0000-0000-0000-000000000001"}, 400, "unauthorized_client", 700016),
        ({"path": "/another-tenant/oauth2/v2.0/token"}, 400, "invalid_request", 90002),
        ({"scope": "https://unknown.example/.default"}, 400, "invalid_resource", 500011),
        ({"scope": "https://sandbox.crm.dynamics.com/user_impersonation"}, 400, "invalid_scope", 1002012),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ],
)
def test_a_refusal_carries_its_number(
    endpoint: Endpoint, changes: dict[str, Any], status: int, error: str, number: int
) -> None:
    """`error_description` begins with AADSTS and the number that `error_codes` has alone."""
    answer = endpoint.ask(**changes)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= body.keys()


def test_an_expired_secret_is_refused(endpoint: Endpoint) -> None:
    """7000222, until there is a new one."""
    endpoint.http.post("/sandbox/tokens", json={"expired_secrets": ["integration"]})
    answer = endpoint.ask()
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
        401,
        "invalid_client",
        [7000222],
    )
    endpoint.http.post("/sandbox/tokens", json={"expired_secrets": []})
    assert endpoint.ask().status_code == 200


def _assertion(**claims: Any) -> str:
    pieces = [{"alg": "RS256", "typ": "JWT", "x5t": "AAAA"}, claims]
    encoded = [urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in pieces]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def test_a_client_may_prove_itself_by_an_assertion(endpoint: Endpoint) -> None:
    """Issuer and subject are the client, the audience is the endpoint, and it has not expired."""
    mine = endpoint.client.client_id
    good = {
        "iss": mine,
        "sub": mine,
        "aud": f"https://login.example{TOKEN_PATH}",
        "exp": time.time() + 300,
    }

    def ask(assertion: str) -> httpx.Response:
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        return endpoint.ask(client_secret=None, client_assertion_type=kind, client_assertion=assertion)

    assert ask(_assertion(**good)).status_code == 200
    for changed, number in (({"sub": "other"}, 700021), ({"aud": "https://x"}, 700023), ({"exp": 1}, 700024)):
        assert ask(_assertion(**{**good, **changed})).json()["error_codes"] == [number]
    assert ask("nonsense").json()["error_codes"] == [50027]


def test_the_endpoint_has_faults_of_its_own(endpoint: Endpoint) -> None:
    """Throttled with Retry-After, when a fault names it; faults for the service leave it alone."""
    endpoint.http.post("/sandbox/faults", json={"kind": "status", "status": 503, "next": 1})
    assert endpoint.ask().status_code == 200
    endpoint.http.delete("/sandbox/faults")
    fault = {"kind": "status", "status": 429, "retry_after": 3, "next": 1, "match": {"path": "v2.0/token"}}
    endpoint.http.post("/sandbox/faults", json=fault)
    refused = endpoint.ask()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    endpoint.http.post("/sandbox/faults", json={"kind": "answer-lost", "next": 1, "match": {"path": "token"}})
    with pytest.raises(httpx.TransportError):
        endpoint.ask()
    assert endpoint.ask().status_code == 200


def test_the_status_of_a_wrong_secret_and_the_kind_of_a_lifetime_are_switches(endpoint: Endpoint) -> None:
    """401 or 400 for a secret that is wrong or expired; seconds as a number, or as text."""
    switched = {"token_secret_status": "400", "token_expires_in": "text"}
    assert endpoint.http.patch("/sandbox/setup", json=switched).status_code < 300
    wrong, right = endpoint.ask(client_secret="wrong"), endpoint.ask()
    assert (wrong.status_code, wrong.json()["error_codes"]) == (400, [7000215])
    assert right.json()["expires_in"] == "3599"
    usual = {"token_secret_status": "401", "token_expires_in": "number"}
    assert endpoint.http.patch("/sandbox/setup", json=usual).status_code < 300
