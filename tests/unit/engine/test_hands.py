"""What a run remembers of the records it has in hand, and forgets."""

from __future__ import annotations

from syncengine.engine.hands import InHand
from syncengine.ports import Subject

ALONE = Subject("SALESORDER-ORDER", None, "sales", "one")
COUPLED = Subject("SALESORDER-ORDER", 7)


def test_plans_are_counted_for_each_record() -> None:
    hand = InHand()
    assert [hand.planned(ALONE), hand.planned(ALONE), hand.planned(COUPLED)] == [1, 2, 1]
    assert (hand.plans(ALONE), hand.plans(Subject("SALESORDER-ORDER", 8))) == (2, 0)
    assert len(hand) == 2


def test_what_is_coupled_is_written_under_its_new_name_and_plans_start_anew() -> None:
    hand = InHand()
    hand.planned(ALONE)
    hand.wrote(ALONE)
    hand.coupled(ALONE, COUPLED)
    assert (hand.written(ALONE), hand.written(COUPLED), hand.plans(COUPLED)) == (False, True, 0)
    assert len(hand) == 1


def test_of_what_is_done_nothing_is_kept() -> None:
    hand = InHand()
    for at in range(1000):
        subject = Subject("SALESORDER-ORDER", at)
        hand.planned(subject)
        hand.wrote(subject)
        hand.done(subject)
    assert len(hand) == 0
