"""Detect: what changed on either side since the last poll, into the store.

A poll says which ids, in which version. What is accounted for already is skipped here, by its token and by nothing
else; everything new becomes work. The cursor moves in the same commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from syncengine.engine.context import Run
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.ports import Poll
from syncengine.ports import Polled
from syncengine.ports import Subject
from syncengine.records.document import Change
from syncengine.records.values import SIDES
from syncengine.records.values import Side

HEADERS, LINES = "poll", "poll-lines"
LOADED = ("both", "loaded")  # side and kind of the cursor that says since when
log = get_logger()


@dataclass(frozen=True)
class Wanted:
    """One poll and what it is for."""

    mapping: TableMapping
    kind: str
    poll: Poll


def polls(run: Run, side: Side) -> list[Wanted]:
    """What is asked of one side: the tables of each mapping that is loaded, its lines, and what stands beside it."""
    found = []
    cursors = run.store.cursors.all()
    for mapping in run.mappings.values():
        if cursors.get((mapping.name, *LOADED)) is None:
            continue
        if mapping.kind == "option" and side == "sales":
            continue  # a choice column's options have no feed; `load` reads them
        asked = [(HEADERS, mapping.of(side).table, "")]
        if mapping.lines:
            asked.append((LINES, mapping.lines.tables[side], mapping.lines.parents[side]))
        asked += [(beside(table), table, "") for table in run.beside(mapping, side)]
        for kind, table, parent in asked:
            found.append(Wanted(mapping, kind, Poll(table, cursors.get((mapping.name, side, kind)), parent)))
    return found


def beside(table: str) -> str:
    """The kind of poll that finds what changed in a table that holds more columns of the same documents."""
    return f"{HEADERS}:{table}"


def open_polls(run: Run) -> dict[Side, Iterator[tuple[Wanted, Polled]]]:
    """Ask both sides. The first answers are here when this returns; each also took a reading of the guard along."""
    asked: dict[Side, Iterator[tuple[Wanted, Polled]]] = {}
    for side in SIDES:
        with run.store.transaction():
            wanted = polls(run, side)
        answers = run.systems[side].poll([one.poll for one in wanted])
        asked[side] = zip(wanted, answers, strict=False)
    return asked


def arriving(run: Run, mapping: TableMapping, side: Side) -> set[str]:
    """The uncoupled records that the next poll of this side will bring; nothing is taken in, no cursor moves."""
    with run.store.transaction():
        cursor = run.store.cursors.get(mapping.name, side, HEADERS)
    if cursor is None:
        return set()
    found: set[str] = set()
    for polled in run.systems[side].poll([Poll(mapping.of(side).table, cursor)]):
        with run.store.transaction():
            ids = [change.id for change in polled.changes if not change.gone]
            remembered = run.store.cursors.remembered(mapping.name, side, ids)
        found |= {
            change.id
            for change in polled.changes
            if not change.gone and (change.version is None or remembered.get(change.id) != change.version)
        }
    return found


def loaded(run: Run) -> set[str]:
    """The mappings that have been read as a whole once. Within a transaction."""
    cursors = run.store.cursors.all()
    return {name for name in run.mappings if cursors.get((name, *LOADED)) is not None}


def detect(run: Run, asked: Mapping[Side, Iterator[tuple[Wanted, Polled]]]) -> set[str]:
    """Take what the polls bring into the store; gives the mappings whose cursor had expired and that need a load."""
    expired: set[str] = set()
    for side, answers in asked.items():
        quiet: dict[tuple[str, str, str], str | None] = {}
        for wanted, polled in answers:
            if polled.expired:
                log.warning("cursor_expired", mapping=wanted.mapping.name, side=side)
                expired.add(wanted.mapping.name)
            elif polled.changes:
                with run.store.transaction():
                    take_in(run, wanted, side, polled)
            elif polled.cursor != wanted.poll.cursor:
                quiet[wanted.mapping.name, side, wanted.kind] = polled.cursor
        if quiet:
            # Nothing hangs on these: a poll from where they were brings nothing either.
            with run.store.transaction():
                run.store.cursors.move(quiet)
    return expired


def take_in(run: Run, wanted: Wanted, side: Side, polled: Polled) -> None:
    """The rows of one poll and its cursor; the caller's transaction holds them together."""
    mapping = wanted.mapping
    if wanted.kind == HEADERS:
        run.counts.of(mapping.name).scanned[side] += len(polled.changes)
        _headers(run, mapping, side, polled.changes)
    elif wanted.kind == LINES:
        lines = run.counts.lines_of(mapping.name)
        if lines:
            lines.scanned[side] += len(polled.changes)
        _lines(run, mapping, side, polled.changes)
    else:
        _beside(run, mapping, side, polled)
    run.store.cursors.move({(mapping.name, side, wanted.kind): polled.cursor})


def _headers(run: Run, mapping: TableMapping, side: Side, changes: Sequence[Change]) -> None:
    ids = [change.id for change in changes]
    coupled = run.store.couplings.brief(mapping.name, side, ids)
    left = [one for one in ids if one not in coupled]
    outstanding = run.store.work.alone(mapping.name, side, [one.id for one in changes if one.gone])
    known = run.store.couplings.known(mapping.name, side, left)
    remembered = run.store.cursors.remembered(mapping.name, side, left)
    for change in changes:
        if change.id in coupled:
            coupling, tokens = coupled[change.id]
            if change.gone or change.version is None or tokens.get("") != change.version:
                run.store.work.add(Subject(mapping.name, coupling), changed=side)
        elif change.id in known or (change.gone and change.id not in outstanding):
            continue  # ours already: made by us, or once coupled and ended; or never ours
        elif change.gone or change.version is None or remembered.get(change.id) != change.version:
            run.store.work.add(Subject(mapping.name, None, side, change.id))


def _beside(run: Run, mapping: TableMapping, side: Side, polled: Polled) -> None:
    """Columns of a document in another table: a coupled one is looked at, for others their own table tells."""
    coupled = run.store.couplings.brief(mapping.name, side, [change.id for change in polled.changes])
    for change in polled.changes:
        coupling, tokens = coupled.get(change.id, (None, {}))
        if coupling is not None and (change.version is None or tokens.get(polled.table) != change.version):
            run.store.work.add(Subject(mapping.name, coupling), changed=side)


def _lines(run: Run, mapping: TableMapping, side: Side, changes: Sequence[Change]) -> None:
    """A line's change is its record's. Deleted lines come by id alone; their coupling knows the record."""
    by_parent: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if change.parent:
            by_parent[change.parent].append(change)
    coupled = run.store.couplings.brief(mapping.name, side, list(by_parent))
    known = run.store.couplings.known(mapping.name, side, [p for p in by_parent if p not in coupled])
    for parent, some in by_parent.items():
        if parent in coupled:
            coupling, tokens = coupled[parent]
            if any(_unaccounted(change, tokens) for change in some):
                run.store.work.add(Subject(mapping.name, coupling), changed=side)
        elif parent not in known:
            run.store.work.add(Subject(mapping.name, None, side, parent))
    gone = [change.id for change in changes if change.gone]
    for coupling in set(run.store.couplings.by_line(mapping.name, side, gone).values()):
        run.store.work.add(Subject(mapping.name, coupling), changed=side)


def _unaccounted(change: Change, tokens: Mapping[str, str | None]) -> bool:
    return change.version is None or tokens.get(change.id) != change.version
