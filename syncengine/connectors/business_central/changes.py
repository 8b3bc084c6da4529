"""Changes: `lastModifiedDateTime` with an overlap, all tables of a run in one batch, the guard's hint along with them.

A cursor is JSON text {"since": moment}, the server's own time of the poll. There are no delta links, deletions never
show, and lines cannot be polled: the sweep finds what this does not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Final

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import server_time
from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.competitors import Competitors
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.business_central.schema import Table
from syncengine.connectors.codec import decode
from syncengine.connectors.odata import jsonbatch
from syncengine.connectors.odata.query import with_options
from syncengine.ports import Poll
from syncengine.ports import Polled
from syncengine.records.document import Change
from syncengine.records.document import ColumnSchema

PAGE: Final = "odata.maxpagesize=1000"
MOMENT: Final = ColumnSchema("lastModifiedDateTime", "datetime")


class Changes:
    """`competitors` want to know of every poll where what they ask is a question of this root."""

    def __init__(self, reader: Reader, overlap_s: float, competitors: Competitors | None = None) -> None:
        self.reader = reader
        self.overlap_s = overlap_s
        self.competitors = competitors

    def begin(self, poll: Poll) -> str | None:
        """The server's time now: its own clock decides what comes after."""
        if poll.parent:
            return None
        url = f"{self.reader.root}/{self.reader.company.path()}"
        answer = self.reader.http.get(url, HEADERS)
        self.reader.company.take(answer)
        return json.dumps({"since": server_time(answer.headers).isoformat()})

    def poll(self, wanted: Sequence[Poll]) -> Iterator[Polled]:
        """All in one batch, with the company and, where it is no more than a hint, what the guard asks."""
        reader = self.reader
        asked = [poll for poll in wanted if not poll.parent and poll.cursor and poll.table not in standard.BELOW]
        competitors = self.competitors
        hint = competitors.path() if competitors is not None else None
        along = [path for path in (reader.company.path(), hint) if path]
        operations = [jsonbatch.Operation("GET", self._path(poll), {**HEADERS, "prefer": PAGE}) for poll in asked]
        operations += [jsonbatch.Operation("GET", path, dict(HEADERS)) for path in along]
        asked_at = time.monotonic()
        answers, now = reader.ask_at_once(operations)
        reader.company.take(answers[len(asked)])
        if hint and competitors is not None:
            competitors.take(answers[-1], asked_at)
        by_poll = dict(zip((id(poll) for poll in asked), answers, strict=False))
        return (self._polled(poll, by_poll.get(id(poll)), now) for poll in wanted)

    # polling

    def _path(self, poll: Poll) -> str:
        table = self.reader.schema.table(poll.table)
        since = datetime.fromisoformat(json.loads(poll.cursor or "{}")["since"]) - timedelta(seconds=self.overlap_s)
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{since.microsecond // 1000:03d}Z"
        return with_options(
            self.reader.path(poll.table),
            {"$select": ",".join(_columns(table)), "$filter": f"lastModifiedDateTime ge {moment}"},
        )

    def _polled(self, poll: Poll, answer: Answer | None, now: datetime | None) -> Polled:
        if poll.parent or not poll.cursor:
            return Polled(poll.table, (), poll.cursor, expired=not poll.parent)
        reader, table = self.reader, self.reader.schema.table(poll.table)
        if answer is None:
            return Polled(poll.table, (), poll.cursor)  # left unanswered: the cursor stays where it is
        found: list[Change] = []
        body = reader.json(answer, f"polling {poll.table}")
        while True:
            found += [_change(table, one) for one in body["value"]]
            link = body.get("@odata.nextLink")
            if not link:
                break
            answer = reader.http.get(reader.http.same_origin(link), {**HEADERS, "prefer": PAGE})
            body = reader.json(answer, f"polling {poll.table}")
        before = datetime.fromisoformat(json.loads(poll.cursor)["since"])
        # Without a Date: the largest stamp seen. The cursor never goes back.
        ends = [now] if now else [one.modified_at for one in found if one.modified_at]
        return Polled(poll.table, tuple(found), json.dumps({"since": max([before, *ends]).isoformat()}))


def _columns(table: Table) -> list[str]:
    return list(dict.fromkeys(("id", table.key, "lastModifiedDateTime")))


def _change(table: Table, one: Mapping[str, Any]) -> Change:
    modified = decode(one.get("lastModifiedDateTime"), MOMENT)
    return Change(
        str(one[table.key]), one.get("@odata.etag"), modified_at=modified if isinstance(modified, datetime) else None
    )
