"""An operation with a step of every shape, as the engine hands it to the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any

from syncengine.planner.lines import Pairing
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.ports import Subject
from syncengine.records.record import LinePair
from syncengine.records.values import Link
from syncengine.records.values import Ref
from tests.store.pictures import DOCUMENT

ORDERS = "SALESORDER-ORDER"
SENT_AT = datetime(2026, 3, 2, 8, 0, 1, 500000, tzinfo=UTC)

CREATE = Step(
    no=1,
    side="back_office",
    verb="create",
    table="salesOrders",
    body={"customerId": "c-1", "orderDate": date(2026, 3, 2), "discountAmount": Decimal("7.250"), "note": None},
    lines=({"itemId": "i-1", "quantity": Decimal(2)}, {"itemId": "i-2", "quantity": Decimal("0.5")}),
    line_table="salesOrderLines",
    partners=("line-a", ""),
    identity={"externalDocumentNumber": "ORD-01001"},
    excluding=("b-old",),
    requires={"pricingerrorcode": 0},
)
CHANGE = Step(
    no=2,
    side="sales",
    verb="update-line",
    table="salesorderdetails",
    target="line-a",
    parent="s1",
    body={"productid": Link("products", "p-1"), "quantity": Decimal(4)},
    expects='W/"77"',
    when="moved",
    atomic=3,
    role="number-back",
    about=12,
)
AFTERWARDS = Step(
    no=3, side="back_office", verb="update", table="salesOrders", target=1, expects=1, line_ids=("l-1", "l-2")
)

GOODS = Decision(
    group="goods",
    outcome=Outcome.TO_BACK_OFFICE,
    sales={"product": Ref("ITEM-PRODUCT", 11), "quantity": Decimal(4)},
    back_office={"product": Ref("ITEM-PRODUCT", 11), "quantity": Decimal("2.0")},
    reason="changed in Sales",
    line=12,
    base={"sales": {"quantity": Decimal(2)}, "back_office": {"quantity": Decimal(2)}},
)
DELIVERY = Decision(
    group="requested_delivery",
    outcome=Outcome.KEEP,
    sales=date(2026, 4, 1),
    back_office=None,
    reason="a later write brings it",
)


def operation(**changes: Any) -> Operation:
    """`operation(subject=…)`: the same with other values."""
    usual = Operation(
        id=0,
        mapping=ORDERS,
        subject=Subject(ORDERS, None, "sales", "s1"),
        kind="create",
        reason="new in Sales",
        steps=(CREATE, CHANGE, AFTERWARDS),
        decisions=(GOODS, DELIVERY),
        executes=(GOODS,),
        pairing=Pairing((LinePair(-1, "line-a", "l-1"),), {"sales": ("line-b",), "back_office": ()}),
        receipts={},
        sent_at={},
        documents={"sales": DOCUMENT},
        run_id="run-1",
    )
    return replace(usual, **changes)
