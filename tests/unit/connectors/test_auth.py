"""Signing in: each kind, renewed in time, once for many threads, once more after a 401."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from syncengine.connectors.auth import Authenticator
from syncengine.connectors.auth import Token
from syncengine.connectors.settings import Auth
from syncengine.errors import ConfigurationError
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable
from tests.unit.connectors.certificates import certificate
from tests.unit.connectors.serving import SECRET
from tests.unit.connectors.serving import TOKENS
from tests.unit.connectors.serving import URL
from tests.unit.connectors.serving import Service
from tests.unit.connectors.serving import client
from tests.unit.connectors.serving import ok
from tests.unit.connectors.serving import status

NO_MSAL = "the extra `entra` is not installed here"


class Signing:
    """A service with its token service. Tokens are t1, t2, …; `valid` says which the service takes."""

    def __init__(self, valid: Callable[[str], bool] = lambda _: True, expires_in: Any = 3599) -> None:
        self.valid = valid
        self.expires_in = expires_in
        self.forms: list[dict[str, str]] = []
        self.seen: list[str] = []
        self.before_token: Callable[[], None] = lambda: None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == TOKENS:
            self.before_token()
            self.forms.append({name: some[0] for name, some in parse_qs(request.content.decode()).items()})
            told = {"token_type": "Bearer", "expires_in": self.expires_in, "access_token": f"t{len(self.forms)}"}
            return ok(json.dumps(told))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        self.seen.append(token)
        return ok() if self.valid(token) else status(401, www_authenticate="Bearer")


class Source:
    def __init__(self, life_s: float) -> None:
        self.life_s = life_s
        self.fetched = 0

    def fetch(self) -> Token:
        self.fetched += 1
        return Token(f"t{self.fetched}", self.life_s)


def test_a_secret_is_exchanged_for_a_token_once() -> None:
    """The documented form; the token serves all requests that follow."""
    signing = Signing()
    http = client(signing, SECRET)
    for _ in range(3):
        http.get(URL)
    assert signing.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "me",
            "client_secret": "s3cret",
            "scope": "https://x.example/.default",
        }
    ]
    assert signing.seen == ["t1", "t1", "t1"]


def test_any_oauth_server_will_do_and_a_scope_is_not_needed() -> None:
    """Whatever token_url says is asked, and nothing is made up."""
    signing = Signing()
    client(signing, Auth("client-credentials", TOKENS, "me", "O'Brien & Sons =+%")).get(URL)
    assert signing.forms == [
        {"grant_type": "client_credentials", "client_id": "me", "client_secret": "O'Brien & Sons =+%"}
    ]


@pytest.mark.parametrize(("life_s", "renewed_after_s"), [(3600, 3300), (600, 300), (100, 50)])
def test_a_token_is_renewed_before_it_ends(life_s: float, renewed_after_s: float) -> None:
    """Five minutes before, or at half its life where that is shorter."""
    now = [0.0]
    source = Source(life_s)
    authenticator = Authenticator(SECRET, source, "sales", lambda: now[0])
    for at, expected in ((0.0, "t1"), (renewed_after_s - 1, "t1"), (renewed_after_s, "t2")):
        now[0] = at
        assert authenticator.header() == {"authorization": f"Bearer {expected}"}


def test_many_threads_make_one_request_for_a_token() -> None:
    """All wait for the first one's."""
    signing = Signing()
    all_there = threading.Barrier(8)
    http = client(signing, SECRET, concurrency=8)

    def work() -> None:
        all_there.wait(10)
        http.get(URL)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(signing.forms), signing.seen) == (1, ["t1"] * 8)


def test_a_401_renews_once_and_the_request_is_sent_again() -> None:
    """A token may be revoked before its end; the service has refused it before any work, so even a write is safe."""
    signing = Signing(valid=lambda token: token == "t2")
    assert client(signing, SECRET).once("POST", URL, {}, b"{}").status == 200
    assert signing.seen == ["t1", "t2"]


def test_a_second_401_is_a_refusal() -> None:
    """No third try: the application is not known there."""
    signing = Signing(valid=lambda _: False)
    with pytest.raises(CredentialsRefused):
        client(signing, SECRET).get(URL)
    assert signing.seen == ["t1", "t2"]


def test_a_401_of_an_old_token_does_not_drop_the_new_one() -> None:
    """Two threads are refused with one token; the second finds it renewed already."""
    source = Source(3600)
    authenticator = Authenticator(SECRET, source, "sales")
    old = authenticator.header()
    assert authenticator.refused(old)
    new = authenticator.header()
    assert authenticator.refused(old)
    assert authenticator.header() == new
    assert source.fetched == 2


@pytest.mark.parametrize("told", ["3599", 3599.0, None, "soon", -1])
def test_a_life_is_read_however_it_is_told(told: Any) -> None:
    """Some servers send text, some nothing; the token is used all the same."""
    assert client(Signing(expires_in=told), SECRET).get(URL).status == 200


@pytest.mark.parametrize(
    ("code", "body", "words"),
    [
        (
            401,
            '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret."}',
            "AADSTS7000215",
        ),
        (400, '{"error":"unauthorized_client"}', "unauthorized_client"),
        (200, "{}", "{}"),
        (200, '{"access_token":7}', "access_token"),
        (200, "<html>welcome</html>", "<html>welcome"),
        (404, "", "status 404"),
    ],
)
def test_a_refused_secret_says_what_the_server_said(code: int, body: str, words: str) -> None:
    """Exit 4 with the server's own words; the service itself is never asked."""
    service = Service(status(code, body))
    with pytest.raises(CredentialsRefused, match=words):
        client(service, SECRET).get(URL)
    assert {str(request.url) for request in service.requests} == {TOKENS}


