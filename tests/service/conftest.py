"""A mail server that takes one message, as RFC 5321 has it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest


class MailServer:
    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.received = ""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self.listening.accept()
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"220 ready\r\n")
            stream.flush()
            data = False
            for line in stream:
                self.received += line.decode()
                if data and line != b".\r\n":
                    continue
                verb = line[:4].upper()
                data = verb == b"DATA"
                answer = b"354 go on\r\n" if data else b"250 fine\r\n"
                stream.write(b"221 bye\r\n" if verb == b"QUIT" else answer)
                stream.flush()
                if verb == b"QUIT":
                    return


@pytest.fixture
def smtp() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.listening.close()
