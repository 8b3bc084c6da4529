"""From a wire document to a record in mapped form: every row read once, structural lines folded into the header."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from decimal import Decimal

from syncengine.mapping.filters import admits
from syncengine.mapping.filters import cell
from syncengine.mapping.model import Alternative
from syncengine.mapping.model import Comments
from syncengine.mapping.model import Lines
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.references import References
from syncengine.mapping.transforms import number
from syncengine.records.document import Document
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank


def fold(mapping: TableMapping, side: Side, document: Document, refs: References) -> Record:
    """Raises ValueError where a cell cannot be read as its row says (a number that is none)."""
    fields: dict[str, Scalar] = {}
    for row in mapping.rows.values():
        if row.line is not None and side == "back_office":
            fields[row.name] = _folded_lines(row, document)
        elif row.constant is not None:
            fields |= _constant(row, side, document)
        elif row.columns(side):
            fields[row.name] = read_row(row, side, document, fields, refs)
    lines = _lines(mapping, side, document, refs) if mapping.lines else {}
    return Record(document.id, document.version, fields, lines, document.state, document.modified_at, document)


def read_row(row: Row, side: Side, document: Document, read: Mapping[str, Scalar], refs: References) -> Scalar:
    """One row's value on one document or line; `read` holds the rows read before it, for `within`."""
    if row.is_reference and not (row.fact and side == "sales"):
        found = _reference(row.lookup, side, pointed(row, side, document), _scope(row, read, refs), refs)
        return _fact(row, found, refs) if row.fact else _meant(row, found, refs)
    return row.transform.read(side, tuple(cell(document, column) for column in row.columns(side)))


def _fact(row: Row, found: Scalar, refs: References) -> Scalar:
    """`fact: unit_group`: what the record holds in that row; one that is not coupled stays itself."""
    return refs.fact(found, row.fact) if isinstance(found, Ref) and found.coupling is not None else found


def _meant(row: Row, found: Scalar, refs: References) -> Scalar:
    """`through: {CONTACT: company}`: a coupled contact counts as its company; one without a company stays itself."""
    if not isinstance(found, Ref) or found.coupling is None or found.mapping not in row.through:
        return found
    through = refs.fact(found, row.through[found.mapping])
    return through if isinstance(through, Ref) else found


def _constant(row: Row, side: Side, document: Document) -> dict[str, Scalar]:
    """A constant is what the side says that it does not go to; on the other one it is what stands there."""
    if not row.compared:
        return {}
    if row.to != side:
        return {row.name: row.constant}  # type: ignore[dict-item]  # no link is written as a constant
    return {row.name: row.transform.read(side, tuple(cell(document, column) for column in row.columns(side)))}


def pointed(row: Row, side: Side, document: Document) -> Wire:
    """What a lookup cell means: the record it points at, or the one that this record names where the row goes `via`."""
    column = row.columns(side)[0]
    value = cell(document, column)
    through = row.via.get(side, {}).get(value.table) if isinstance(value, Link) else None
    return (document.fields.get(f"{column}.{through}") or value) if through else value


def alternative_of(row: Row, side: Side, line: Document) -> Alternative | None:
    """Which of a row's alternatives a line is: the one with most conditions among those that hold."""
    fitting = [one for one in row.one_of if admits(one.when[side], line)]
    return max(fitting, key=lambda one: len(one.when[side]), default=None)


def lookups_of(row: Row, alternative: Alternative, side: Side, line: Document) -> tuple[str, ...]:
    """The mappings that may have coupled what this line points at: those of every alternative told by the same column
    alike. A product of Sales does not say whether it is an item or a resource there.
    """
    alike = [
        name
        for one in row.one_of
        if one.column(side) == alternative.column(side) and admits(one.when[side], line)
        for name in one.lookup
    ]
    return tuple(dict.fromkeys((*alternative.lookup, *alike)))


def mapped_lines(mapping: TableMapping, side: Side, document: Document) -> Iterator[Document]:
    """The lines that are records of their own: not folded into the header, not of an unmapped type."""
    if mapping.lines is None:
        return
    structural = [row.line for row in mapping.rows.values() if row.line and side == "back_office"]
    comments = mapping.lines.comments if side == "back_office" else None
    for line in document.lines:
        if comments is not None and comments.continues(line):
            continue
        if admits(mapping.lines.only[side], line) and not any(one.carries(line) for one in structural):
            yield line


