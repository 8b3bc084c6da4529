"""Connections to real sockets: certificate authorities, proxies, and peers that take their time."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from syncengine.connectors.http import HttpClient
from syncengine.connectors.http import NoAnswer
from syncengine.connectors.http import NotSent
from syncengine.connectors.settings import Connection
from syncengine.errors import ConfigurationError
from tests.unit.connectors.certificates import certificate
from tests.unit.connectors.serving import QUICK

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
opened: list[HttpClient] = []
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


class Peer:
    """Takes connections, reads one request on each, and answers as `answer` does; keeps the requests.

    Nothing of it outlives `close`: a thread that still waits for a connection would take one of the next test's, and a
    socket that nobody closes is told of in whatever test comes next.
    """

    def __init__(self, answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.tls = tls
        self.requests: list[bytes] = []
        self.closing = threading.Event()
        self.spoken: list[socket.socket] = []
        self.speakers: list[threading.Thread] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.listening = threading.Thread(target=self._serve, daemon=True)
        self.listening.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # shut down
            self.spoken.append(connection)
            self.speakers.append(threading.Thread(target=self._speak, args=(connection,), daemon=True))
            self.speakers[-1].start()

    def _speak(self, connection: socket.socket) -> None:
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                self.spoken.append(connection)
                connection.do_handshake()
            self.requests.append(connection.recv(65536))
            self.answer(connection)
        except OSError:
            pass  # the client has hung up, as some tests want it to
        finally:
            connection.close()

    def close(self) -> None:
        self.closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the one who accepts; closing alone does not
        self.listening.join()
        self.listener.close()
        for one in self.spoken:
            with contextlib.suppress(OSError):  # closed already
                one.shutdown(socket.SHUT_RDWR)
        for speaker in self.speakers:
            speaker.join()
        for one in self.spoken:
            one.close()


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Peer]]:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    made: list[Peer] = []

    def make(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Peer:
        made.append(Peer(answer, tls))
        return made[-1]

    yield make
    while opened:
        opened.pop().close()
    for peer in made:
        peer.close()


def answers(connection: socket.socket) -> None:
    connection.sendall(ANSWER)


def client(url: str, *, ca_file: str = "", proxy: str = "", timeout_s: float = 5) -> HttpClient:
    limits = replace(QUICK, attempts=1, request_timeout_s=timeout_s, connect_timeout_s=2)
    opened.append(HttpClient(Connection(url, limits=limits, ca_file=ca_file, proxy=proxy), "sales"))
    return opened[-1]


def drip(connection: socket.socket, head: bytes) -> None:
    """Never silent for long, and never done."""
    connection.sendall(head)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        connection.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Header: ", id="header"),
    ],
)
def test_a_dripping_answer_ends_at_the_deadline(peers: Callable[..., Peer], head: bytes) -> None:
    """One byte now and then keeps no thread longer than the whole exchange may last."""
    peer = peers(lambda connection: drip(connection, head))
    http = client(f"http://127.0.0.1:{peer.port}", timeout_s=0.3)
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        http.once("POST", f"http://127.0.0.1:{peer.port}/x", {}, b"{}")
    assert time.monotonic() - started < 10  # the peer would go on for 20 s


def test_a_silent_peer_is_no_answer(peers: Callable[..., Peer]) -> None:
    """It took the request: nobody knows what it does with it."""
    peer = peers(lambda _: peer.closing.wait(20))
    with pytest.raises(NoAnswer):
        client("http://x", timeout_s=0.2).once("POST", f"http://127.0.0.1:{peer.port}/", {}, b"{}")


def test_half_a_body_is_no_answer(peers: Callable[..., Peer]) -> None:
    """The connection was closed before all that was announced had come."""
    peer = peers(lambda connection: connection.sendall(ANSWER.replace(b"Length: 2", b"Length: 200")))
    with pytest.raises(NoAnswer):
        client("http://x").once("POST", f"http://127.0.0.1:{peer.port}/", {}, b"{}")


def test_nobody_listening_is_not_sent(peers: Callable[..., Peer]) -> None:
    """No connection, so nothing was carried out."""
    with pytest.raises(NotSent):
        client("http://x").once("POST", "http://127.0.0.1:9/", {}, b"{}")


def tls_peer(peers: Callable[..., Peer], tmp_path: Path, address: str = "127.0.0.1") -> tuple[Peer, str]:
    """A server with a certificate of an authority of its own, and that authority's file."""
    authority = certificate("An Authority", authority=True)
    server = certificate("A Server", authority, address=address)
    for name, content in (("ca.pem", authority.pem), ("server.pem", server.key + server.pem)):
        (tmp_path / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return peers(answers, context), str(tmp_path / "ca.pem")


def test_an_authority_of_ones_own_is_trusted_when_named(peers: Callable[..., Peer], tmp_path: Path) -> None:
    """`ca_file` adds to the public ones; without it such a server is not spoken to."""
    peer, ca_file = tls_peer(peers, tmp_path)
    url = f"https://127.0.0.1:{peer.port}"
    assert client(url, ca_file=ca_file).get(url).body == b"{}"
    with pytest.raises(NotSent, match=r"(?i)certificate"):
        client(url).once("POST", url, {}, b"{}")
    assert len([one for one in peer.requests if one]) == 1


def test_a_certificate_for_another_name_is_refused(peers: Callable[..., Peer], tmp_path: Path) -> None:
    """The name is checked as well as the authority."""
    peer, ca_file = tls_peer(peers, tmp_path, address="192.0.2.1")
    url = f"https://127.0.0.1:{peer.port}"
    with pytest.raises(NotSent, match="IP address mismatch"):
        client(url, ca_file=ca_file).once("POST", url, {}, b"{}")


def test_the_deadline_holds_over_tls(peers: Callable[..., Peer], tmp_path: Path) -> None:
    """Encrypted bytes drip as well."""
    peer, ca_file = tls_peer(peers, tmp_path)
    peer.answer = lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nX-Header: ")
    url = f"https://127.0.0.1:{peer.port}"
    with pytest.raises(NoAnswer):
        client(url, ca_file=ca_file, timeout_s=0.5).once("POST", url, {}, b"{}")


def test_an_authority_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """Exit 2 with the file's name, before anything is sent."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for file in (broken, tmp_path / "missing.pem"):
        with pytest.raises(ConfigurationError, match=file.name):
            client("https://x", ca_file=str(file))


def test_requests_go_through_the_proxy_that_is_configured(peers: Callable[..., Peer]) -> None:
    """The proxy is asked for the whole address; the host itself need not be known here."""
    proxy = peers(answers)
    http = client("http://erp.invalid", proxy=f"http://127.0.0.1:{proxy.port}")
    assert http.get("http://erp.invalid/api").status == 200
    assert proxy.requests[0].startswith(b"GET http://erp.invalid/api HTTP/1.1")


def test_https_is_tunnelled_through_the_proxy(peers: Callable[..., Peer]) -> None:
    """CONNECT, and no credentials for the service in it; a proxy that refuses has sent nothing."""
    proxy = peers(lambda connection: connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
    http = client("https://erp.invalid", proxy=f"http://127.0.0.1:{proxy.port}")
    with pytest.raises(NotSent):
        http.once("POST", "https://erp.invalid/api", {"authorization": "Bearer t"}, b"{}")
    assert proxy.requests[0].startswith(b"CONNECT erp.invalid:443 HTTP/1.1")
    assert b"Bearer" not in proxy.requests[0]


def test_without_one_the_environments_proxy_is_used(
    peers: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP_PROXY and NO_PROXY, as every program has them; the deadline holds there too."""
    proxy = peers(answers)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    direct = peers(answers)
    http = client("http://erp.invalid", timeout_s=0.5)
    assert http.get("http://erp.invalid/api").status == 200
    assert http.get(f"http://127.0.0.1:{direct.port}/").status == 200
    assert (len(proxy.requests), len(direct.requests)) == (1, 1)
    proxy.answer = lambda connection: drip(connection, b"HTTP/1.1 200 OK\r\nX: ")
    with pytest.raises(NoAnswer):
        http.once("POST", "http://erp.invalid/other", {}, b"{}")
