"""A day of everything at once: people edit both sides at any moment, answers are lost, processes die, clocks drift.

Hypothesis chooses what happens; when it ends the faults stop, and the promise must hold.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import initialize
from hypothesis.stateful import precondition
from hypothesis.stateful import rule
from hypothesis.stateful import run_state_machine_as_test

from syncengine.engine.run import Asked
from syncengine.errors import SyncError
from syncengine.records.values import Side
from syncengine.sandbox import world
from syncengine.service.runs import perform
from tests.bench.bench import Bench
from tests.recovery.crashes import Countdown
from tests.recovery.crashes import Interruption
from tests.recovery.crashes import Killed
from tests.recovery.crashes import install
from tests.stateful import invariants
from tests.stateful.people import GROUPS
from tests.stateful.people import Group
from tests.stateful.people import People

SIDES_ = st.sampled_from(["sales", "back_office"])
FAULTS = ("answer-lost", "reset-before", "half-body", "bad-gateway-after", "html", "status-429", "status-503")
# Tokens, guards, polls and the like may fail as well; writes fail more often than their share.
PATHS = {"any": "", "writes": r"^(POST|PATCH|DELETE)"}


class Day(RuleBasedStateMachine):
    """One company, a few orders."""

    running: ClassVar[world.Sandbox]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="syncengine-day-")
        self.bench = Bench(self.running, Path(self.folder.name))
        self.people = People(self.bench)

    @initialize()
    def opens(self) -> None:
        self.bench.sync()
        self.people.enters("sales")

    def teardown(self) -> None:
        try:
            invariants.check(self.bench, self.people)
        finally:
            self.bench.calm()
            self.bench.restart()
            self.folder.cleanup()

    # people

    @precondition(lambda self: len(self.people.orders) < 4)
    @rule(side=SIDES_)
    def somebody_enters_an_order(self, side: Side) -> None:
        self.people.enters(side)

    @rule(at=st.integers(0, 3), side=SIDES_, group=st.sampled_from(GROUPS))
    def somebody_edits(self, at: int, side: Side, group: Group) -> None:
        self.people.edits_something(at, side, group)

    @rule(at=st.integers(0, 3), action=st.sampled_from(["release", "reopen"]))
    def the_clerk_acts(self, at: int, action: str) -> None:
        self.people.acts(at, action)

    # the world

    @rule(side=SIDES_, kind=st.sampled_from(FAULTS), where=st.sampled_from(sorted(PATHS)), skip=st.integers(0, 4))
    def something_will_fail(self, side: Side, kind: str, where: str, skip: int) -> None:
        name, _, status = kind.partition("-") if kind.startswith("status") else (kind, "", "")
        more = {"status": int(status), "retry_after": 1} if status else {}
        self.bench.fault(side, kind=name, next=1, skip=skip, match={"path": PATHS[where]}, **more)

    @rule(side=SIDES_, seconds=st.sampled_from([-90, -5, 5, 300]))
    def a_clock_drifts(self, side: Side, seconds: int) -> None:
        service = self.running.sales if side == "sales" else self.running.back_office
        service.clock.move(seconds)

    @rule(side=SIDES_)
    def tokens_expire(self, side: Side) -> None:
        service = self.running.sales if side == "sales" else self.running.back_office
        service.tokens.expire_all()
        for one in (self.bench.seller, self.bench.admin, self.bench.clerk):
            one.person.sign_in_again()

    # runs

    @rule()
    def a_run(self) -> None:
        self.bench.sync(expect=None, sweep_all=True)

    @rule(at=st.integers(1, 60))
    def a_run_dies(self, at: int) -> None:
        self._run(Countdown(at))

    @rule(moment=st.integers(1, 60), at=st.integers(0, 3), side=SIDES_, group=st.sampled_from(GROUPS))
    def a_run_with_somebody_editing_meanwhile(self, moment: int, at: int, side: Side, group: Group) -> None:
        """Also between our write and our reading it back."""
        self._run(Interruption(moment, act=lambda: self.people.edits_something(at, side, group)))

    def _run(self, countdown: Countdown) -> None:
        company = self.bench.new_process()
        with pytest.MonkeyPatch.context() as patch:
            try:
                install(countdown, company, patch)
                perform(company, Asked("sync", sweep_all=True))
            except (Killed, SyncError):
                pass
        company.close()
        self.bench.restart()


def _live(running: world.Sandbox, examples: int, steps: int, *, seeded: bool) -> None:
    Day.running = running
    run_state_machine_as_test(
        Day,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=seeded,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,) if seeded else tuple(Phase),
            database=None if seeded else settings.default.database,
        ),
    )


@pytest.mark.slow
def test_a_few_days(running: world.Sandbox) -> None:
    """The same days each time."""
    _live(running, 8, 15, seeded=True)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_many_days(running: world.Sandbox) -> None:
    """Other days each time; the seed of a bad one is printed, and the shrunk day is kept."""
    _live(running, 250, 25, seeded=False)
