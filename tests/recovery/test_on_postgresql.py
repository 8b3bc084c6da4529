"""The same engine on PostgreSQL: whole stories, a killed process, and a database that goes away in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncengine.engine.run import Asked
from syncengine.sandbox import world
from syncengine.service.runs import perform
from tests.bench.bench import Bench
from tests.bench.postgres import Server
from tests.recovery.crashes import Countdown
from tests.recovery.crashes import install
from tests.recovery.crashes import run_until
from tests.recovery.situations import SITUATIONS
from tests.recovery.situations import Situation
from tests.recovery.situations import creates

pytestmark = pytest.mark.slow

RECREATED = SITUATIONS[2]
NEW_BOTH_WAYS_AND_RECREATED = [
    one for one in SITUATIONS if one.name.startswith(("an order that is new", "a document that is recreated"))
]


@pytest.fixture
def bench(running: world.Sandbox, tmp_path: Path, postgres: Server) -> Iterator[Bench]:
    """The usual workbench, with its store in a fresh database of PostgreSQL."""
    made = Bench(running, tmp_path, store=postgres.database())
    yield made
    made.restart()


@pytest.mark.parametrize("situation", NEW_BOTH_WAYS_AND_RECREATED, ids=lambda one: one.name)
def test_what_works_on_sqlite_works_here(bench: Bench, situation: Situation) -> None:
    bench.sync()
    prepared = situation.prepare(bench)
    bench.mark()
    bench.sync()
    assert creates(bench) == situation.created
    situation.check(bench, prepared)
    bench.agreed()


def test_a_plan_shows_the_run_and_leaves_nothing(bench: Bench) -> None:
    bench.sync()
    number = bench.sales_order(2, 3)
    planned = bench.plan()
    (action,) = [one for one in planned["actions"] if one["record"]["number"] == number]
    assert action["action"] == "create"
    assert bench.writes() == []
    again = bench.plan()
    assert [one["steps"][0] for one in again["actions"]] == [action["steps"][0]]
    bench.sync()
    bench.agreed()


def test_a_conflict_is_shown_and_decided(bench: Bench) -> None:
    """Both change the same quantity: a conflict with both values; with an answer it goes on."""
    number = bench.sales_order(2, 3)
    bench.sync()
    order, document = bench.seller.order(number), bench.clerk.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": 20}})
    bench.clerk.change_line(document, document["salesOrderLines"][0], quantity=15)
    bench.sync(expect=1)
    with bench.company.store(writes=True) as store, store.transaction():
        (conflict,) = store.conflicts.open()
        store.conflicts.answer(conflict.id, "sales")
        store.work.retry(None)
    bench.sync()
    assert [one["quantity"] for one in bench.clerk.order(number)["salesOrderLines"]] == [20, 3]
    bench.agreed()


def test_killed_and_restarted(running: world.Sandbox, tmp_path: Path, postgres: Server) -> None:
    """A recreate that dies at some moment of its run ends, with a new process, in exactly one live document."""
    moments = _died_at(running, tmp_path / "undisturbed", postgres, None)
    for share in (0.45, 0.75):
        _died_at(running, tmp_path / str(share), postgres, int(moments * share))


def _died_at(running: world.Sandbox, folder: Path, postgres: Server, at: int | None) -> int:
    bench = Bench(running, folder, store=postgres.database())
    try:
        bench.sync()
        prepared = RECREATED.prepare(bench)
        bench.mark()
        countdown = Countdown(at)
        run_until(bench, countdown)
        bench.sync()
        assert creates(bench) == RECREATED.created, countdown.moments[-3:]
        RECREATED.check(bench, prepared)
        bench.agreed()
    finally:
        bench.restart()
    return countdown.count


@pytest.mark.parametrize("after", [1, 3])
def test_the_database_goes_away_after_an_answer(bench: Bench, postgres: Server, after: int) -> None:
    """The write was applied and answered, and the answer cannot be kept: the run ends with 7 and sends nothing more;
    once the database is back the next run finds out what became of it, and nothing is made twice.
    """
    bench.sync()
    prepared = RECREATED.prepare(bench)
    bench.mark()
    company = bench.new_process()
    url = company.loaded.store_url()
    countdown = Countdown(None)
    answered = 0

    def moment(name: str, _verbs: object = ()) -> None:
        nonlocal answered
        if name.startswith("after ") and name.endswith(".write"):
            answered += 1
            if answered == after:
                postgres.allow(url, connections=False)
                postgres.cut_off(url)

    countdown.moment = moment  # type: ignore[method-assign]
    with pytest.MonkeyPatch.context() as patch:
        install(countdown, company, patch)
        result = perform(company, Asked("sync"))
    company.close()
    assert answered == after, "nothing more was sent"
    assert (result["exit_code"], result["error"]["code"]) == (7, "store-unreachable")
    postgres.allow(url, connections=True)
    bench.restart()
    bench.sync()
    assert creates(bench) == RECREATED.created
    RECREATED.check(bench, prepared)
    bench.agreed()
