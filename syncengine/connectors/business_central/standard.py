"""What every Business Central has: keys, state words, column types of API v2.0, how orders take writes.

From Microsoft's API v2.0 reference and the AL source of its pages; column types stand in where `$metadata` is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from syncengine.records.traits import Belonging
from syncengine.records.traits import Filed
from syncengine.records.traits import Posted
from syncengine.records.traits import TableTraits

KEYS: Final[Mapping[str, str]] = {
    # Orders name their currency by code, and the local currency has a code but no row: the code is the identity.
    "currencies": "code",
    # Documents and customers name their salesperson by code.
    "salespeoplePurchasers": "code",
    # Lines of documents name their resource by number, documents their shipping agent by code.
    "companion/resources": "number",
    "companion/shippingAgents": "code",
}

STATES: Final[Mapping[str, Mapping[str, str]]] = {
    "salesOrders": {"Draft": "draft", "In Review": "in-review", "Open": "released"},
    "salesInvoices": {
        "Draft": "draft",
        "In Review": "in-review",
        "Open": "open",
        "Paid": "paid",
        "Canceled": "canceled",
        "Corrective": "corrective",
    },
    "salesQuotes": {"Draft": "draft", "Sent": "sent", "Accepted": "accepted", "Expired ": "expired"},
}

LINES_NAVIGATION: Final[Mapping[str, str]] = {
    "salesOrderLines": "salesOrderLines",
    "salesQuoteLines": "salesQuoteLines",
    "salesInvoiceLines": "salesInvoiceLines",
    "salesShipmentLines": "salesShipmentLines",
    "salesOrderArchiveLines": "salesOrderArchiveLines",
}

_TYPES: Final[Mapping[str, str]] = {
    "decimal": (
        "discountAmount totalAmountExcludingTax totalTaxAmount totalAmountIncludingTax quantity unitPrice "
        "discountPercent amountExcludingTax taxPercent amountIncludingTax invoiceDiscountAllocation netAmount "
        "netTaxAmount netAmountIncludingTax shippedQuantity invoicedQuantity invoiceQuantity shipQuantity balanceDue "
        "creditLimit inventory unitCost amountRoundingPrecision exchangeRateAmount relationalExchangeRateAmount "
        "remainingAmount"
    ),
    "date": (
        "orderDate postingDate requestedDeliveryDate shipmentDate documentDate dueDate invoiceDate promisedPayDate "
        "validUntilDate sentDate acceptedDate startingDate dateArchived"
    ),
    "datetime": "lastModifiedDateTime expirationDateTime systemCreatedAt systemModifiedAt",
    "boolean": "pricesIncludeTax partialShipping discountAppliedBeforeTax fullyShipped taxLiable priceIncludesTax",
    "integer": "sequence docNoOccurrence versionNumber objectIdToRun",
    "choice": "lineType status parentType",
    "guid": (
        "id documentId itemId accountId customerId billToCustomerId currencyId paymentTermsId shipmentMethodId "
        "unitOfMeasureId itemVariantId locationId taxAreaId paymentMethodId itemCategoryId taxGroupId "
        "baseUnitOfMeasureId orderId parentId valueId"
    ),
}
COLUMN_TYPES: Final[Mapping[str, str]] = {name: kind for kind, names in _TYPES.items() for name in names.split()}

SAID_FOR_LINES: Final = ("pricesIncludeTax",)
"""What a document says for all its lines: a line's price means nothing without it."""

BESIDE: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "salesOrders": {
        "companion/orderDocuments": (
            "yourReference", "workDescription", "shippingAgentCode", "shippingAgentServiceCode",
        ),
    },
    "salesInvoices": {"companion/invoiceDocuments": ("yourReference", "workDescription", "shippingAgentCode")},
    "customers": {"companion/customerDetails": ("contactName", "faxNumber", "shippingAgentCode")},
}  # fmt: skip
"""Per table, those in which the companion shows more columns of the same documents under the same ids."""

SPARSE: Final = frozenset({"companion/invoiceDocuments"})  # drafts, which the other table has too, are not in it

_BESIDE: Final = {of: [f"{one}.{name}" for one in tables for name in tables[one]] for of, tables in BESIDE.items()}

UNFILTERABLE: Final[Mapping[str, frozenset[str]]] = {
    # Variables of the page, no fields of its table: not safe in `$filter`. Whoever filters looks at the rows.
    "salesOrders": frozenset({"currencyCode", "partialShipping", *_BESIDE["salesOrders"]}),
    "salesQuotes": frozenset({"currencyCode"}),
    "salesInvoices": frozenset({"currencyCode", *_BESIDE["salesInvoices"]}),
    "customers": frozenset(_BESIDE["customers"]),
    "companion/priceListLines": frozenset({"customerNumber", "unitOfMeasureId", "currencyCode"}),
}

