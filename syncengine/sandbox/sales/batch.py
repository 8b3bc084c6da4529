"""`$batch`: operations in order, change sets all or nothing, and what the request log keeps of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

import msgspec

from syncengine.sandbox.exchange import Part
from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.requestlog import SECRET_HEADERS
from syncengine.sandbox.sales import multipart
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.multipart import Inner
from syncengine.sandbox.sales.multipart import MultipartError
from syncengine.sandbox.sales.operation import refusal

if TYPE_CHECKING:
    from syncengine.sandbox.sales.switches import Switches

MOST_OPERATIONS = 1000
LONGEST_URL = 65_536
Execute = Callable[[Request], Response]


@dataclass(frozen=True)
class Unit:
    """A single operation, or a change set."""

    operations: tuple[tuple[Inner, str | None], ...]
    is_change_set: bool


@dataclass
class Batch:
    """`execute` does one operation; `begin`, `undo` and `keep` frame what must succeed together."""

    request: Request
    execute: Execute
    begin: Callable[[], Any]
    undo: Callable[[Any], None]
    keep: Callable[[], None]
    new_id: Callable[[], str]
    switches: Switches

    def run(self) -> Response:
        """Raises DataverseError for a batch that is refused as a whole."""
        units = self._units()
        if sum(len(unit.operations) for unit in units) > MOST_OPERATIONS:
            text = f"The number of operations in a batch must not exceed {MOST_OPERATIONS}."
            raise DataverseError(400, "0x80060888", text)
        going_on = "odata.continue-on-error" in self.request.prefer()
        parts: list[bytes] = []
        logged: list[Part] = []
        status = 200
        for unit in units:
            failed = self._change_set(unit, parts, logged) if unit.is_change_set else self._single(unit, parts, logged)
            if failed and not going_on:
                # The outer answer has the status of the failure, which is the last part.
                status = failed
                break
        mark = f"batchresponse_{self.new_id()}"
        headers = {"content-type": f"multipart/mixed; boundary={mark}", "odata-version": "4.0"}
        return Response(status, multipart.write(parts, mark), headers, logged)

    def _units(self) -> list[Unit]:
        try:
            mark = multipart.boundary(self.request.headers.get("content-type", ""))
            return [self._unit(piece) for piece in multipart.split(self.request.body, mark)]
        except MultipartError as error:
            raise bad_query(str(error), "0x0") from None

    def _unit(self, piece: multipart.Piece) -> Unit:
        kind = piece.headers.get("content-type", "")
        if kind.lower().startswith("multipart/mixed"):
            inside = multipart.split(b"\r\n" + piece.content, multipart.boundary(kind))
            found = [(multipart.inner_request(one.content), one.headers.get("content-id")) for one in inside]
            return Unit(tuple(found), is_change_set=True)
        return Unit(((multipart.inner_request(piece.content), piece.headers.get("content-id")),), is_change_set=False)

    def _single(self, unit: Unit, parts: list[bytes], logged: list[Part]) -> int:
        """The status of a failure, else 0."""
        inner, content_id = unit.operations[0]
        request = self._outgoing(inner)
        response = self._done(request, inner)
        logged.append(_logged(request, response))
        parts.append(multipart.http_part(response, content_id))
        if response.status < 400:
            self.keep()
            return 0
        return response.status

    def _change_set(self, unit: Unit, parts: list[bytes], logged: list[Part]) -> int:
        """The status of a failure, else 0."""
        start = self.begin()
        answers: list[bytes] = []
        known: dict[str, str] = {}
        entries: list[Part] = []
        for inner, content_id in unit.operations:
            request = self._outgoing(inner)
            try:
                self._check_member(inner, content_id)
                request = _resolved(request, known)
                response = self._done(request, inner)
            except DataverseError as error:
                response = self._refused(error)
            entries.append(_logged(request, response))
            if response.status >= 400:
                self.undo(start)
                logged.extend(entries)
                parts.append(self._failed(unit, response, content_id))
                return response.status
            known[content_id or ""] = response.headers.get("odata-entityid", request.target)
            answers.append(multipart.http_part(response, content_id))
        self.keep()
        logged.extend(entries)
        mark = f"changesetresponse_{self.new_id()}"
        parts.append(multipart.nested_part(multipart.write(answers, mark), mark))
        return 0

    def _failed(self, unit: Unit, response: Response, content_id: str | None) -> bytes:
        """A failed change set answers with a single part; by switch within a change set's own, or once for each."""
        reading = self.switches.failed_change_set
        if reading == "one-part":
            return multipart.http_part(response, content_id)
        ids = [one for _, one in unit.operations] if reading == "each" else [content_id]
        mark = f"changesetresponse_{self.new_id()}"
        return multipart.nested_part(multipart.write([multipart.http_part(response, one) for one in ids], mark), mark)

    def _check_member(self, inner: Inner, content_id: str | None) -> None:
        if content_id is None and self.switches.missing_content_id == "refused":
            text = "A Content-ID header is missing in an operation of a change set."
            raise DataverseError(400, "0x80060888", text)
        if inner.method == "GET":
            raise DataverseError(400, "0x80060888", "GET requests are not allowed in a change set.")

    def _outgoing(self, inner: Inner) -> Request:
        """The inner request with what only the outer one carries: who asks, and where the service is."""
        target = re.sub(r"^https?://[^/]+", "", inner.target)
        if not target.startswith(("/", "$")):
            target = self.request.path.removesuffix("$batch") + target
        target = target.replace(" ", "%20")
        passed = ("authorization", "x-forwarded-proto", "x-forwarded-host", "callerobjectid", "mscrmcallerid")
        outer = {name: value for name, value in self.request.headers.items() if name in passed}
        return Request(inner.method, target, {**outer, **inner.headers}, inner.body, self.request.origin)

    def _done(self, request: Request, inner: Inner) -> Response:
        try:
            _check(request, inner)
            return self.execute(request)
        except DataverseError as error:
            return self._refused(error)

    def _refused(self, error: DataverseError) -> Response:
        response = refusal(error)
        response.headers = {"req_id": self.new_id(), **response.headers}
        return response


