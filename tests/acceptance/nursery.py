"""Forks a `syncengine` for each line of arguments (JSON) that it reads: says its process id, and how it ended.

What is forked is the program itself, with a process, a main thread, sockets and a store of its own.
"""

from __future__ import annotations

import json
import os
import sys

import uvicorn.protocols.http.httptools_impl  # noqa: F401  loaded here, once for all

import syncengine.cli.serving
import syncengine.connectors.business_central
import syncengine.connectors.dynamics365_sales  # noqa: F401
from syncengine.cli.main import main


def _child(arguments: list[str]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    sys.argv = ["syncengine", *arguments]
    main()


def _serve() -> None:
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                _child(json.loads(line))
            finally:
                os._exit(70)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


_serve()
