"""What an action sends next, given what came back so far."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncengine.planner.rounds import Finished
from syncengine.planner.rounds import Send
from syncengine.planner.rounds import Stopped
from syncengine.planner.rounds import advance
from syncengine.planner.rounds import settled_by
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.planner.steps import When

DONE = ReceiptOutcome.DONE


def step(no: int, when: When = "always", atomic: int | None = None) -> Step:
    return Step(no, "sales", "update", "orders", "o-1", when=when, atomic=atomic)


def receipts(**outcomes: ReceiptOutcome) -> dict[int, Receipt]:
    """`receipts(s1=DONE)`."""
    return {int(name[1:]): Receipt(int(name[1:]), outcome) for name, outcome in outcomes.items()}


def sent(found: object) -> list[int]:
    assert isinstance(found, Send)
    return [one.no for one in found.steps]


def test_steps_go_one_after_the_other() -> None:
    steps = [step(1), step(2)]
    assert sent(advance(steps, {})) == [1]
    assert sent(advance(steps, receipts(s1=DONE))) == [2]
    assert advance(steps, receipts(s1=DONE, s2=DONE)) == Finished()


def test_a_change_set_goes_whole() -> None:
    steps = [step(1, atomic=1), step(2, atomic=1), step(3)]
    assert sent(advance(steps, {})) == [1, 2]
    assert sent(advance(steps, receipts(s1=DONE, s2=DONE))) == [3]


@pytest.mark.parametrize("outcome", sorted(set(ReceiptOutcome) - {DONE}))
def test_nothing_follows_a_step_that_was_not_done(outcome: ReceiptOutcome) -> None:
    stopped = advance([step(1), step(2)], receipts(s1=outcome))
    assert isinstance(stopped, Stopped)
    assert (stopped.step.no, stopped.receipt.outcome) == (1, outcome)


def test_a_lock_is_opened_only_when_it_refused() -> None:
    """The steps that reactivate, write and submit again are sent only after a refusal as read-only."""
    steps = [step(1, atomic=1), step(2, "read-only", 2), step(3, "read-only", 2), step(4, "read-only", 2)]
    assert advance(steps, receipts(s1=DONE)) == Finished()
    assert sent(advance(steps, receipts(s1=ReceiptOutcome.READ_ONLY))) == [2, 3, 4]
    through = receipts(s1=ReceiptOutcome.READ_ONLY, s2=DONE, s3=DONE, s4=DONE)
    assert advance(steps, through) == Finished()


def test_what_follows_a_change_set_that_was_done_behind_the_lock_still_follows() -> None:
    steps = [step(1, atomic=1), step(2, atomic=1), step(3), step(4, "read-only", 2)]
    refused = receipts(s1=ReceiptOutcome.READ_ONLY, s2=ReceiptOutcome.READ_ONLY, s4=DONE)
    assert sent(advance(steps, refused)) == [3]


def test_a_lock_that_could_not_be_opened_stops_the_action() -> None:
    steps = [step(1, atomic=1), step(2, "read-only", 2)]
    found = receipts(s1=ReceiptOutcome.READ_ONLY, s2=ReceiptOutcome.REFUSED)
    stopped = advance(steps, found)
    assert isinstance(stopped, Stopped)
    assert stopped.step.no == 2


def test_a_foreign_edit_takes_the_way_back_and_nothing_else() -> None:
    steps = [step(1), step(2), step(3, "foreign-edit")]
    assert sent(advance(steps, receipts(s1=DONE), foreign_edit=True)) == [3]
    assert advance(steps, receipts(s1=DONE, s3=DONE), foreign_edit=True) == Finished()


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (DONE, True), (ReceiptOutcome.REFUSED, True), (ReceiptOutcome.STALE, True), (ReceiptOutcome.READ_ONLY, True),
        (ReceiptOutcome.UNKNOWN, False), (ReceiptOutcome.NOT_SENT, False), (ReceiptOutcome.THROTTLED, False),
    ],
)  # fmt: skip
def test_only_a_clear_answer_settles_a_step(outcome: ReceiptOutcome, expected: bool) -> None:
    assert settled_by(outcome) is expected


def added(no: int, parent: str | int = 1, *, placed: bool = True) -> Step:
    """A new line, at a place of its own in the document or not."""
    return Step(no, "back_office", "create-line", "lines", parent=parent, identity={"sequence": no} if placed else {})


def test_new_lines_with_places_of_their_own_go_together() -> None:
    """Each finds itself again by its place, so that none waits for another's answer; what is not alike waits."""
    steps = [added(1), added(2), added(3), step(4)]
    assert sent(advance(steps, {})) == [1, 2, 3]
    assert sent(advance(steps, receipts(s1=DONE, s2=DONE))) == [3]
    assert sent(advance([added(1), added(2, placed=False)], {})) == [1]
    assert sent(advance([added(1), added(2, parent="o-2")], {})) == [1]


def test_at_most_a_hundred_go_together() -> None:
    assert len(sent(advance([added(no) for no in range(1, 251)], {}))) == 100


def test_a_write_cut_into_change_sets_is_done_once_behind_the_lock() -> None:
    """The second half was refused as read-only: what stands in does both halves, and no part is sent again."""
    steps = [step(1, atomic=1), step(2, atomic=3), step(3, "read-only", 2), step(4, "read-only", 4)]
    assert sent(advance(steps, receipts(s1=DONE))) == [2]
    refused = receipts(s1=ReceiptOutcome.READ_ONLY)
    assert sent(advance(steps, refused)) == [3]
    assert sent(advance(steps, refused | receipts(s3=DONE))) == [4]
    assert advance(steps, refused | receipts(s3=DONE, s4=DONE)) == Finished()


def test_what_is_absent_is_made_instead() -> None:
    """All that was not there is made together, once all has been tried; what was there is not made again."""
    parts = [
        replace(step(1), verb="update-part"),
        replace(step(2, when="absent"), verb="create-part", instead_of=1),
        replace(step(3), verb="update-part"),
        replace(step(4, when="absent"), verb="create-part", instead_of=3),
        step(5),
    ]
    assert advance(parts, {}) == Send((parts[0], parts[2]))
    assert advance(parts, receipts(s1=ReceiptOutcome.ABSENT, s3=ReceiptOutcome.ABSENT)) == Send((parts[1], parts[3]))
    assert advance(parts, receipts(s1=ReceiptOutcome.ABSENT, s3=DONE)) == Send((parts[1],))
    assert advance(parts, receipts(s1=ReceiptOutcome.ABSENT, s2=DONE, s3=DONE)) == Send((parts[4],))
    stopped = advance(parts, receipts(s1=ReceiptOutcome.ABSENT, s2=ReceiptOutcome.REFUSED, s3=DONE))
    assert isinstance(stopped, Stopped)
    assert stopped.step == parts[1]
