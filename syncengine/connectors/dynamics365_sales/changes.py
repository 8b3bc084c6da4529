"""Changes: change tracking where the table has it, else `modifiedon` with an overlap.

A cursor is JSON text: {"delta": link} or {"since": moment}. A tracked read takes no filter, expand or order, so
filters are evaluated by the engine; it names deleted rows by their id alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.answers import server_time
from syncengine.connectors.answers import told_time
from syncengine.connectors.codec import decode
from syncengine.connectors.dynamics365_sales.organization import Organization
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.connectors.dynamics365_sales.schema import Table
from syncengine.connectors.odata.query import with_options
from syncengine.ports import Poll
from syncengine.ports import Polled
from syncengine.records.document import Change
from syncengine.records.document import ColumnSchema

TRACK = "odata.track-changes"
MOMENT = ColumnSchema("modifiedon", "datetime")
NO_LONGER_TRACKED = "0x80072491"  # a copy of the organization, or one restored, may not track what it did
EXPIRED_CODES = ("0x80044352", NO_LONGER_TRACKED)
EXPIRED_WORDS = ("version stamp associated with the client has expired", "enabled for change tracking")


class Changes:
    def __init__(self, reader: Reader, overlap_s: float) -> None:
        self.reader = reader
        self.overlap_s = overlap_s

    def begin(self, poll: Poll) -> str:
        """The cursor of this moment, by a key-only read; a table without tracking gets the server's time."""
        reader = self.reader
        table = reader.schema.table(poll.table)
        url = reader.root + with_options(poll.table, {"$select": ",".join(_columns(table, poll))})
        answer = reader.http.get(url, prefer(TRACK, "odata.maxpagesize=5000"))
        tracked = TRACK in answer.headers.get("preference-applied", "")
        since = server_time(answer.headers)
        if answer.status >= 400:  # noqa: PLR2004
            # The service refuses to track this table, or refuses us the whole of it.
            return json.dumps({"since": since.isoformat()})
        while True:
            body = reader.json(answer, f"reading the keys of {poll.table}")
            link = body.get("@odata.deltaLink")
            if link:
                return json.dumps({"delta": link})
            following = body.get("@odata.nextLink")
            if not following or not tracked:
                return json.dumps({"since": since.isoformat()})
            answer = reader.http.get(reader.http.same_origin(following), prefer(TRACK, "odata.maxpagesize=5000"))

    def poll(self, wanted: Sequence[Poll], organization: Organization) -> Iterator[Polled]:
        """Everything since the cursors: the first page of each, and the guard's reading, in one batch."""
        urls = [self._first(poll) for poll in wanted]
        root = self.reader.root
        together = [url.removeprefix(root) for url in urls if url.startswith(root)]
        answers, now = self.reader.ask_at_once([organization.path, *together])
        organization.take(answers[0])
        by_path = dict(zip(together, answers[1:], strict=True))
        return (
            self._polled(poll, url, by_path.get(url.removeprefix(root)), now)
            for poll, url in zip(wanted, urls, strict=True)
        )

    def _first(self, poll: Poll) -> str:
        """Where a poll begins; empty where its cursor says nothing and all must be read."""
        cursor = json.loads(poll.cursor) if poll.cursor else {}
        if "delta" in cursor:
            return str(cursor["delta"])
        if "since" not in cursor:
            return ""
        table = self.reader.schema.table(poll.table)
        since = datetime.fromisoformat(cursor["since"]) - timedelta(seconds=self.overlap_s)
        return self.reader.root + with_options(
            poll.table,
            {
                "$select": ",".join((*_columns(table, poll), "modifiedon")),
                "$filter": f"modifiedon ge {since.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}",
                "$orderby": f"modifiedon,{table.key}",
            },
        )

    def _polled(self, poll: Poll, url: str, answer: Answer | None, now: datetime | None) -> Polled:
        reader, table = self.reader, self.reader.schema.table(poll.table)
        if not url:
            return Polled(poll.table, (), None, expired=True)
        if answer is None or (answer.status >= 400 and not _expired(answer)):  # noqa: PLR2004
            # Left unanswered, or not to be had inside a batch: it is asked for by itself.
            answer = reader.http.get(reader.http.same_origin(url), prefer("odata.maxpagesize=5000"))
        if _expired(answer):
            return Polled(poll.table, (), None, expired=True)
        # The server's own clock at the first answer: what commits while we page is read next time.
        polled_at = told_time(answer.headers) or now
        found: list[Change] = []
        delta = ""
        while True:
            body = reader.json(answer, f"polling {poll.table}")
            found += [_change(table, poll, one) for one in body["value"]]
            delta = body.get("@odata.deltaLink") or delta
            link = body.get("@odata.nextLink")
            if not link:
                break
            answer = reader.http.get(reader.http.same_origin(link), prefer("odata.maxpagesize=5000"))
        before = json.loads(poll.cursor or "{}")
        if "delta" in before:
            return Polled(poll.table, tuple(found), json.dumps({"delta": delta or before["delta"]}))
        # Without a Date: the largest stamp seen. The cursor never goes back.
        ends = [polled_at] if polled_at else [one.modified_at for one in found if one.modified_at]
        newest = max([datetime.fromisoformat(before["since"]), *ends])
        return Polled(poll.table, tuple(found), json.dumps({"since": newest.isoformat()}))


def _columns(table: Table, poll: Poll) -> list[str]:
    return [table.key, *([table.property(poll.parent)] if poll.parent else [])]


def _change(table: Table, poll: Poll, one: dict[str, Any]) -> Change:
    if "$deletedEntity" in str(one.get("@odata.context", "")) or one.get("reason") == "deleted" or "@removed" in one:
        return Change(str(one.get("id") or one.get("@id") or ""), None, gone=True)
    parent = one.get(table.property(poll.parent)) if poll.parent else None
    modified = decode(one.get("modifiedon"), MOMENT)
    return Change(
        str(one[table.key]),
        one.get("@odata.etag"),
        modified_at=modified if isinstance(modified, datetime) else None,
        parent=str(parent) if parent else None,
    )


def _expired(answer: Answer) -> bool:
    if answer.status == 410:  # noqa: PLR2004
        return True
    code, message = error_of(answer) if answer.status >= 400 else ("", "")  # noqa: PLR2004
    return code in EXPIRED_CODES or any(words in message.lower() for words in EXPIRED_WORDS)
