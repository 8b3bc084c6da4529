"""The daemon's HTTP application: is the process up, is it ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.responses import Response
from starlette.routing import Route


def application(ready: Callable[[], dict[str, Any]]) -> Starlette:
    """`ready` says what the daemon is doing; a key `error` makes it not ready. Called in a worker thread."""

    def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def readyz(_: Request) -> Response:
        state = ready()
        return JSONResponse(state, status_code=503 if "error" in state else 200)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])