READ_ONLY: Final[Mapping[str, frozenset[str]]] = {
    "salesOrders": frozenset(
        "id number customerName billToName billToAddressLine1 billToAddressLine2 billToCity billToCountry "
        "billToState billToPostCode discountAppliedBeforeTax totalAmountExcludingTax totalTaxAmount "
        "totalAmountIncludingTax fullyShipped status lastModifiedDateTime".split()
    ),
    "salesOrderLines": frozenset(
        "id discountAppliedBeforeTax amountExcludingTax taxPercent totalTaxAmount amountIncludingTax "
        "invoiceDiscountAllocation netAmount netTaxAmount netAmountIncludingTax shippedQuantity "
        "invoicedQuantity".split()
    ),
}

ORDER: Final[dict[str, tuple[str, ...]]] = {
    # Business Central validates field after field in the order of the body; each may reset the ones before it.
    "salesOrders": (
        "externalDocumentNumber", "customerId", "customerNumber", "billToCustomerId", "billToCustomerNumber",
        "currencyId", "currencyCode", "pricesIncludeTax", "paymentTermsId", "shipmentMethodId", "salesperson",
        "partialShipping", "shortcutDimension1Code", "shortcutDimension2Code",
        "sellToAddressLine1", "sellToAddressLine2", "sellToCity", "sellToState", "sellToCountry", "sellToPostCode",
        "shipToName", "shipToContact", "shipToAddressLine1", "shipToAddressLine2", "shipToCity", "shipToState",
        "shipToCountry", "shipToPostCode", "phoneNumber", "email",
        "orderDate", "postingDate", "requestedDeliveryDate", "discountAmount",
    ),
    "salesOrderLines": (
        "sequence", "lineType", "itemId", "accountId", "lineObjectNumber", "itemVariantId", "locationId",
        "unitOfMeasureId", "unitOfMeasureCode", "quantity", "unitPrice", "discountPercent", "discountAmount",
        "description", "description2", "shipmentDate",
    ),
}  # fmt: skip
ORDER["companion/orderDocuments"] = BESIDE["salesOrders"]["companion/orderDocuments"]  # an agent empties its service
ORDER["salesQuotes"] = (*ORDER["salesOrders"], "documentDate", "dueDate", "validUntilDate")
ORDER["salesQuoteLines"] = ORDER["salesOrderLines"]

_LOCKED: Final = frozenset(
    "customerId customerNumber billToCustomerId billToCustomerNumber currencyId currencyCode "
    "pricesIncludeTax shipmentMethodId partialShipping requestedDeliveryDate discountAmount "
    "companion/orderDocuments.shippingAgentCode companion/orderDocuments.shippingAgentServiceCode".split()
)

_OF_GOODS: Final = frozenset(
    {"description", "description2", "itemVariantId", "unitOfMeasureId", "unitPrice", "discountAmount"}
)