def _resolved(request: Request, known: dict[str, str]) -> Request:
    """`$1` in the address and in binds becomes the address of that row. Raises DataverseError."""
    target = request.target
    if target.startswith("$"):
        name, slash, rest = target[1:].partition("/")
        target = re.sub(r"^https?://[^/]+", "", _address(known, name)) + slash + rest

    def replaced(found: re.Match[bytes]) -> bytes:
        return found[1] + b'"' + _address(known, found[2].decode()).encode() + found[3] + b'"'

    pattern = rb'((?:@odata\.bind|@odata\.id)"\s*:\s*)"\$([^"/]+)((?:/[^"]*)?)"'
    return replace(request, target=target, body=re.sub(pattern, replaced, request.body))


def _address(known: dict[str, str], name: str) -> str:
    if name not in known:
        text = f"Content-ID Reference: '${name}' does not exist in the batch context."
        raise DataverseError(400, "0x80060888", text)
    return known[name]


def _logged(request: Request, response: Response) -> Part:
    headers = {name: value for name, value in request.headers.items() if name not in SECRET_HEADERS}
    return Part(request.method, request.target, response.status, headers, _json(request.body))


def _json(body: bytes) -> Any:
    try:
        return from_json(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _check(request: Request, inner: Inner) -> None:
    if len(request.target) > LONGEST_URL:
        raise DataverseError(414, "0x80060888", "The URL of the operation is too long.")
    if request.path.endswith("/$batch"):
        raise DataverseError(400, "0x80060888", "Batch requests cannot contain other batch requests.")
    if not inner.complete:
        text = "Error identified in Payload provided by the user ----> InnerException : "
        raise DataverseError(400, "0x80048d19", f"{text}System.ArgumentException: Stream was not readable.")
