"""Rows that a new document has by default and is not to have: known only once they have been seen.

A plan holds one conditional step for each owner of such rows. The read that shows what is there turns it into one step
for each row that is too much; then the document is read once more, for its token has moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import replace

from syncengine.planner.steps import Step
from syncengine.records.document import Document


def with_extras(steps: Sequence[Step], read: Step, seen: Document, owners: dict[int, str]) -> tuple[Step, ...]:
    """The steps, with what `seen`, the answer of `read`, calls for. `owners`: by step, the line that it is about."""
    found = [
        (step, row.id)
        for step in steps
        if step.when == "extra" and step.instead_of == read.no
        for row in seen.attached or ()
        if (row.table, row.line) == (step.table, owners.get(step.no, "")) and row.id not in step.excluding
    ]
    if not found:
        return tuple(steps)
    first = max(step.no for step in steps) + 1
    added = [
        replace(step, no=first + at, when="always", target=row, instead_of=None, excluding=())
        for at, (step, row) in enumerate(found)
    ]
    again = replace(read, no=first + len(added), belongings=False)
    return tuple(_with(steps, read, [*added, again]))


def _with(steps: Sequence[Step], read: Step, added: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield replace(step, expects=added[-1].no) if step.expects == read.no else step
        if step.no == read.no:
            yield from added
