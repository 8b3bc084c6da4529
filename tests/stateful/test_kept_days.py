"""Days on which an invariant broke once, shrunk to what it takes, and days worth living each time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncengine.sandbox import world
from tests.stateful.test_machine import Day

pytestmark = pytest.mark.slow


@pytest.fixture
def day(running: world.Sandbox) -> Iterator[Day]:
    Day.running = running
    lived = Day()
    lived.opens()
    yield lived
    lived.teardown()  # where the promise is looked at


def test_an_edit_after_the_clock_of_sales_was_set_back(day: Day) -> None:
    """comes-to-rest: all writing stopped, and only a person could go on."""
    day.a_run()
    day.a_clock_is_set(side="sales", seconds=-90)
    day.somebody_edits(at=0, side="sales", group="city")
    day.a_run()


def test_one_that_slept_after_its_create_was_answered(day: Day) -> None:
    """effects-once: another has settled what it left, and it wakes with the answer in its hand."""
    for moment in (25, 40):
        day.somebody_enters_an_order(side="sales")
        day.one_sleeps_while_another_takes_over(moment=moment)


def test_a_document_deleted_and_a_customer_changed_while_answers_come_late(day: Day) -> None:
    day.a_run()
    day.somebody_enters_an_order(side="back_office")
    day.something_will_fail(side="back_office", kind="still-running", where="writes", skip=0)
    day.the_clerk_changes_the_customer(at=0)
    day.somebody_edits(at=0, side="sales", group="quantity")
    day.a_run()
    day.the_clerk_deletes_a_document(at=0)
    day.a_run_dies(at=30)
