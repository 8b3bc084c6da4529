"""What the engine asks of the world: two systems, a store, a clock. Adapters implement these protocols.

`service.wiring` is the one place that names both the engine and its adapters.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any
from typing import Literal
from typing import Protocol

from syncengine.errors import FailureClass
from syncengine.mapping.filters import Filter
from syncengine.planner.decide import Answer
from syncengine.planner.lines import Pairing
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import Step
from syncengine.records.document import Change
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.record import Base
from syncengine.records.record import LinePair
from syncengine.records.traits import Traits
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import Wire

# ---------------------------------------------------------------------------------------------- a system


@dataclass(frozen=True)
class Identity:
    """Who answers behind a URL: another company or organization there stops all writing."""

    id: str
    name: str
    user: str = ""


@dataclass(frozen=True)
class Competitor:
    """A one-way integration that looks active. `certain` False: a hint, which configuration can overrule."""

    code: str
    what: str
    remedy: str
    certain: bool = True


@dataclass(frozen=True)
class Guard:
    """One reading of what excludes our mode. `one_way` is the organization's flag, None where there is none."""

    one_way: bool | None = None
    competitors: tuple[Competitor, ...] = ()
    unreadable: str = ""  # why a hint could not be read


@dataclass(frozen=True)
class Poll:
    """What to ask for changes: a table, or the lines of one (then `parent` is the column that names the header)."""

    table: str
    cursor: str | None = None
    parent: str = ""
    where: Filter = ()


@dataclass(frozen=True)
class Polled:
    """The rows of one poll and the cursor after them. `expired`: the cursor was too old, everything must be read."""

    table: str
    changes: tuple[Change, ...]
    cursor: str | None
    expired: bool = False


@dataclass(frozen=True)
class Page:
    """One page of a scan; `after` continues behind it, None on the last one."""

    documents: tuple[Document, ...]
    after: str | None


@dataclass
class Counts:
    """`requests` are HTTP round trips without token calls, `operations` counts the parts of a batch one by one."""

    requests: int = 0
    operations: int = 0
    retries: int = 0
    throttled: int = 0


@dataclass(frozen=True)
class Subscription:
    """A standing order to tell one of our addresses of changes to a table. `expires_at` None: it ends never."""

    id: str
    table: str
    url: str
    expires_at: datetime | None = None
    version: str | None = None


