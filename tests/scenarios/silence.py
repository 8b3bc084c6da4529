"""Differences that no poll can bring: people act, and the engine believes that it has read and planned all of it."""

from __future__ import annotations

import urllib.request
from typing import Any

from syncengine.engine.detect import HEADERS
from syncengine.engine.detect import LINES
from syncengine.engine.detect import beside
from syncengine.mapping.model import TableMapping
from syncengine.ports import Poll
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.sandbox.exchange import to_json
from tests.bench.bench import Bench

LATER_S = 3600  # beyond what the polls of the back office read once more


def silenced(bench: Bench) -> None:
    """Cursors and tokens are those of now, the bases those of before.

    As after edits that moved no stamp, that a feed left out, or that a bug took for planned.
    """
    live, systems = bench.company.live(), bench.company.systems()
    for side in SIDES:
        bench.later(side, LATER_S)
    for name, mapping in live.mappings.items():
        for side in SIDES:
            _cursors(bench, mapping, side)
        with bench.company.store(writes=True) as store, store.transaction():
            some = store.couplings.after(name, 0, 10_000)
        tokens = {one.id: dict(one.tokens) for one in some}
        for side in SIDES:
            table, lines = mapping.of(side).table, mapping.lines
            tables = tuple(live.facts.traits[side].table(table).beside)
            view = View(
                table,
                None,
                lines.tables[side] if lines else None,
                lines.parents[side] if lines else None,
                beside=tables,
            )
            found = systems[side].read(view, [one.remote_id(side) for one in some])
            for one in some:
                document = found.get(one.remote_id(side))
                if isinstance(document, Document):
                    tokens[one.id][side] = document.tokens()
        with bench.company.store(writes=True) as store, store.transaction():
            for coupling, of in tokens.items():
                store.couplings.account(coupling, of)


def _cursors(bench: Bench, mapping: TableMapping, side: Side) -> None:
    system, lines = bench.company.systems()[side], mapping.lines
    polls = {HEADERS: Poll(mapping.of(side).table)}
    if lines:
        polls[LINES] = Poll(lines.tables[side], parent=lines.parents[side])
    with bench.company.store(writes=True) as store:
        with store.transaction():
            held = [kind for of, where, kind in store.cursors.all() if (of, where) == (mapping.name, side)]
        for table in [kind.removeprefix(beside("")) for kind in held if kind.startswith(beside(""))]:
            polls[beside(table)] = Poll(table)
        for kind in polls.keys() & set(held):
            begun = system.begin(polls[kind])
            with store.transaction():
                store.cursors.put(mapping.name, side, kind, begun)


def alter(bench: Bench, side: Side, table: str, row: str, **columns: Any) -> None:
    """Straight in the emulator's database: no validation, no stamp, no version moved."""
    origin = bench.running.sales_url if side == "sales" else bench.running.back_office_url
    request = urllib.request.Request(
        f"{origin}/sandbox/rows/{table}/{row}",
        to_json(columns),
        {"content-type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=20).close()
