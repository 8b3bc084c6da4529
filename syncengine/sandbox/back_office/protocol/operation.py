"""One operation, sent by itself or as part of a batch, and its answer."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import to_json

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.refusals import RefusedError
    from syncengine.sandbox.back_office.schema.entities import Api

JSON = "application/json; odata.metadata=minimal; odata.streaming=true"
_TAG = re.compile(r'W/"([A-Za-z0-9+/]+=*)"')


@dataclass(frozen=True)
class Operation:
    """`path` is decoded and relative to the API's root; `query` keeps what was sent, still encoded."""

    method: str
    path: str
    query: str
    options: dict[str, str]
    headers: dict[str, str]
    body: Any  # decoded JSON, or bytes for streams
    root: str  # absolute address of the API
    api: Api

    def prefers(self, preference: str) -> str | None:
        for piece in self.headers.get("prefer", "").replace(";", ",").split(","):
            name, _, value = piece.strip().partition("=")
            if name.lower() == preference:
                return value.strip('"')
        return None

    @property
    def token(self) -> str | None:
        """The If-Match header."""
        return self.headers.get("if-match")

    @property
    def bare(self) -> bool:
        """`odata.metadata=none`: no context and no ETags in the answer."""
        return "odata.metadata=none" in self.headers.get("accept", "")


@dataclass(frozen=True)
class Item:
    """One operation of a batch as it was sent; `refusal` stands for one that cannot even be tried."""

    id: str | None
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    refusal: RefusedError | None = None


@dataclass
class Answer:
    """`value` is what becomes JSON; `raw` stands in for it where the answer is no JSON."""

    status: int
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def response(self) -> Response:
        if self.raw is not None:
            return Response(self.status, self.raw, {"odata-version": "4.0", **self.headers})
        if self.value is None:
            return Response(self.status, b"", {"odata-version": "4.0", **self.headers})
        return Response(
            self.status,
            to_json(self.value),
            {"content-type": JSON, "odata-version": "4.0", **self.headers},
        )


def entity_tag(digest: bytes) -> str:
    """`'N;H1;00;'` in base64: H a 64-bit hash in decimal, N the number of its digits."""
    number = str(int.from_bytes(digest[:8], "big"))
    text = f"'{len(number)};{number}1;00;'"
    return f'W/"{base64.b64encode(text.encode()).decode()}"'


def is_entity_tag(text: str) -> bool:
    found = _TAG.fullmatch(text)
    if found is None:
        return False
    try:
        decoded = base64.b64decode(found.group(1), validate=True)
    except ValueError:
        return False
    return decoded.startswith(b"'") and decoded.endswith(b";00;'")
