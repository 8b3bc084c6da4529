"""Serves origins on loopback sockets: one event loop in one thread for all of them."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from syncengine.sandbox.origin import Origin
from syncengine.sandbox.origin import Service


@dataclass(frozen=True)
class Certificate:
    """Files in PEM: a certificate for 127.0.0.1, followed by its issuers, and its private key."""

    chain: Path
    key: Path


class Sockets:
    """The open client connections of one server, by peer address, so that a fault can cut one off."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def opened(self, transport: asyncio.Transport) -> None:
        self._open[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, peer: tuple[str, int]) -> None:
        self._open.pop(peer, None)

    def abort(self, client: tuple[str, int]) -> None:
        transport = self._open.get(tuple(client))  # type: ignore[arg-type]
        if transport is not None:
            transport.abort()


def _protocol(sockets: Sockets) -> type[asyncio.Protocol]:
    class Tracked(HttpToolsProtocol):
        def connection_made(self, transport: Any) -> None:
            sockets.opened(transport)
            self.peer = transport.get_extra_info("peername")[:2]
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            sockets.closed(self.peer)
            super().connection_lost(exc)

    return Tracked


class Host:
    """Starts in its own thread; `start` returns once every origin answers, `stop` once all sockets are closed."""

    def __init__(self) -> None:
        self._servers: list[tuple[uvicorn.Server, socket.socket]] = []
        self._thread: threading.Thread | None = None

    def add(self, service: Service, port: int = 0, certificate: Certificate | None = None) -> tuple[Origin, str]:
        """Bind the port (0 picks a free one) and give back the origin with its address; https with a certificate.
        Raises OSError.
        """
        sockets = Sockets()
        origin = Origin(service, sockets)
        # asyncio turns Nagle's algorithm off only for sockets that name TCP; with it each answer waits 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        config = uvicorn.Config(
            origin,
            http=_protocol(sockets),
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=120,
            backlog=512,
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
        self._servers.append((uvicorn.Server(config), listening))
        scheme = "https" if certificate else "http"
        return origin, f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="sandbox", daemon=True)
        self._thread.start()
        if not ready.wait(20):
            raise RuntimeError("the sandbox did not start within 20 s")

    def stop(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        tasks = [asyncio.create_task(server.serve(sockets=[listening])) for server, listening in self._servers]
        while not all(server.started for server, _ in self._servers):  # noqa: ASYNC110  uvicorn offers no event
            await asyncio.sleep(0.005)
        ready.set()
        await asyncio.gather(*tasks)
