"""A process that dies at any moment leaves nothing that the next one does not set right."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.sandbox import world
from tests.recovery.crashes import Countdown
from tests.recovery.crashes import Lasting
from tests.recovery.crashes import run_until
from tests.recovery.situations import BESIDE
from tests.recovery.situations import SITUATIONS
from tests.recovery.situations import Situation
from tests.recovery.situations import creates


def _die_at(running: world.Sandbox, folder: Path, situation: Situation, at: int | None) -> Countdown:
    """Prepare, run and die at moment `at`, then let a new process go on; everything must be as it should."""
    bench, given = situation.begun(running, folder)
    try:
        bench.mark()
        countdown = Lasting(at)
        run_until(bench, countdown)
        bench.sync()
        bench.sync()
        assert creates(bench) == situation.created, countdown.moments[-3:]
        situation.check(bench, given)
        bench.agreed()
    finally:
        bench.restart()
    return countdown


def _moments(running: world.Sandbox, tmp_path: Path, situation: Situation) -> int:
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    return _die_at(running, folder, situation, None).count


MOMENTOUS = (*SITUATIONS, *BESIDE)
OFTEN = 20  # `make test` takes every so manieth moment


@pytest.mark.slow
@pytest.mark.parametrize("situation", MOMENTOUS, ids=lambda one: one.name)
def test_a_process_that_dies_at_some_moments(running: world.Sandbox, tmp_path: Path, situation: Situation) -> None:
    """Begun at a different one in each situation."""
    first = 1 + MOMENTOUS.index(situation) * 3
    for at in range(first, _moments(running, tmp_path, situation), OFTEN):
        folder = tmp_path / str(at)
        folder.mkdir()
        _die_at(running, folder, situation, at)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("situation", MOMENTOUS, ids=lambda one: one.name)
def test_a_process_that_dies_at_every_moment(running: world.Sandbox, tmp_path: Path, situation: Situation) -> None:
    """After each write and each commit that changed something: what lies between them changes nothing that lasts."""
    for at in range(1, _moments(running, tmp_path, situation) + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        _die_at(running, folder, situation, at)
