"""Every pair of edits, one set on each side, and a stop at every step: the result is what the three-way table says."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from syncengine.records.values import SIDES
from syncengine.sandbox import world
from syncengine.sandbox.promise import Evidence
from syncengine.sandbox.promise import Moment
from syncengine.sandbox.promise import QuietRun
from syncengine.sandbox.promise import broken
from tests.bench.bench import Bench
from tests.bench.outstanding import listed
from tests.bench.prepared import prepared
from tests.exhaustive import people
from tests.exhaustive.model import CITY_AT_FIRST
from tests.exhaustive.model import Edits
from tests.exhaustive.model import expected
from tests.exhaustive.model import sets_of_edits
from tests.recovery.crashes import Countdown
from tests.recovery.crashes import Lasting
from tests.recovery.crashes import run_until

Case = tuple[Edits, Edits]

SINGLE: list[Case] = list(itertools.product(sets_of_edits(1), repeat=2))
DOUBLE: list[Case] = list(itertools.product(sets_of_edits(2), repeat=2))
TOGETHER = 20  # orders in one run, where nothing is stopped
STOPPED_TOGETHER = 27  # and where it is: a third of all pairs of single edits
OFTEN = 20  # `make test` takes every so manieth case
MOMENTS = 60  # about as many as a run has


def _opened(bench: Bench) -> None:
    """Many orders are recreated on one day here; the safety limits have tests of their own."""
    bench.configure(integration={"max_destructive_floor": 100_000})
    bench.sync()


def _edited(bench: Bench, cases: Sequence[Case]) -> list[str]:
    """One coupled order for each case, with its edits on both sides; their numbers."""
    numbers = [bench.sales_order(2, 3, shipto_city=CITY_AT_FIRST) for _ in cases]
    bench.sync(expect=None)
    for number, (sales, back_office) in zip(numbers, cases, strict=True):
        people.edit(bench, number, "sales", sales)
        people.edit(bench, number, "back_office", back_office)
    return numbers


def _run(bench: Bench, numbers: Sequence[str], cases: Sequence[Case], at: int | None) -> Countdown:
    """All of them in one run that dies at moment `at`; then the next runs put it right."""
    before, entered = people.pictures(bench, numbers), _orders_in_sales(bench)
    countdown = Lasting(at)
    run_until(bench, countdown, sweep_all=True)
    seen = Evidence(entered=entered, may_lack={})
    then, under_way = people.pictures(bench, numbers), listed(bench)
    runs = [bench.sync(expect=None, sweep_all=True) for _ in range(2)]
    after = people.pictures(bench, numbers)
    seen.moments = [
        Moment(number, side, before[number, side], then[number, side], after[number, side],
               any(set(then[number, one].ids) & under_way for one in SIDES))
        for number in numbers for side in SIDES
    ]  # fmt: skip
    prices = people.prices(bench)
    for number, case in zip(numbers, cases, strict=True):
        try:
            people.check(bench, number, expected(*case, prices))
        except AssertionError as error:
            error.add_note(f"edits {case}, died at {at}: {countdown.moments[-1:]}")
            raise
    bench.mark()
    runs.append(bench.sync(expect=None))
    seen.quiet_runs = [QuietRun(run["exit_code"], len(bench.writes())) for run in runs[-1:]]
    seen.differences = bench.verify()["differences"]
    documents = bench.clerk.orders("number ne ''")
    seen.keys = [str(one["externalDocumentNumber"]) for one in documents]
    seen.orders = {"sales": _orders_in_sales(bench), "back_office": len(documents)}
    assert broken(seen) == [], (cases, at, countdown.moments[-1:])
    return countdown


def _orders_in_sales(bench: Bench) -> int:
    return len(bench.admin.person.get("salesorders?$select=salesorderid")["value"])


def _batches(cases: Sequence[Case], size: int) -> list[Sequence[Case]]:
    return [cases[start : start + size] for start in range(0, len(cases), size)]


@pytest.mark.slow
def test_some_pairs_of_edits(bench: Bench) -> None:
    """Every 20th of all pairs of up to two edits on each side."""
    _opened(bench)
    for batch in _batches(DOUBLE[7::OFTEN], TOGETHER):
        _run(bench, _edited(bench, batch), batch, None)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", _batches(DOUBLE, TOGETHER), ids=lambda batch: str(DOUBLE.index(batch[0])))
def test_every_pair_of_edits(bench: Bench, batch: Sequence[Case]) -> None:
    _opened(bench)
    _run(bench, _edited(bench, batch), batch, None)


def _stopped(running: world.Sandbox, folder: Path, cases: Sequence[Case], at: int | None) -> Countdown:
    """In a company of its own: what earlier runs left would be compared again and again."""

    def first(bench: Bench) -> list[str]:
        _opened(bench)
        return _edited(bench, cases)

    bench, numbers = prepared(running, folder / f"{at}", ("small model", tuple(cases)), first)
    try:
        return _run(bench, numbers, cases, at)
    finally:
        bench.restart()


STOPPED = _batches(SINGLE, STOPPED_TOGETHER)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(STOPPED)))
def test_some_stops(running: world.Sandbox, tmp_path: Path, part: int) -> None:
    """Every 20th moment, begun at a different one in each part."""
    for at in range(5 + OFTEN * part, MOMENTS, OFTEN * len(STOPPED)):
        _stopped(running, tmp_path, STOPPED[part], at)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("half", [0, 1])  # so that two workers share them
@pytest.mark.parametrize("part", range(len(STOPPED)))
def test_every_stop(running: world.Sandbox, tmp_path: Path, part: int, half: int) -> None:
    """Every pair of single edits, all orders of a part in one run: they go through its rounds side by side."""
    moments = _stopped(running, tmp_path, STOPPED[part], None).count
    for at in range(1 + half, moments + 1, 2):
        _stopped(running, tmp_path, STOPPED[part], at)
