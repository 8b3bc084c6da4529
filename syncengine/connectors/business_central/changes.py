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

from syncengine.connectors.business_central.reading import HEADERS
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.business_central.schema import Table
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.http import Answer
from syncengine.connectors.http import server_time
from syncengine.connectors.odata.query import with_options
from syncengine.ports import Competitor
from syncengine.ports import Guard
from syncengine.ports import Poll
from syncengine.ports import Polled
from syncengine.records.document import Change

ARCHIVED_ORDERS_JOB: Final = 5366
"""Codeunit whose job is set up with Business Central's own bidirectional order integration."""

IDLE: Final = frozenset({"on hold", "error", "finished"})
PAGE: Final = "odata.maxpagesize=1000"


class Changes:
    """`ignored`: competitors that configuration overrules by name."""

    def __init__(self, reader: Reader, overlap_s: float, ignored: Sequence[str]) -> None:
        self.reader = reader
        self.overlap_s = overlap_s
        self.ignored = frozenset(ignored)
        self._guard = Guard()
        self._guard_at = float("-inf")

    def begin(self, poll: Poll) -> str | None:
        """The server's time now: its own clock decides what comes after."""
        if poll.parent:
            return None
        url = f"{self.reader.root}/companies({self.reader.company_id()})?$select=id"
        return json.dumps({"since": server_time(self.reader.http.get(url, HEADERS).headers).isoformat()})

    def poll(self, wanted: Sequence[Poll]) -> Iterator[Polled]:
        reader = self.reader
        asked = [poll for poll in wanted if not poll.parent and poll.cursor]
        paths = [self._path(poll) for poll in asked] + [self._hint()]
        asked_at = time.monotonic()
        answers = reader.ask(paths, dict.fromkeys(range(len(asked)), PAGE))
        now = server_time({"date": reader.last_date})
        self._take_hint(answers[-1], asked_at)
        by_poll = dict(zip((id(poll) for poll in asked), answers, strict=False))
        return (self._polled(poll, by_poll.get(id(poll)), now) for poll in wanted)

    def guard(self, max_age_s: float) -> Guard:
        if time.monotonic() - self._guard_at > max_age_s:
            asked_at = time.monotonic()
            self._take_hint(self.reader.http.get(f"{self.reader.root}/{self._hint()}", HEADERS), asked_at)
        return self._guard

    # polling

    def _path(self, poll: Poll) -> str:
        table = self.reader.schema.table(poll.table)
        since = datetime.fromisoformat(json.loads(poll.cursor or "{}")["since"]) - timedelta(seconds=self.overlap_s)
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{since.microsecond // 1000:03d}Z"
        return with_options(
            self.reader.path(poll.table),
            {"$select": ",".join(_columns(table)), "$filter": f"lastModifiedDateTime ge {moment}"},
        )

    def _polled(self, poll: Poll, answer: Answer | None, now: datetime) -> Polled:
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
        return Polled(poll.table, tuple(found), json.dumps({"since": max(before, now).isoformat()}))

    # the guard's hint

    def _hint(self) -> str:
        return with_options(self.reader.path("jobQueueEntries"), {"$filter": f"objectIdToRun eq {ARCHIVED_ORDERS_JOB}"})

    def _take_hint(self, answer: Answer | None, asked_at: float) -> None:
        """A hint that cannot be read is no reason to stop; `check` warns of it."""
        self._guard_at = asked_at
        if answer is None or answer.status != 200:  # noqa: PLR2004
            words = answer.words() if answer is not None else "no answer"
            self._guard = Guard(unreadable=f"the job queue could not be read: {words}")
            return
        try:
            entries = from_json(answer.body)["value"]
        except (NotJson, KeyError, TypeError):
            self._guard = Guard(unreadable="the job queue could not be read: the answer is no list")
            return
        active = [one for one in entries if str(one.get("status", "")).replace("_x0020_", " ").lower() not in IDLE]
        name = "archived-orders-job"
        if active and name not in self.ignored:
            competitor = Competitor(
                name,
                "Business Central's own sales order integration with Dynamics 365 Sales (job queue entry for codeunit "
                f"{ARCHIVED_ORDERS_JOB})",
                "Turn it off on the page Dynamics 365 Connection Setup. If it is off and only its job is left, delete "
                f'the job queue entry, or set [back_office] ignore_competitors = ["{name}"].',
            )
            self._guard = Guard(competitors=(competitor,))
        else:
            self._guard = Guard()


def _columns(table: Table) -> list[str]:
    return list(dict.fromkeys(("id", table.key, "lastModifiedDateTime")))


def _change(table: Table, one: Mapping[str, Any]) -> Change:
    return Change(str(one[table.key]), one.get("@odata.etag"))
