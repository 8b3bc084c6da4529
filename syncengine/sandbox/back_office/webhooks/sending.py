"""HTTP to a subscriber, on loopback addresses only: a sandbox calls nobody else."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class UnreachableError(Exception):
    """No answer: refused, broken off, too late, or not on this machine."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout_s: float, method: str = "POST"
) -> tuple[int, bytes]:
    """(status, body). Raises UnreachableError."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        raise UnreachableError(f"{url} is not on this machine")
    connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout_s)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection.request(method, target, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(65536)
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{url}: {error}") from error
    finally:
        connection.close()


def handshake(url: str, token: str, timeout_s: float, method: str) -> bool:
    """The subscriber must answer 200 with the bare token as body."""
    joint = "&" if "?" in url else "?"
    try:
        status, body = post(f"{url}{joint}validationToken={token}", b"", {"content-length": "0"}, timeout_s, method)
    except UnreachableError:
        return False
    return status == 200 and body.decode("utf-8", "replace") == token
