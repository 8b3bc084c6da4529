"""What belongs to a document in other tables (dimensions, files), on its successor: what it had, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping

from syncengine.planner.build import Builder
from syncengine.records.document import Attached

PART = "part"

Place = tuple[int, int]
"""Where a line of the successor is made: by which step, and which of those it makes."""


def attach(builder: Builder, attached: Iterable[Attached], made: int, stands: Mapping[str, Place]) -> int:
    """What belongs to the predecessor and to its lines, on the successor; gives the number of steps.

    `stands`: where each line of the predecessor went; what belonged to a line that is not there any more went with it.
    """
    before = len(builder.steps)
    belongings = {one.table: one for one in builder.traits("back_office").belongings}
    rows = [row for row in attached if not row.line or row.line in stands]
    for row in sorted(rows, key=lambda one: not belongings[one.table].keyed):
        kind = belongings[row.table]
        body = {column: row.fields.get(column) for column in kind.written}
        where = {"table": row.table, "parent": made, "line": stands[row.line] if row.line else None, "role": PART}
        if not kind.keyed:
            added = builder.add("back_office", "create-part", body={**body, **kind.owner}, **where)
            if kind.content:
                builder.add("back_office", "fill-part", target=added.no, body={"from": row.id}, **where)
            continue
        changed = {column: value for column, value in body.items() if column != "id"}
        there = builder.add("back_office", "update-part", target=row.id, body=changed, **where)
        builder.add("back_office", "create-part", when="absent", instead_of=there.no, body=body, **where)
    return len(builder.steps) - before


def take_off(
    builder: Builder, put: Iterable[Attached], made: int, owners: Mapping[str, Place | None], *, after: int
) -> None:
    """What the system gives a new document by default, and somebody had taken off the predecessor, or off its lines.

    `owners`: the document ("") and its lines, by the predecessor's id. A line that sells something else now is not
    among them and keeps what its new product brings; so does a document with what a new customer does.
    """
    put = tuple(put)
    for kind in builder.traits("back_office").belongings:
        for owner, place in owners.items():
            if not kind.by_default or (owner and not kind.of_lines):
                continue
            kept = tuple(row.id for row in put if row.table == kind.table and row.line == owner)
            builder.add(
                "back_office", "delete-part", table=kind.table, parent=made, line=place, when="extra",
                instead_of=after, excluding=kept, role=PART,
            )  # fmt: skip
