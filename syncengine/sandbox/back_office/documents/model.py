"""A sales document in hand: header and lines as working copies, written back together.

The AL code keeps orders, quotes and draft invoices in one table pair, *Sales Header* and *Sales Line*; so
does this class, for what the three have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import dimensions
from syncengine.sandbox.back_office.documents.blanks import blank_header
from syncengine.sandbox.back_office.documents.blanks import blank_line
from syncengine.sandbox.back_office.documents.totals import MIDPOINTS
from syncengine.sandbox.back_office.documents.totals import rounded
from syncengine.sandbox.back_office.documents.totals import set_totals
from syncengine.sandbox.back_office.refusals import test_field
from syncengine.sandbox.back_office.store.company import SALES_TAX
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from decimal import Decimal

    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row


@dataclass(frozen=True)
class Kind:
    name: str
    lines: str
    caption: str  # of the option *Document Type*
    document_date: str  # the property over *Document Date*


ORDER = Kind("salesOrder", "salesOrderLine", "Order", "orderDate")
QUOTE = Kind("salesQuote", "salesQuoteLine", "Quote", "documentDate")
INVOICE = Kind("salesInvoice", "salesInvoiceLine", "Invoice", "invoiceDate")
KINDS = {kind.name: kind for kind in (ORDER, QUOTE, INVOICE)}
KIND_OF_LINES = {kind.lines: kind for kind in (ORDER, QUOTE, INVOICE)}

COMMENT = "Comment"


class SalesDocument:
    def __init__(self, session: Session, kind: Kind, header: Row, lines: list[Row], *, stored: bool) -> None:
        self.session = session
        self.company = session.company
        self.kind = kind
        self.header = header
        self.lines = lines
        self._stored: Row | None = header if stored else None
        self._stored_lines: dict[str, Row] = {line["id"]: line for line in lines} if stored else {}
        self._touched: list[str] = []  # location codes of changed lines, in order
        self._dimensions_of = ""  # the customer whose default dimensions come in place of what the document has
        if stored:
            self.header = dict(header)
            self.lines = [dict(line) for line in lines]

    @classmethod
    def load(cls, session: Session, kind: Kind, header: Row) -> SalesDocument:
        lines = session.table(kind.lines).find("documentId", header["id"])
        return cls(session, kind, header, lines, stored=True)

    @classmethod
    def new(cls, session: Session, kind: Kind) -> SalesDocument:
        return cls(session, kind, blank_header(session, kind.name), [], stored=False)

    @property
    def id(self) -> str:
        document_id: str = self.header["id"]
        return document_id

    @property
    def record(self) -> str:
        return f"Sales Header: Document Type={self.kind.caption}, No.={self.header['number']}"

    def line_record(self, line: Row) -> str:
        return (
            f"Sales Line: Document Type={self.kind.caption}, Document No.={self.header['number']}, "
            f"Line No.={line['sequence']}"
        )

    @property
    def precision(self) -> Decimal:
        return self.company.rounding(self.header["_currencyCode"])

    def rounded(self, number: Decimal, precision: Decimal | None = None) -> Decimal:
        """To the document's precision, or another one."""
        return rounded(number, precision or self.precision, MIDPOINTS[self.session.switches.midpoint])

    @property
    def sales_tax(self) -> bool:
        return self.company.tax == SALES_TAX

    @property
    def includes_tax(self) -> bool:
        return bool(self.header["pricesIncludeTax"])

    @property
    def is_open(self) -> bool:
        return bool(self.header["_status"] == "Open")

    def test_open(self) -> None:
        """TestStatusOpen: a released or in-review document refuses."""
        if not self.is_open:
            status = self.header["_status"].replace("_x0020_", " ")
            raise test_field("Status", "Open", status, self.record)

    def line(self, line_id: str) -> Row:
        return next(line for line in self.lines if line["id"] == line_id)

    def new_line(self, sequence: int) -> Row:
        line = blank_line(self.session, self.kind.lines)
        line["id"] = self.session.new_id()
        line["documentId"] = self.header["id"]
        line["sequence"] = sequence
        return line

    def add_line(self, line: Row) -> None:
        """In the order of line numbers."""
        at = len(self.lines)
        while at and self.lines[at - 1]["sequence"] > line["sequence"]:
            at -= 1
        self.lines.insert(at, line)
        self._touched.append(line["_locationCode"])

    def remove_line(self, line: Row) -> None:
        self.lines.remove(line)
        self._touched.append(line["_locationCode"])

    def touched(self, line: Row) -> None:
        """A line was inserted, changed or deleted: the header's flags look at its location."""
        self._touched.append(line["_locationCode"])

    def take_dimensions(self, customer: Row) -> None:
        """A changed customer: the dimensions are found anew. [AL: CreateDim]"""
        self._dimensions_of = customer["id"]
        self.header.update(dimensions.default_shortcuts(self.session, customer["id"]))

    def save(self) -> Row:
        """Write what differs. Gives back the stored header."""
        session = self.session
        self._copy_to_header()
        stored = self._stored
        shortcuts = dimensions.shortcuts(stored)
        if stored is None:
            self.header["_documentStamp"] = session.now
            stored = session.insert(self.kind.name, self.header)
            self.header = dict(stored)
        if self._dimensions_of:
            dimensions.drop_all(session, self.header["id"])
            dimensions.take_defaults(session, self.kind.name, self.header["id"], self._dimensions_of)
        if self._dimensions_of or dimensions.shortcuts(self.header) != shortcuts:
            dimensions.follow_shortcuts(session, self.kind.name, self.header)
        self._dimensions_of = ""
        lines_changed = self._save_lines()
        if lines_changed and session.switches.line_change_stamps_header == "always":
            self.header["_lineStamp"] = session.now
        if any(stored.get(name) != value for name, value in self.header.items()):
            self.header["_documentStamp"] = session.now
            stored = session.modify(self.kind.name, stored, self.header)
        self._stored = stored
        self.header = dict(stored)
        return stored

    def _copy_to_header(self) -> None:
        header = self.header
        if self.lines or self._stored_lines:
            set_totals(self)
        if self.kind is ORDER and self._touched:
            header["fullyShipped"] = self._completely_shipped(self._touched[-1])
        self._touched = []

    def _completely_shipped(self, location: str) -> bool:
        """[AL: UpdateCompletelyShipped] counts lines of one location only, and none at all as shipped."""
        everywhere = self.session.switches.fully_shipped == "all-lines"
        return all(
            line["_completelyShipped"]
            for line in self.lines
            if line["lineType"] != COMMENT and (everywhere or line["_locationCode"] == location)
        )

    def _save_lines(self) -> bool:
        session, name, before = self.session, self.kind.lines, self._stored_lines
        kept = {}
        changed = False
        for line in self.lines:
            old = before.get(line["id"])
            new = self._insert_line(line) if old is None else session.modify(name, old, line)
            if old is None or _sold(old) != _sold(new):
                self._find_dimensions(new)
            changed |= new is not old
            kept[line["id"]] = new
        for line_id, old in before.items():
            if line_id not in kept:
                dimensions.drop_all(session, line_id)
                session.delete(name, old)
                changed = True
        self._stored_lines = kept
        return changed

    def _insert_line(self, line: Row) -> Row:
        return self.session.insert(self.kind.lines, dict(line))

    def _find_dimensions(self, line: Row) -> None:
        """Of a new line, or of one that sells something else now."""
        if line["lineType"] != COMMENT:
            dimensions.copy(self.session, self.header["id"], self.kind.lines, line["id"])
            dimensions.take_defaults(self.session, self.kind.lines, line["id"], _sold(line))


def _sold(line: Row) -> str:
    """The id of the item, or of the account, of a line."""
    sold: str = line["accountId"] if line["itemId"] == NO_GUID else line["itemId"]
    return sold
