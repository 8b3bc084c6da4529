"""Which page stands behind which entity type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.pages import companion
from syncengine.sandbox.back_office.pages.attachments import AttachmentPage
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.pages.contacts import ContactInformationPage
from syncengine.sandbox.back_office.pages.contacts import ContactPage
from syncengine.sandbox.back_office.pages.customers import CustomerPage
from syncengine.sandbox.back_office.pages.dimensions import DimensionSetLinesPage
from syncengine.sandbox.back_office.pages.documents import DocumentLinesPage
from syncengine.sandbox.back_office.pages.documents import InvoicePage
from syncengine.sandbox.back_office.pages.documents import LinesPage
from syncengine.sandbox.back_office.pages.documents import OrderPage
from syncengine.sandbox.back_office.pages.documents import QuotePage
from syncengine.sandbox.back_office.pages.items import ItemPage
from syncengine.sandbox.back_office.pages.master import CurrencyPage
from syncengine.sandbox.back_office.pages.master import MasterPage
from syncengine.sandbox.back_office.pages.master import PaymentTermPage
from syncengine.sandbox.back_office.pages.master import UnitPage
from syncengine.sandbox.back_office.pages.master import VariantPage
from syncengine.sandbox.back_office.pages.pdf import PdfPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.schema.entities import Api

_PAGES: dict[str, type[Page]] = {
    "salesOrder": OrderPage,
    "salesOrderLine": DocumentLinesPage,
    "salesQuote": QuotePage,
    "salesQuoteLine": DocumentLinesPage,
    "salesInvoice": InvoicePage,
    "salesInvoiceLine": DocumentLinesPage,
    "salesShipmentLine": LinesPage,
    "customer": CustomerPage,
    "item": ItemPage,
    "itemVariant": VariantPage,
    "unitOfMeasure": UnitPage,
    "currency": CurrencyPage,
    "contact": ContactPage,
    "contactInformation": ContactInformationPage,
    "pdfDocument": PdfPage,
    "paymentTerm": PaymentTermPage,
    "dimensionSetLine": DimensionSetLinesPage,
    "attachment": AttachmentPage,
    "documentAttachment": AttachmentPage,
    "orderDocument": companion.OrderDocumentPage,
    "customerDetail": companion.CustomerDetailPage,
    "invoiceDocument": companion.InvoiceDocumentPage,
    "itemUnitOfMeasure": companion.ItemUnitPage,
    "resource": companion.ResourcePage,
    "priceListLine": companion.PriceListLinePage,
    "recordNote": companion.NotePage,
    "shippingAgent": MasterPage,
    **dict.fromkeys(
        (
            "account",
            "countryRegion",
            "itemCategory",
            "location",
            "paymentMethod",
            "salespersonPurchaser",
            "shipmentMethod",
            "taxArea",
            "taxGroup",
        ),
        MasterPage,
    ),
}


def pages(api: Api, set_archive_orders: Callable[[bool], None]) -> dict[str, Page]:
    """By entity type; types without a page of their own can only be read."""
    found: dict[str, Page] = {}
    for name, kind in api.types.items():
        if name == "setup":
            found[name] = companion.SetupPage(kind, set_archive_orders)
        elif name not in ("company", "subscription"):
            found[name] = _PAGES.get(name, Page)(kind)
    for page in found.values():
        page.others = found
    return found
