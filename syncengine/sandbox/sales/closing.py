"""Actions that close orders, quotes and opportunities: each leaves a completed closing activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.addresses import find_row
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.errors import invalid_status
from syncengine.sandbox.sales.messages import Bound
from syncengine.sandbox.sales.messages import Message
from syncengine.sandbox.sales.messages import Parameter
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.payload import Reader
from syncengine.sandbox.sales.privileges import require
from syncengine.sandbox.sales.writing import apply
from syncengine.sandbox.sales.writing import create

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session


@dataclass(frozen=True)
class Closing:
    """One closing action: which table to which state, from which states, by which activity."""

    name: str
    table: str
    state: int
    allowed_from: tuple[int, ...]
    activity: str
    parameter: str
    lookup: str
    binding: str = ""
    status: int = -1  # the one status it closes with; -1: the caller's, else the state's default

    def run(self, op: Operation, given: dict[str, Any], bound: Bound | None) -> Response:
        del bound
        session = op.session
        activity = session.table(self.activity)
        reader = Reader(session.model, session.switches.unknown_body_property_code)
        payload = reader.read(activity, given[self.parameter], deep=False)
        kind = f"Microsoft.Dynamics.CRM.{self.activity}"
        if session.switches.close_type == "needed" and payload.odata_type != kind:
            text = f"The parameter '{self.parameter}' needs an '@odata.type': its declared type is abstract."
            raise bad_payload(self.name, text)
        bind = payload.binds.pop(self.lookup, None)
        if bind is None:
            raise invalid_argument(f"The {self.lookup} of the {self.activity} is missing.")
        table = session.table(self.table)
        require(session, "Write", table)
        row = find_row(session.db, table, bind[1])
        close(session, self, row, given.get("Status", -1), payload)
        return no_content()


def close(session: Session, closing: Closing, row: Row, status: Any, payload: Any) -> None:
    """Raises DataverseError."""
    table = session.table(closing.table)
    key = row[table.primary_id]
    if (row.get("statecode") or 0) not in closing.allowed_from:
        state = table.columns["statecode"].options[row.get("statecode") or 0].label
        text = f"The {table.name} cannot be closed because it is not in the correct state: {state}."
        raise DataverseError(400, "0x80040233", text)
    final = _status(table, closing.state, status, key)
    activity = session.table(closing.activity)
    system = {"statecode": 1, "statuscode": 2, closing.lookup: key}
    if "ordernumber" in activity.columns:
        system["ordernumber"] = row.get("ordernumber")
    create(session, activity, payload, system=system)
    row = session.db[table.name].rows[key]
    ending: Row = {"statecode": closing.state, "statuscode": final}
    if "closedon" in table.columns:
        ending["closedon"] = session.now.date()
    apply(session, table, row, ending, {})


def _status(table: Table, state: int, status: Any, key: str) -> int:
    option = table.columns["statecode"].options[state]
    if status in (None, -1):
        return int(option.default_status or 0)
    found = table.columns["statuscode"].options.get(status) if isinstance(status, int) else None
    if found is None or found.state != state:
        raise invalid_status(status, option.label, table.name, key)
    return found.value


WIN_QUOTE = Closing("WinQuote", "quote", 2, (1,), "quoteclose", "QuoteClose", "quoteid")
# Not a message of its own: the first half of ReviseQuote.
REVISE_QUOTE = Closing("ReviseQuote", "quote", 3, (1, 3), "quoteclose", "QuoteClose", "quoteid", status=7)
_CLOSINGS = (
    Closing("FulfillSalesOrder", "salesorder", 3, (0, 1), "orderclose", "OrderClose", "salesorderid", "collection"),
    Closing("CancelSalesOrder", "salesorder", 2, (0, 1), "orderclose", "OrderClose", "salesorderid"),
    WIN_QUOTE,
    Closing("CloseQuote", "quote", 3, (0, 1), "quoteclose", "QuoteClose", "quoteid"),
    Closing("WinOpportunity", "opportunity", 1, (0,), "opportunityclose", "OpportunityClose", "opportunityid"),
    Closing("LoseOpportunity", "opportunity", 2, (0,), "opportunityclose", "OpportunityClose", "opportunityid"),
)


def messages() -> list[Message]:
    return [
        Message(
            one.name,
            one.run,
            (Parameter(one.parameter, f"mscrm.{one.activity}"), Parameter("Status", "Edm.Int32")),
            binding=one.binding,
            tables=(one.table,) if one.binding else (),
        )
        for one in _CLOSINGS
    ]
