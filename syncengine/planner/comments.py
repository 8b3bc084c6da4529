"""Long texts: what does not fit on a line goes on in the comment lines behind it, and these follow the line."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence

from syncengine.errors import FailureClass
from syncengine.mapping.fold import following_comments
from syncengine.mapping.transforms import number
from syncengine.mapping.unfold import continuation
from syncengine.planner.build import SEQUENCE_GAP
from syncengine.planner.build import Builder
from syncengine.planner.build import Cells
from syncengine.planner.build import add_line
from syncengine.planner.build import change_line
from syncengine.planner.build import next_sequence
from syncengine.planner.build import remove_line
from syncengine.planner.steps import Problem
from syncengine.records.document import Document
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import same


def comment_bodies(
    builder: Builder, side: Side, values: Mapping[str, Scalar], current: Document | None = None
) -> list[Cells] | None:
    """The comment lines that these values of a line call for; None where they say nothing about them."""
    lines = builder.mapping.lines
    comments = lines.comments if lines is not None else None
    if lines is None or comments is None:
        return None
    texts = continuation(lines.rows.values(), values, side, current)
    return None if texts is None else [comments.cells(text) for text in texts]


def comments_behind(builder: Builder, side: Side, line_id: str) -> tuple[Document, ...]:
    native = builder.pair.record(side).native
    return following_comments(builder.mapping, side, native).get(line_id, ()) if native else ()


def rewrite_comments(
    builder: Builder, side: Side, line: Document, bodies: Sequence[Cells], *, atomic: int | None = None
) -> None:
    """Change, add or remove comment lines until those behind `line` are these."""
    held = comments_behind(builder, side, line.id)
    for one, body in zip(held, bodies, strict=False):
        changed = {column: value for column, value in body.items() if not same(one.fields.get(column), value)}
        if changed:
            change_line(builder, side, one, changed, atomic=atomic)
    for one in held[len(bodies) :]:
        remove_line(builder, side, one, atomic=atomic)
    _insert(builder, side, held[-1] if held else line, bodies[len(held) :], atomic)


def remove_comments(builder: Builder, side: Side, line: Document, *, atomic: int | None = None) -> None:
    """A comment belongs to the line before it and goes with it."""
    for one in comments_behind(builder, side, line.id):
        remove_line(builder, side, one, atomic=atomic)


def add_comments(builder: Builder, side: Side, bodies: Iterable[Cells], *, atomic: int | None = None) -> None:
    """Behind a line that has just been added last."""
    for body in bodies:
        add_line(
            builder,
            side,
            body,
            parent=builder.pair.record(side).id,
            sequence=next_sequence(builder, side),
            atomic=atomic,
        )


def _insert(builder: Builder, side: Side, after: Document, bodies: Sequence[Cells], atomic: int | None) -> None:
    """New comment lines between `after` and the line behind it."""
    native, order = builder.pair.record(side).native, builder.traits(side).line_order
    if not bodies or native is None:
        return
    at = next(place for place, line in enumerate(native.lines) if line.id == after.id)
    low = int(number(after.fields.get(order)))
    high = int(number(native.lines[at + 1].fields.get(order))) if at + 1 < len(native.lines) else None
    gap = SEQUENCE_GAP if high is None else (high - low) // (len(bodies) + 1)
    if gap < 1:
        builder.problems.append(
            Problem(
                FailureClass.PERSON,
                "no-room-for-comments",
                f"the text of line {low} needs {len(bodies)} more comment lines; line {high} leaves no room for them",
                "Shorten the text, or move the lines apart in the back office.",
                side,
            )
        )
        return
    for place, body in enumerate(bodies, start=1):
        add_line(builder, side, body, parent=builder.pair.record(side).id, sequence=low + place * gap, atomic=atomic)
