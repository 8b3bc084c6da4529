"""Connections: proxies, certificate authorities, and a deadline that holds for every byte in and out.

httpx bounds each read by itself: a peer that sends one byte now and then is never late. Here each read and write gets
only what is left of the exchange.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Iterable
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpcore
import httpx

from syncengine import __version__
from syncengine.connectors.settings import Connection
from syncengine.errors import ConfigurationError

USER_AGENT = f"syncengine/{__version__}"


class Deadline(threading.local):
    """Of the exchange that this thread is carrying out: until when, and how much it may bring."""

    at = float("inf")
    most_bytes = float("inf")

    @contextlib.contextmanager
    def no_more_than(self, most: int) -> Iterator[None]:
        self.most_bytes = most
        try:
            yield
        finally:
            self.most_bytes = float("inf")

    def start(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        if self.at == float("inf"):
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the answer took too long")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._backend = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._deadline)


def open_client(
    connection: Connection, connections: int, transport: httpx.BaseTransport | None
) -> tuple[httpx.Client, Deadline]:
    """A client for one side, and the deadline to start before each exchange.

    Without a proxy of our own the environment's (HTTPS_PROXY, NO_PROXY) is used. Raises ConfigurationError.
    """
    limits, deadline = connection.limits, Deadline()
    client = httpx.Client(
        timeout=httpx.Timeout(limits.request_timeout_s, connect=limits.connect_timeout_s, pool=None),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        follow_redirects=False,
        headers={"user-agent": USER_AGENT},
        verify=_trust(connection.ca_file),
        proxy=connection.proxy or None,
        transport=transport,
    )
    for one in (client._transport, *client._mounts.values()):  # noqa: SLF001  httpx has no door for a network backend
        if isinstance(one, httpx.HTTPTransport):
            one._pool._network_backend = _Backend(deadline)  # noqa: SLF001
    return client, deadline


@cache
def _public() -> ssl.SSLContext:
    """Read once in a process: there are some hundred of them."""
    return httpx.create_ssl_context()


def _trust(ca_file: str) -> ssl.SSLContext:
    """The public authorities, and ours where there is one: the token service keeps a public certificate."""
    if not ca_file:
        return _public()
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificate authority {ca_file} cannot be read: {error}", remedy="Set ca_file to a PEM file."
        ) from error
    return context