@dataclass(frozen=True)
class Delivery:
    """A request that came to our address, as it came; header names in lower case."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Hint:
    """Something may have changed. `id` None: in the table, nobody says where."""

    table: str
    id: str | None = None


@dataclass(frozen=True)
class Heard:
    """What a delivery says. Not `genuine`: it does not carry our secret, and is refused. `reply` is to be answered
    as plain text: it proves that the address is ours.
    """

    genuine: bool
    hints: tuple[Hint, ...] = ()
    reply: str = ""


class Webhooks(Protocol):
    """How a system tells of changes by itself: faster than polling, never to be relied on.

    The calls to the system raise Unreachable, CredentialsRefused, and SyncError("webhook-refused") with its words.
    """

    def subscriptions(self, url: str) -> Sequence[Subscription]:
        """Those to this address that work."""
        ...

    def subscribe(self, table: str, url: str, secret: str) -> Subscription | None:
        """None where the system cannot tell of this table. Completes what an interrupted call left."""
        ...

    def renew(self, subscription: Subscription, secret: str) -> Subscription | None:
        """With a new end and this secret; None where it is no longer there."""
        ...

    def unsubscribe(self, subscription: Subscription) -> None:
        """Gone afterwards, and if it was before."""
        ...

    def hear(self, delivery: Delivery, secret: str) -> Heard:
        """Asks nobody. Every byte of a delivery may be hostile."""
        ...


class System(Protocol):
    """One side. Blocking and safe to call from several threads; knows wire names, never couplings."""

    @property
    def side(self) -> Side: ...

    @property
    def name(self) -> str:
        """What people call the product."""
        ...

    @property
    def counts(self) -> Counts: ...

    def identity(self) -> Identity:
        """Raises Unreachable, CredentialsRefused."""
        ...

    def traits(self, tables: Iterable[str]) -> Traits: ...

    def guard(self, max_age_s: float) -> Guard:
        """A reading not older than that; `poll` takes one along."""
        ...

    def begin(self, poll: Poll) -> str | None:
        """The cursor of this moment: what `poll` will start from after everything has been read once."""
        ...

    def poll(self, wanted: Sequence[Poll]) -> Iterator[Polled]: ...

    def scan(self, view: View, where: Filter, after: str | None = None) -> Iterator[Page]: ...

    def total(self, table: str, where: Filter) -> int | None:
        """About how many rows a scan will bring; None where the service does not say."""
        ...

    def read(self, view: View, ids: Sequence[str]) -> Mapping[str, Document | Gone]:
        """Read whole, from the primary, not from a replica. Ids that got no clear answer are missing."""
        ...

    def find(self, view: View, wanted: Sequence[Mapping[str, Wire]]) -> Sequence[Sequence[Document]]:
        """Per wanted set of column values, the documents that carry them all."""
        ...

    def write(self, groups: Sequence[Sequence[Step]], view: View) -> Iterator[tuple[int, Sequence[Receipt]]]:
        """The number of a group and its receipts, as they come back. Steps of a group that share `atomic` are a change
        set, all or nothing; others are done one after the other, each for itself. `view` says what of a document an
        answer is to show.
        """
        ...

    @property
    def webhooks(self) -> Webhooks | None:
        """None where the system never tells by itself."""
        ...


# ---------------------------------------------------------------------------------------------- the store

CouplingStatus = Literal["coupled", "closed", "uncoupled", "removed"]


@dataclass(frozen=True)
class Coupling:
    """Two records that are one. Statuses but "coupled" are tombstones. `tokens`: what was read and accounted for."""

    id: int
    mapping: str
    sales_id: str
    back_office_id: str
    scope: str = ""
    status: CouplingStatus = "coupled"
    base: Base | None = None
    line_pairs: tuple[LinePair, ...] = ()
    tokens: Mapping[Side, Mapping[str, str | None]] = field(default_factory=dict)
    sales_number: str = ""
    back_office_number: str = ""
    generation: int = 0
    created_by: str = ""

    def remote_id(self, side: Side) -> str:
        return self.sales_id if side == "sales" else self.back_office_id


@dataclass(frozen=True)
class SafetyLimit:
    """Something that waits for a person's word. `number`: what the approval must name; how many actions wait, or for a
    stop the size of what it is about. `used`: how many of the approved ones were carried out.
    """

    id: int
    kind: str
    status: str  # open | approved
    message: str
    number: int
    approved: int
    used: int
    opened_at: datetime
    approved_at: datetime | None = None


@dataclass(frozen=True)
class WorkItem:
    """A record that is to be planned, or that is parked under a problem.

    Coupled: `coupling` is set. Not coupled: `side` and `remote_id` name the one record. Documents are there where
    this run has read them already.
    """

    id: int
    mapping: str
    coupling: int | None
    side: Side | None
    remote_id: str | None
    number: str = ""
    documents: Mapping[Side, Document] = field(default_factory=dict)
    problem: Problem | None = None
    attempts: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Subject:
    """Which record a work item is about: a coupling, or one side's record that has none."""

    mapping: str
    coupling: int | None = None
    side: Side | None = None
    remote_id: str | None = None


OperationStatus = Literal["open", "done", "stopped", "undone"]


@dataclass(frozen=True)
class Operation:
    """An action being carried out, as the journal keeps it: enough to finish it in another process."""

    id: int
    mapping: str
    subject: Subject
    kind: str
    reason: str
    steps: tuple[Step, ...]
    decisions: tuple[Decision, ...]
    executes: tuple[Decision, ...]
    pairing: Pairing
    receipts: Mapping[int, Receipt]
    sent_at: Mapping[int, datetime]
    documents: Mapping[Side, Document]
    foreign_edit: bool = False
    destructive: bool = False
    status: OperationStatus = "open"
    run_id: str = ""


@dataclass(frozen=True)
class Conflict:
    id: int
    mapping: str
    coupling: int
    line: int | None
    group: str
    base: Mapping[Side, Any]
    sales: Any
    back_office: Any
    since: datetime
    answer: Side | None = None


@dataclass(frozen=True)
class ArchiveVersion:
    """A kept copy of a back-office document that was replaced or removed."""

    id: int
    coupling: int
    order: str
    version: int
    number: str
    successor: str
    reason: str
    archived_at: datetime
    document: Document
    decisions: tuple[Decision, ...] = ()
    operation: int | None = None


@dataclass(frozen=True)
class Keyed:
    """An uncoupled record with its match keys, by the number of the match group."""

    remote_id: str
    scope: str
    keys: Mapping[int, str]


@dataclass(frozen=True)
class Crowd:
    """Records that have one match key, more than one on a side at least: nobody can say which is which."""

    key: str
    scope: str
    sales: tuple[str, ...]
    back_office: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """An uncoupled record as it was just read. `known`: planned already in this very version."""

    document: Document
    number: str
    known: bool = False


