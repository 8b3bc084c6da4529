"""What one action sends next, given what came back so far. An action is carried out one round at a time."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step


@dataclass(frozen=True)
class Send:
    """Steps to send now; more than one only where they are one change set, or new lines that need not wait in turn."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Finished:
    """Every unconditional step is done, or stands in for one that is."""


@dataclass(frozen=True)
class Stopped:
    """A step came back otherwise than done; nothing follows by itself."""

    step: Step
    receipt: Receipt


Receipts = Mapping[int, Receipt]

MOST_TOGETHER = 100


def advance(steps: Sequence[Step], receipts: Receipts, *, foreign_edit: bool = False) -> Send | Finished | Stopped:
    """The next steps of an action. `foreign_edit`: the re-read before a removal showed somebody else's change."""
    if foreign_edit:
        return _in_order([step for step in steps if step.when == "foreign-edit"], steps, receipts)
    return _in_order([step for step in steps if step.when == "always"], steps, receipts)


def _in_order(wanted: Sequence[Step], steps: Sequence[Step], receipts: Receipts) -> Send | Finished | Stopped:
    for step in wanted:
        receipt = receipts.get(step.no)
        if receipt is None:
            return Send(_change_set(step, steps) if step.atomic is not None else _together(step, wanted, receipts))
        if receipt.outcome is ReceiptOutcome.DONE:
            continue
        if receipt.outcome is ReceiptOutcome.ABSENT and any(one.instead_of == step.no for one in steps):
            after = _in_order(_for_absent(steps, receipts), steps, receipts)
            if not isinstance(after, Finished):
                return after
            continue
        standing_in = [one for one in steps if one.when == "read-only"]
        if receipt.outcome is ReceiptOutcome.READ_ONLY and standing_in and step.when == "always":
            after = _in_order(standing_in, steps, receipts)
            if not isinstance(after, Finished):
                return after
            if step.atomic is not None:
                # The change sets of one action are one write, cut: what stands in does all of it.
                return _in_order([one for one in wanted if one.atomic is None and one.no > step.no], steps, receipts)
            continue
        return Stopped(step, receipt)
    return Finished()


def _for_absent(steps: Sequence[Step], receipts: Receipts) -> list[Step]:
    """What makes the rows that were to be changed and are not there."""
    absent = {no for no, receipt in receipts.items() if receipt.outcome is ReceiptOutcome.ABSENT}
    return [one for one in steps if one.when == "absent" and one.instead_of in absent]


def _change_set(step: Step, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The step with those that share its change set, in order."""
    return tuple(one for one in steps if one.atomic == step.atomic and one.when == step.when)


def _together(step: Step, wanted: Sequence[Step], receipts: Receipts) -> tuple[Step, ...]:
    """New lines of one document, each guarded by its own place, do not need each other's answers; nor do what belongs
    to it, row by row.
    """
    if not (_placed(step) or _keyed(step)):
        return (step,)
    found = [step]
    for one in wanted[wanted.index(step) + 1 :]:
        free = (_placed(one) and _placed(step)) or (_keyed(one) and one.verb == step.verb)
        alike = free and (one.side, one.parent) == (step.side, step.parent) and one.no not in receipts
        if not alike or len(found) == MOST_TOGETHER:
            break
        found.append(one)
    return tuple(found)


def _placed(step: Step) -> bool:
    return step.verb == "create-line" and step.atomic is None and bool(step.identity)


def _keyed(step: Step) -> bool:
    """A row that is known by its key below its owner."""
    return step.verb in ("update-part", "delete-part") or (step.verb == "create-part" and step.instead_of is not None)


def settled_by(outcome: ReceiptOutcome) -> bool:
    """Is the fate of the step known for good?"""
    return outcome not in (ReceiptOutcome.UNKNOWN, ReceiptOutcome.NOT_SENT, ReceiptOutcome.THROTTLED)
