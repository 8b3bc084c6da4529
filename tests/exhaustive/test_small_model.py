"""Every pair of edits, one set on each side, and a stop at every step: the result is what the three-way table says."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from syncengine.engine.run import Asked
from syncengine.service.runs import perform
from tests.bench.bench import Bench
from tests.exhaustive import people
from tests.exhaustive.model import CITY_AT_FIRST
from tests.exhaustive.model import Edits
from tests.exhaustive.model import expected
from tests.exhaustive.model import sets_of_edits
from tests.recovery.crashes import Countdown
from tests.recovery.crashes import Killed
from tests.recovery.crashes import install

Case = tuple[Edits, Edits]

SINGLE: list[Case] = list(itertools.product(sets_of_edits(1), repeat=2))
DOUBLE: list[Case] = list(itertools.product(sets_of_edits(2), repeat=2))
TOGETHER = 20  # orders in one run, where nothing is stopped
OFTEN = 20  # `make test` takes every so manieth case
PARTS = 4  # so that several workers can share them
MOMENTS = 60  # about as many as a run of two orders has


def _opened(bench: Bench) -> None:
    """Many orders are recreated on one day here; the safety limits have tests of their own."""
    bench.configure(integration={"max_destructive_floor": 100_000})
    bench.sync()


def _run(bench: Bench, cases: Sequence[Case], at: int | None) -> Countdown:
    """One order for each case, all of them in one run that dies at moment `at`; then the next runs put it right."""
    numbers = [bench.sales_order(2, 3, shipto_city=CITY_AT_FIRST) for _ in cases]
    bench.sync(expect=None)
    for number, (sales, back_office) in zip(numbers, cases, strict=True):
        people.edit(bench, number, "sales", sales)
        people.edit(bench, number, "back_office", back_office)
    countdown = Countdown(at)
    company = bench.new_process()
    with pytest.MonkeyPatch.context() as patch:
        install(countdown, company, patch)
        try:
            perform(company, Asked("sync", sweep_all=True))
        except Killed:
            assert at is not None
    company.close()
    bench.restart()
    bench.sync(expect=None, sweep_all=True)
    bench.sync(expect=None, sweep_all=True)
    prices = people.prices(bench)
    for number, case in zip(numbers, cases, strict=True):
        try:
            people.check(bench, number, expected(*case, prices))
        except AssertionError as error:
            error.add_note(f"edits {case}, died at {at}: {countdown.moments[-1:]}")
            raise
    bench.mark()
    bench.sync(expect=None)
    assert bench.writes() == [], (cases, at)
    return countdown


def _batches(cases: Sequence[Case]) -> list[Sequence[Case]]:
    return [cases[start : start + TOGETHER] for start in range(0, len(cases), TOGETHER)]


@pytest.mark.slow
def test_some_pairs_of_edits(bench: Bench) -> None:
    """Every 20th of all pairs of up to two edits on each side."""
    _opened(bench)
    for batch in _batches(DOUBLE[7::OFTEN]):
        _run(bench, batch, None)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", _batches(DOUBLE), ids=lambda batch: str(DOUBLE.index(batch[0])))
def test_every_pair_of_edits(bench: Bench, batch: Sequence[Case]) -> None:
    _opened(bench)
    _run(bench, batch, None)


def _pairs_of_orders() -> list[Sequence[Case]]:
    """Two orders in each run; every pair of single edits stands once in each place."""
    return [(one, SINGLE[(at + len(SINGLE) // 2) % len(SINGLE)]) for at, one in enumerate(SINGLE)]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_some_stops(bench: Bench, part: int) -> None:
    """Every 20th of all (pair of orders, moment), counted through; a quarter of them in each part."""
    _opened(bench)
    for number, cases in list(enumerate(_pairs_of_orders()))[part::PARTS]:
        for at in range(1 + (number * 7) % MOMENTS, MOMENTS, MOMENTS):
            _run(bench, cases, at)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("cases", _pairs_of_orders(), ids=str)
def test_every_stop(bench: Bench, cases: Sequence[Case]) -> None:
    _opened(bench)
    for at in range(1, _run(bench, cases, None).count + 1):
        _run(bench, cases, at)
