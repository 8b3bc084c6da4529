"""A web server that hands what comes in to a system's own reading of it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from urllib.parse import parse_qsl
from urllib.parse import urlsplit

from syncengine.ports import Delivery
from syncengine.ports import Heard
from syncengine.ports import Webhooks


class Receiver(ThreadingHTTPServer):
    """Answers as a daemon would; keeps the deliveries and what they said."""

    daemon_threads = True

    def __init__(self, webhooks: Webhooks, secret: str) -> None:
        self.webhooks = webhooks
        self.secret = secret
        self.deliveries: list[Delivery] = []
        self.heard: list[Heard] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/webhooks"
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        delivery = Delivery(headers, dict(parse_qsl(urlsplit(self.path).query)), body)
        heard = self.server.webhooks.hear(delivery, self.server.secret)
        if not heard.reply:
            self.server.deliveries.append(delivery)
            self.server.heard.append(heard)
        self.send_response(200 if heard.genuine else 401)
        reply = heard.reply.encode()
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: object) -> None:
        """Quiet."""
