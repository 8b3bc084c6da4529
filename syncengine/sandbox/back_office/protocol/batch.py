"""`$batch`: operations in order, in JSON or in multipart form.

By default the first failing operation ends the batch and what came before stays. With `Isolation:
snapshot` all is one transaction, and a failure undoes it all, though earlier answers have already
reported their 2xx.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

import msgspec

from syncengine.sandbox.back_office.protocol.multipart import decode_multipart
from syncengine.sandbox.back_office.protocol.multipart import encode_multipart
from syncengine.sandbox.back_office.protocol.operation import JSON
from syncengine.sandbox.back_office.protocol.operation import Answer
from syncengine.sandbox.back_office.protocol.operation import Item
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.exchange import Part
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.requestlog import SECRET_HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.store.journal import Journal
    from syncengine.sandbox.back_office.switches import Switches
    from syncengine.sandbox.exchange import Request

LIMIT = 100


class Batch:
    """`run` performs one operation within the transaction in progress, or raises RefusedError."""

    def __init__(self, run: Callable[[Item], Answer], journal: Journal, switches: Switches) -> None:
        self.run = run
        self.journal = journal
        self.switches = switches

    def answer(self, request: Request) -> Response:
        multipart = request.headers.get("content-type", "").startswith("multipart/mixed")
        several = self.switches.change_set_status
        items = decode_multipart(request, several) if multipart else _decode_json(request.body)
        if len(items) > LIMIT:
            raise RefusedError(
                self.switches.batch_over_limit,
                "BadRequest",
                f"The current batch request contains too many operations. Only {LIMIT} are allowed.",
            )
        prefer = request.headers.get("prefer", "")
        answers = self._run_all(
            items,
            goes_on="odata.continue-on-error" in prefer and "continue-on-error=false" not in prefer,
            snapshot=request.headers.get("isolation", "").lower() == "snapshot",
        )
        response = encode_multipart(answers) if multipart else _encode_json(answers)
        response.parts = [
            Part(item.method, item.url, answer.status, _open_headers(item.headers), _logged(item.body))
            for item, answer in answers
        ]
        return response

    def _run_all(self, items: list[Item], *, goes_on: bool, snapshot: bool) -> list[tuple[Item, Answer]]:
        answers = []
        failed = False
        for item in items:
            mark = self.journal.mark()
            try:
                if item.refusal is not None:
                    raise item.refusal
                answer = self.run(item)
            except RefusedError as refused:
                self.journal.roll_back(mark)
                answer = Answer(refused.status, refused.body(), dict(refused.headers))
                failed = True
            answers.append((item, answer))
            if not snapshot:
                self.journal.commit()
            if answer.status >= 400 and not goes_on:
                break
        if snapshot and failed:
            self.journal.roll_back()
        self.journal.commit()
        return answers


def _decode_json(body: bytes) -> list[Item]:
    try:
        posted = from_json(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise bad_request("The batch request body is not valid JSON.") from None
    requests = posted.get("requests") if isinstance(posted, dict) else None
    if not isinstance(requests, list):
        raise bad_request("The batch request body must have a 'requests' array.")
    return [_item(one) for one in requests]


def _item(one: Any) -> Item:
    if not isinstance(one, dict) or not isinstance(one.get("url"), str) or not one.get("method"):
        raise bad_request("Each request of a batch needs a 'method' and a 'url'.")
    headers = {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()}
    return Item(one.get("id"), str(one["method"]).upper(), one["url"], headers, one.get("body"))


def _encode_json(answers: list[tuple[Item, Answer]]) -> Response:
    responses = []
    for item, answer in answers:
        headers = dict(answer.headers)
        if answer.value is not None:
            headers["content-type"] = JSON
        headers["odata-version"] = "4.0"
        one: dict[str, Any] = {"id": item.id, "status": answer.status, "headers": headers}
        if answer.value is not None:
            one["body"] = answer.value
        elif answer.raw is not None:
            one["body"] = answer.raw.decode("utf-8", "replace")
        responses.append(one)
    return Response(200, to_json({"responses": responses}), {"content-type": JSON, "odata-version": "4.0"})


def _open_headers(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in SECRET_HEADERS}


def _logged(body: Any) -> Any:
    return None if isinstance(body, bytes) else body
