"""What goes back and forth between the same two values is left alone; a person's new value is not."""

from __future__ import annotations

import pytest

from syncengine.planner.freeze import Written
from syncengine.planner.freeze import back_and_forth
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome

TO_SALES, TO_BACK_OFFICE = Outcome.TO_SALES, Outcome.TO_BACK_OFFICE


def _past(*turns: tuple[Outcome, str]) -> list[list[Written]]:
    return [[Written(None, "date", str(outcome), value)] for outcome, value in turns]


def _wanted(outcome: Outcome, value: str, group: str = "date") -> list[Decision]:
    return [Decision(group, outcome, value, value, "")]


TWICE = ((TO_SALES, "a"), (TO_BACK_OFFICE, "b"), (TO_SALES, "a"), (TO_BACK_OFFICE, "b"))


def test_twice_in_each_direction_is_the_end_of_it() -> None:
    assert back_and_forth(_past(*TWICE), _wanted(TO_SALES, "a")) == {(None, "date")}


@pytest.mark.parametrize(
    ("past", "outcome", "value"),
    [
        (TWICE[:3], TO_BACK_OFFICE, "b"),  # not yet twice
        (TWICE, TO_SALES, "c"),  # a new value: a person
        ((*TWICE[:2], (TO_SALES, "c"), (TO_BACK_OFFICE, "b")), TO_SALES, "a"),  # a person in between
        (TWICE, TO_BACK_OFFICE, "a"),  # not the other direction
        ((), TO_SALES, "a"),
    ],
)
def test_what_is_no_ping_pong(past: tuple[tuple[Outcome, str], ...], outcome: Outcome, value: str) -> None:
    assert back_and_forth(_past(*past), _wanted(outcome, value)) == frozenset()


def test_other_groups_do_not_count() -> None:
    assert back_and_forth(_past(*TWICE), _wanted(TO_SALES, "a", "ship_to")) == frozenset()


def test_writes_of_other_groups_in_between_change_nothing() -> None:
    past = [*_past(*TWICE[:2]), [Written(None, "ship_to", "to-sales", "x")], *_past(*TWICE[2:])]
    assert back_and_forth(past, _wanted(TO_SALES, "a")) == {(None, "date")}