class Couplings(Protocol):
    def get(self, ids: Sequence[int]) -> Mapping[int, Coupling]: ...
    def by_remote(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, Sequence[Coupling]]: ...
    def referred(
        self, wanted: Mapping[tuple[str, Side], Sequence[str]]
    ) -> Mapping[tuple[str, Side, str], Sequence[Coupling]]: ...
    def named(self, mapping: str, name: str) -> Sequence[Coupling]: ...
    def brief(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, tuple[int, Mapping[str, Any]]]: ...
    def known(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]: ...
    def elsewhere(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]: ...
    def couple(self, mapping: str, sales_id: str, back_office_id: str, *, created_by: str, scope: str = "") -> int: ...
    def couple_many(self, mapping: str, pairs: Sequence[tuple[str, str]], *, created_by: str) -> Sequence[int]: ...
    def move(self, coupling: int, back_office_id: str) -> None: ...
    def settle(self, coupling: int, base: Base | None, line_pairs: Sequence[LinePair]) -> None: ...
    def account(self, coupling: int, tokens: Mapping[Side, Mapping[str, str | None]]) -> None: ...
    def name(self, coupling: int, sales_number: str, back_office_number: str) -> None: ...
    def name_many(self, numbers: Mapping[int, tuple[str, str]]) -> None: ...
    def end(self, coupling: int, status: CouplingStatus, reason: str) -> None: ...
    def former(self, mapping: str, side: Side, remote_id: str, coupling: int | None, reason: str) -> None: ...
    def by_line(self, mapping: str, side: Side, line_ids: Sequence[str]) -> Mapping[str, int]: ...
    def count(self, mapping: str) -> int: ...
    def after(self, mapping: str, coupling: int, limit: int) -> Sequence[Coupling]: ...
    def newest(self, mapping: str, limit: int) -> Sequence[Coupling]: ...


class Work(Protocol):
    def add(
        self,
        subject: Subject,
        documents: Mapping[Side, Document] | None = None,
        *,
        number: str = "",
        keep: bool = False,
        changed: Side | None = None,
        swept: bool = False,
    ) -> None: ...
    def waiting(self, now: datetime) -> set[str]:
        """The mappings that `claim` has records of."""
        ...

    def claim(
        self, mapping: str, limit: int, now: datetime, only: Mapping[Side, Sequence[str]] | None = None
    ) -> Sequence[WorkItem]: ...
    def done(self, subject: Subject) -> None: ...
    def park(
        self,
        subject: Subject,
        problem: Problem,
        *,
        until: datetime | None = None,
        causes: Sequence[Ref] = (),
        number: str = "",
    ) -> None: ...
    def release(self, mapping: str, remote_ids: Mapping[Side, Sequence[str]]) -> int: ...
    def enter(self, mapping: str, side: Side, found: Sequence[Found]) -> None: ...
    def couple(self, mapping: str, coupled: Mapping[int, tuple[str, str]]) -> Mapping[int, tuple[str, str]]: ...
    def pending(self, mapping: str) -> int: ...
    def fresh(self, mapping: str, side: Side) -> int: ...
    def alone(self, mapping: str, side: Side, ids: Sequence[str]) -> set[str]: ...
    def stuck(self, after: int, limit: int) -> Sequence[tuple[int, Subject]]: ...
    def set_aside(self, mapping: str, code: str) -> Sequence[WorkItem]: ...
    def keep_out(self, mapping: str, coupling: int, sales_id: str, back_office_id: str) -> None: ...
    def documents(self, mapping: str, sales_id: str, back_office_id: str) -> Mapping[Side, Document]: ...
    def retry_mapping(self, mapping: str) -> int: ...
    def retry_alone(self, mappings: Sequence[str]) -> None: ...
    def lay_by(self, mapping: str) -> None: ...
    def take_up(self, mapping: str) -> None: ...
    def parked(self) -> Mapping[str, Mapping[tuple[FailureClass, str], int]]: ...
    def state(self, subject: Subject) -> str | None: ...


class Journal(Protocol):
    def open(self, operation: Operation) -> int: ...
    def claim(self, operation: int, mapping: str, side: Side, kind: str, values: Sequence[str]) -> None: ...
    def claim_again(self, operation: int, mapping: str, side: Side, keys: Iterable[str]) -> None: ...
    def sent_again(self, mapping: str, side: Side, keys: Sequence[str]) -> Mapping[str, int]: ...
    def closed(self, operations: Sequence[int]) -> Mapping[int, Operation]: ...
    def abandoned(self, mapping: str, couplings: Sequence[int]) -> Mapping[int, Operation]: ...
    def claimed_keys(self, mapping: str, side: Side, keys: Sequence[str]) -> Mapping[str, int]: ...
    def sending(self, operation: int, steps: Sequence[int], at: datetime) -> None: ...
    def received(self, operation: int, receipts: Sequence[Receipt]) -> None: ...
    def forget(self, operation: int, steps: Sequence[int]) -> None: ...
    def extend(self, operation: Operation) -> None: ...
    def flag_foreign_edit(self, operation: int) -> None: ...
    def couple(self, operation: int, coupling: int) -> None: ...
    def close(self, operation: int, status: OperationStatus) -> None: ...
    def unfinished(self) -> Sequence[Operation]: ...
    def busy(self, mapping: str | None = None) -> set[Subject]: ...
    def attempts(self, subject: Subject) -> int: ...


