"""Plan and apply: takes pending records in chunks, plans each, carries the plans out in rounds, until nothing is left.

A record that was written is planned again with what both sides returned; only a plan without steps ends it. So a
number that comes back, a value the system moved, an edit in between are all found the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from syncengine.engine import explain
from syncengine.engine.abandoned import with_leftovers
from syncengine.engine.belongings import with_belongings
from syncengine.engine.context import Run
from syncengine.engine.entering import enter
from syncengine.engine.leaving import ended
from syncengine.engine.limits import Gate
from syncengine.engine.operations import Operations
from syncengine.engine.pausing import paused
from syncengine.engine.progress import Pace
from syncengine.engine.quiet import rested
from syncengine.engine.reading import Candidate
from syncengine.engine.reading import Second
from syncengine.engine.reading import as_pair
from syncengine.engine.reading import documents_of
from syncengine.engine.reading import read
from syncengine.engine.references import name_them
from syncengine.engine.scripted import Script
from syncengine.engine.traces import LOOK_AGAIN
from syncengine.engine.traces import doubted
from syncengine.engine.traces import gather
from syncengine.engine.traces import must_not_go_back
from syncengine.engine.waking import wake_orders
from syncengine.engine.wishes import refused
from syncengine.engine.wishes import wished
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.planner.freeze import back_and_forth
from syncengine.planner.freeze import written
from syncengine.planner.plan import plan_pair
from syncengine.planner.plan import plan_restore
from syncengine.planner.plan import set_aside
from syncengine.planner.settle import Made
from syncengine.planner.settle import settle
from syncengine.planner.settle import tokens
from syncengine.planner.steps import DISCARD
from syncengine.planner.steps import ENDS
from syncengine.planner.steps import MAKES
from syncengine.planner.steps import SETTLES
from syncengine.planner.steps import Action
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.planner.steps import Step
from syncengine.ports import CouplingStatus
from syncengine.ports import Subject
from syncengine.records.document import Gone
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Side

log = get_logger()

PAST = 12  # how many earlier plans of a record tell whether it goes back and forth
BACKOFF_S = (30, 60, 300, 900, 3600)


class Applier:
    """Works through one mapping's pending records."""

    def __init__(
        self,
        run: Run,
        operations: Operations,
        only: Mapping[str, Mapping[Side, Sequence[str]]] | None = None,
        script: Script | None = None,
    ) -> None:
        """`only`: by mapping, the remote records that are worked on; others wait for another run. `script`: what may
        be done with them.
        """
        self.run = run
        self.operations = operations
        self.only = only
        self.gate = Gate(run)
        self.script = script

    def work_through_all(self, mappings: Iterable[TableMapping]) -> None:
        """In their order; what one of them wakes in a later one is worked on too."""
        waiting: set[str] | None = None
        for mapping in mappings:
            if waiting is None:
                with self.run.store.transaction():
                    waiting = self.run.store.work.waiting(self.run.clock.now())
            if mapping.name in waiting:
                self.work_through(mapping)
                waiting = None

    def work_through(self, mapping: TableMapping) -> None:
        pace: Pace | None = None
        only = None if self.only is None else self.only.get(mapping.name, {})
        while not self.run.stop_asked():
            with self.run.store.transaction():
                if paused(self.run, mapping.name):
                    return
                items = self.run.store.work.claim(mapping.name, self.run.limits.chunk, self.run.clock.now(), only)
                if not items:
                    return
                busy = self.run.store.journal.busy(mapping.name)
                if pace is None:
                    total = self.run.store.work.pending(mapping.name) if self.run.watched else None
                    pace = Pace("applied", {"mapping": mapping.name}, self.run.clock.now(), total)
            candidates = read(self.run, mapping, items)
            self.gate.believe(mapping, candidates)
            candidates = rested(self.run, mapping, doubted(self.run, mapping, gather(self.run, mapping, candidates)))
            candidates = with_leftovers(self.run, mapping, candidates)
            with self.run.store.transaction():
                for one in candidates:
                    if one.subject in busy:
                        self._defer(one)
            candidates = [one for one in candidates if one.subject not in busy]
            self._chunk(mapping, candidates)
            self.run.on_progress("applied", pace.after(len(items), self.run.clock.now()))

    def _defer(self, candidate: Candidate) -> None:
        """An operation is still working on this record: it is planned when that has ended."""
        problem = Problem(
            FailureClass.TRANSIENT,
            "in-progress",
            "an earlier write to this record has not been settled yet",
            "Nothing to do; it is settled by itself.",
        )
        self._park(candidate, problem, Action(_no_pair(candidate), "none", problem.message))

    def _chunk(self, mapping: TableMapping, candidates: Sequence[Candidate]) -> None:
        references = self.run.references
        references.clear()
        with self.run.store.transaction():
            references.preload(mapping, documents_of(candidates))
        candidates = enter(self.run, mapping, candidates)
        planned = self._planned(mapping, candidates)
        with self.run.store.transaction():
            planned = self.gate.hold_back(planned)
            wake_orders(self.run, mapping, (action for _, action in planned))
        if self.run.dry_run:
            self._pretend(mapping, planned)
            return
        to_run = []
        with self.run.store.transaction():
            for candidate, action in planned:
                if action.steps and self.script is not None and not self.script.admits(action, candidate.item.id):
                    continue  # it stays pending, for a new plan or the next run
                if action.steps:
                    to_run.append((candidate, action))
                else:
                    self._conclude(mapping, candidate, action)
        self.operations.carry_out(mapping, to_run)

    def _planned(self, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[tuple[Candidate, Action]]:
        """Each candidate with its plan; those that wait for records whose names nobody knows are planned twice."""
        planned: list[tuple[Candidate, Action]] = []
        with self.run.store.transaction():
            planned.extend((candidate, self._plan(mapping, candidate)) for candidate in candidates)
        planned = self._with_belongings(mapping, planned)
        waits = [ref for _, action in planned for ref in action.waits_for]
        if not name_them(self.run, waits):
            return planned
        with self.run.store.transaction():
            return [
                (candidate, self._plan(mapping, candidate, again=True) if action.waits_for else action)
                for candidate, action in planned
            ]

    def _with_belongings(
        self, mapping: TableMapping, planned: list[tuple[Candidate, Action]]
    ) -> list[tuple[Candidate, Action]]:
        """A document that is to be recreated is planned once more, with what belongs to it in other tables."""
        wanting = [candidate for candidate, action in planned if action.kind == "recreate"]
        read = {one.item.id: one for one in with_belongings(self.run, mapping, wanting)} if wanting else {}
        with self.run.store.transaction():
            return [
                (whole, self._plan(mapping, whole, again=True))
                if (whole := read.get(candidate.item.id, candidate)) is not candidate
                else (candidate, action)
                for candidate, action in planned
            ]

    def _plan(self, mapping: TableMapping, candidate: Candidate, *, again: bool = False) -> Action:
        """`again`: with more known of it, in the same pass."""
        subject = candidate.subject
        in_hand = self.run.in_hand
        plans = in_hand.plans(subject) if again else in_hand.planned(subject)
        generation = self.run.store.journal.attempts(subject)
        if candidate.coupling is not None:
            generation += candidate.coupling.generation
        try:
            pair = as_pair(self.run, mapping, candidate, generation)
        except ValueError as error:
            problem = Problem(FailureClass.PERSON, "unreadable", str(error), "Correct the value, or the mapping's row.")
            return Action(_no_pair(candidate), "none", problem.message, problem=problem)
        if candidate.second is not None and candidate.problem is None and subject not in self.run.refused:
            return discard(mapping, candidate.second)
        if candidate.problem is None:
            pair = must_not_go_back(self.run, pair)
        action = self._action(mapping, pair, candidate.problem or self.run.refused.get(subject))
        if action.kind == "tell" and subject in self.run.untold:
            action = replace(action, kind="none", steps=())
        if action.steps and plans > self.run.limits.passes:
            return replace(action, steps=(), kind="none", problem=_restless(action))
        return action

    def _action(self, mapping: TableMapping, pair: Pair, problem: Problem | None) -> Action:
        run, rules = self.run, self.run.rules[mapping.name]
        if problem is not None:
            return set_aside(pair, mapping, rules, run.references, run.facts, problem)
        answers = run.store.conflicts.answers(pair.coupling) if pair.coupling is not None else {}
        action = plan_pair(pair, mapping, rules, run.references, run.facts, answers)
        wish = wished(run, mapping, pair) if action.kind == "none" and action.problem is None else None
        if wish is not None:
            return plan_restore(pair, mapping, rules, run.references, run.facts, *wish)
        if pair.coupling is None or not action.steps or not action.executes:
            return action
        past = [
            [written(one) for one in plan["decisions"] if one["outcome"] in (Outcome.TO_SALES, Outcome.TO_BACK_OFFICE)]
            for plan in run.store.history.newest(Subject(mapping.name, pair.coupling), "planned", PAST)
        ]
        again = back_and_forth(past, action.executes)
        return plan_pair(pair, mapping, rules, run.references, run.facts, answers, again) if again else action

    # what a plan without steps leaves behind

    def _conclude(self, mapping: TableMapping, candidate: Candidate, action: Action) -> None:
        subject, store = candidate.subject, self.run.store
        pair = action.pair
        if action.problem is None and pair.coupling is None:
            self._leave_alone(mapping, candidate, action)
            self._done(subject)
            return
        if action.problem is None and any(not isinstance(pair.of(side), Record) for side in SIDES):
            status: CouplingStatus = ENDS.get(action.kind, "removed")
            if action.decisions:
                store.history.note(subject, "decided", explain.decisions(action))
            store.couplings.end(pair.coupling or 0, status, action.reason)
            store.history.note(subject, "ended", {"reason": action.reason, "status": status})
            if status != "closed":
                ended(self.run, mapping.name)
            self._done(subject)
            self.run.counts.of(mapping.name).uncoupled += 1
            return
        both = isinstance(pair.sales, Record) and isinstance(pair.back_office, Record)
        if pair.coupling is not None and both and candidate.problem is None:
            self._account(mapping, candidate, action)
        if pair.coupling is not None and action.problem is not None and _half(pair):
            # Nobody can choose between the halves any more: the problem asks instead of the conflicts.
            store.conflicts.refresh(mapping.name, pair.coupling, [])
        if action.problem is not None:
            if pair.coupling is not None:
                refused(self.run, pair.coupling, action.problem)
            self._park(candidate, action.problem, action)
        else:
            self._done(subject)

    def _account(self, mapping: TableMapping, candidate: Candidate, action: Action) -> None:
        """Both reads are planned and leave nothing to send: remember their tokens, and what was found equal."""
        pair, store = action.pair, self.run.store
        assert pair.coupling is not None  # noqa: S101
        conflicts = [d for d in action.decisions if d.outcome is Outcome.CONFLICT]
        store.conflicts.refresh(mapping.name, pair.coupling, conflicts)
        if action.problem is None or action.problem.code in SETTLES:
            settled = settle(action, mapping, Made())
            store.couplings.settle(pair.coupling, settled.base, settled.line_pairs)
        sales, back_office = pair.record("sales"), pair.record("back_office")
        store.couplings.account(pair.coupling, {"sales": tokens(sales), "back_office": tokens(back_office)})
        store.couplings.name(
            pair.coupling,
            self.run.number(mapping, "sales", sales.native),
            self.run.number(mapping, "back_office", back_office.native),
        )
        if action.decisions and _is_news(candidate, action):
            store.history.note(candidate.subject, "decided", explain.decisions(action))
        if self.run.in_hand.plans(candidate.subject) == 1 and not action.decisions and action.problem is None:
            self.run.counts.of(mapping.name).unchanged += 1

    def _leave_alone(self, mapping: TableMapping, candidate: Candidate, action: Action) -> None:
        """Not coupled and nothing to create: remembered in this version, so that it is not read at every poll."""
        item = candidate.item
        document = candidate.document(item.side) if item.side else None
        if item.side and document is not None:
            self.run.store.cursors.remember(mapping.name, item.side, {document.id: document.version}, action.reason)

    def _done(self, subject: Subject) -> None:
        self.run.store.work.done(subject)
        self.run.in_hand.done(subject)

    def _park(self, candidate: Candidate, problem: Problem, action: Action) -> None:
        until = None
        if problem.failure in (FailureClass.TRANSIENT, FailureClass.THROTTLED):
            wait_s = BACKOFF_S[min(candidate.item.attempts, len(BACKOFF_S) - 1)]
            until = self.run.clock.now() + timedelta(seconds=wait_s)
        if problem.again_s is not None:
            until = self.run.clock.now() + timedelta(seconds=problem.again_s)
            if problem.code in LOOK_AGAIN:
                self.run.again_at = max(until, self.run.again_at or until)
        number = candidate.item.number or self._number(candidate)
        side = candidate.item.side
        if side is not None and (document := candidate.document(side)) is not None:
            # Read and planned in this version: a poll that brings it once more brings nothing new.
            self.run.store.cursors.remember(candidate.item.mapping, side, {document.id: document.version}, "parked")
        self.run.store.work.park(
            candidate.subject, problem, until=until, causes=self.run.references.causes(action.waits_for), number=number
        )
        if until is None and candidate.problem is None:
            self.run.in_hand.done(candidate.subject)  # planned whole: only something new brings it back
        known = candidate.item.problem
        if known is None or (known.code, known.message) != (problem.code, problem.message):
            self.run.store.history.note(
                candidate.subject,
                "parked",
                {
                    "class": str(problem.failure),
                    "code": problem.code,
                    "message": problem.message,
                    "remedy": problem.remedy,
                },
            )

    def _number(self, candidate: Candidate) -> str:
        mapping = self.run.mappings[candidate.item.mapping]
        numbers = [self.run.number(mapping, side, candidate.document(side)) for side in SIDES]
        return next((number for number in numbers if number), "")

    def _pretend(self, mapping: TableMapping, planned: Sequence[tuple[Candidate, Action]]) -> None:
        """A dry run: the plan is the result; what would be coupled is coupled in the temporary tables only."""
        with self.run.store.transaction():
            for candidate, action in planned:
                if action.steps or action.waits_for or action.problem is not None:
                    self.run.plan.append(action)
                if not action.steps or action.kind == "tell":
                    self._conclude(mapping, candidate, action)
                    continue
                self._done(candidate.subject)
                if action.kind in MAKES and candidate.coupling is None:
                    self._pretend_coupled(mapping, action)

    def _pretend_coupled(self, mapping: TableMapping, action: Action) -> None:
        """So that a later record's lookup finds the record that this plan would create."""
        created = action.steps[0]
        made = str(created.target or f"(new {mapping.name} for {_source_id(action)})")
        ids = {created.side: made, "sales" if created.side == "back_office" else "back_office": _source_id(action)}
        self.run.store.couplings.couple(mapping.name, ids["sales"], ids["back_office"], created_by="plan")


def _is_news(candidate: Candidate, action: Action) -> bool:
    """Was something decided that is to be written, or something read that was not known? What is kept as it is would
    otherwise be told again by each sweep.
    """
    known = candidate.coupling.tokens if candidate.coupling else {}
    read = {side: tokens(action.pair.record(side)) for side in SIDES}
    return any(one.outcome is not Outcome.KEEP for one in action.decisions) or dict(known) != read


def _half(pair: Pair) -> bool:
    return any(isinstance(pair.of(side), Gone) for side in SIDES)


def _source_id(action: Action) -> str:
    for side in SIDES:
        seen = action.pair.of(side)
        if isinstance(seen, (Record, Gone)):
            return seen.id
    return ""


def discard(mapping: TableMapping, second: Second) -> Action:
    """Remove it, in the very version that was looked at."""
    document = second.document
    pair = Pair(mapping.name, None, None, Record(document.id, document.version, {}, native=document))
    table = mapping.back_office.table
    remove = Step(1, "back_office", "delete", table, target=document.id, expects=document.version)
    reason = f"{second.why} (beside coupling {second.coupling})"
    return Action(pair, DISCARD, reason, steps=(remove,), destructive=True, archive=True)


def _no_pair(candidate: Candidate) -> Pair:
    return Pair(candidate.item.mapping, candidate.item.coupling, None, None)


def _restless(action: Action) -> Problem:
    groups = ", ".join(dict.fromkeys(decision.group for decision in action.decisions)) or "the record"
    return Problem(
        FailureClass.PERSON,
        "does-not-settle",
        f"written again and again without settling: {groups}",
        "One of the two systems changes what is written; `syncengine explain` shows what and how.",
    )
