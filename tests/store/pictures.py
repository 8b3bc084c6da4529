"""Records and documents for tests of what is kept: every kind of value a cell can hold, on both sides."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal

from syncengine.records.document import Document
from syncengine.records.record import Base
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.values import Link
from syncengine.records.values import Ref

AT = datetime(2026, 3, 1, 7, 30, 15, 120000, tzinfo=UTC)

SALES = Record(
    id="6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    version='W/"4711"',
    fields={
        "customer": Ref("CUSTOMER", 7),
        "salesperson": Ref("SALESPEOPLE", None, "sales", "owner-1"),
        "requested_delivery": date(2026, 4, 1),
        "entered": AT,
        "discount": Decimal("12.500"),
        "ship_to_name": "Müller & Söhne “Ost”\n☃",
        "held": True,
        "reason": None,
    },
    lines={
        "line-b": LineRecord("line-b", None, {"quantity": Decimal("3.00000"), "product": Ref("ITEM-PRODUCT", 12)}),
        "line-a": LineRecord("line-a", 'W/"2"', {"quantity": Decimal(2), "product": Ref("ITEM-PRODUCT", 11)}),
    },
    state="submitted",
    modified_at=AT,
)
BACK_OFFICE = Record(
    id="S-guid-1",
    version='W/"JzE5O"',
    fields={"customer": Ref("CUSTOMER", 7), "discount": Decimal("12.5"), "ship_to_name": "Müller & Söhne"},
    lines={"20000": LineRecord("20000", None, {"quantity": Decimal(2)})},
    state="draft",
    modified_at=None,
)
BASE = Base(SALES, BACK_OFFICE)

DOCUMENT = Document(
    id="S-guid-1",
    version='W/"JzE5O"',
    fields={
        "number": "S-ORD101001",
        "customerid": Link("accounts", "account-1"),
        "orderDate": date(2026, 3, 1),
        "createdon": AT,
        "totalAmountIncludingTax": Decimal("1234.50"),
        "pricesIncludeTax": False,
        "sequence": 10000,
        "requestedDeliveryDate": None,
    },
    lines=(Document("20000", 'W/"9"', {"quantity": Decimal("2.5"), "description": "Stuhl „Oslo“"}),),
    state="draft",
    modified_at=AT,
)
