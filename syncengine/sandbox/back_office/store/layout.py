"""Which tables a company has: primary keys, columns they are searched by, and which carry a stamp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.store.tables import Table

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.journal import Journal


@dataclass(frozen=True)
class Layout:
    order: tuple[str, ...]
    indexed: tuple[str, ...] = ()
    key: str = "id"
    stamped: bool = True
    unstamped: frozenset[str] = frozenset()


# Columns of Sales Header that its copy, the Sales Order Entity Buffer, lacks: a change of these alone
# moves no stamp on `salesOrders`. [AL: Graph Mgt - Sales Order Buffer]
_NOT_IN_BUFFER = frozenset(
    {
        "_occurrence",
        "_archivedVersions",
        "_workDescription",
        "_correlation",
        "_shippingAgentCode",
        "_shippingAgentServiceCode",
        "_documentStamp",
        "_orderDate",
        "_invoiceDiscountCalculation",
        "_invoiceDiscountValue",
        "_currencyFactor",
        "_locationCode",
    }
)
_DOCUMENT = ("number", "externalDocumentNumber", "customerId")


def _code(*indexed: str) -> Layout:
    return Layout(("code",), ("code", *indexed))


def _number(*indexed: str) -> Layout:
    return Layout(("number",), ("number", *indexed))


def _lines(*indexed: str) -> Layout:
    return Layout(("documentId", "sequence"), ("documentId", *indexed), stamped=False)


LAYOUTS: dict[str, Layout] = {
    "customer": _number("displayName"),
    "item": _number("displayName", "gtin"),
    "resource": _number(),
    "account": _number(),
    "contact": _number("companyNumber", "_customerId"),
    "contactInformation": Layout(("contactNumber",), ("relatedId",), key="contactId", stamped=False),
    "itemVariant": Layout(("itemNumber", "code"), ("itemId", "code")),
    "unitOfMeasure": _code(),
    "itemUnitOfMeasure": Layout(("itemNumber", "unitOfMeasureCode"), ("itemId", "itemNumber")),
    "priceListLine": Layout(("itemNumber", "unitOfMeasureCode", "minimumQuantity"), ("itemNumber",)),
    "currency": _code(),
    "currencyExchangeRate": Layout(("currencyCode", "startingDate"), ("currencyCode",)),
    "paymentTerm": _code(),
    "paymentMethod": _code(),
    "shipmentMethod": _code(),
    "shippingAgent": _code(),
    "salespersonPurchaser": _code(),
    "location": _code(),
    "countryRegion": _code(),
    "itemCategory": _code(),
    "taxArea": _code(),
    "taxGroup": _code(),
    "inventoryPostingGroup": _code(),
    "generalProductPostingGroup": _code(),
    "dimension": _code(),
    "dimensionValue": Layout(("_dimensionCode", "code"), ("dimensionId", "code")),
    "defaultDimension": Layout(("parentId", "dimensionCode"), ("parentId",)),
    "dimensionSetLine": Layout(("parentId", "code"), ("parentId",), key="_key", stamped=False),
    "generalLedgerSetup": Layout(("localCurrencyCode",)),
    "setup": Layout(()),
    "shipToAddress": Layout(("_customerId", "code"), ("_customerId",)),
    "salesOrder": Layout(("number",), (*_DOCUMENT, "_correlation"), unstamped=_NOT_IN_BUFFER),
    "salesOrderLine": _lines("itemId"),
    "salesQuote": Layout(("number",), _DOCUMENT, unstamped=_NOT_IN_BUFFER),
    "salesQuoteLine": _lines(),
    "salesInvoice": Layout(("number",), (*_DOCUMENT, "orderId", "orderNumber"), unstamped=_NOT_IN_BUFFER),
    "salesInvoiceLine": _lines(),
    "salesShipment": Layout(("number",), (*_DOCUMENT, "orderNumber")),
    "salesShipmentLine": _lines(),
    "salesOrderArchive": Layout(("number", "docNoOccurrence", "versionNumber"), ("number", "externalDocumentNumber")),
    "salesOrderArchiveLine": Layout(
        ("documentNumber", "docNoOccurrence", "versionNumber", "sequence"), ("documentNumber",)
    ),
    "approvalEntry": Layout(("entryNumber",), ("documentNumber",)),
    "jobQueueEntry": Layout(("description",), ("objectIdToRun",)),
    "attachment": Layout(("parentId", "fileName"), ("parentId",)),
    "documentAttachment": Layout(("parentId", "lineNumber"), ("parentId",)),
    "pdfDocument": Layout(("parentId",), ("parentId",)),
    "recordNote": Layout(("parentId", "createdAt"), ("parentId",)),
}


def tables(company: str, journal: Journal) -> dict[str, Table]:
    return {
        name: Table(
            name,
            company,
            journal,
            key=layout.key,
            order=layout.order,
            indexed=layout.indexed,
            stamped=layout.stamped,
            unstamped=layout.unstamped,
        )
        for name, layout in LAYOUTS.items()
    }
