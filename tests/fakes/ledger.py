"""A back office unlike Microsoft's: integer ids, no version tokens, no batch, no search by key, no change feed.

`Ledger` is the remote program, `LedgerSystem` its connector. What the program cannot do the connector does not
pretend: a search reads everything, a poll names every row, a write is not guarded.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal

from syncengine.errors import Unreachable
from syncengine.mapping.filters import Filter
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.planner.steps import Step
from syncengine.ports import Counts
from syncengine.ports import Guard
from syncengine.ports import Identity
from syncengine.ports import Page
from syncengine.ports import Poll
from syncengine.ports import Polled
from syncengine.records.document import Change
from syncengine.records.document import ColumnSchema
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import TableSchema
from syncengine.records.document import View
from syncengine.records.traits import TableTraits
from syncengine.records.traits import Traits
from syncengine.records.values import Wire

HEADERS, ENTRIES = "documents", "entries"
LONGEST_NOTE = 40
COLUMNS = {
    HEADERS: {"nr": "integer", "reference": "text", "note": "text", "total": "decimal", "open": "boolean"},
    ENTRIES: {"nr": "integer", "document": "integer", "article": "text", "quantity": "decimal", "price": "decimal"},
}


class Refusal(Exception):
    """The program says no."""


class TooBusy(Exception):
    """The program turns a call away before any work."""


class LineDown(Exception):
    """No connection."""


class Cut(Exception):
    """The connection went in the middle."""


@dataclass
class Ledger:
    """Rows in memory; calls are made one at a time. `down`, `busy`, `cut`: how many of the next calls fail so."""

    rows: dict[str, dict[int, dict[str, Any]]] = field(default_factory=lambda: {HEADERS: {}, ENTRIES: {}})
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    down: int = 0
    busy: int = 0
    cut: int = 0
    calls: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def call(self, work: Callable[[], Any]) -> Any:
        with self.lock:
            self.calls += 1
            if self.down:
                self.down -= 1
                raise LineDown
            if self.busy:
                self.busy -= 1
                raise TooBusy
            answer = work()
            if self.cut:
                self.cut -= 1
                raise Cut
            return answer

    def insert(self, table: str, cells: Mapping[str, Any]) -> int:
        self._check(table, cells)
        number = next(self.numbers)
        blank: dict[str, Any] = dict.fromkeys(COLUMNS[table])
        self.rows[table][number] = {**blank, **cells, "nr": number}
        return number

    def change(self, table: str, number: int, cells: Mapping[str, Any]) -> None:
        self._check(table, cells)
        if number not in self.rows[table]:
            raise KeyError(number)
        # The number is the program's own; it takes no other and says nothing.
        self.rows[table][number].update({name: value for name, value in cells.items() if name != "nr"})

    def remove(self, table: str, number: int) -> None:
        if self.rows[table].pop(number, None) is None:
            raise KeyError(number)
        if table == HEADERS:
            for entry in [one for one, row in self.rows[ENTRIES].items() if row["document"] == number]:
                del self.rows[ENTRIES][entry]

    def entries(self, document: int) -> list[dict[str, Any]]:
        return [row for row in self.rows[ENTRIES].values() if row["document"] == document]

    @staticmethod
    def _check(table: str, cells: Mapping[str, Any]) -> None:
        for name, value in cells.items():
            if name not in COLUMNS[table]:
                raise Refusal(f"{name} is no column of {table}")
            if name == "note" and len(str(value or "")) > LONGEST_NOTE:
                raise Refusal(f"a note has {LONGEST_NOTE} characters at most")


class LedgerSystem:
    """Its connector."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._counts = Counts()

    @property
    def side(self) -> Literal["back_office"]:
        return "back_office"

    @property
    def counts(self) -> Counts:
        return self._counts

    @property
    def webhooks(self) -> None:
        return None

    def identity(self) -> Identity:
        return Identity("1", "Ledger & Daughters")

    def traits(self, tables: Iterable[str]) -> Traits:
        names = [name for name in tables if name in COLUMNS]
        return Traits(
            tables={name: TableTraits(guarded=False) for name in names},
            schemas={
                name: TableSchema(name, {one: ColumnSchema(one, kind) for one, kind in COLUMNS[name].items()})
                for name in names
            },
        )

    def guard(self, max_age_s: float) -> Guard:
        return Guard()

    # reading

    def begin(self, poll: Poll) -> str | None:
        return None

    def poll(self, wanted: Sequence[Poll]) -> Iterator[Polled]:
        """Without a feed every row may have changed, and nobody says which are gone."""
        for poll in wanted:
            found = () if poll.parent else tuple(Change(str(one), None) for one in self._safely(self._numbers(poll)))
            yield Polled(poll.table, found, None)

    def _numbers(self, poll: Poll) -> Callable[[], list[int]]:
        return lambda: list(self.ledger.rows[poll.table])

    def scan(self, view: View, where: Filter, after: str | None = None) -> Iterator[Page]:
        size, last = 3, int(after or 0)
        while True:
            found = self._safely(lambda last=last: [n for n in sorted(self.ledger.rows[view.table]) if n > last])
            page = [one for n in found[:size] if isinstance(one := self._read(view, str(n)), Document)]
            last = found[:size][-1] if found else last
            more = len(found) > size
            yield Page(tuple(page), str(last) if more else None)
            if not more:
                return

    def read(self, view: View, ids: Sequence[str]) -> Mapping[str, Document | Gone]:
        return {one: self._read(view, one) for one in ids}

    def _read(self, view: View, remote_id: str) -> Document | Gone:
        def look() -> Document | Gone:
            row = self.ledger.rows[view.table].get(int(remote_id)) if remote_id.isdigit() else None
            return self._document(view, row) if row else Gone(remote_id)

        found: Document | Gone = self._safely(look)
        return found

    def _document(self, view: View, row: Mapping[str, Any]) -> Document:
        lines: tuple[Document, ...] = ()
        if view.line_table:
            lines = tuple(Document(str(one["nr"]), None, dict(one)) for one in self.ledger.entries(row["nr"]))
        return Document(str(row["nr"]), None, dict(row), lines)

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> Sequence[Sequence[Document]]:
        everything = [document for page in self.scan(view, ()) for document in page.documents]
        return [[d for d in everything if all(d.fields.get(c) == v for c, v in one.items())] for one in wanted]

    def _safely(self, work: Callable[[], Any]) -> Any:
        self._counts.requests += 1
        for _ in range(3):
            try:
                return self.ledger.call(work)
            except (LineDown, TooBusy, Cut):
                self._counts.retries += 1
        raise Unreachable("the ledger does not answer", remedy="Look whether it runs.", side="back_office")

    # writing

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        """It has no change sets: each step stands for itself."""
        for number, steps in enumerate(groups):
            for step in steps:
                yield number, [self._receipt(step, view)]

    def _receipt(self, step: Step, view: View) -> Receipt:
        self._counts.requests += 1
        try:
            after = self.ledger.call(lambda: self._carry_out(step, view))
        except Refusal as refusal:
            return Receipt(step.no, ReceiptOutcome.REFUSED, None, RemoteError(400, "refused", str(refusal)))
        except KeyError:
            if step.verb in ("delete", "delete-line"):
                return Receipt(step.no, ReceiptOutcome.DONE, Gone(str(step.target)))
            return Receipt(step.no, ReceiptOutcome.STALE, None, RemoteError(404, "gone", "there is no such row"))
        except TooBusy:
            return Receipt(step.no, ReceiptOutcome.THROTTLED, None, RemoteError(429, "busy", "not now", 1.0))
        except LineDown:
            return Receipt(step.no, ReceiptOutcome.NOT_SENT, None, RemoteError(0, "not-sent", "no connection"))
        except Cut:
            return Receipt(step.no, ReceiptOutcome.UNKNOWN, None, RemoteError(0, "no-answer", "cut off"))
        return Receipt(step.no, ReceiptOutcome.DONE, after)

    def _carry_out(self, step: Step, view: View) -> Document | Gone:
        ledger, target = self.ledger, int(step.target or 0)
        match step.verb:
            case "create":
                for cells in step.lines:
                    ledger._check(ENTRIES, cells)
                target = ledger.insert(HEADERS, step.body)
                for cells in step.lines:
                    ledger.insert(ENTRIES, {**cells, "document": target})
            case "create-line":
                made = ledger.insert(ENTRIES, {**step.body, "document": int(step.parent or 0)})
                return Document(str(made), None, dict(ledger.rows[ENTRIES][made]))
            case "update":
                ledger.change(HEADERS, target, step.body)
            case "update-line":
                ledger.change(ENTRIES, target, step.body)
                return Document(str(target), None, dict(ledger.rows[ENTRIES][target]))
            case "delete" | "delete-line":
                ledger.remove(step.table, target)
                return Gone(str(target))
            case "read":
                row = ledger.rows[HEADERS].get(target)
                return self._document(view, row) if row else Gone(str(target))
            case _:
                raise Refusal(f"the ledger knows no {step.verb}")
        return self._document(view, ledger.rows[HEADERS][target])
