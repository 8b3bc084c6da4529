"""Actions that make one sales document from another: quote to order, order to invoice, opportunity to any of the
three, and a quote's next revision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

from syncengine.orders.price_computation import Event as PriceEvent
from syncengine.sandbox.sales.addresses import RowKey
from syncengine.sandbox.sales.addresses import find_row
from syncengine.sandbox.sales.closing import REVISE_QUOTE
from syncengine.sandbox.sales.closing import WIN_QUOTE
from syncengine.sandbox.sales.closing import close
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.locks import LINES_OF
from syncengine.sandbox.sales.locks import SUBMITTED
from syncengine.sandbox.sales.messages import Bound
from syncengine.sandbox.sales.messages import Message
from syncengine.sandbox.sales.messages import Parameter
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.payload import Payload
from syncengine.sandbox.sales.pricing import computed_now
from syncengine.sandbox.sales.pricing import refresh_header
from syncengine.sandbox.sales.privileges import require
from syncengine.sandbox.sales.query_options import QueryOptions
from syncengine.sandbox.sales.reading import entity
from syncengine.sandbox.sales.values import GUID
from syncengine.sandbox.sales.values import guid
from syncengine.sandbox.sales.writing import apply
from syncengine.sandbox.sales.writing import create

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.world import Session

_LEFT = frozenset(
    [
        "createdon",
        "createdby",
        "createdonbehalfby",
        "modifiedon",
        "modifiedby",
        "modifiedonbehalfby",
        "versionnumber",
        "statecode",
        "statuscode",
        "submittedby",
        "importsequencenumber",
        "overriddencreatedon",
        "sequencenumber",
        "skippricecalculation",
        "closedon",
    ]
)
_INVOICED = 4


def _id(value: Any, name: str) -> str:
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise bad_payload(name, f"Cannot convert the literal '{value}' to the expected type 'Edm.Guid'.")
    return guid(value)


def _columns(given: dict[str, Any]) -> QueryOptions:
    wanted = given.get("ColumnSet")
    if not isinstance(wanted, dict):
        raise invalid_argument("Required field 'ColumnSet' is missing")
    return QueryOptions(select=None if wanted.get("AllColumns") else tuple(wanted.get("Columns", ())))


def _made(op: Operation, table_name: str, key: str, given: dict[str, Any]) -> Response:
    table = op.session.table(table_name)
    return answer(200, entity(op, table, op.session.db[table_name].rows[key], _columns(given)))


def copy_document(session: Session, source: str, row: Row, target: str, links: Row, line_link: str) -> str:
    """A new header of `target` with the columns both have, and the lines with their prices."""
    table, origin = session.table(target), session.table(source)
    system = _shared(session, source, row, target) | links
    key = create(session, table, Payload(), system=system, priced=False)
    copy_lines(session, source, row[origin.primary_id], target, key, line_link)
    _price(session, target, key)
    return key


def _price(session: Session, target: str, key: str) -> None:
    if computed_now(session, target, PriceEvent.CREATE, session.db[target].rows[key]):
        refresh_header(session, target, key, after_line=True)


def copy_lines(session: Session, source: str, source_key: str, target: str, key: str, line_link: str) -> None:
    line_source, lookup_source = LINES_OF[source]
    line_target, lookup = LINES_OF[target]
    line_key = session.table(line_source).primary_id
    for line in session.db.find(line_source, lookup_source, source_key):
        system = _shared(session, line_source, line, line_target) | {lookup: key}
        if line_link in session.table(line_target).columns:
            system[line_link] = line[line_key]
        create(session, session.table(line_target), Payload(), system=system, priced=False)


def _shared(session: Session, source: str, row: Row, target: str) -> Row:
    table, own = session.table(target), session.table(source)
    kept: Row = {}
    for name, value in row.items():
        companion = name.removesuffix("type") in table.columns and name.endswith("type")
        known = name in table.columns or companion
        if known and name not in _LEFT and name not in (own.primary_id, table.primary_id):
            kept[name] = value
    return kept


def order_to_invoice(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    session = op.session
    orders = session.table("salesorder")
    order = find_row(session.db, orders, RowKey(_id(given["SalesOrderId"], "SalesOrderId")))
    require(session, "Read", orders)
    closed_to_it = session.world.sop or order.get("statecode") == SUBMITTED
    if closed_to_it and session.switches.convert_submitted == "refused":
        raise DataverseError(400, "0x80040233", "The order cannot be converted in its current state.")
    if order.get("statecode") in (2, _INVOICED):
        raise DataverseError(400, "0x80040233", "The order cannot be converted in its current state.")
    links = {"salesorderid": order["salesorderid"], "ispricelocked": True}
    key = copy_document(session, "salesorder", order, "invoice", links, "salesorderdetailid")
    if session.switches.convert_sets_invoiced:
        order = session.db["salesorder"].rows[order["salesorderid"]]
        apply(session, orders, order, {"statecode": _INVOICED, "statuscode": 100003}, {})
    return _made(op, "invoice", key, given)


def quote_to_order(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    session = op.session
    quotes = session.table("quote")
    quote = find_row(session.db, quotes, RowKey(_id(given["QuoteId"], "QuoteId")))
    if quote.get("statecode") == 1:
        activity = Payload()
        for name, column in (("QuoteCloseSubject", "subject"), ("QuoteCloseDescription", "description")):
            if given.get(name) is not None:
                activity.values[column] = given[name]
        close(session, WIN_QUOTE, quote, given.get("QuoteCloseStatus", -1), activity)
    elif quote.get("statecode") != 2:
        raise DataverseError(400, "0x80040233", "The quote cannot be converted because it is not in the correct state.")
    links = {"quoteid": quote["quoteid"], "ordercreationmethod": 776160001}
    key = copy_document(session, "quote", quote, "salesorder", links, "quotedetailid")
    return _made(op, "salesorder", key, given)


def revise_quote(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
    """The quote is closed as Revised; its next revision is a draft with the same number and another id."""
    session = op.session
    quote = find_row(session.db, session.table("quote"), RowKey(_id(given["QuoteId"], "QuoteId")))
    activity = Payload(values={"subject": "Quote Revised"})
    close(session, REVISE_QUOTE, quote, REVISE_QUOTE.status, activity)
    links = {"revisionnumber": (quote.get("revisionnumber") or 0) + 1}
    key = copy_document(session, "quote", quote, "quote", links, "")
    return _made(op, "quote", key, given)


def _from_opportunity(target: str) -> Callable[[Operation, dict[str, Any], Bound | None], Response]:
    def made(op: Operation, given: dict[str, Any], _: Bound | None) -> Response:
        session = op.session
        key = _id(given["OpportunityId"], "OpportunityId")
        opportunity = find_row(session.db, session.table("opportunity"), RowKey(key))
        new = copy_document(session, "opportunity", opportunity, target, {"opportunityid": key}, "")
        return _made(op, target, new, given)

    return made


def products_from_opportunity(op: Operation, given: dict[str, Any], bound: Bound | None) -> Response:
    session = op.session
    key = _id(given["OpportunityId"], "OpportunityId")
    find_row(session.db, session.table("opportunity"), RowKey(key))
    if bound is None or bound.row is None:
        raise invalid_argument("The order is missing.")
    order = bound.row["salesorderid"]
    copy_lines(session, "opportunity", key, "salesorder", order, "")
    _price(session, "salesorder", order)
    return no_content()


_COLUMN_SET = Parameter("ColumnSet", "mscrm.ColumnSet")
_CLOSE = tuple(
    Parameter(name, kind, required=False)
    for name, kind in (
        ("QuoteCloseDate", "Edm.DateTimeOffset"),
        ("QuoteCloseStatus", "Edm.Int32"),
        ("QuoteCloseSubject", "Edm.String"),
        ("QuoteCloseDescription", "Edm.String"),
    )
)


def messages() -> list[Message]:
    def id_of(name: str) -> Parameter:
        return Parameter(name, "Edm.Guid")

    return [
        Message(
            "ConvertSalesOrderToInvoice",
            order_to_invoice,
            (id_of("SalesOrderId"), _COLUMN_SET),
            returns="mscrm.invoice",
        ),
        Message(
            "ConvertQuoteToSalesOrder",
            quote_to_order,
            (id_of("QuoteId"), _COLUMN_SET, *_CLOSE),
            returns="mscrm.salesorder",
        ),
        Message(
            "ReviseQuote",
            revise_quote,
            (id_of("QuoteId"), _COLUMN_SET),
            returns="mscrm.quote",
        ),
        *(
            Message(
                f"Generate{name}FromOpportunity",
                _from_opportunity(target),
                (id_of("OpportunityId"), _COLUMN_SET),
                returns=f"mscrm.{target}",
            )
            for name, target in (("SalesOrder", "salesorder"), ("Quote", "quote"), ("Invoice", "invoice"))
        ),
        Message(
            "GetSalesOrderProductsFromOpportunity",
            products_from_opportunity,
            (id_of("OpportunityId"),),
            binding="row",
            tables=("salesorder",),
        ),
    ]
