"""Where a request goes: the gateway's address forms, and the segments of a path below an API's root."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syncengine.sandbox.back_office.refusals import query_syntax

TENANT = "sandbox-tenant"
ENVIRONMENT = "production"
_GATEWAY = re.compile(rf"/v2\.0/(?:(?P<tenant>[^/]+)/)?(?P<environment>{ENVIRONMENT})/api/(?P<rest>.*)", re.IGNORECASE)
_SEGMENT = re.compile(r"([^()]+)(?:\((.*)\))?", re.DOTALL)


@dataclass(frozen=True)
class Segment:
    name: str
    key: str | None


def below_gateway(path: str) -> tuple[str, str] | None:
    """(address up to and with `/api/`, what follows); None for an unknown tenant or environment."""
    found = _GATEWAY.fullmatch(path)
    if found is None or (found["tenant"] or TENANT).lower() != TENANT:
        return None
    return path[: found.start("rest")], found["rest"]


def segments(path: str) -> list[Segment]:
    """`companies(…)/salesOrders(…)/salesOrderLines`; slashes within quotes and brackets do not count."""
    found = []
    for piece in _pieces(path.strip("/")):
        match = _SEGMENT.fullmatch(piece)
        if match is None:
            raise query_syntax()
        name, key = match.groups()
        found.append(Segment(name, key))
    return found


def _pieces(path: str) -> list[str]:
    pieces, depth, quoted = [""], 0, False
    for letter in path:
        quoted ^= letter == "'"
        if not quoted:
            depth += (letter == "(") - (letter == ")")
        if letter == "/" and not quoted and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    if quoted or depth:
        raise query_syntax()
    return [piece for piece in pieces if piece]