class Cursors(Protocol):
    def get(self, mapping: str, side: str, kind: str) -> str | None: ...
    def all(self) -> Mapping[tuple[str, str, str], str | None]:
        """By mapping, side and kind."""
        ...

    def put(self, mapping: str, side: str, kind: str, value: str | None) -> None: ...
    def move(self, cursors: Mapping[tuple[str, str, str], str | None]) -> None: ...
    def drop(self, mapping: str, kind: str) -> None: ...
    def remember(self, mapping: str, side: Side, versions: Mapping[str, str | None], reason: str) -> None: ...
    def forget(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> None: ...
    def remembered(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> Mapping[str, str | None]: ...
    def left(self, mappings: Sequence[str], reasons: Sequence[str]) -> Sequence[tuple[str, Side, str]]: ...


class Matching(Protocol):
    def put(self, mapping: str, side: Side, records: Sequence[Keyed]) -> None: ...
    def remove(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> None: ...
    def clear(self, mapping: str) -> None: ...
    def unique(self, mapping: str, group: int, after: str, limit: int) -> Sequence[tuple[str, str, str]]: ...
    def ambiguous(self, mapping: str, group: int, after: tuple[str, str], limit: int) -> Sequence[Crowd]: ...
    def count(self, mapping: str, side: Side) -> int: ...


class Conflicts(Protocol):
    def close(self, mapping: str) -> None: ...
    def refresh(self, mapping: str, coupling: int, found: Sequence[Decision]) -> None: ...
    def answers(self, coupling: int) -> Mapping[tuple[int | str | None, str], Answer]: ...
    def covers(self, coupling: int, groups: Sequence[str], line: int | str | None) -> bool: ...
    def counts(self) -> Mapping[str, int]: ...


class Archive(Protocol):
    def keep(
        self,
        *,
        mapping: str,
        coupling: int,
        operation: int,
        order: str,
        number: str,
        reason: str,
        document: Document,
        decisions: Sequence[Decision],
    ) -> int: ...
    def succeeded(self, operation: int, successor: str) -> None: ...
    def document(self, coupling: int, version: int) -> Document | None: ...


class History(Protocol):
    def note(self, subject: Subject, event: str, data: Mapping[str, Any]) -> None: ...
    def note_many(self, event: str, noted: Mapping[Subject, Mapping[str, Any]]) -> None: ...
    def newest(self, subject: Subject, event: str, limit: int) -> Sequence[Mapping[str, Any]]: ...


class SafetyLimits(Protocol):
    def open(self, kind: str, message: str, number: int | None = None) -> int: ...
    def standing(self, kind: str) -> SafetyLimit | None: ...
    def all(self) -> Sequence[SafetyLimit]: ...
    def use(self, limit: int) -> None: ...
    def close(self, limit: int) -> None: ...
    def held(self, kind: str) -> int: ...
    def destructive_since(self, since: datetime) -> int: ...
    def created(self) -> int: ...


def about(what: Literal["restore", "resting"], coupling: int) -> str:
    """The name of what is remembered about one record; forgotten when the coupling ends."""
    return f"{what}:{coupling}"


class Remembered(Protocol):
    def get(self, name: str, max_age_s: float | None = None) -> Any: ...
    def some(self, names: Sequence[str]) -> Mapping[str, Any]: ...
    def put(self, name: str, value: Any) -> None: ...


class Store(Protocol):
    """What a run needs of the store. `transaction`: all or nothing; inner ones join the outer one."""

    def transaction(self) -> AbstractContextManager[None]: ...

    @property
    def couplings(self) -> Couplings: ...
    @property
    def work(self) -> Work: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def matching(self) -> Matching: ...
    @property
    def conflicts(self) -> Conflicts: ...
    @property
    def archive(self) -> Archive: ...
    @property
    def history(self) -> History: ...
    @property
    def remembered(self) -> Remembered: ...
    @property
    def limits(self) -> SafetyLimits: ...


class Clock(Protocol):
    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...
