"""A store of each schema revision, with real content: it opens after an upgrade, holds what it held, and goes on.

The systems that a kept store belonged to are gone. So the same acts are acted out again on fresh ones, and the store is
grafted onto them: ids, numbers and places in the feeds of today take those of then.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy import select

from syncengine.sandbox import world
from syncengine.service.clock import SystemClock
from syncengine.service.decisions import resolve
from syncengine.store import tables
from syncengine.store import upgrade as upgrading
from syncengine.store.database import REVISION
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.database import revision
from syncengine.store.store import SqlStore
from syncengine.store.upgrade import upgrade
from tests.bench.bench import Bench
from tests.recovery.situations import creates
from tests.stores.script import FOLDER
from tests.stores.script import act
from tests.stores.script import load

ORDERS = "SALESORDER-ORDER"
KEPT = sorted(FOLDER.glob("*.sql"))


def _numbers(file: Path) -> dict[str, str]:
    with file.open(encoding="utf-8") as text:
        found: dict[str, str] = json.loads(text.readline().removeprefix("-- "))
    return found


def test_each_revision_has_a_store() -> None:
    versions = Path(upgrading.__file__).parent / "migrations" / "versions"
    migrations = {file.name[:4] for file in versions.glob("[0-9]*.py")}
    kept = {file.stem for file in KEPT}
    assert kept == migrations, "`.venv/bin/python -m tests.stores.script` keeps a store of the newest revision"
    assert REVISION in kept


@pytest.fixture(params=KEPT, ids=lambda file: file.stem)
def kept(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def _opened(kept: Path, folder: Path) -> Engine:
    load(kept.read_text(encoding="utf-8"), folder / "kept.db")
    engine = open_engine(f"sqlite:///{folder / 'kept.db'}")
    assert revision(engine) == kept.stem
    upgrade(engine)
    prepare(engine)
    return engine


def test_after_an_upgrade_everything_in_it_can_be_read(kept: Path, tmp_path: Path) -> None:
    engine, numbers = _opened(kept, tmp_path), _numbers(kept)
    with engine.connect() as connection:
        company = str(connection.execute(select(tables.couplings.c.company)).scalar())
    store = SqlStore(engine, company, SystemClock())
    with store.transaction():
        held = store.couplings.after(ORDERS, 0, 100)
        assert {one.sales_number for one in held} >= {numbers["plain"], numbers["recreated"], numbers["conflict"]}
        assert numbers["back office"] in {one.back_office_number for one in held}
        assert all(one.base is not None and one.line_pairs for one in held)
        (conflict,) = store.conflicts.open()
        assert conflict.group == "goods"
        (version,) = store.archive.versions(numbers["recreated"])
        assert [line.fields["quantity"] for line in version.document.lines] == [4]
        assert version.successor
        assert store.couplings.known(ORDERS, "back_office", [version.document.id]) == {
            version.document.id: "predecessor"
        }
        (unfinished,) = store.journal.unfinished()
        assert (unfinished.kind, unfinished.steps[0].verb) == ("create", "create")
        assert unfinished.sent_at.keys() == {1}
        assert unfinished.receipts == {}
        assert list(store.journal.claimed_keys(ORDERS, "back_office", [numbers["cut off"]])) == [numbers["cut off"]]
        assert {failure for failure, _ in store.work.parked()[ORDERS]} >= {"waiting"}
    store.close()


@pytest.mark.slow
def test_a_sync_goes_on_with_it(kept: Path, running: world.Sandbox, tmp_path: Path) -> None:
    """What was cut off is found, the conflict and the order that waits are still there; nothing is made twice."""
    bench = Bench(running, tmp_path / "bench")
    try:
        today = act(bench)
        bench.restart()
        _graft(kept, today, tmp_path, bench)
        bench.mark()
        result = bench.sync(expect=1)
        (orders,) = [one for one in result["mappings"] if one["mapping"] == ORDERS]
        assert (orders["conflicts"], orders["waiting"], orders["failed"]) == (1, 1, 0)
        assert creates(bench) == {"sales": 0, "back_office": 0}
        for name in ("plain", "recreated", "conflict", "cut off"):
            assert len(bench.live_documents(today[name])) == 1, name
        assert bench.seller.order(today["cut off"])["submitstatusdescription"]
        with bench.company.store() as store, store.transaction():
            (conflict,) = store.conflicts.open()
        resolve(bench.company, conflict.id, "sales", ())
        bench.clerk.create("customers", number="90210", displayName="Tailspin Toys")
        bench.sync()
        assert len(bench.live_documents(today["waiting"])) == 1
        (line,) = bench.clerk.order(today["conflict"])["salesOrderLines"]
        assert line["quantity"] == 20
        bench.agreed()
    finally:
        bench.restart()


def _graft(kept: Path, today: dict[str, str], folder: Path, bench: Bench) -> None:
    """Put the kept store in the place of the bench's own."""
    own = folder / "bench" / "engine.db"
    then = folder / "then.db"
    load(kept.read_text(encoding="utf-8"), then)
    with sqlite3.connect(then) as before, sqlite3.connect(own) as now:
        pairs = dict(_pairs(before, now, _numbers(kept), today))
        places = now.execute("SELECT mapping, side, kind, value FROM cursors").fetchall()
    before.close()
    now.close()
    pattern = re.compile("|".join(re.escape(one) for one in sorted(pairs, key=len, reverse=True)))
    text = pattern.sub(lambda found: pairs[found.group()], kept.read_text(encoding="utf-8"))
    for file in own.parent.glob("engine.db*"):
        file.unlink()
    load(text, own)
    with sqlite3.connect(own) as grafted:
        for mapping, side, kind, value in places:
            grafted.execute(
                "UPDATE cursors SET value = ? WHERE mapping = ? AND side = ? AND kind = ? AND kind LIKE 'poll%'",
                (value, mapping, side, kind),
            )
    grafted.close()
    engine = open_engine(f"sqlite:///{own}")
    upgrade(engine)


