"""The daemon's HTTP application: is the process up, is it ready, how is it doing, what do the systems tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.responses import Response
from starlette.routing import Route

from syncengine.observe.metrics import CONTENT_TYPE
from syncengine.web.webhooks import Heard
from syncengine.web.webhooks import receiver


@dataclass(frozen=True)
class Doors:
    """What the daemon answers with. Each is called in a worker thread."""

    ready: Callable[[], tuple[bool, dict[str, Any]]]
    metrics: Callable[[], bytes]
    heard: Heard
    max_body_bytes: int


def application(doors: Doors) -> Starlette:
    def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def readyz(_: Request) -> Response:
        ready, told = doors.ready()
        return JSONResponse(told, status_code=200 if ready else 503)

    def metrics(_: Request) -> Response:
        return Response(doors.metrics(), headers={"content-type": CONTENT_TYPE})

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            # Whoever shakes hands may do it with any verb.
            Route("/webhooks/sales", receiver("sales", doors.heard, doors.max_body_bytes), methods=["POST"]),
            Route(
                "/webhooks/back-office",
                receiver("back_office", doors.heard, doors.max_body_bytes),
                methods=["POST", "GET"],
            ),
        ]
    )
