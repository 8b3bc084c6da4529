"""One HTTP request and its answer, as the emulated services see them: no server, no sockets."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def from_json(body: bytes) -> Any:
    """Decode JSON; numbers with a point become Decimal, so that money is exact. Raises msgspec.DecodeError."""
    return _decoder.decode(body)


def to_json(value: Any) -> bytes:
    """Encode; Decimals become JSON numbers with all their digits, trailing zeros included."""
    return _encoder.encode(value)


@dataclass(frozen=True)
class Client:
    """A registered application: who a token belongs to. `role` is the key under `clients` in the printed line."""

    role: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class Caller:
    """Who sent the request; without a client, `problem` says why: "missing", "expired" or "unknown"."""

    client: Client | None
    problem: str = ""


@dataclass(frozen=True)
class Request:
    """`target` is the raw path and query as sent; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    origin: str = ""

    @property
    def path(self) -> str:
        """The decoded path without the query."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded pairs in order. A `+` stays a plus sign; a service that reads it as a space decodes for itself."""
        raw = self.target.partition("?")[2]
        pairs = (piece.partition("=") for piece in raw.split("&") if piece)
        return [(unquote(name), unquote(value)) for name, _, value in pairs]

    def prefer(self) -> dict[str, str]:
        """The `Prefer` header as {name: value}; a bare preference has the value ""."""
        found: dict[str, str] = {}
        for piece in _outside_quotes(self.headers.get("prefer", "")):
            name, _, value = piece.strip().partition("=")
            if name:
                found[name] = value.strip('"')
        return found


def _outside_quotes(header: str) -> list[str]:
    pieces, quoted = [""], False
    for letter in header:
        quoted ^= letter == '"'
        if letter in ",;" and not quoted:
            pieces.append("")
        else:
            pieces[-1] += letter
    return pieces


@dataclass(frozen=True)
class Part:
    """One operation of a `$batch`, for the request log."""

    method: str
    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass
class Response:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    @classmethod
    def json(cls, status: int, value: Any, **headers: str) -> Response:
        """An answer with a JSON body; keyword names are header names with `_` for `-`."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, to_json(value), {"content-type": "application/json", **named})
