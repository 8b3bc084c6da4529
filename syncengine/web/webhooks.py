"""The doors for change notifications. They hand over what came, bounded in size, and answer what they are told."""

from __future__ import annotations

from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.responses import Response

from syncengine.ports import Delivery
from syncengine.records.values import Side


@dataclass(frozen=True)
class Reply:
    status: int
    text: str = ""


Heard = Callable[[Side, Delivery], Reply]


def receiver(side: Side, heard: Heard, max_body_bytes: int) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > max_body_bytes:
                return PlainTextResponse("", 413, {"connection": "close"})
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = await run_in_threadpool(heard, side, Delivery(headers, dict(request.query_params), body))
        # The reply to a handshake repeats what was sent: never as anything that a browser would run.
        return PlainTextResponse(reply.text, reply.status, {"x-content-type-options": "nosniff"})

    return receive