SALES_ORDERS: Final = TableTraits(
    after_lines=frozenset({"discountAmount"}),
    locked={"released": _LOCKED, "in-review": _LOCKED},
    lines_locked=frozenset({"released", "in-review"}),
    carried=tuple(
        column
        for column in (*ORDER["salesOrders"], *_BESIDE["salesOrders"])
        if column not in ("externalDocumentNumber", "customerNumber", "billToCustomerNumber", "currencyId")
    ),
    carried_lines=tuple(
        column
        for column in ORDER["salesOrderLines"]
        if column not in ("sequence", "itemId", "accountId", "unitOfMeasureCode", "discountPercent")
    ),
    lost_on_copy=(
        "reservations",
        "item tracking",
    ),
    belongings=(
        Belonging(
            "dimensionSetLines",
            "dimensions other than the two shortcut ones",
            "parentId",
            ("id", "valueId"),
            of_lines=True,
            keyed=True,
            by_default=True,  # from customers, items, salespeople
            shown=frozenset({"shortcutDimension1Code", "shortcutDimension2Code"}),
        ),
        *(
            Belonging(
                table,
                words,
                "parentId",
                ("fileName",),
                content="attachmentContent",
                owner={"parentType": "Sales Order"},
            )
            for table, words in (("documentAttachments", "attached files"), ("attachments", "incoming documents"))
        ),
    ),
    exclusive=(
        frozenset({"itemId", "accountId", "lineObjectNumber"}),
        frozenset({"unitOfMeasureId", "unitOfMeasureCode"}),
        frozenset({"discountAmount", "discountPercent"}),
        frozenset({"customerId", "customerNumber"}),
        frozenset({"currencyId", "currencyCode"}),
    ),
    derived={
        "itemId": _OF_GOODS,
        "lineObjectNumber": _OF_GOODS,
        # A new customer brings its own bill-to party, terms and addresses.
        "customerId": frozenset({"billToCustomerId"}),
    },
    line_order="sequence",
    lines_in_create=100,
    state_column="status",
    key_tables=("salesOrders", "salesInvoices", "salesOrderArchives"),
    posted=(
        Posted(
            "salesShipments",
            "salesShipmentLines",
            "documentId",
            "orderNumber",
            "sequence",
            shipped="quantity",
            dated="postingDate",
        ),
        Posted(
            "salesInvoices",
            "salesInvoiceLines",
            "documentId",
            "orderNumber",
            "sequence",
            invoiced="quantity",
            state="status",
            drafts=frozenset({"Draft"}),
        ),
        # From version 29. What was posted before the last version is in it; a deletion files one too.
        Posted(
            "salesOrderArchives",
            "salesOrderArchiveLines",
            "documentNumber",
            "number",
            "sequence",
            shipped="quantityShipped",
            invoiced="quantityInvoiced",
            newest=("docNoOccurrence", "versionNumber"),
        ),
    ),
    # From version 29; what is not there (totals, the currency of local amounts) is not compared.
    filed=Filed(
        "salesOrderArchives",
        "salesOrderArchiveLines",
        "documentNumber",
        "number",
        ("docNoOccurrence", "versionNumber"),
        "sequence",
        {
            "externalDocumentNumber": "externalDocumentNumber",
            "customerNumber": "sellToCustomerNumber",
            "orderDate": "documentDate",
            "postingDate": "postingDate",
            "requestedDeliveryDate": "requestedDeliveryDate",
            "pricesIncludeTax": "pricesIncludingVAT",
            "salesperson": "salespersonCode",
            "shortcutDimension1Code": "shortcutDimension1Code",
            "shortcutDimension2Code": "shortcutDimension2Code",
            "shipToName": "shipToName",
            "shipToAddressLine1": "shipToAddress",
            "shipToAddressLine2": "shipToAddress2",
            "shipToCity": "shipToCity",
            "shipToState": "shipToCounty",
            "shipToPostCode": "shipToPostCode",
            "shipToCountry": "shipToCountryRegionCode",
        },
        {
            "lineObjectNumber": "lineObjectNumber",
            "description": "description",
            "description2": "description2",
            "unitOfMeasureCode": "unitOfMeasureCode",
            "quantity": "quantity",
            "unitPrice": "unitPrice",
            "discountAmount": "lineDiscountAmount",
            "netAmount": "amount",
            "netAmountIncludingTax": "amountIncludingVAT",
            "shippedQuantity": "quantityShipped",
            "invoicedQuantity": "quantityInvoiced",
            "shipmentDate": "shipmentDate",
        },
    ),
    computed=frozenset(
        "totalAmountExcludingTax totalTaxAmount totalAmountIncludingTax fullyShipped discountAppliedBeforeTax "
        "amountExcludingTax amountIncludingTax taxPercent invoiceDiscountAllocation netAmount netTaxAmount "
        "netAmountIncludingTax shipQuantity invoiceQuantity".split()
    ),
)

SALES_QUOTES: Final = replace(
    SALES_ORDERS, locked={}, lines_locked=frozenset(), key_tables=(), posted=(), belongings=(), filed=None
)

TRAITS: Final[Mapping[str, TableTraits]] = {
    "salesOrders": SALES_ORDERS,
    "salesQuotes": SALES_QUOTES,
    "documentAttachments": TableTraits(apart=frozenset({"attachmentContent"})),
}

CONTENT: Final[Mapping[str, str]] = {"documentAttachments": "attachmentContent"}
"""Per table of files, the column of their content: a stream with an address of its own."""

BELOW: Final[Mapping[str, str]] = {"documentAttachments": "salesOrders"}
"""Tables that cannot be listed: their rows are read through those of the other, and no poll tells of their changes."""

SHIPPED: Final[Mapping[str, tuple[str, str]]] = {"salesOrders": ("quantity", "shippedQuantity")}
"""Per document table, the line columns that tell how far its goods have left. `fullyShipped` is not reliable."""

FREIGHT: Final = "Freight"  # the word that tells a freight line from other write-ins


def freight_line(account: str | None, write_in: tuple[str, str]) -> dict[str, str]:
    """What the line that carries an order's freight is known by: its account; without one (None), the write-in item
    and this word.
    """
    if account is not None:
        return {"lineType": "Account", "lineObjectNumber": account}
    kind, number = write_in
    return {"lineType": kind, "lineObjectNumber": number, "description": FREIGHT}
