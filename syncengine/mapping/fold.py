"""From a wire document to a record in mapped form: every row read once, structural lines folded into the header."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from decimal import Decimal

from syncengine.mapping.filters import admits
from syncengine.mapping.filters import cell
from syncengine.mapping.model import Alternative
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
from syncengine.records.values import is_blank


def fold(mapping: TableMapping, side: Side, document: Document, refs: References) -> Record:
    """Raises ValueError where a cell cannot be read as its row says (a number that is none)."""
    fields: dict[str, Scalar] = {}
    for row in mapping.rows.values():
        if row.line is not None and side == "back_office":
            fields[row.name] = _folded_lines(row, document)
        elif row.columns(side):
            fields[row.name] = read_row(row, side, document, fields, refs)
    lines = _lines(mapping, side, document, refs) if mapping.lines else {}
    return Record(document.id, document.version, fields, lines, document.state, document.modified_at, document)


def read_row(row: Row, side: Side, document: Document, read: Mapping[str, Scalar], refs: References) -> Scalar:
    """One row's value on one document or line; `read` holds the rows read before it, for `within`."""
    if row.is_reference:
        return _reference(row.lookup, side, cell(document, row.columns(side)[0]), _scope(row, read, refs), refs)
    return row.transform.read(side, tuple(cell(document, column) for column in row.columns(side)))


def alternative_of(row: Row, side: Side, line: Document) -> Alternative | None:
    """Which of a row's alternatives a line is: the one with most conditions among those that hold."""
    fitting = [one for one in row.one_of if admits(one.when[side], line)]
    return max(fitting, key=lambda one: len(one.when[side]), default=None)


def mapped_lines(mapping: TableMapping, side: Side, document: Document) -> Iterator[Document]:
    """The lines that are records of their own: not folded into the header, not of an unmapped type."""
    if mapping.lines is None:
        return
    structural = [row.line for row in mapping.rows.values() if row.line and side == "back_office"]
    for line in document.lines:
        if admits(mapping.lines.only[side], line) and not any(one.carries(line) for one in structural):
            yield line


def _folded_lines(row: Row, document: Document) -> Scalar:
    assert row.line is not None  # noqa: S101  the caller has asked
    total = Decimal(0)
    for line in document.lines:
        if row.line.carries(line):
            times = number(line.fields.get(row.line.times)) if row.line.times else Decimal(1)
            total += number(line.fields.get(row.line.value)) * times
    return total


def _lines(mapping: TableMapping, side: Side, document: Document, refs: References) -> dict[str, LineRecord]:
    lines = mapping.lines
    assert lines is not None  # noqa: S101
    found: dict[str, dict[str, Scalar]] = {}
    versions: dict[str, str | None] = {}
    for line in mapped_lines(mapping, side, document):
        found[line.id] = _line(lines, side, line, refs)
        versions[line.id] = line.version
    for row in lines.rows.values():
        if row.sum_to and side == "back_office" and found:
            _sum_to(row, found, number(document.fields.get(row.sum_to)))
    return {line_id: LineRecord(line_id, versions[line_id], fields) for line_id, fields in found.items()}


def _line(lines: Lines, side: Side, line: Document, refs: References) -> dict[str, Scalar]:
    fields: dict[str, Scalar] = {}
    for row in lines.rows.values():
        if row.one_of:
            fields[row.name] = _told(row, side, line, refs)
        elif row.columns(side) and not (row.unless_text and isinstance(fields.get(row.unless_text), str)):
            fields[row.name] = read_row(row, side, line, fields, refs)
    return fields


def _told(row: Row, side: Side, line: Document, refs: References) -> Scalar:
    alternative = alternative_of(row, side, line)
    if alternative is None:
        return None
    value = line.fields.get(alternative.column(side))
    if alternative.lookup:
        return _reference(alternative.lookup, side, value, None, refs)
    return value.rstrip() if isinstance(value, str) else None


def _reference(lookup: tuple[str, ...], side: Side, value: object, scope: Scalar, refs: References) -> Scalar:
    if is_blank(value):
        return None
    return refs.ref(lookup, side, value if isinstance(value, Link) else str(value), scope)


def _scope(row: Row, read: Mapping[str, Scalar], refs: References) -> Scalar:
    """`within: product.unit_group`: the fact `unit_group` of the record that row `product` means."""
    if not row.within:
        return None
    of, _, fact = row.within.partition(".")
    target = read.get(of)
    return refs.fact(target, fact) if isinstance(target, Ref) else None


def _sum_to(row: Row, lines: dict[str, dict[str, Scalar]], total: Decimal) -> None:
    """Put what rounding per document leaves over on the largest line, so that the lines add up to the header."""
    rest = total - sum((number(fields.get(row.name)) for fields in lines.values()), Decimal(0))
    if rest:
        largest = max(lines, key=lambda line_id: abs(number(lines[line_id].get(row.name))))
        lines[largest][row.name] = number(lines[largest].get(row.name)) + rest
