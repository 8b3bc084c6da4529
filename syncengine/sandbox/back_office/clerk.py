"""What the clerk does to orders and invoices in the client."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents import invoices
from syncengine.sandbox.back_office.documents import status
from syncengine.sandbox.back_office.documents.archive import archive
from syncengine.sandbox.back_office.documents.headers import set_ship_to_code
from syncengine.sandbox.back_office.documents.model import ORDER
from syncengine.sandbox.back_office.documents.model import SalesDocument
from syncengine.sandbox.back_office.documents.operations import modify_document
from syncengine.sandbox.back_office.documents.operations import modify_line
from syncengine.sandbox.back_office.documents.posting import Posting
from syncengine.sandbox.back_office.documents.posting import check_customer
from syncengine.sandbox.back_office.documents.posting import check_quantities
from syncengine.sandbox.back_office.documents.posting import delete_invoiced
from syncengine.sandbox.back_office.documents.posting import finish
from syncengine.sandbox.back_office.documents.posting import post
from syncengine.sandbox.back_office.documents.restore import restore
from syncengine.sandbox.back_office.protocol.bodies import BodyReader
from syncengine.sandbox.back_office.protocol.rendering import rendered
from syncengine.sandbox.back_office.refusals import unknown_segment

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.environment import Environment
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

ROUTE = "api/v2.0"
# Header fields that the client shows and the standard page does not.
_CLIENT_ONLY = {
    "yourReference": "_yourReference",
    "workDescription": "_workDescription",
    "shippingAgentCode": "_shippingAgentCode",
    "shippingAgentServiceCode": "_shippingAgentServiceCode",
    "correlation": "_correlation",
    "locationCode": "_locationCode",
    "sellToContact": "_sellToContact",
}


class Clerk:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.actions: dict[str, Callable[[SalesDocument, dict[str, Any]], dict[str, Any]]] = {
            "release": self._simple(status.release),
            "reopen": self._simple(status.reopen),
            "archive": self._simple(archive),
            "send-for-approval": self._simple(status.send_for_approval),
            "approve": self._simple(status.approve),
            "reject": self._simple(status.reject),
            "restore": self._restore,
            "ship": self._ship,
            "invoice": self._invoice,
        }

    def act(self, order: str, action: str, posted: dict[str, Any]) -> dict[str, Any]:
        """`started_seconds_ago` stamps rows as a long posting does: when written, not when committed."""
        if action not in self.actions:
            raise ValueError(f"{action!r} is none of {', '.join(self.actions)}")
        document = self._open(order, float(posted.get("started_seconds_ago", 0)))
        return self.actions[action](document, posted)

    def _open(self, order: str, seconds: float = 0) -> SalesDocument:
        for company in self.environment.companies.values():
            row = company["salesOrder"].get(order)
            if row is not None:
                session = self.environment.session(company, "clerk")
                earlier = replace(session, now=session.now - timedelta(seconds=seconds))
                return SalesDocument.load(earlier, ORDER, row)
        raise unknown_segment(f"orders/{order}")

    def _shown(self, session: Session, name: str, row: Row | None) -> dict[str, Any] | None:
        if row is None:
            return None
        page = self.environment.pages[ROUTE][name]
        return dict(rendered(page, page.table(session), row))

    def _answer(self, document: SalesDocument, **more: Any) -> dict[str, Any]:
        session = document.session
        return {
            "order": self._shown(session, "salesOrder", session.table("salesOrder").get(document.id)),
            **more,
        }

    def _simple(self, action: Callable[[SalesDocument], Any]) -> Callable[..., dict[str, Any]]:
        def acted(document: SalesDocument, _: dict[str, Any]) -> dict[str, Any]:
            action(document)
            document.save()
            return self._answer(document)

        return acted

    def _restore(self, document: SalesDocument, posted: dict[str, Any]) -> dict[str, Any]:
        restore(document, int(posted["version"]))
        document.save()
        return self._answer(document)

    def _ship(self, document: SalesDocument, posted: dict[str, Any]) -> dict[str, Any]:
        post(document, Posting(ship=_quantities(document, posted, _outstanding)))
        session = document.session
        shipments = session.table("salesShipment").find("orderNumber", document.header["number"])
        return self._answer(document, shipment=self._shown(session, "salesShipment", shipments[-1]))

    def _invoice(self, document: SalesDocument, posted: dict[str, Any]) -> dict[str, Any]:
        """`combined_with` [ids] or `separate`: an invoice made from shipments, without an order number."""
        session = document.session
        if "combined_with" in posted or posted.get("separate"):
            others = [self._open(other.lower()) for other in posted.get("combined_with", [])]
            invoice = _separate_invoice([document, *others], posted)
        else:
            invoice = post(document, Posting(invoice=_quantities(document, posted, _uninvoiced))) or {}
        return self._answer(document, invoice=self._shown(session, "salesInvoice", invoice))

    def change_header(self, order: str, posted: dict[str, Any]) -> dict[str, Any]:
        document = self._open(order)
        own = {_CLIENT_ONLY[name]: value for name, value in posted.items() if name in _CLIENT_ONLY}
        standard = {n: v for n, v in posted.items() if n not in _CLIENT_ONLY and n != "shipToCode"}
        if "shipToCode" in posted:
            set_ship_to_code(document, posted["shipToCode"])
        if standard:
            pages = self.environment.pages[ROUTE]
            reader = BodyReader(pages, document.session.switches)
            modify_document(document, reader.read(pages["salesOrder"], standard, creating=False)[0])
        document.header.update(own)
        document.save()
        return self._answer(document)

    def change_line(self, order: str, sequence: int, posted: dict[str, Any]) -> dict[str, Any]:
        document = self._open(order)
        line = next((one for one in document.lines if one["sequence"] == sequence), None)
        if line is None:
            raise unknown_segment(f"lines/{sequence}")
        pages = self.environment.pages[ROUTE]
        reader = BodyReader(pages, document.session.switches)
        values, _ = reader.read(pages["salesOrderLine"], posted, creating=False)
        modify_line(document, line, values, redistribute=False)
        document.save()
        return self._answer(document)

    def act_on_invoice(self, invoice: str, action: str, posted: dict[str, Any]) -> dict[str, Any]:
        for company in self.environment.companies.values():
            row = company["salesInvoice"].get(invoice)
            if row is not None:
                session = self.environment.session(company, "clerk")
                changed = _act_on_invoice(session, row, action, posted)
                return {"invoice": self._shown(session, "salesInvoice", changed)}
        raise unknown_segment(f"invoices/{invoice}")

    def delete_invoiced(self) -> list[str]:
        """The numbers of the orders that the batch job has deleted."""
        deleted: list[str] = []
        for company in self.environment.companies.values():
            session = self.environment.session(company, "clerk")
            deleted += [
                row["number"]
                for row in company["salesOrder"].all()
                if delete_invoiced(SalesDocument.load(session, ORDER, row))
            ]
        return deleted


def _act_on_invoice(session: Session, row: Row, action: str, posted: dict[str, Any]) -> Row:
    if action == "pay":
        amount = posted.get("amount")
        return invoices.pay(session, row, None if amount is None else Decimal(str(amount)))
    if action == "cancel":
        return invoices.cancel(session, row)
    if action == "correct":
        return invoices.cancel(session, row, "Corrective")
    raise ValueError(f"{action!r} is none of pay, cancel, correct")


def _separate_invoice(documents: list[SalesDocument], posted: dict[str, Any]) -> Row:
    """From posted shipments: the orders stay until *Delete Invoiced Sales Orders* runs."""
    parts = []
    for at, document in enumerate(documents):
        quantities = _quantities(document, posted if at == 0 else {}, _uninvoiced)
        for line in document.lines:
            check_quantities(document, line, Posting(invoice=quantities))
        check_customer(document, shipping=False)
        parts.append((document, quantities))
    invoice = invoices.post_invoice(parts, for_order=False)
    for document in documents:
        finish(document, by_order=False)
    return invoice


def _outstanding(line: Row) -> Decimal:
    left: Decimal = line["_outstanding"]
    return left


def _uninvoiced(line: Row) -> Decimal:
    left: Decimal = line["shippedQuantity"] - line["invoicedQuantity"]
    return left


def _quantities(
    document: SalesDocument, posted: dict[str, Any], everything: Callable[[Row], Decimal]
) -> dict[str, Decimal]:
    """By line id: what was asked for by line number, or all that is left."""
    if "lines" not in posted:
        return {line["id"]: everything(line) for line in document.lines if line["lineType"] != "Comment"}
    by_sequence = {line["sequence"]: line["id"] for line in document.lines}
    wanted = {one["sequence"]: Decimal(str(one["quantity"])) for one in posted["lines"]}
    unknown = wanted.keys() - by_sequence.keys()
    if unknown:
        raise ValueError(f"order {document.header['number']} has no lines {', '.join(map(str, unknown))}")
    return {by_sequence[sequence]: quantity for sequence, quantity in wanted.items()}
