"""One pair in, one action out: what will be done, why, and what it waits for."""

from __future__ import annotations

from dataclasses import replace

from syncengine.errors import FailureClass
from syncengine.mapping.model import Policy
from syncengine.mapping.model import TableMapping
from syncengine.mapping.references import References
from syncengine.planner.build import Builder
from syncengine.planner.decide import Answers
from syncengine.planner.decide import Decided
from syncengine.planner.decide import Line
from syncengine.planner.decide import decide
from syncengine.planner.ended import taken_along
from syncengine.planner.facts import Facts
from syncengine.planner.freeze import Key
from syncengine.planner.freeze import frozen
from syncengine.planner.lines import Pairing
from syncengine.planner.rules import Built
from syncengine.planner.rules import Rules
from syncengine.planner.steps import ENDS
from syncengine.planner.steps import Action
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Problem
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.records.values import other


def plan_pair(
    pair: Pair,
    mapping: TableMapping,
    rules: Rules,
    refs: References,
    facts: Facts,
    answers: Answers | None = None,
    left_alone: frozenset[Key] = frozenset(),
) -> Action:
    """`answers` are a person's answers to conflicts of this pair, by (line, group); `left_alone` are groups that are
    frozen because they would go back and forth.
    """
    builder = Builder(pair, mapping, refs, facts)
    if pair.coupling is None:
        return _uncoupled(builder, rules)
    if not isinstance(pair.sales, Record) or not isinstance(pair.back_office, Record):
        return _gone(builder, rules)

    def policy(group: str, line: Line) -> Policy:
        return rules.policy(pair, mapping, group, line)

    decided = decide(pair, mapping, policy, answers or {}, rules.sealed)
    decisions, problem = rules.review(builder, decided)
    if left_alone:
        decisions = tuple(_left_alone(one) if (one.line, one.group) in left_alone else one for one in decisions)
    decided = Decided(decisions, decided.pairing)
    conflicts = [d for d in decisions if d.outcome is Outcome.CONFLICT]
    if problem:
        return _told(builder, rules, Action(pair, "none", problem.message, decisions, problem=problem))
    built = rules.write(builder, decided)
    problem = _conflict(conflicts) or (frozen(left_alone) if left_alone else None)
    action = _action(builder, built, decisions, problem)
    if action.kind == "none" and action.problem is None:
        action = replace(action, problem=rules.settled(builder))
    return _told(builder, rules, replace(action, pairing=decided.pairing))


def _left_alone(decision: Decision) -> Decision:
    return replace(decision, outcome=Outcome.KEEP, reason=f"{decision.reason}; frozen, it went back and forth")


def plan_restore(
    pair: Pair, mapping: TableMapping, rules: Rules, refs: References, facts: Facts, version: Record, reason: str
) -> Action:
    """The action that brings an earlier version back; the pair has nothing else to do."""
    builder = Builder(pair, mapping, refs, facts)
    found = rules.restore(builder, version, reason)
    if isinstance(found, Problem):
        return Action(pair, "none", found.message, problem=found)
    return replace(_action(builder, found, (), None), pairing=Pairing(pair.line_pairs))


def set_aside(
    pair: Pair, mapping: TableMapping, rules: Rules, refs: References, facts: Facts, problem: Problem
) -> Action:
    """The action of a record that cannot be planned: its problem is told, nothing else."""
    return _told(Builder(pair, mapping, refs, facts), rules, Action(pair, "none", problem.message, problem=problem))


def _gone(builder: Builder, rules: Rules) -> Action:
    found = rules.gone(builder)
    if found is None:
        return Action(builder.pair, "none", "gone on both sides")
    if isinstance(found, Problem):
        return _told(builder, rules, Action(builder.pair, "none", found.message, problem=found))
    decisions = taken_along(builder.pair, builder.mapping) if found.kind in ENDS else ()
    return _told(builder, rules, _action(builder, found, decisions, None))


def _told(builder: Builder, rules: Rules, action: Action) -> Action:
    """What stops an action is told to people where they look, before the record is set aside."""
    if action.problem is None or action.steps:
        return action
    telling = Builder(builder.pair, builder.mapping, builder.refs, builder.facts)
    rules.tell(telling, action.problem)
    return replace(action, kind="tell", steps=tuple(telling.steps)) if telling.steps else action


def _conflict(conflicts: list[Decision]) -> Problem | None:
    if not conflicts:
        return None
    groups = ", ".join(dict.fromkeys(decision.group for decision in conflicts))
    return Problem(
        FailureClass.PERSON,
        "conflict",
        f"changed on both sides: {groups}",
        "`syncengine conflicts` shows both values; `syncengine resolve ID --take sales|back-office` decides.",
    )


def _uncoupled(builder: Builder, rules: Rules) -> Action:
    pair, mapping = builder.pair, builder.mapping
    source: Side = "sales" if isinstance(pair.sales, Record) else "back_office"
    if not isinstance(pair.of(source), Record):
        return Action(pair, "none", "gone before it was coupled")
    if not mapping.creates(other(source)):
        return Action(pair, "none", f"{mapping.name} creates nothing there")
    problem = rules.admits(pair, mapping, source)
    if problem:
        return _told(builder, rules, Action(pair, "none", problem.message, problem=problem))
    return _told(builder, rules, _action(builder, rules.create(builder, source), (), None))


def _action(builder: Builder, built: Built, decisions: tuple[Decision, ...], problem: Problem | None) -> Action:
    if builder.left and builder.pair.coupling is None:
        return Action(builder.pair, "none", belongs(builder.left[0]))
    waits = tuple(dict.fromkeys(builder.missing))
    if waits or builder.problems:
        problem = builder.problems[0] if builder.problems else waiting(waits, builder.refs)
    if waits or builder.problems:
        return Action(
            builder.pair,
            "none",
            problem.message if problem else "",
            decisions,
            waits_for=waits,
            problem=problem,
        )
    kind = built.kind if builder.steps or built.kind in ENDS else "none"
    reason = built.reason or "; ".join(dict.fromkeys(d.reason for d in decisions if d.outcome is not Outcome.KEEP))
    return Action(
        builder.pair,
        kind,
        reason,
        decisions,
        tuple(builder.steps),
        built.predicted,
        problem=problem,
        # A conflict is carried out by nobody, whatever else is written in the same action.
        executes=tuple(d for d in built.executes if d.outcome not in (Outcome.CONFLICT, Outcome.KEEP)),
        destructive=built.destructive,
        archive=built.archive,
        loses=built.loses,
    )


def belongs(owner: Ref) -> str:
    """Why a record is left where it is."""
    why = "is not coupled" if owner.coupling is None else "has ended"
    return f"belongs to {owner.mapping} {owner.remote_id}, which {why}"


def waiting(waits: tuple[Ref, ...], refs: References) -> Problem:
    causes = ", ".join(f"{ref.mapping.partition('-')[0].lower()} {refs.name(ref)}" for ref in waits)
    return Problem(
        FailureClass.WAITING,
        "not-coupled",
        f"waiting: {causes} is not coupled" if len(waits) == 1 else f"waiting: {causes} are not coupled",
        "Couple it: `syncengine couple` matches what can be matched, `syncengine couple-record` couples one by hand.",
    )
