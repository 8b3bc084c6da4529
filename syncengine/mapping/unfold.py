"""From mapped values to the cells that are written on one side."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping

from syncengine.mapping.filters import cell
from syncengine.mapping.fold import alternative_of
from syncengine.mapping.model import Alternative
from syncengine.mapping.model import Row
from syncengine.mapping.references import References
from syncengine.mapping.transforms import Keep
from syncengine.records.document import Document
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank


class Uncoupled(LookupError):
    """A value points at a record that is not coupled; `ref` says which."""

    def __init__(self, ref: Ref) -> None:
        super().__init__(f"{ref.mapping} {ref.remote_id} is not coupled")
        self.ref = ref


def unfold(
    rows: Iterable[Row],
    values: Mapping[str, Scalar],
    side: Side,
    refs: References,
    current: Document | None = None,
) -> dict[str, Wire]:
    """The cells to write on `side` for the given rows, constants included.

    `current` is the header or line as it stands there, None when it is created. Structural rows write no cell of
    the header: their line is the caller's. Raises Uncoupled where a reference cannot be written yet.
    """
    cells: dict[str, Wire] = {}
    for row in rows:
        if row.name in values and row.writes_to(side):
            cells |= write_row(row, values[row.name], side, refs, current, cells)
    return cells


def write_row(
    row: Row,
    value: Scalar,
    side: Side,
    refs: References,
    current: Document | None = None,
    beside: Mapping[str, Wire] | None = None,
) -> Mapping[str, Wire]:
    """One row's cells. `beside` are cells that are written along: they count before `current`. Raises Uncoupled."""
    if row.not_null and is_blank(value):
        return {}
    if row.one_of:
        return _told(row, value, side, refs, current)
    columns = row.columns(side)
    if not columns:
        return {}
    if row.is_reference:
        target = _target(row, value, side, refs)
        if row.not_null and target is None:
            return {}
        return {columns[0]: target, **row.beside.get(side, {})}
    along = beside or {}
    held = tuple(along[c] if c in along else cell(current, c) if current else None for c in columns)
    written = row.transform.write(side, value, held)
    cells = {column: one for column, one in zip(columns, written, strict=False) if not isinstance(one, Keep)}
    return {**cells, **row.beside.get(side, {})}


def continuation(
    rows: Iterable[Row], values: Mapping[str, Scalar], side: Side, current: Document | None = None
) -> tuple[str, ...] | None:
    """The texts of the comment lines that follow a line of these values; None where none of them is such a text."""
    for row in rows:
        value = values.get(row.name)
        if side != "back_office" or row.name not in values or not row.writes_to(side):
            continue
        told = _text_of(row, side, current) if row.one_of and isinstance(value, str) else None
        comments = row.comments_of(told)
        if comments is not None:
            written = (told or row).transform.write(side, value, ())
            return tuple(str(piece or "") for piece in written[1:])
    return None


def _text_of(row: Row, side: Side, current: Document | None) -> Alternative:
    """The alternative under which a text is written: a text stays the kind of line it is."""
    now = alternative_of(row, side, current) if current else None
    return now if now is not None and not now.lookup else next(one for one in row.one_of if not one.lookup)


def _target(row: Row, value: Scalar, side: Side, refs: References) -> Wire:
    if not isinstance(value, Ref):
        return value if row.fact else None
    target = refs.target(value, side) if value.mapping not in row.through else None
    if target is None:
        if row.on_missing == "blank":
            return None
        raise Uncoupled(value)
    if row.option and side == "sales":
        return int(target.id)
    return target


def _told(row: Row, value: Scalar, side: Side, refs: References, current: Document | None) -> dict[str, Wire]:
    """A product: the alternative that the value calls for; a text stays the kind of line it is."""
    if isinstance(value, Ref):
        fitting = [one for one in row.one_of if value.mapping in one.lookup]
        target = refs.target(value, side)
        if not fitting or target is None:
            raise Uncoupled(value)
        return {**fitting[0].write.get(side, {}), fitting[0].column(side): target}
    if is_blank(value):
        return {}
    text = _text_of(row, side, current)
    made = text.write.get(side, {}) if current is None or text is not alternative_of(row, side, current) else {}
    return {**made, text.column(side): text.transform.write(side, value, ())[0]}  # type: ignore[dict-item]
