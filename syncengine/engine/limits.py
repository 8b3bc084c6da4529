"""Safety limits: no disaster in one run, and none in many small steps.

Actions that replace, remove or cancel are counted over a rolling day. Beyond a share of the coupled orders, but never
under a floor, those actions alone wait for one approval that names their number; all else goes on. The same holds for
creates of the first run, where configuration limits them. And where a system as a whole is not what it was, all writing
stops until a person says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.errors import FailureClass
from syncengine.errors import WritingStopped
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.planner.steps import Action
from syncengine.planner.steps import Problem
from syncengine.ports import SafetyLimit
from syncengine.ports import Subject
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Side

log = get_logger()

DAY: Final = timedelta(days=1)
DESTRUCTIVE: Final = "destructive-limit"
FIRST_CREATES: Final = "first-run-limit"
FIRST_RUN_DONE: Final = "first-run-done"
WORDS: Final = {
    DESTRUCTIVE: "more than {allowed} documents would be replaced, removed or canceled within a day",
    FIRST_CREATES: "the first run would create more than {allowed} records",
}


class Budget:
    """What one kind of action may still do in this run: freely, by an approval, or not at all."""

    def __init__(self, run: Run, kind: str, allowed: int, done: int) -> None:
        self.run = run
        self.kind = kind
        self.allowed = allowed
        self.limit = _standing(run, kind)
        # While something waits for an approval, nothing of its kind passes it by.
        waits = self.limit is not None and self.limit.status == "open"
        self.free = 0 if waits else max(0, allowed - done)
        self.admitted: set[Subject] = set()

    def admits(self, subject: Subject) -> bool:
        """One record counts once in a run, however often it is planned."""
        if subject not in self.admitted and not self._take():
            return False
        self.admitted.add(subject)
        return True

    def _take(self) -> bool:
        limit = self.limit
        if limit is not None and limit.status == "approved":
            self.run.store.limits.use(limit.id)
            self.limit = replace(limit, used=limit.used + 1)
            if self.limit.used >= limit.approved:
                self.run.store.limits.close(limit.id)
                self.limit = None
            return True
        if self.free > 0:
            self.free -= 1
            return True
        return False

    def problem(self) -> Problem:
        message = WORDS[self.kind].format(allowed=self.allowed)
        limit = self.run.store.limits.open(self.kind, message)
        if self.limit is None or self.limit.id != limit:
            self.limit = _standing(self.run, self.kind)
            log.warning("held_back", limit=limit, kind=self.kind, allowed=self.allowed)
        return Problem(
            FailureClass.WAITING,
            self.kind,
            f"held back by safety limit {limit}: {message}",
            f"`syncengine limits` says how many wait; `syncengine approve {limit} --count N` lets that many go.",
        )


def _standing(run: Run, kind: str) -> SafetyLimit | None:
    """An approval holds for a day: what it was given for is no longer what happens then."""
    limit = run.store.limits.standing(kind)
    if limit is None or limit.approved_at is None or not _over(run, limit):
        return limit
    run.store.limits.close(limit.id)
    return None


class Gate:
    """Holds back what goes beyond the limits. One for each run; asked within a transaction."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._budgets: dict[str, Budget] = {}
        self._there: set[tuple[str, Side]] = set()

    def hold_back(self, planned: Sequence[tuple[Candidate, Action]]) -> list[tuple[Candidate, Action]]:
        """The same plans, without steps where they have to wait for an approval."""
        return [(candidate, self._gated(candidate, action)) for candidate, action in planned]

    def _gated(self, candidate: Candidate, action: Action) -> Action:
        kind = DESTRUCTIVE if action.destructive else FIRST_CREATES if self._is_first_create(action) else ""
        if not kind or not action.steps or self._budget(kind).admits(candidate.subject):
            return action
        problem = self._budget(kind).problem()
        return replace(action, steps=(), predicted=(), kind="none", reason=problem.message, problem=problem)

    def _is_first_create(self, action: Action) -> bool:
        if action.kind != "create" or not self.run.limits.max_creates_first_run:
            return False
        return not self.run.store.remembered.get(FIRST_RUN_DONE)

    def _budget(self, kind: str) -> Budget:
        if kind not in self._budgets:
            self._budgets[kind] = self._counted(kind)
        return self._budgets[kind]

    def _counted(self, kind: str) -> Budget:
        run, limits = self.run, self.run.limits
        if kind == FIRST_CREATES:
            return Budget(run, kind, limits.max_creates_first_run, run.store.limits.created())
        orders = sum(run.store.couplings.count(one.name) for one in run.mappings.values() if one.kind == "order")
        share = math.floor(orders * limits.max_destructive_share)
        done = run.store.limits.destructive_since(run.clock.now() - DAY)
        return Budget(run, kind, max(limits.max_destructive_floor, share), done)

    # a side that is empty

    def believe(self, mapping: TableMapping, candidates: Sequence[Candidate]) -> None:
        """Before anything is made of records that are gone. Raises WritingStopped where a whole side is empty."""
        for side in SIDES:
            gone = any(isinstance(one.documents.get(side), Gone) for one in candidates)
            if gone and (mapping.name, side) not in self._there:
                not_empty(self.run, mapping, side)
                self._there.add((mapping.name, side))


