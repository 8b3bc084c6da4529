"""Sales quotes: sent, and made into an order or an invoice. [AL: codeunits 86 and 1305]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents import dimensions
from syncengine.sandbox.back_office.documents.archive import next_occurrence
from syncengine.sandbox.back_office.documents.model import INVOICE
from syncengine.sandbox.back_office.documents.model import ORDER
from syncengine.sandbox.back_office.documents.model import SalesDocument
from syncengine.sandbox.back_office.documents.operations import remove_document
from syncengine.sandbox.back_office.documents.totals import update_tax_of_all
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import NO_DATE

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import Kind
    from syncengine.sandbox.back_office.store.tables import Row

_KEPT = ("id", "number", "status", "orderId", "orderNumber", "_documentStamp")


def send(document: SalesDocument) -> Row:
    document.header["status"] = "Sent"
    document.header["sentDate"] = document.session.now
    return document.save()


def make(quote: SalesDocument, kind: Kind) -> SalesDocument:
    """The quote disappears; the order, or the draft invoice, has another id and number."""
    session = quote.session
    valid_until = quote.header["validUntilDate"]
    if kind is ORDER and valid_until != NO_DATE and valid_until < session.today:
        raise dialog(f"The sales quote {quote.header['number']} has expired.")
    made = SalesDocument.new(session, kind)
    header = made.header
    header.update({n: quote.header[n] for n in header if n in quote.header and n not in _KEPT})
    header[kind.document_date] = session.today
    header["postingDate"] = session.today
    header["_quoteNumber"] = quote.header["number"]
    header["status"] = "Draft"
    header["number"] = session.next_number(kind.name)
    if kind is ORDER:
        header["_occurrence"] = next_occurrence(session, header["number"])
        header["partialShipping"] = header["_shippingAdvice"] == "Partial"
    sources = {}
    for line in quote.lines:
        copied = made.new_line(line["sequence"])
        kept = ("id", "documentId", "sequence")
        copied.update({n: line[n] for n in copied if n in line and n not in kept})
        made.add_line(copied)
        sources[copied["id"]] = line["id"]
    update_tax_of_all(made)
    made.save()
    dimensions.copy(session, quote.id, kind.name, made.id)
    for target, source in sources.items():
        dimensions.copy(session, source, kind.lines, target)
    remove_document(quote)
    return made


def make_order(quote: SalesDocument) -> SalesDocument:
    return make(quote, ORDER)


def make_invoice(quote: SalesDocument) -> SalesDocument:
    return make(quote, INVOICE)
