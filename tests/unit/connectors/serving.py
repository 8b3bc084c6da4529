"""A client of a service that answers what it is told to."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx

from syncengine.connectors.http import HttpClient
from syncengine.connectors.settings import Auth
from syncengine.connectors.settings import Connection
from syncengine.connectors.settings import HttpLimits

URL = "https://x.example/api"
TOKENS = "https://login.example/token"
QUICK = HttpLimits(patience_s=0.05, attempts=4, concurrency=4)
SECRET = Auth("client-credentials", TOKENS, "me", "s3cret", "https://x.example/.default")

Answering = Callable[[httpx.Request], httpx.Response]


class Service:
    """Gives its answers one after the other, the last one for ever; an exception is raised, a function is called."""

    def __init__(self, *answers: httpx.Response | Exception | Answering) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        return answer(request)


def client(service: Answering, auth: Auth | None = None, **limits: Any) -> HttpClient:
    connection = Connection(URL, auth or Auth(), replace(QUICK, **limits))
    return HttpClient(connection, "sales", httpx.MockTransport(service))


def ok(body: str = '{"value":[]}', **headers: str) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "application/json", **headers}, text=body)


def status(code: int, text: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()}, text=text)


def sequence(found: Sequence[httpx.Request]) -> list[str]:
    return [f"{request.method} {request.url}" for request in found]