def not_empty(run: Run, mapping: TableMapping, side: Side) -> None:
    """Raises WritingStopped where a side that held many of our records shows not a single one.

    What belongs to documents goes with them when they are posted: whether a side is empty, the documents tell.
    """
    if side == "back_office" and mapping.deleted.get(side) == FOLLOW:
        return
    with run.store.transaction():
        coupled = run.store.couplings.count(mapping.name)
    if coupled <= run.limits.max_destructive_floor:
        return
    table = mapping.of(side).table
    shown = any(page.documents for page in run.systems[side].scan(View(table, ()), ()))
    kind = f"empty:{mapping.name}:{side}"
    if shown:
        with run.store.transaction():
            limit = run.store.limits.standing(kind)
            if limit is not None:
                run.store.limits.close(limit.id)
        return
    stop(
        run,
        kind,
        f"{run.systems[side].name} shows no {table} any more, and {coupled} are coupled: a lost permission, another "
        "company, an "
        "empty copy? Nothing is written",
        coupled,
        side,
    )


def stop(run: Run, kind: str, message: str, number: int, side: Side) -> None:
    """Raises WritingStopped, unless a person has approved exactly this within the last day."""
    with run.store.transaction():
        limit = _standing(run, kind)
        if limit is not None and limit.status == "approved" and limit.approved == number:
            return
        opened = run.store.limits.open(kind, message, number)
    raise WritingStopped(
        message,
        remedy=f"Look at the system, its url and our permissions. If it is meant: `syncengine approve {opened} --count "
        f"{number}`.",
        side=side,
        code=kind.partition(":")[0],
    )


def _over(run: Run, limit: SafetyLimit) -> bool:
    return limit.approved_at is None or run.clock.now() - limit.approved_at >= DAY


def still_holding(run: Run, *, whole: bool = True) -> bool:
    """At the end of a run: does anything wait for an approval? What is over, or was approved and not used, ends.

    What stopped all writing is over when a `whole` run has come to its end: it has looked at everything again.
    """
    waits = False
    for limit in run.store.limits.all():
        if limit.kind not in WORDS:
            if whole and not run.dry_run and _over(run, limit):
                run.store.limits.close(limit.id)
        elif limit.status == "open" and limit.number:
            waits = True
        elif not run.dry_run:
            run.store.limits.close(limit.id)
    if not waits and run.kind in ("sync", "full-sync") and not run.dry_run:
        run.store.remembered.put(FIRST_RUN_DONE, value=True)
    return waits
