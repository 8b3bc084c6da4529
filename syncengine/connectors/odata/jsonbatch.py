"""`$batch` as JSON: requests with ids, responses by id."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from syncengine.connectors.answers import Answer
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json


@dataclass(frozen=True)
class Operation:
    """One request inside a batch; `url` is relative to the service root."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


def build(operations: Sequence[Operation]) -> bytes:
    """Ids are the operations' places, as text."""
    return to_json({"requests": [_request(number, one) for number, one in enumerate(operations)]})


def _request(number: int, operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": str(number),
        "method": operation.method,
        "url": operation.url,
        "headers": dict(operation.headers),
    }
    if operation.body is not None:
        found["headers"]["Content-Type"] = "application/json"
        found["body"] = operation.body
    return found


def parse(answer: Answer) -> dict[int, Answer]:
    """The answers by the operations' places; operations that were not carried out are missing.

    Raises NotJson where the body is no batch answer at all.
    """
    body = from_json(answer.body)
    if not isinstance(body, dict) or not isinstance(body.get("responses"), list):
        raise NotJson("it has no `responses`")
    found = {}
    for one in body["responses"]:
        read = _response(one)
        if read is not None:
            found[read[0]] = read[1]
    return found


def _response(one: Any) -> tuple[int, Answer] | None:
    """The place and the answer; None where it says nothing that could be relied on."""
    if not isinstance(one, dict):
        return None
    place, status = str(one.get("id")), one.get("status")
    if not place.isdigit() or not isinstance(status, int) or isinstance(status, bool):
        return None
    told = one.get("headers")
    headers = {str(name).lower(): str(value) for name, value in told.items()} if isinstance(told, dict) else {}
    inner = one.get("body")
    text = inner.encode() if isinstance(inner, str) else (b"" if inner is None else to_json(inner))
    return int(place), Answer(status, headers, text)
