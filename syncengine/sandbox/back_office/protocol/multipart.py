"""`multipart/mixed` batches: parts of type application/http, and change sets of one request each."""

from __future__ import annotations

import re
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING
from typing import Any

import msgspec

from syncengine.sandbox.back_office.protocol.operation import JSON
from syncengine.sandbox.back_office.protocol.operation import Item
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.protocol.operation import Answer
    from syncengine.sandbox.exchange import Request

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)


def decode_multipart(request: Request, several_status: int) -> list[Item]:
    """`several_status`: that of a change set with more than one request."""
    items = []
    for headers, content in _parts(request.headers.get("content-type", ""), request.body):
        if headers.get("content-type", "").startswith("multipart/mixed"):
            nested = [_http(inner, body) for inner, body in _parts(headers["content-type"], content)]
            items.append(nested[0] if len(nested) == 1 else _refused(several_status))
        else:
            items.append(_http(headers, content))
    return items


def _refused(status: int) -> Item:
    return Item(
        None,
        "POST",
        "$batch",
        {},
        None,
        RefusedError(status, "Unknown", "Multiple requests within the same change set are not supported."),
    )


def _parts(content_type: str, body: bytes) -> list[tuple[dict[str, str], bytes]]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise bad_request("The multipart content type has no boundary.")
    pieces = body.replace(b"\r\n", b"\n").split(b"--" + found.group(1).encode())
    return [_head_and_body(piece.lstrip(b"\n")) for piece in pieces[1:] if not piece.startswith(b"--")]


def _head_and_body(piece: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = piece.partition(b"\n\n")
    headers = {}
    for line in head.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers, body


def _http(outer: dict[str, str], content: bytes) -> Item:
    request_line, _, rest = content.lstrip(b"\n").partition(b"\n")
    words = request_line.decode("utf-8", "replace").split(" ")
    if len(words) < 2:
        raise bad_request("A part of the batch is not an HTTP request.")
    headers, body = _head_and_body(rest)
    return Item(outer.get("content-id"), words[0].upper(), words[1], headers, _json(body.strip()))


def _json(body: bytes) -> Any:
    if not body:
        return None
    try:
        return from_json(body)
    except msgspec.DecodeError:
        return body


def encode_multipart(answers: list[tuple[Item, Answer]]) -> Response:
    boundary = f"batchresponse_{uuid.uuid4()}"
    pieces = []
    for item, answer in answers:
        body = to_json(answer.value) if answer.value is not None else answer.raw or b""
        headers = {"OData-Version": "4.0", **answer.headers}
        if answer.value is not None:
            headers["Content-Type"] = JSON
        outer = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        if item.id:
            outer += f"Content-ID: {item.id}\r\n"
        status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
        inner = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        pieces.append(f"--{boundary}\r\n{outer}\r\n{status}{inner}\r\n".encode() + body + b"\r\n")
    content = b"".join(pieces) + f"--{boundary}--\r\n".encode()
    return Response(200, content, {"content-type": f"multipart/mixed; boundary={boundary}"})
