"""What every Dynamics 365 Sales has: state words, the lookups and types of its standard tables, how orders take writes.

Column facts are Microsoft's entity reference; they stand in where a service publishes no metadata.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syncengine.records.traits import TableTraits

STATES: Final[Mapping[str, Mapping[int, str]]] = {
    "salesorders": {0: "active", 1: "submitted", 2: "canceled", 3: "fulfilled", 4: "invoiced"},
    "quotes": {0: "draft", 1: "active", 2: "won", 3: "closed"},
    "invoices": {0: "active", 1: "closed", 2: "paid", 3: "canceled"},
    "accounts": {0: "active", 1: "inactive"},
    "contacts": {0: "active", 1: "inactive"},
    "products": {0: "active", 1: "retired", 2: "draft", 3: "under-revision"},
    "uomschedules": {0: "active", 1: "inactive"},
    "pricelevels": {0: "active", 1: "inactive"},
    "transactioncurrencies": {0: "active", 1: "inactive"},
}

WRITTEN_STATES: Final[Mapping[str, Mapping[str, tuple[int, int]]]] = {
    "salesorders": {"active": (0, 2), "submitted": (1, 3), "invoiced": (4, 100003)},
    "invoices": {"active": (0, 1), "paid": (2, 100001), "canceled": (3, 100003)},
    "quotes": {"draft": (0, 1), "active": (1, 2)},
    "products": {"active": (0, 1)},
}
"""State and status that a plain update may set. Fulfilled and canceled are reached by actions only."""

ACTIONS: Final[Mapping[str, tuple[str, int, str]]] = {
    # Name, status (100001 Complete, 100002 Partial, 4 No Money), and what the last published reference binds it to.
    "fulfilled": ("FulfillSalesOrder", 100001, "many"),
    "fulfilled in part": ("FulfillSalesOrder", 100002, "many"),
    "canceled": ("CancelSalesOrder", 4, ""),
}

LOGICAL: Final[Mapping[str, str]] = {
    "salesorders": "salesorder",
    "salesorderdetails": "salesorderdetail",
    "accounts": "account",
    "contacts": "contact",
    "products": "product",
    "uoms": "uom",
    "uomschedules": "uomschedule",
    "transactioncurrencies": "transactioncurrency",
    "pricelevels": "pricelevel",
    "productpricelevels": "productpricelevel",
    "systemusers": "systemuser",
    "teams": "team",
    "quotes": "quote",
    "quotedetails": "quotedetail",
    "invoices": "invoice",
    "invoicedetails": "invoicedetail",
    "organizations": "organization",
    "opportunities": "opportunity",
    "annotations": "annotation",
}

LINES_NAVIGATION: Final[Mapping[str, str]] = {
    "salesorderdetails": "order_details",
    "quotedetails": "quote_details",
    "invoicedetails": "invoice_details",
}

LOOKUPS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    # table -> column -> target table -> navigation property to bind
    "salesorders": {
        "customerid": {"accounts": "customerid_account", "contacts": "customerid_contact"},
        "pricelevelid": {"pricelevels": "pricelevelid"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
        "quoteid": {"quotes": "quoteid"},
        "opportunityid": {"opportunities": "opportunityid"},
        "ownerid": {"systemusers": "ownerid", "teams": "ownerid"},
    },
    "quotes": {
        "customerid": {"accounts": "customerid_account", "contacts": "customerid_contact"},
        "pricelevelid": {"pricelevels": "pricelevelid"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
        "opportunityid": {"opportunities": "opportunityid"},
        "ownerid": {"systemusers": "ownerid", "teams": "ownerid"},
    },
    "invoices": {
        "customerid": {"accounts": "customerid_account", "contacts": "customerid_contact"},
        "pricelevelid": {"pricelevels": "pricelevelid"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
        "salesorderid": {"salesorders": "salesorderid"},
        "ownerid": {"systemusers": "ownerid", "teams": "ownerid"},
    },
    "quotedetails": {
        "quoteid": {"quotes": "quoteid"},
        "productid": {"products": "productid"},
        "uomid": {"uoms": "uomid"},
    },
    "invoicedetails": {
        "invoiceid": {"invoices": "invoiceid"},
        "productid": {"products": "productid"},
        "uomid": {"uoms": "uomid"},
    },
    "salesorderdetails": {
        "salesorderid": {"salesorders": "salesorderid"},
        "productid": {"products": "productid"},
        "uomid": {"uoms": "uomid"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
        "salesrepid": {"systemusers": "salesrepid"},
    },
    "accounts": {
        "primarycontactid": {"contacts": "primarycontactid"},
        "defaultpricelevelid": {"pricelevels": "defaultpricelevelid"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
        "ownerid": {"systemusers": "ownerid", "teams": "ownerid"},
    },
    "contacts": {
        "parentcustomerid": {"accounts": "parentcustomerid_account", "contacts": "parentcustomerid_contact"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
    },
    "products": {
        "defaultuomid": {"uoms": "defaultuomid"},
        "defaultuomscheduleid": {"uomschedules": "defaultuomscheduleid"},
        "pricelevelid": {"pricelevels": "pricelevelid"},
        "transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"},
    },
    "uoms": {
        "uomscheduleid": {"uomschedules": "uomscheduleid"},
        "baseuom": {"uoms": "baseuom"},
    },
    "productpricelevels": {
        "pricelevelid": {"pricelevels": "pricelevelid"},
        "productid": {"products": "productid"},
        "uomid": {"uoms": "uomid"},
    },
    "annotations": {"objectid": {"salesorders": "objectid_salesorder"}},
    "pricelevels": {"transactioncurrencyid": {"transactioncurrencies": "transactioncurrencyid"}},
    "organizations": {"basecurrencyid": {"transactioncurrencies": "basecurrencyid"}},
}

_TYPES: Final[Mapping[str, str]] = {
    "decimal": (
        "discountamount discountpercentage freightamount totallineitemamount totallineitemdiscountamount "
        "totaldiscountamount totalamountlessfreight totaltax totalamount exchangerate quantity priceperunit "
        "volumediscountamount manualdiscountamount baseamount tax extendedamount quantityshipped quantitybackordered "
        "quantitycancelled price currentcost standardcost quantityonhand creditlimit"
    ),
    "datetime": (
        "createdon modifiedon requestdeliveryby submitdate datefulfilled lastbackofficesubmit overriddencreatedon"
    ),
    "integer": (
        "statecode statuscode submitstatus paymenttermscode freighttermscode shippingmethodcode prioritycode "
        "pricingerrorcode lineitemnumber sequencenumber producttypecode quantitydecimal currencyprecision versionnumber"
    ),
    "boolean": "willcall ispricelocked isproductoverridden ispriceoverridden creditonhold issopintegrationenabled",
}

COLUMN_TYPES: Final[Mapping[str, str]] = {name: kind for kind, names in _TYPES.items() for name in names.split()}

CHOICE_LABELS: Final[Mapping[str, Mapping[int, str]]] = {
    "paymenttermscode": {1: "Net 30", 2: "2% 10, Net 30", 3: "Net 45", 4: "Net 60"},
    "freighttermscode": {1: "FOB", 2: "No Charge"},
    "shippingmethodcode": {
        1: "Airborne", 2: "DHL", 3: "FedEx", 4: "UPS", 5: "Postal Mail", 6: "Full Load", 7: "Will Call",
    },
}  # fmt: skip

DOCUMENT: Final = TableTraits(
    client_ids=True,
    atomic=True,
    lines_in_create=100,
    line_number="lineitemnumber",
    computed=frozenset(
        "totallineitemamount totallineitemdiscountamount totaldiscountamount totalamountlessfreight totaltax "
        "totalamount exchangerate baseamount extendedamount modifiedon versionnumber pricingerrorcode".split()
    ),
    healthy={"pricingerrorcode": 0},
)

TRAITS: Final[Mapping[str, TableTraits]] = dict.fromkeys(("salesorders", "quotes", "invoices"), DOCUMENT)

PLAIN: Final = TableTraits(client_ids=True, atomic=True)


def traits_of(table: str) -> TableTraits:
    """Every Dataverse table lets the client choose the id and takes change sets."""
    return TRAITS.get(table, PLAIN)
