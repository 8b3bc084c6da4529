"""What a line that is not there yet will show in columns that are only read there: its tax rate, its header's flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from syncengine.mapping.filters import HEADER
from syncengine.mapping.model import Lines
from syncengine.mapping.model import TableMapping
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.record import Seen
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import same


def foreseen(mapping: TableMapping, side: Side, seen: Seen, source: LineRecord | None = None) -> dict[str, Wire]:
    """As far as the document's other lines tell: those of the same product, else most of all.

    Where the line then shows something else, what was written means something else: the base leaves it out, and it is
    written again (`settle`).
    """
    lines, native = mapping.lines, seen.native if isinstance(seen, Record) else None
    if lines is None or native is None or not isinstance(seen, Record):
        return {}
    found: dict[str, Wire] = {}
    alike = [line for line in seen.lines.values() if source is not None and _alike(lines, line, source)]
    wire = [line for one in (alike or seen.lines.values()) if (line := native.line(one.id)) is not None]
    for column in _columns(mapping, lines, side):
        if column.startswith(HEADER):
            found[column] = native.fields.get(column.removeprefix(HEADER))
            continue
        shown = Counter(line.fields[column] for line in wire if line.fields.get(column) is not None)
        if shown:
            found[column] = shown.most_common(1)[0][0]
    return found


def _columns(mapping: TableMapping, lines: Lines, side: Side) -> Iterator[str]:
    for row in lines.rows.values():
        shared = row.transform.shared.get(side, frozenset())
        yield from (column for at, column in enumerate(row.columns(side)) if at in shared)
    for row in mapping.rows.values():
        if row.line is not None and side == "back_office":
            yield from row.line.tax


def _alike(lines: Lines, one: LineRecord, two: LineRecord) -> bool:
    names = lines.pair_by[-1] if lines.pair_by else ()
    return bool(names) and all(same(one.fields.get(name), two.fields.get(name)) for name in names)
