"""A company's rounds in a daemon: who schedules, who stands by, and that asking often is asking once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.config.loading import load
from syncengine.engine.run import Asked
from syncengine.errors import LeaseHeld
from syncengine.errors import StoreError
from syncengine.observe.metrics import Metrics
from syncengine.service import rounds as module
from syncengine.service.lease import hold
from syncengine.service.rounds import SCHEDULER
from syncengine.service.rounds import Rounds
from syncengine.service.wiring import Company
from syncengine.service.wiring import company
from syncengine.store.session import Session
from tests.bench.bench import eventually
from tests.service.test_alerts import CONFIGURATION

RESULT: dict[str, Any] = {
    "run_id": "r", "kind": "sync", "company": "CRONUS", "status": "completed", "exit_code": 0, "mappings": [],
    "requests": {"sales": 1, "back_office": 1}, "refusal": None,
}  # fmt: skip
REFUSAL = {"code": "sop-enabled", "system": "sales", "what": "order processing is on", "remedy": "turn it off"}


class Runs:
    """Stands in for `perform`: what was asked for, and an answer for each."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: list[dict[str, Any] | Exception] = []
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()

    def __call__(self, _company: Company, asked: Asked, **_: Any) -> dict[str, Any]:
        self.asked.append(asked.kind)
        self.began.set()
        assert self.gate.wait(20)
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        return {**RESULT, "kind": asked.kind, **answer}


@pytest.fixture
def cronus(tmp_path: Path) -> Company:
    file = tmp_path / "syncengine.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    return company(load(str(file), {}))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs()
    monkeypatch.setattr(module, "perform", made)
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.02)
    monkeypatch.setattr(module, "BESIDE_S", 0.02)
    return made


@pytest.fixture
def rounds(cronus: Company, runs: Runs) -> Iterator[Rounds]:
    stopping = threading.Event()
    made = Rounds(cronus, Metrics(), stopping, lambda: None)
    yield made
    stopping.set()
    runs.gate.set()
    made.wake()
    assert made.join(20)


def test_what_is_asked_for_during_a_run_is_done_once_after_it(rounds: Rounds, runs: Runs) -> None:
    runs.gate.clear()
    rounds.start()
    rounds.ask("incremental")
    assert runs.began.wait(20)
    for _ in range(5):
        rounds.ask("incremental")
        rounds.ask("verify")
    runs.gate.set()
    eventually(lambda: sorted(runs.asked) == ["sync", "sync", "verify"])
    rounds.ask("full")
    eventually(lambda: runs.asked[3:] == ["full-sync"])


def test_many_hints_are_one_run(rounds: Rounds, runs: Runs, cronus: Company) -> None:
    """The first comes after the debounce of a second; the next no sooner than five seconds after that began."""
    rounds.start()
    eventually(lambda: rounds.scheduling)
    for _ in range(50):
        rounds.hint()
    assert runs.asked == []
    eventually(lambda: runs.asked == ["sync"])
    for _ in range(50):
        rounds.hint()
    assert rounds._asked.keys() == {"incremental"}
    assert runs.asked == ["sync"]


def test_behind_another_instance_it_stands_by_and_takes_over(rounds: Rounds, runs: Runs, cronus: Company) -> None:
    session = Session(cronus.engine, f"{SCHEDULER}:CRONUS", cronus.clock, writes=True)
    with hold(cronus.engine, session, mode="bidirectional", run_id=SCHEDULER, lease_s=30):
        rounds.ask("incremental")
        rounds.start()
        eventually(lambda: rounds.standing.reason == "another-instance")
        assert "bidirectional" in rounds.standing.message
        assert not rounds.scheduling
        assert runs.asked == []
    eventually(lambda: runs.asked == ["sync"])
    assert rounds.standing.state == "scheduling"
    session.close()


def test_behind_an_instance_in_the_other_mode_it_says_so(rounds: Rounds, runs: Runs, cronus: Company) -> None:
    session = Session(cronus.engine, f"{SCHEDULER}:CRONUS", cronus.clock, writes=True)
    with hold(cronus.engine, session, mode="one-way", run_id=SCHEDULER, lease_s=30):
        rounds.start()
        eventually(lambda: rounds.standing.reason == "other-mode")
        assert rounds.standing.remedy
    eventually(lambda: rounds.scheduling)
    session.close()


def test_a_refused_run_is_standing_by_until_one_is_not_refused(rounds: Rounds, runs: Runs) -> None:
    runs.answers = [{"status": "refused", "exit_code": 3, "refusal": REFUSAL}, {}]
    rounds.start()
    rounds.ask("incremental")
    eventually(lambda: rounds.standing.state == "standing-by")
    assert (rounds.standing.reason, rounds.standing.remedy) == ("sop-enabled", "turn it off")
    assert rounds.scheduling
    rounds.ask("incremental")
    eventually(lambda: rounds.standing.state == "scheduling")


def test_a_one_shot_at_work_makes_it_ask_again(rounds: Rounds, runs: Runs) -> None:
    runs.answers = [LeaseHeld("a run is in progress"), LeaseHeld("a run is in progress"), {}]
    rounds.start()
    rounds.ask("incremental")
    eventually(lambda: "incremental" in rounds.last)
    assert runs.asked == ["sync", "sync", "sync"]
    assert rounds.standing.state == "scheduling"


@pytest.mark.parametrize("failure", [StoreError("the disk is full", remedy="free some"), ZeroDivisionError("bug")])
def test_whatever_a_run_raises_the_rounds_go_on(rounds: Rounds, runs: Runs, failure: Exception) -> None:
    runs.answers = [failure, {}]
    rounds.start()
    rounds.ask("incremental")
    eventually(lambda: rounds.standing.state == "failing")
    rounds.ask("incremental")
    eventually(lambda: rounds.standing.state == "scheduling")


def test_a_new_configuration_is_taken_over_between_two_runs(rounds: Rounds, runs: Runs, cronus: Company) -> None:
    runs.gate.clear()
    rounds.start()
    rounds.ask("incremental")
    assert runs.began.wait(20)
    fresh = company(cronus.loaded)
    rounds.replace(fresh)
    assert rounds.company is cronus
    runs.gate.set()
    eventually(lambda: rounds.company is fresh)
    rounds.ask("verify")
    eventually(lambda: runs.asked == ["sync", "verify"])
