"""multipart/mixed bodies of `$batch`, read and written as bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response

_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?', re.IGNORECASE)
REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition Failed",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
_NAMES = {
    "odata-version": "OData-Version",
    "odata-entityid": "OData-EntityId",
    "content-type": "Content-Type",
    "location": "Location",
    "etag": "ETag",
    "preference-applied": "Preference-Applied",
    "req_id": "REQ_ID",
    "retry-after": "Retry-After",
}


class MultipartError(ValueError):
    """The body is not what its content type says."""


@dataclass(frozen=True)
class Piece:
    """One part as it stands: its own headers and the rest."""

    headers: dict[str, str]
    content: bytes


@dataclass(frozen=True)
class Inner:
    """The HTTP request inside a part."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = True  # False: no blank line after a body that the parser would need


def boundary(content_type: str) -> str:
    """Raises MultipartError for a content type without one."""
    found = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/mixed") or found is None:
        raise MultipartError("Invalid 'Content-Type' header value: a multipart/mixed boundary is missing.")
    return found[1]


def split(body: bytes, mark: str) -> list[Piece]:
    """The parts between the delimiters. Raises MultipartError when the end is missing."""
    delimiter = b"--" + mark.encode()
    chunks = re.split(rb"(?:\A|\r?\n)" + re.escape(delimiter) + rb"(?=--|\s)", body)
    if len(chunks) < 2 or not chunks[-1].lstrip().startswith(b"--"):
        raise MultipartError("Unexpected end of MIME multipart stream. MIME multipart message is not complete.")
    return [_piece(chunk) for chunk in chunks[1:-1]]


def _piece(chunk: bytes) -> Piece:
    head, _, content = _halves(re.sub(rb"\A[ \t]*\r?\n", b"", chunk, count=1))
    return Piece(_headers(head), content)


def _halves(text: bytes) -> tuple[bytes, bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", text)
    if found is None:
        return text, b"", b""
    return text[: found.start()], found[0], text[found.end() :]


def _headers(head: bytes) -> dict[str, str]:
    found = {}
    for line in head.decode("latin-1").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def inner_request(content: bytes) -> Inner:
    """Raises MultipartError for what is no HTTP request."""
    head, gap, body = _halves(content)
    line, _, rest = head.decode("utf-8", "replace").lstrip().partition("\n")
    line = line.strip()
    method, _, tail = line.partition(" ")
    target, _, version = tail.rpartition(" ")
    if not version.startswith("HTTP/"):
        raise MultipartError("Invalid HTTP request line in a part of the batch.")
    # With bare LF line ends the service's reader loses the body, unless blank lines follow it:
    # "Stream was not readable" (Troubleshoot Web API client errors).
    bare = b"\r\n" not in content and bool(body.strip())
    complete = (bool(gap) or content.endswith(b"\n")) and (not bare or body.endswith(b"\n"))
    return Inner(method, target.strip(), _headers(rest.encode()), body.strip(b"\r\n"), complete)


def write(parts: list[bytes], mark: str) -> bytes:
    lines = [b"--" + mark.encode() + b"\r\n" + part for part in parts]
    return b"\r\n".join(lines) + (b"\r\n" if lines else b"") + b"--" + mark.encode() + b"--\r\n"


def http_part(response: Response, content_id: str | None = None) -> bytes:
    """A response as one part."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    lines = [*head, "", f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Status')}"]
    lines += [f"{_NAMES.get(name, name)}: {value}" for name, value in response.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + response.body + b"\r\n"


def nested_part(body: bytes, mark: str) -> bytes:
    """The answers of a change set as one part."""
    return f"Content-Type: multipart/mixed; boundary={mark}\r\n\r\n".encode() + body
