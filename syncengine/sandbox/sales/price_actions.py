"""Actions about prices: lock, unlock, recalculate; and the function that tells a product's decimals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from syncengine.orders.price_computation import Event as PriceEvent
from syncengine.sandbox.sales.addresses import RowKey
from syncengine.sandbox.sales.addresses import find_row
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.locks import LINES_OF
from syncengine.sandbox.sales.locks import ensure_header_writable
from syncengine.sandbox.sales.messages import Bound
from syncengine.sandbox.sales.messages import Message
from syncengine.sandbox.sales.messages import Parameter
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.pricing import computed_now
from syncengine.sandbox.sales.pricing import refresh_header
from syncengine.sandbox.sales.privileges import require
from syncengine.sandbox.sales.values import GUID
from syncengine.sandbox.sales.values import guid
from syncengine.sandbox.sales.writing import apply

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response


@dataclass(frozen=True)
class PriceLock:
    """The two actions that freeze and free the prices of one kind of document."""

    table: str
    name: str  # within the actions' names
    parameter: str  # of the unbound one

    def lock(self, op: Operation, _: dict[str, Any], bound: Bound | None) -> Response:
        if bound is None or bound.row is None:
            raise invalid_argument(f"The {self.table} is missing.")
        return self._set(op, bound.row[op.session.table(self.table).primary_id], locked=True)

    def unlock(self, op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
        return self._set(op, _key(given[self.parameter]), locked=False)

    def _set(self, op: Operation, key: str, *, locked: bool) -> Response:
        session = op.session
        table = session.table(self.table)
        require(session, "Write", table)
        row = find_row(session.db, table, RowKey(key))
        ensure_header_writable(session, self.table, row)
        if bool(row.get("ispricelocked")) is locked:
            code, text = ("0x80043b1d", "locked") if locked else ("0x80043b1e", "unlocked")
            raise DataverseError(400, code, f"The pricing of the {self.table} is already {text}.")
        apply(session, table, row, {"ispricelocked": locked}, {})
        return no_content()

    def messages(self) -> list[Message]:
        return [
            Message(f"Lock{self.name}Pricing", self.lock, binding="row", tables=(self.table,)),
            Message(f"Unlock{self.name}Pricing", self.unlock, (Parameter(self.parameter, "Edm.Guid"),)),
        ]


_LOCKS = (PriceLock("salesorder", "SalesOrder", "SalesOrderId"), PriceLock("invoice", "Invoice", "InvoiceId"))


def recalculate(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    """Runs the engine on a document, where the table of the order-processing setting lets it."""
    session = op.session
    name = given["entityLogicalName"]
    if name not in LINES_OF:
        raise invalid_argument(f"Prices of '{name}' cannot be recalculated.")
    table = session.table(name)
    require(session, "Write", table)
    row = find_row(session.db, table, RowKey(_key(given["entityId"])))
    if computed_now(session, name, PriceEvent.RECALCULATE, row):
        refresh_header(session, name, row[table.primary_id], after_line=False)
    return no_content()


def quantity_decimal(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    """GetQuantityDecimal: how many decimals a quantity of the product may have."""
    product = find_row(op.session.db, op.session.table("product"), RowKey(_key(given.get("ProductId"))))
    where = f"{op.base}/$metadata#Microsoft.Dynamics.CRM.GetQuantityDecimalResponse"
    return answer(200, {"@odata.context": where, "Quantity": product.get("quantitydecimal") or 0})


def _key(value: Any) -> str:
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise invalid_argument(f"'{value}' is not a Guid.")
    return guid(value)


def messages() -> list[Message]:
    return [
        *(message for one in _LOCKS for message in one.messages()),
        Message(
            "RecalculatePrice",
            recalculate,
            (Parameter("entityLogicalName", "Edm.String"), Parameter("entityId", "Edm.Guid")),
        ),
        Message(
            "GetQuantityDecimal",
            quantity_decimal,
            (
                Parameter("Target", "mscrm.crmbaseentity", required=False),
                Parameter("ProductId", "Edm.Guid"),
                Parameter("UoMId", "Edm.Guid", required=False),
            ),
            returns="mscrm.GetQuantityDecimalResponse",
            is_function=True,
        ),
    ]