def _pairs(
    before: sqlite3.Connection, now: sqlite3.Connection, then: dict[str, str], today: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """What something was called then, and what it is called now."""
    yield from ((then[name], today[name]) for name in then)
    roles = {number: name for numbers in (then, today) for name, number in numbers.items()}
    held, holds = _couplings(before, roles), _couplings(now, roles)
    for key in held.keys() & holds.keys():
        yield from zip(held[key], holds[key], strict=True)
    identity = "SELECT name, value FROM remembered WHERE name LIKE 'identity:%' ORDER BY name"
    for (_, one), (_, two) in zip(before.execute(identity), now.execute(identity), strict=True):
        yield json.loads(one), json.loads(two)
    waits = "SELECT w.remote_id, c.remote_id FROM work w JOIN waits c ON c.work_id = w.id WHERE w.mapping = ?"
    (one,), (two,) = before.execute(waits, (ORDERS,)).fetchall(), now.execute(waits, (ORDERS,)).fetchall()
    yield from zip(one, two, strict=True)
    made = "SELECT remote_id FROM operations WHERE status = 'open'"
    yield before.execute(made).fetchone()[0], now.execute(made).fetchone()[0]


def _couplings(store: sqlite3.Connection, roles: dict[str, str]) -> dict[tuple[str, ...], list[str]]:
    """By mapping and what both sides call a record: its ids, its numbers, and the ids of its lines."""
    found = {}
    columns = "id, mapping, scope, sales_id, back_office_id, sales_number, back_office_number"
    rows = store.execute(f"SELECT {columns} FROM couplings").fetchall()
    for coupling, mapping, scope, sales, back_office, sales_number, back_office_number in rows:
        role = roles.get(sales_number) or roles.get(back_office_number) or ""
        key = (mapping, role) if role else (mapping, sales_number, back_office_number)
        names = [sales, back_office, *([scope] if scope else ()), *([sales_number, back_office_number] if role else ())]
        lines = "SELECT sales_line_id, back_office_line_id FROM line_couplings WHERE coupling_id = ? ORDER BY id"
        found[key] = names + [one for row in store.execute(lines, (coupling,)) for one in row]
    return found
