"""`$batch` as multipart/mixed: parts, change sets, and answers of which the end may be missing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

from syncengine.connectors.answers import Answer

CRLF = b"\r\n"


@dataclass(frozen=True)
class Operation:
    """One request inside a batch; `path` is absolute on the server, without the host."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def build(groups: Sequence[Sequence[Operation]]) -> tuple[str, bytes]:
    """Content type and body. A group of several operations is a change set."""
    boundary = f"batch_{uuid.uuid4()}"
    pieces: list[bytes] = []
    for group in groups:
        pieces.append(f"--{boundary}".encode())
        if len(group) == 1:
            pieces.extend(_part(group[0], None))
            continue
        inner = f"changeset_{uuid.uuid4()}"
        pieces.extend((f'Content-Type: multipart/mixed; boundary="{inner}"'.encode(), b""))
        for number, operation in enumerate(group, start=1):
            pieces.append(f"--{inner}".encode())
            pieces.extend(_part(operation, number))
        pieces.extend((f"--{inner}--".encode(), b""))
    pieces.extend((f"--{boundary}--".encode(), b""))
    return f'multipart/mixed; boundary="{boundary}"', CRLF.join(pieces)


def _part(operation: Operation, content_id: int | None) -> Iterator[bytes]:
    yield b"Content-Type: application/http"
    yield b"Content-Transfer-Encoding: binary"
    if content_id is not None:
        yield f"Content-ID: {content_id}".encode()
    yield b""
    yield f"{operation.method} {operation.path} HTTP/1.1".encode()
    for name, value in operation.headers.items():
        yield f"{name}: {value}".encode()
    if operation.body:
        yield b"Content-Type: application/json; type=entry"
    yield b""
    yield operation.body


def parse(answer: Answer) -> list[list[Answer]]:
    """The answers in the order of the groups; a change set's answers together. What was cut off is missing.

    A failed change set answers with one part: a list of one answer, whatever the size of the group.
    """
    boundary = _boundary(answer.headers.get("content-type", ""))
    if boundary is None:
        return []
    found = []
    for headers, body in _parts(answer.body, boundary):
        inner = _boundary(headers.get("content-type", ""))
        if inner is None:
            found.append([_http(body)])
        else:
            parts = list(_parts(body, inner))
            found.append([_http(part) for _, part in sorted(parts, key=_content_id)])
    return found


def _content_id(part: tuple[dict[str, str], bytes]) -> int:
    """Its place in the change set; one without keeps the place it has."""
    text = part[0].get("content-id", "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _boundary(content_type: str) -> str | None:
    if not content_type.lower().startswith("multipart/"):
        return None
    match = re.search(r'boundary="?([^";]+)"?', content_type)
    return match.group(1) if match else None


def _parts(body: bytes, boundary: str) -> Iterator[tuple[dict[str, str], bytes]]:
    """Only parts with a delimiter behind them are whole."""
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\r?\n|$)", body)
    texts = pieces[::2]
    for piece in texts[1:-1]:
        headers, rest = _split_head(piece.lstrip(b"\r\n"))
        yield headers, rest


def _http(part: bytes) -> Answer:
    line, _, rest = part.lstrip(b"\r\n").partition(b"\n")
    words = line.decode("latin-1").split(None, 2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers, body = _split_head(rest)
    return Answer(status, headers, body.strip(b"\r\n"))


def _split_head(text: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body. Headers may be missing entirely."""
    if text.startswith((b"\r\n", b"\n")):
        return {}, text.lstrip(b"\r\n")
    match = re.search(rb"\r?\n\r?\n", text)
    head, body = (text[: match.start()], text[match.end() :]) if match else (text, b"")
    headers = {}
    for line in head.splitlines():
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers, body
