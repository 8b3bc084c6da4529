"""Versions of documents: Sales Header Archive, Sales Line Archive. [AL: codeunit 5063]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.blanks import blank

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

# Archive property: header column.
_HEADER = {
    "sellToCustomerNumber": "customerNumber",
    "sellToCustomerName": "customerName",
    "sellToContact": "_sellToContact",
    "sellToContactNumber": "_sellToContactNumber",
    "billToCustomerNumber": "billToCustomerNumber",
    "billToName": "billToName",
    "billToContact": "_billToContact",
    "shipToName": "shipToName",
    "shipToContact": "shipToContact",
    "orderDate": "_orderDate",
    "documentDate": "orderDate",
    "postingDate": "postingDate",
    "dueDate": "dueDate",
    "shipmentDate": "_shipmentDate",
    "shortcutDimension1Code": "shortcutDimension1Code",
    "shortcutDimension2Code": "shortcutDimension2Code",
    "currencyCode": "_currencyCode",
    "pricesIncludingVAT": "pricesIncludeTax",
    "paymentTermsCode": "_paymentTermsCode",
    "shipmentMethodCode": "_shipmentMethodCode",
    "shippingAgentCode": "_shippingAgentCode",
    "shippingAgentServiceCode": "_shippingAgentServiceCode",
    "salespersonCode": "salesperson",
    "locationCode": "_locationCode",
    "externalDocumentNumber": "externalDocumentNumber",
    "yourReference": "_yourReference",
    "requestedDeliveryDate": "requestedDeliveryDate",
}
_ADDRESS = {
    "Address": "AddressLine1",
    "Address2": "AddressLine2",
    "City": "City",
    "County": "State",
    "PostCode": "PostCode",
    "CountryRegionCode": "Country",
}
_LINE = {
    "lineObjectNumber": "lineObjectNumber",
    "description": "description",
    "description2": "description2",
    "unitOfMeasureCode": "unitOfMeasureCode",
    "quantity": "quantity",
    "unitPrice": "unitPrice",
    "lineDiscountPercent": "discountPercent",
    "lineDiscountAmount": "discountAmount",
    "lineAmount": "_lineAmount",
    "amount": "netAmount",
    "amountIncludingVAT": "netAmountIncludingTax",
    "taxPercent": "taxPercent",
    "outstandingQuantity": "_outstanding",
    "qtyToShip": "shipQuantity",
    "quantityShipped": "shippedQuantity",
    "quantityInvoiced": "invoicedQuantity",
    "variantCode": "_variantCode",
    "locationCode": "_locationCode",
    "shipmentDate": "shipmentDate",
    "shortcutDimension1Code": "_shortcutDimension1Code",
    "shortcutDimension2Code": "_shortcutDimension2Code",
    "itemCategoryCode": "_itemCategoryCode",
}
# The page's own line types to the table's: enum Sales Line Type.
SALES_LINE_TYPE = {
    "Comment": "_x0020_",
    "Account": "G_x002F_L_x0020_Account",
    "Item": "Item",
    "Resource": "Resource",
    "Fixed_x0020_Asset": "Fixed_x0020_Asset",
    "Charge": "Charge_x0020__x0028_Item_x0029_",
    "Allocation_x0020_Account": "Allocation_x0020_Account",
}


def archive(document: SalesDocument) -> Row:
    """ArchSalesDocumentNoConfirm: one more version; the live document stays as it is."""
    session, header = document.session, document.header
    number, occurrence = header["number"], header["_occurrence"]
    version = 1 + max(
        (
            one["versionNumber"]
            for one in session.table("salesOrderArchive").find("number", number)
            if one["docNoOccurrence"] == occurrence
        ),
        default=0,
    )
    row = blank("salesOrderArchive")
    row.update({of: header[to] for of, to in _HEADER.items()})
    for side in ("sellTo", "billTo", "shipTo"):
        row.update({f"{side}{of}": header[f"{side}{to}"] for of, to in _ADDRESS.items()})
    row.update(
        id=session.new_id(),
        number=number,
        docNoOccurrence=occurrence,
        versionNumber=version,
        status=header["_status"].replace(" ", "_x0020_"),
        dateArchived=session.today,
        archivedBy=session.user.upper(),
        _header=dict(header),
        _lines=[dict(line) for line in document.lines],
    )
    stored = session.insert("salesOrderArchive", row)
    for line in document.lines:
        archived = blank("salesOrderArchiveLine")
        archived.update({of: line[to] for of, to in _LINE.items()})
        archived.update(
            id=session.new_id(),
            documentNumber=number,
            docNoOccurrence=occurrence,
            versionNumber=version,
            sequence=line["sequence"],
            lineType=SALES_LINE_TYPE[line["lineType"]],
        )
        session.insert("salesOrderArchiveLine", archived)
    header["_archivedVersions"] = version
    return stored


def archive_if_set_up(document: SalesDocument) -> None:
    """AutoArchiveSalesDocument: *Archive Orders* of Sales & Receivables Setup."""
    if document.session.switches.archive_orders:
        archive(document)


def next_occurrence(session: Session, number: str) -> int:
    """1 + the highest archived occurrence of the number; more than 1 only when a number is used again."""
    archived = session.table("salesOrderArchive").find("number", number)
    return 1 + max((one["docNoOccurrence"] for one in archived), default=0)
