"""GET: lists, single rows, single values, related rows, counts and references."""

from __future__ import annotations

import random
from bisect import bisect_left
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import Response
from syncengine.sandbox.sales.aggregation import aggregate
from syncengine.sandbox.sales.change_tracking import changes
from syncengine.sandbox.sales.change_tracking import is_tracked
from syncengine.sandbox.sales.conditions import Conditions
from syncengine.sandbox.sales.database import Row
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import unknown_segment
from syncengine.sandbox.sales.expansion import Setting
from syncengine.sandbox.sales.expansion import context
from syncengine.sandbox.sales.expansion import expansions
from syncengine.sandbox.sales.expansion import is_nested
from syncengine.sandbox.sales.formatting import target_of
from syncengine.sandbox.sales.model import Collection
from syncengine.sandbox.sales.model import Table
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import applied
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.operation import plain_number
from syncengine.sandbox.sales.paging import LARGEST_PAGE
from syncengine.sandbox.sales.paging import Cookie
from syncengine.sandbox.sales.paging import decode
from syncengine.sandbox.sales.paging import next_link
from syncengine.sandbox.sales.paging import page_size
from syncengine.sandbox.sales.privileges import require
from syncengine.sandbox.sales.representation import etag
from syncengine.sandbox.sales.representation import includes
from syncengine.sandbox.sales.representation import shape
from syncengine.sandbox.sales.selection import Order
from syncengine.sandbox.sales.selection import matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncengine.sandbox.sales.query_options import QueryOptions
    from syncengine.sandbox.sales.world import Session

Parent = tuple[Table, Row, Collection]
_PREFERENCES = ("odata.maxpagesize", "odata.include-annotations", "odata.track-changes")


def list_rows(op: Operation, table: Table, options: QueryOptions, parent: Parent | None = None) -> Response:
    """The rows of a table, or of one parent. Raises DataverseError."""
    session = op.session
    require(session, "Read", table)
    if parent is None and is_tracked(op, options):
        return changes(op, table, options)
    if options.apply:
        return aggregate(op, table, options)
    conditions = Conditions(session, table, options.aliases)
    order = Order.by(conditions, options.orderby)
    size, asked = page_size(op.prefer)
    cookie = decode(options.skiptoken, table, order) if options.skiptoken else None

    def rows() -> list[Row]:
        if parent:
            return _related(session, conditions, options, parent)
        return matching(session, table, conditions, options.filter)

    if not options.orderby and session.switches.unordered_pages != "by-id":
        found = rows()
        page, more = _unstable(session, order, found, cookie, size)
    else:
        found = session.world.arrangements.get(op, lambda: order.sort(rows()))
        page, more = _page(order, found, cookie, size)
    if options.top is not None and not asked:
        page, more = page[: options.top], False
    body: dict[str, Any] = {"@odata.context": f"{op.base}/$metadata#{table.entity_set}{_context(options)}"}
    body |= _counts(op, options, len(found))
    body["value"] = _answers(op, table, options, page, size if asked else None)
    if more:
        edge = Cookie((cookie.page if cookie else 1) + 1, order.edge(page[-1]))
        body["@odata.nextLink"] = next_link(op.origin, op.request.target, edge)
    return answer(200, body, preference_applied=applied(op.prefer, *_PREFERENCES[:2]))


def _related(session: Session, conditions: Conditions, options: QueryOptions, parent: Parent) -> list[Row]:
    table, row, collection = parent
    found = session.db.find(collection.table, collection.lookup, row[table.primary_id])
    if options.filter is None:
        return found
    test = conditions.compile(options.filter)
    return [one for one in found if test(one)]


def _page(order: Order, found: list[Row], cookie: Cookie | None, size: int) -> tuple[list[Row], bool]:
    """The rows of this page and whether there are more."""
    start = bisect_left(found, True, key=order.behind(cookie.edge)) if cookie else 0
    return found[start : start + size], len(found) > start + size


def _unstable(
    session: Session, order: Order, found: list[Row], cookie: Cookie | None, size: int
) -> tuple[list[Row], bool]:
    """Without a sort order the database may give each page from another arrangement of the rows."""
    if len(found) <= size:
        return order.sort(found), False
    if session.switches.unordered_pages == "shuffled-each-request":
        random.Random(session.correlation).shuffle(found)  # noqa: S311  reproducible on purpose
    start = ((cookie.page if cookie else 1) - 1) * size
    return found[start : start + size], len(found) > start + size


