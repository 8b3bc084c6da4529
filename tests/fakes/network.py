"""A piece of network between the engine and one system, which can be cut: both ways, one way, or made slow."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from dataclasses import field
from typing import Literal

Way = Literal["open", "refused", "silent", "deaf", "slow"]
"""refused: nobody listens. silent: nothing gets through, in either direction. deaf: requests arrive, answers do not."""


@dataclass
class Network:
    """Forwards TCP from `port` to `target`. `cut` takes effect after so many more pieces sent by the client."""

    target: tuple[str, int]
    way: Way = "open"
    port: int = 0
    _left: int | None = None
    _then: Way = "open"
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _sockets: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, way: Way, *, after: int = 0) -> None:
        with self._lock:
            self._left, self._then = after, way
            if after == 0:
                self.way = way

    def mend(self) -> None:
        with self._lock:
            self.way, self._left = "open", None
        self._hang_up()

    def close(self) -> None:
        self._listener.close()
        self._hang_up()

    def _hang_up(self) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._sockets.clear()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            if self.way == "refused":
                client.close()
                continue
            server = socket.create_connection(self.target)
            self._sockets += [client, server]
            threading.Thread(target=self._forward, args=(client, server, "there"), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, "back"), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, direction: str) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                if direction == "there":
                    self._count()
                if self.way == "refused":
                    break
                if self.way == "silent" or (self.way == "deaf" and direction == "back"):
                    continue
                if self.way == "slow":
                    time.sleep(0.2)
                sink.sendall(piece)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _count(self) -> None:
        with self._lock:
            if self._left is None:
                return
            if self._left > 0:
                self._left -= 1
            else:
                self.way = self._then
