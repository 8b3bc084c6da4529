"""Is a document of ours as it was when we made it? Where somebody has touched it, a person decides about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence

from syncengine.engine.belongings import read_belongings
from syncengine.engine.context import Run
from syncengine.errors import CredentialsRefused
from syncengine.mapping.model import TableMapping
from syncengine.ports import Operation
from syncengine.records.document import Attached
from syncengine.records.document import Document
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import same


def alike(run: Run, mapping: TableMapping, side: Side, one: Document, two: Document) -> bool:
    """Equal in all that is not the identity of a document or of its lines."""
    computed = run.facts.traits[side].table(mapping.of(side).table).computed
    own = {"id", mapping.of(side).number, *computed}
    of_lines = {"id", mapping.lines.parents[side] if mapping.lines else "", *computed}
    if (one.state, one.progress, len(one.lines)) != (two.state, two.progress, len(two.lines)):
        return False
    if not _equal(one.fields, two.fields, own):
        return False
    return all(_equal(a.fields, b.fields, of_lines) for a, b in zip(one.lines, two.lines, strict=True))


def nothing_added(run: Run, mapping: TableMapping, operation: Operation, one: Document, two: Document) -> bool:
    """Does nothing belong to `two` that does not belong to `one`? What `operation` itself has written there is left out
    of account: it has done so to one of them.
    """
    try:
        found = read_belongings(run, mapping, [one.id, two.id])
    except CredentialsRefused:
        return False  # nobody knows
    ours = {step.table for step in operation.steps if step.verb.endswith("-part")}
    kinds = run.facts.traits["back_office"].table(mapping.back_office.table).belongings
    counted = {kind.table: kind.written for kind in kinds if kind.table not in ours}
    before, after = (_counted(document, found.get(document.id, ()), counted) for document in (one, two))
    return not after - before


def _counted(document: Document, rows: Sequence[Attached], columns: Mapping[str, Sequence[str]]) -> Counter[str]:
    """What belongs to a document and to its lines in their order, told by its values."""
    places = {line.id: at for at, line in enumerate(document.lines, start=1)} | {"": 0}
    kept = (row for row in rows if row.table in columns)
    return Counter(
        f"{row.table} {places.get(row.line)} {[row.fields.get(column) for column in columns[row.table]]}"
        for row in kept
    )


def _equal(one: Mapping[str, Wire], two: Mapping[str, Wire], but: set[str]) -> bool:
    return all(same(one.get(column), two.get(column)) for column in {*one, *two} - but)
