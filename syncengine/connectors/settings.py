"""What a connector is configured with, as plain values: configuration reads them from files, tests make them."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Literal
from typing import Protocol

AuthKind = Literal["client-credentials", "certificate", "managed-identity", "basic", "none"]


@dataclass(frozen=True)
class Auth:
    """Secrets are in the clear here and nowhere else; `repr` leaves them out."""

    kind: AuthKind = "none"
    token_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    certificate_file: str = ""
    certificate_password: str = field(default="", repr=False)


@dataclass(frozen=True)
class HttpLimits:
    """Seconds and bytes. `request_timeout_s` is for a whole exchange, body included."""

    connect_timeout_s: float = 10
    request_timeout_s: float = 100
    max_body_bytes: int = 64 * 1024 * 1024
    concurrency: int = 8
    attempts: int = 5
    patience_s: float = 30
    batch: int = 100
    page: int = 500
    page_with_lines: int = 100


Exchanged = Callable[[str, int, float], None]
"""Told of each exchange: method, status (0: no answer), seconds."""


def _untold(_method: str, _status: int, _seconds: float) -> None:
    pass


@dataclass(frozen=True)
class Connection:
    url: str
    auth: Auth = Auth()
    limits: HttpLimits = HttpLimits()
    ca_file: str = ""
    proxy: str = ""  # empty: what the environment says
    options: Mapping[str, object] = field(default_factory=dict)
    on_exchange: Exchanged = _untold


class Cache(Protocol):
    """Where dear answers are kept between processes: `$metadata`, the company's id."""

    def get(self, name: str, max_age_s: float | None = None) -> object: ...
    def put(self, name: str, value: object) -> None: ...


class NoCache:
    def __init__(self) -> None:
        self._kept: dict[str, object] = {}

    def get(self, name: str, max_age_s: float | None = None) -> object:
        return self._kept.get(name)

    def put(self, name: str, value: object) -> None:
        self._kept[name] = value
