"""Uncoupled records that wait, or were refused: are they still there?

A poll of the back office shows no deletions, and the sweep compares what is coupled: nothing else would ever notice
that such a record is gone, and it would be listed for ever.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from typing import Final

from syncengine.engine.context import Run
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.ports import Subject
from syncengine.records.document import Gone
from syncengine.records.values import Side

log = get_logger()

LOOKED: Final = "looked-still-there"


def still_there(run: Run, mappings: Sequence[TableMapping], *, interval_s: float, everything: bool = False) -> int:
    """Ask for all of them (what is set aside alone, of these mappings), once per interval or now.

    What is gone becomes work, and is read once more before it ends; gives how many are gone.
    """
    with run.store.transaction():
        if not everything and not _due(run, interval_s):
            return 0
        run.store.remembered.put(LOOKED, run.clock.now().isoformat())
    by_name = {mapping.name: mapping for mapping in mappings}
    after = gone = 0
    while not run.stop_asked():
        with run.store.transaction():
            some = run.store.work.stuck(after, run.limits.chunk)
        if not some:
            break
        after = some[-1][0]
        asked: dict[tuple[str, Side], list[str]] = defaultdict(list)
        for _, subject in some:
            if subject.mapping in by_name and subject.side and subject.remote_id:
                asked[subject.mapping, subject.side].append(subject.remote_id)
        for (name, side), ids in asked.items():
            gone += _gone(run, by_name[name], side, ids)
    return gone


def _due(run: Run, interval_s: float) -> bool:
    if interval_s <= 0:
        return False
    before = run.store.remembered.get(LOOKED)
    if before is None:
        return True
    return run.clock.now() - datetime.fromisoformat(str(before)) >= timedelta(seconds=interval_s)


def _gone(run: Run, mapping: TableMapping, side: Side, ids: Sequence[str]) -> int:
    found = run.systems[side].read(run.view(mapping, side), ids)
    gone = [one for one in ids if isinstance(found.get(one), Gone)]
    with run.store.transaction():
        for one in gone:
            log.info("sweep_found", mapping=mapping.name, record=one, side=side)
            run.store.work.add(Subject(mapping.name, None, side, one))
    return len(gone)
