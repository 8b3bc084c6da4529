"""A write of which nobody knows whether it happened is looked for, and never simply repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.sandbox import world
from syncengine.service.clock import SystemClock
from tests.bench.bench import Bench
from tests.bench.bench import eventually
from tests.recovery.situations import LONG_ORDER
from tests.recovery.situations import SITUATIONS
from tests.recovery.situations import Situation
from tests.recovery.situations import creates

WRITES = {
    "sales": r"^(POST|PATCH|DELETE) .*(\$batch|/salesorders|/salesorderdetails)",
    "back_office": r"^(POST|PATCH|DELETE) .*salesOrder",
}
BODY = {"sales": r"(PATCH|POST|DELETE) /api/data", "back_office": ""}

WAYS = ("answer-lost", "reset-before", "half-body", "bad-gateway-after", "html")


def _lose(bench: Bench, side: str, way: str, skip: int) -> None:
    """The write after `skip` others on this side goes wrong in this way, once."""
    match = {"path": WRITES[side]}
    if side == "sales":
        match["body"] = r"(PATCH|POST|DELETE) /api/data|\{"
    bench.fault(side, kind=way, next=1, skip=skip, match=match)


PLACES = (("back_office", 0), ("back_office", 1), ("back_office", 2), ("sales", 0), ("sales", 1))  # side, writes before
CASES = [(situation, way, side, skip) for situation in SITUATIONS for way in WAYS for side, skip in PLACES]
OFTEN = 20  # `make test` takes every so manieth


def _named(one: object) -> str:
    return one.name if isinstance(one, Situation) else str(one)


@pytest.mark.slow
@pytest.mark.parametrize(("situation", "way", "side", "skip"), CASES[::OFTEN], ids=_named)
def test_some_writes_in_turn(
    running: world.Sandbox, tmp_path: Path, situation: Situation, way: str, side: str, skip: int
) -> None:
    lose_one(running, tmp_path, situation, side, way, skip)


@pytest.mark.long
@pytest.mark.parametrize(("situation", "way", "side", "skip"), CASES, ids=_named)
def test_each_write_in_turn(
    running: world.Sandbox, tmp_path: Path, situation: Situation, way: str, side: str, skip: int
) -> None:
    """The first, second and third write on each side; in the end one document, both sides equal, nothing lost."""
    lose_one(running, tmp_path, situation, side, way, skip)


def lose_one(running: world.Sandbox, folder: Path, situation: Situation, side: str, way: str, skip: int) -> None:
    bench, given = situation.begun(running, folder)
    try:
        bench.mark()
        _lose(bench, side, way, skip)
        bench.sync(expect=None)
        bench.calm()
        bench.restart()
        bench.sync()
        bench.sync()
        assert creates(bench) == situation.created
        situation.check(bench, given)
        bench.agreed()
    finally:
        bench.restart()


@pytest.mark.slow
@pytest.mark.parametrize(
    "situation",
    [SITUATIONS[0], *(pytest.param(one, marks=pytest.mark.long) for one in SITUATIONS[1:3])],
    ids=lambda one: one.name,
)
def test_a_create_that_is_still_running_when_we_gave_up(bench: Bench, situation: Situation) -> None:
    """We give up after 4 s, the service creates the document after 4.7: it is found, not created again."""
    bench.clock = SystemClock()
    bench.sync()
    prepared = situation.prepare(bench)
    bench.mark()
    side = "back_office" if situation.created["back_office"] else "sales"
    bench.fault(side, kind="still-running", next=1, seconds=4.7, match={"path": WRITES[side], "body": r"\{"})
    bench.sync(expect=None)
    bench.calm()
    bench.restart()
    bench.sync()
    bench.sync()
    # The one that went on running shows in the log when it ends, whenever that is.
    eventually(lambda: any("still-running" in one["faults"] for one in bench.requests(side)))
    assert creates(bench) == situation.created
    situation.check(bench, prepared)
    bench.agreed()


@pytest.mark.slow
@pytest.mark.loaded
def test_lines_beyond_the_first_hundred_are_not_doubled(bench: Bench) -> None:
    """A line has no key; the place in the document that we chose is its guard."""
    number = LONG_ORDER.prepare(bench)
    bench.fault("back_office", kind="answer-lost", next=1, skip=1, match={"path": r"^POST .*salesOrderLines"})
    bench.sync(expect=None)
    bench.calm()
    bench.sync()
    LONG_ORDER.check(bench, number)
    bench.agreed()
