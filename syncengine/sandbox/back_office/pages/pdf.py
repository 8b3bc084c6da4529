"""`pdfDocument`: a document as printed, made when it is read. [AL: page 30056]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.refusals import dialog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.schema.entities import Navigation
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

_TYPES = {
    "Sales_x0020_Order": "salesOrder",
    "Sales_x0020_Quote": "salesQuote",
    "Sales_x0020_Invoice": "salesInvoice",
}
_WIRE = {table: wire for wire, table in _TYPES.items()}


class PdfPage(Page):
    def reached(self, session: Session, navigation: Navigation, row: Row) -> list[Row]:
        del navigation
        found = next((name for name in _WIRE if session.table(name).get(row["id"]) is not None), None)
        return [_printed(_WIRE[found], row)] if found else []

    def below(self, session: Session, parent: Parent) -> list[Row]:
        page, row = parent
        return [_printed(_WIRE[page.kind.name], row)] if page.kind.name in _WIRE else []

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        if parent is not None:
            return self.below(session, parent)
        equal = condition.equal if condition else {}
        if not equal.get("parentType"):
            raise dialog("You must specify a parentType in the request body.")
        keys = equal.get("parentId") or equal.get("id")
        if not keys:
            raise dialog("You must specify a parentId in the request body.")
        wire = next(iter(equal["parentType"]))
        if wire not in _TYPES:
            raise dialog("Document type is not valid.")
        rows = [session.table(_TYPES[wire]).get(key) for key in keys]
        return [_printed(wire, row) for row in rows if row is not None]


def _printed(wire: str, row: Row) -> Row:
    return {"id": row["id"], "parentId": row["id"], "parentType": wire, "_content": _pdf(row)}


def _pdf(row: Row) -> bytes:
    """One page with number, customer and total: enough to be a PDF that a reader opens."""
    words = f"{row['number']}  {row['customerName']}  {row['totalAmountIncludingTax']} {row['currencyCode']}"
    shown = words.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    drawn = b"BT /F1 12 Tf 72 720 Td (" + shown + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n" % len(drawn) + drawn + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    body, starts = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        starts.append(len(body))
        body += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    size = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    )