def _counts(op: Operation, options: QueryOptions, matched: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if options.count:
        body["@odata.count"] = min(matched, LARGEST_PAGE)
    total = "Microsoft.Dynamics.CRM.totalrecordcount"
    if includes(op.annotations, total):
        body[f"@{total}"] = min(matched, LARGEST_PAGE) if options.count else -1
    if includes(op.annotations, f"{total}limitexceeded"):
        body[f"@{total}limitexceeded"] = options.count and matched > LARGEST_PAGE
    if includes(op.annotations, "Microsoft.Dynamics.CRM.globalmetadataversion"):
        body["@Microsoft.Dynamics.CRM.globalmetadataversion"] = str(op.session.model.version)
    return body


def _context(options: QueryOptions) -> str:
    return context(options.select, options.expand)


def _answers(
    op: Operation, table: Table, options: QueryOptions, rows: Sequence[Row], page: int | None
) -> list[dict[str, Any]]:
    session = op.session
    made = shape(session, table, options.select, op.annotations)
    setting = Setting(session, op.base, op.annotations, True, is_nested(options.expand), page)
    expanding = expansions(setting, table, options.expand)
    answers = []
    for row in rows:
        one = made.answer(session, row)
        for expansion in expanding:
            expansion.apply(row, one)
        answers.append(one)
    return answers


def one_row(op: Operation, table: Table, row: Row, options: QueryOptions, status: int = 200) -> Response:
    """A single row with its tag in the body and in the header. Raises DataverseError."""
    session = op.session
    require(session, "Read", table)
    body = entity(op, table, row, options)
    return answer(
        status,
        body,
        etag=etag(row),
        preference_applied=applied(op.prefer, "return", "odata.include-annotations"),
    )


def entity(op: Operation, table: Table, row: Row, options: QueryOptions) -> dict[str, Any]:
    """The body of a single row."""
    session = op.session
    setting = Setting(session, op.base, op.annotations, False, is_nested(options.expand), None)
    expanding = expansions(setting, table, options.expand)
    where = f"{op.base}/$metadata#{table.entity_set}{_context(options)}/$entity"
    body = {"@odata.context": where} | shape(session, table, options.select, op.annotations).answer(session, row)
    for expansion in expanding:
        expansion.apply(row, body)
    return body


def unchanged(op: Operation, row: Row, options: QueryOptions) -> Response | None:
    """304 for a tag that still holds; never when other rows or annotations are in the answer."""
    sent = op.request.headers.get("if-none-match", "")
    if sent == etag(row) and not options.expand and "odata.include-annotations" not in op.prefer:
        return Response(304, b"", {"odata-version": "4.0", "etag": sent})
    return None


def one_value(op: Operation, table: Table, row: Row, name: str) -> Response:
    """GET …/name. Raises DataverseError."""
    require(op.session, "Read", table)
    column = table.properties.get(name)
    if column is None:
        raise unknown_segment(name)
    value = shape(op.session, table, [name]).answer(op.session, row)[column.property]
    if value is None:
        return no_content()
    where = f"{op.base}/$metadata#{table.entity_set}({row[table.primary_id]})/{name}"
    return answer(200, {"@odata.context": where, "value": value})


def related_row(op: Operation, table: Table, row: Row, name: str) -> tuple[Table, Row] | None:
    """The row that a single-valued navigation property leads to."""
    navigation = table.navigations[name]
    key = row.get(navigation.column.name)
    if key is None or target_of(navigation.column, row) != navigation.target:
        return None
    target = op.session.table(navigation.target)
    found = op.session.db.get(target.name, key)
    return (target, found) if found else None


def count_rows(op: Operation, table: Table, options: QueryOptions, parent: Parent | None = None) -> Response:
    """/$count: a bare number, never more than 5,000."""
    session = op.session
    require(session, "Read", table)
    if options.deltatoken:
        return changes(op, table, options, counting=True)
    conditions = Conditions(session, table, options.aliases)
    found = (
        _related(session, conditions, options, parent)
        if parent
        else matching(session, table, conditions, options.filter)
    )
    return plain_number(op, min(len(found), LARGEST_PAGE))


def references(op: Operation, table: Table, rows: Sequence[Row]) -> Response:
    """…/$ref of a collection."""
    if len(rows) > LARGEST_PAGE:
        raise bad_query("Too many references.")
    value = [{"@odata.id": f"{op.base}/{table.entity_set}({row[table.primary_id]})"} for row in rows]
    return answer(200, {"@odata.context": f"{op.base}/$metadata#Collection($ref)", "value": value})
