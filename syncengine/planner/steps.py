"""Decisions, steps, actions and receipts: what a plan is made of, and what comes back when it is carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from enum import StrEnum
from typing import Literal

from syncengine.errors import FailureClass
from syncengine.planner.lines import Pairing
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.record import Pair
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import Value
from syncengine.records.values import Wire


class Outcome(StrEnum):
    """What is decided about one group of one header or line."""

    TO_SALES = "to-sales"
    TO_BACK_OFFICE = "to-back-office"
    AGREE = "agree"  # changed on both sides to equal values, or equal without a base
    CONFLICT = "conflict"
    RESTORE = "restore"  # the receiving side of a one-way row drifted
    KEEP = "keep"  # changed, but what follows is not written now: the reason says why


@dataclass(frozen=True)
class Decision:
    """`line` None: the header. Otherwise a line coupling, or the remote id of a line not coupled yet."""

    group: str
    outcome: Outcome
    sales: Value
    back_office: Value
    reason: str
    line: int | str | None = None
    base: Mapping[Side, Value] = field(default_factory=dict)


Verb = Literal[
    "read",
    "create",
    "update",
    "delete",
    "create-line",
    "update-line",
    "delete-line",
    "update-part",  # a row that belongs to the document, known by its id there, holds this
    "create-part",
    "delete-part",
    "fill-part",  # its file holds what that of the row `body["from"]` holds
    "set-state",
    "act",  # a bound action of the system, named by `body["action"]`
]
When = Literal["always", "moved", "read-only", "foreign-edit", "absent", "extra"]

Token = str | int | None  # a version token, or the number of the step whose answer carries it


@dataclass(frozen=True)
class Step:
    """Exactly one remote operation: the unit of journal, batch, crash test and undo.

    `target` is a remote id, or the number of the step that makes the record. `parent` is the same for the document
    a line belongs to. `lines` are the lines of a document created in one piece. `identity` finds the result by
    column values, `excluding` the ids that carried it before. `atomic`: steps of one action that share a number are
    one change set, all or nothing. A step on what belongs to a line of the document has `line`: the step that made the
    line and the line's place among those it made. `instead_of`: the step that found nothing to change.
    `belongings`: a read that shows what belongs to the document along. `when` "extra": carried out for each row that
    the read `instead_of` shows there and whose id is not in `excluding`; see `planner.extras`.
    """

    no: int
    side: Side
    verb: Verb
    table: str
    target: str | int | None = None
    parent: str | int | None = None
    body: Mapping[str, Wire] = field(default_factory=dict)
    lines: tuple[Mapping[str, Wire], ...] = ()
    line_table: str = ""
    line_ids: tuple[str, ...] = ()  # the ids we choose for `lines`, where the system lets us
    partners: tuple[str, ...] = ()  # the other side's line that each of `lines` stands for; "" for none
    expects: Token = None
    when: When = "always"
    identity: Mapping[str, Wire] = field(default_factory=dict)
    excluding: tuple[str, ...] = ()
    atomic: int | None = None
    requires: Mapping[str, Wire] = field(default_factory=dict)  # what the answer must hold before the next step
    role: str = ""
    about: int | str | None = None  # the line coupling, or the other side's line, that this step writes
    line: tuple[int, int] | str | None = None
    instead_of: int | None = None
    belongings: bool = False

    @property
    def writes(self) -> bool:
        return self.verb != "read"


@dataclass(frozen=True)
class Problem:
    """Why an action does not simply run: shown to people, kept with the work."""

    failure: FailureClass
    code: str
    message: str
    remedy: str = ""
    side: Side | None = None
    again_s: float | None = None  # looked at again after so many seconds, whatever happens


ENDS: Mapping[str, Literal["closed", "uncoupled"]] = {
    "close": "closed",  # the record's life is over, and both sides say so
    "cancel": "closed",
    "remove": "closed",
    "uncouple": "uncoupled",
}
"""Kinds of action after which a coupling is a tombstone, and of which sort."""

SETTLES = frozenset({"conflict", "frozen", "totals-differ"})
"""Codes of problems that leave the rest of a record as it should be: its base moves on."""

MAKES = ("create", "renew")
"""Kinds of action that make a whole record: for an uncoupled partner, or for one whose other half is gone."""

DISCARD = "discard"
"""The kind of action that removes a document of ours which stands beside the order's."""


@dataclass(frozen=True)
class Action:
    """All that happens to one pair; its steps run in order.

    `kind` is create, update, amend (opened, changed in place, closed again), recreate, couple, none; tell
    (a problem is written where people see it); one of `ENDS`;
    reopen and renew (a record whose other half was deleted is opened, and made again); discard (a second
    document is removed). `predicted` are steps that
    follow once the answers are known: shown by `plan`, planned again when it is time.
    """

    pair: Pair
    kind: str
    reason: str
    decisions: tuple[Decision, ...] = ()
    steps: tuple[Step, ...] = ()
    predicted: tuple[Step, ...] = ()
    waits_for: tuple[Ref, ...] = ()
    problem: Problem | None = None
    executes: tuple[Decision, ...] = ()  # the decisions these steps carry out; the others are planned again
    pairing: Pairing = field(default_factory=Pairing)
    destructive: bool = False
    archive: bool = False  # a version of the back-office document is kept before the first step
    loses: tuple[str, ...] = ()  # what the successor cannot take over, in words


class ReceiptOutcome(StrEnum):
    DONE = "done"
    STALE = "stale"  # the guard refused: somebody was there first
    REFUSED = "refused"  # the system said no to this operation
    READ_ONLY = "read-only"  # … because a lock holds the record
    THROTTLED = "throttled"
    ABSENT = "absent"  # there is no such row of the document yet
    UNKNOWN = "unknown"  # no answer, or none that says what happened
    NOT_SENT = "not-sent"


@dataclass(frozen=True)
class RemoteError:
    """Both systems' own words. `status` 0: no HTTP answer at all."""

    status: int
    code: str
    message: str
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Receipt:
    """What became of one step. `after` is the record as the answer returned it, as far as it did."""

    step: int
    outcome: ReceiptOutcome
    after: Document | Gone | None = None
    error: RemoteError | None = None
