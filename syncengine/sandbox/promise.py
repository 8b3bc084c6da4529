"""The promise, as eight named invariants over what can be seen from outside.

Whoever tries to break it (chaos, the state machine, the small model, a killed daemon) gathers the evidence that it can
see, and asks which invariants are broken. One whose evidence is missing is not held to be true: `unseen` names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final

ENOUGH_RUNS: Final = 10
"""After the last edit and the last fault, writing has ended within so many runs."""
OPERATION_KEY: Final = "SE:"
UNACCEPTABLE: Final = ("unexplained", "in-flight")
QUIET_CODES: Final = (0, 1)
"""What a run may end with when nothing fails any more: done, or done with something listed."""


@dataclass(frozen=True)
class Edit:
    """One edit that a system accepted; no other edit has this value."""

    order: str
    side: str
    group: str
    value: str


@dataclass(frozen=True)
class Moment:
    """One side of one order when a process died, between what it was before and what the next run made of it."""

    order: str
    side: str
    before: Any
    then: Any
    after: Any
    listed: bool  # as in progress or outstanding, at that moment


@dataclass(frozen=True)
class QuietRun:
    """A run after the last edit and the last fault."""

    exit_code: int
    writes: int


@dataclass(frozen=True)
class Flow:
    """A decision of the engine that carried a value from one side to the other."""

    order: str
    group: str
    value: str
    to: str


@dataclass(frozen=True)
class PlannedRun:
    """What a plan printed and what the run after it sent: how often each kind of write."""

    always: Counter[Any]
    possible: Counter[Any]
    done: Counter[Any]


@dataclass
class Evidence:
    """What a watcher has seen; None where it could not see."""

    moments: Sequence[Moment] | None = None
    keys: Sequence[str] | None = None  # of each live back-office document; "" where it carries none
    orders: Mapping[str, int] | None = None  # how many orders each side holds
    entered: int = 0
    may_lack: Mapping[str, int] | None = None  # orders that a side may lack: deleted there by a person, or listed
    quiet_runs: Sequence[QuietRun] | None = None
    differences: Sequence[Mapping[str, Any]] | None = None  # as `verify` lists them
    edits: Sequence[Edit] | None = None  # the last of each order, side and group
    shown: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)  # (order, group) -> side -> value
    decided: Mapping[str, str] = field(default_factory=dict)  # the decisions in an order's history, as text
    waited: Mapping[str, bool] | None = None  # orders that waited -> did they come when the cause was gone?
    beside: Sequence[str] = ()  # other orders that were held up meanwhile
    flows: Sequence[Flow] | None = None
    said: Mapping[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)  # (order, group, value) -> sides
    plans: Sequence[PlannedRun] | None = None
    apart_s: Mapping[str, float] | None = None  # how far each side's clock is from ours
    found_by_polls: Mapping[str, bool] = field(default_factory=dict)  # edits under such clocks -> were they found?


def old_or_new(seen: Evidence) -> Iterator[str]:
    for one in seen.moments or ():
        if one.then not in (one.before, one.after) and not one.listed:
            yield f"{one.order} was neither old nor new in {one.side}, and not listed: {one.then}"


def effects_once(seen: Evidence) -> Iterator[str]:
    for key, count in Counter(seen.keys or ()).items():
        if key and count > 1:
            yield f"{count} live documents carry the key {key}"
        if key.startswith(OPERATION_KEY):
            yield f"a document was left under an operation key, {key}"
    for side, held in (seen.orders or {}).items():
        if held > seen.entered:
            yield f"{side} holds {held} orders, and only {seen.entered} were entered"
        if seen.may_lack is not None and held < seen.entered - seen.may_lack.get(side, 0):
            yield f"{side} holds only {held} of the {seen.entered} orders that were entered"


def comes_to_rest(seen: Evidence) -> Iterator[str]:
    runs = seen.quiet_runs or ()
    for one in runs:
        if one.exit_code not in QUIET_CODES:
            yield f"a quiet run ended with {one.exit_code}"
    if runs and (len(runs) > ENOUGH_RUNS or runs[-1].writes):
        yield f"still writing after {len(runs)} runs without faults or edits"
    for left in seen.differences or ():
        if left["reason"] in UNACCEPTABLE:
            where = f"{left['mapping']} {left['record']['number']} {left['group']}"
            yield f"{left['reason']}: {where}: Sales {left['sales']}, back office {left['back_office']}"


def no_edit_dropped(seen: Evidence) -> Iterator[str]:
    """It stands on the side where it was made (what still differs is `comes_to_rest`'s), or, where nothing stands there
    any more, on the other; or a decision names it.
    """
    for edit in seen.edits or ():
        shown = seen.shown.get((edit.order, edit.group), {})
        own = shown.get(edit.side)
        stands = own == edit.value or (not own and edit.value in shown.values())
        if not stands and edit.value not in seen.decided.get(edit.order, ""):
            yield f"{edit} is gone without a decision that names it; shown: {dict(shown)}"


def nobody_held_up(seen: Evidence) -> Iterator[str]:
    for order, came in (seen.waited or {}).items():
        if not came:
            yield f"{order} still waits although its cause is gone"
    for order in seen.beside:
        yield f"{order} was held up by another record"


def no_echo(seen: Evidence) -> Iterator[str]:
    for flow in seen.flows or ():
        said = seen.said.get((flow.order, flow.group, flow.value), frozenset())
        if said == {flow.to}:
            yield f"{flow.order}: {flow.group} {flow.value}, which was said in {flow.to}, came back as the other side's"


def plan_is_what_is_done(seen: Evidence) -> Iterator[str]:
    for one in seen.plans or ():
        if unplanned := one.done - one.possible:
            yield f"not in the plan, and done: {dict(unplanned)}"
        if undone := one.always - one.done:
            yield f"in the plan, and not done: {dict(undone)}"


def clocks_do_not_matter(seen: Evidence) -> Iterator[str]:
    for edit, found in seen.found_by_polls.items():
        if not found:
            yield f"{edit} was not found by polls under clocks apart by {dict(seen.apart_s or {})}"


@dataclass(frozen=True)
class Invariant:
    """`needs`: the parts of the evidence without which it says nothing."""

    number: int
    statement: str
    breaches: Callable[[Evidence], Iterator[str]]
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.breaches.__name__.replace("_", "-")

    def is_seen(self, evidence: Evidence) -> bool:
        return all(getattr(evidence, part) is not None for part in self.needs)


PROMISE: Final = (
    Invariant(1, "Every order is the old version or the new one, or it is listed as in progress.", old_or_new,
              ("moments",)),
    Invariant(2, "Attempts are at-least-once, effects exactly once.", effects_once, ("keys", "orders")),
    Invariant(3, "When nobody edits any more, both sides become equal or what differs is listed with its reason, and "
              "then writing stops.", comes_to_rest, ("quiet_runs", "differences")),
    Invariant(4, "An edit is never dropped without a recorded decision that names the losing value.", no_edit_dropped,
              ("edits",)),
    Invariant(5, "One bad record never stops the others; what waits resumes by itself.", nobody_held_up, ("waited",)),
    Invariant(6, "No echo: our own writes are never read as a person's change.", no_echo, ("flows",)),
    Invariant(7, "A plan shows exactly what the run then does.", plan_is_what_is_done, ("plans",)),
    Invariant(8, "Nothing depends on clocks agreeing.", clocks_do_not_matter, ("apart_s",)),
)  # fmt: skip


def broken(evidence: Evidence) -> list[str]:
    """What does not hold, each with the name of its invariant."""
    return [f"{one.name}: {breach}" for one in PROMISE for breach in one.breaches(evidence)]


def unseen(evidence: Evidence) -> list[str]:
    """The invariants of which this evidence says nothing."""
    return [one.name for one in PROMISE if not one.is_seen(evidence)]