def following_comments(mapping: TableMapping, side: Side, document: Document) -> dict[str, tuple[Document, ...]]:
    """Mapped line -> the comment lines behind it, up to the next line of any other kind."""
    comments = mapping.lines.comments if mapping.lines is not None and side == "back_office" else None
    if comments is None:
        return {}
    mapped = {line.id for line in mapped_lines(mapping, side, document)}
    found: dict[str, tuple[Document, ...]] = {}
    before: str | None = None
    for line in document.lines:
        if not comments.continues(line):
            before = line.id if line.id in mapped else None
        elif before is not None:
            found[before] = (*found.get(before, ()), line)
    return found


def _folded_lines(row: Row, document: Document) -> Scalar:
    assert row.line is not None  # noqa: S101  the caller has asked
    return sum((row.line.amount(line) for line in document.lines if row.line.carries(line)), Decimal(0))


def _lines(mapping: TableMapping, side: Side, document: Document, refs: References) -> dict[str, LineRecord]:
    lines = mapping.lines
    assert lines is not None  # noqa: S101
    found: dict[str, dict[str, Scalar]] = {}
    versions: dict[str, str | None] = {}
    behind = following_comments(mapping, side, document)
    for line in mapped_lines(mapping, side, document):
        found[line.id] = _line(lines, side, line, behind.get(line.id, ()), refs)
        versions[line.id] = line.version
    for row in lines.rows.values():
        if row.sum_to and side == "back_office" and found:
            _sum_to(row, found, number(document.fields.get(row.sum_to)))
    return {line_id: LineRecord(line_id, versions[line_id], fields) for line_id, fields in found.items()}


def _line(
    lines: Lines, side: Side, line: Document, behind: tuple[Document, ...], refs: References
) -> dict[str, Scalar]:
    fields: dict[str, Scalar] = {}
    for row in lines.rows.values():
        if row.unless_text and isinstance(fields.get(row.unless_text), str):
            continue
        if row.one_of:
            fields[row.name] = _told(row, side, line, behind, refs)
        elif row.constant is not None:
            fields |= _constant(row, side, line)
        elif row.comments is not None and side == "back_office":
            fields[row.name] = row.transform.read(side, _pieces(row.comments, line, behind))
        elif row.columns(side):
            fields[row.name] = read_row(row, side, line, fields, refs)
    return fields


def _pieces(comments: Comments, line: Document, behind: tuple[Document, ...]) -> tuple[Wire, ...]:
    return tuple(one.fields.get(comments.column) for one in (line, *behind))


def _told(row: Row, side: Side, line: Document, behind: tuple[Document, ...], refs: References) -> Scalar:
    alternative = alternative_of(row, side, line)
    if alternative is None:
        return None
    value = line.fields.get(alternative.column(side))
    if alternative.lookup:
        return _reference(lookups_of(row, alternative, side, line), side, value, None, refs)
    if alternative.comments is not None and side == "back_office":
        return alternative.transform.read(side, _pieces(alternative.comments, line, behind))
    return alternative.transform.read(side, (value,))


def _reference(lookup: tuple[str, ...], side: Side, value: object, scope: Scalar, refs: References) -> Scalar:
    if is_blank(value):
        return None
    return refs.ref(lookup, side, value if isinstance(value, Link) else str(value), scope)


def _scope(row: Row, read: Mapping[str, Scalar], refs: References) -> Scalar:
    """`within: product.unit_group`: the fact `unit_group` of the record that row `product` means; `within: group`: the
    record of Sales itself that row `group` means.
    """
    if not row.within:
        return None
    of, _, fact = row.within.partition(".")
    target = read.get(of)
    if not isinstance(target, Ref):
        return None
    if fact:
        return refs.fact(target, fact)
    return target.remote_id if target.side == "sales" else _there(refs, target)


def _there(refs: References, target: Ref) -> Scalar:
    found = refs.target(target, "sales")
    return found.id if isinstance(found, Link) else None


def _sum_to(row: Row, lines: dict[str, dict[str, Scalar]], total: Decimal) -> None:
    """Put what rounding per document leaves over on the largest line, so that the lines add up to the header."""
    rest = total - sum((number(fields.get(row.name)) for fields in lines.values()), Decimal(0))
    if rest:
        largest = max(lines, key=lambda line_id: abs(number(lines[line_id].get(row.name))))
        lines[largest][row.name] = number(lines[largest].get(row.name)) + rest