def test_the_secret_stands_in_no_error() -> None:
    """Whatever the server echoes: errors are for people and logs."""
    with pytest.raises(CredentialsRefused) as refused:
        client(Service(status(401, '{"error":"bad"}')), SECRET).get(URL)
    assert "s3cret" not in str(refused.value) + refused.value.remedy + repr(SECRET)


def test_a_token_service_that_fails_in_passing_is_asked_again() -> None:
    """A token can be asked for twice."""
    service = Service(status(503), httpx.ReadError("reset"), ok('{"access_token":"t","expires_in":60}'), ok())
    assert client(service, SECRET).get(URL).status == 200


def test_a_token_service_that_is_down_is_unreachable() -> None:
    """Not refused credentials: the next run may go well."""
    with pytest.raises(Unreachable, match=r"token service https://login\.example"):
        client(Service(httpx.ConnectError("nobody")), SECRET).once("POST", URL, {}, b"{}")


def test_a_token_that_does_not_end_is_cut() -> None:
    """The token service is bounded like any other."""
    with pytest.raises(Unreachable, match="larger than"):
        client(Service(ok('{"access_token":"' + "x" * 10_000 + '"}')), SECRET, max_body_bytes=1000).get(URL)


def test_basic_and_none() -> None:
    """User and access key of an installation of one's own; or nothing at all. A 401 is final."""
    service = Service(ok())
    client(service, Auth("basic", user="jo", password="k:ey")).get(URL)
    client(service, Auth("none")).get(URL)
    assert base64.b64decode(service.requests[0].headers["authorization"].removeprefix("Basic ")) == b"jo:k:ey"
    assert "authorization" not in service.requests[1].headers
    refusing = Service(status(401))
    with pytest.raises(CredentialsRefused):
        client(refusing, Auth("basic", user="jo", password="k")).get(URL)
    assert len(refusing.requests) == 1


def test_a_certificate_signs_an_assertion(tmp_path: Path) -> None:
    """RFC 7523: signed by the key, naming the certificate, for this token URL; no secret in the form."""
    pytest.importorskip("msal", reason=NO_MSAL)
    import jwt  # noqa: PLC0415  part of the extra

    made = certificate("syncengine")
    file = tmp_path / "client.pem"
    file.write_bytes(made.key + made.pem)
    signing = Signing()
    auth = Auth("certificate", TOKENS, "me", scope="https://x.example/.default", certificate_file=str(file))
    assert client(signing, auth).get(URL).status == 200
    (form,) = signing.forms
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert (form["client_id"], form["scope"]) == ("me", "https://x.example/.default")
    assert "client_secret" not in form
    claims = jwt.decode(form["client_assertion"], made.public_key, algorithms=["PS256"], audience=TOKENS)
    assert (claims["iss"], claims["sub"]) == ("me", "me")
    named = jwt.get_unverified_header(form["client_assertion"])["x5t#S256"]
    assert base64.urlsafe_b64decode(named + "=" * (-len(named) % 4)) == made.fingerprint


def test_a_certificate_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    """Missing, no key in it, encrypted without its password: exit 2, with the file's name."""
    pytest.importorskip("msal", reason=NO_MSAL)
    made = certificate("syncengine", password=b"open sesame")
    broken, encrypted = tmp_path / "broken.pem", tmp_path / "encrypted.pem"
    broken.write_bytes(made.pem)
    encrypted.write_bytes(made.key + made.pem)
    for file in (tmp_path / "missing.pem", broken, encrypted):
        auth = Auth("certificate", TOKENS, "me", certificate_file=str(file))
        with pytest.raises(ConfigurationError, match=file.name):
            client(Signing(), auth).get(URL)
    right = Auth("certificate", TOKENS, "me", certificate_file=str(encrypted), certificate_password="open sesame")
    assert client(Signing(), right).get(URL).status == 200


def test_a_managed_identity_asks_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The metadata endpoint of a virtual machine, the resource without `/.default`, the identity by its client id."""
    pytest.importorskip("msal", reason=NO_MSAL)
    for name in (
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "MSI_ENDPOINT",
        "IMDS_ENDPOINT",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    service = Service(
        ok(
            '{"access_token":"from the machine","expires_in":"86399","resource":"https://x.example","token_type":"Bearer"}'
        ),
        ok(),
    )
    auth = Auth("managed-identity", client_id="0c9f", scope="https://x.example/.default")
    http = client(service, auth)
    http.get(URL)
    http.get(URL)
    asked, *used = service.requests
    assert (asked.url.host, asked.headers["metadata"]) == ("169.254.169.254", "true")
    assert dict(asked.url.params)["resource"] == "https://x.example"
    assert dict(asked.url.params)["client_id"] == "0c9f"
    assert [one.headers["authorization"] for one in used] == ["Bearer from the machine"] * 2


def test_a_machine_without_an_identity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The endpoint's own words."""
    pytest.importorskip("msal", reason=NO_MSAL)
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    service = Service(status(400, '{"error":"invalid_request","error_description":"Identity not found"}'))
    with pytest.raises(CredentialsRefused, match="Identity not found"):
        client(service, Auth("managed-identity", scope="https://x.example/.default")).get(URL)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret needs nothing; a certificate names the extra."""
    import sys  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "msal", None)
    assert client(Signing(), SECRET).get(URL).status == 200
    with pytest.raises(ConfigurationError) as told:
        client(Signing(), Auth("certificate", TOKENS, "me", certificate_file="x.pem")).get(URL)
    assert "syncengine[entra]" in told.value.remedy
