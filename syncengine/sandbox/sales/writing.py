"""Create and update: the checks in their order, the stamps, and the pricing that follows.

Order of checks from the row on: value validation, state lock, state transition, uniqueness, pricing,
version. What fails raises DataverseError and leaves the way back to the caller (`Database.roll_back`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from syncengine.orders.price_computation import Event as PriceEvent
from syncengine.sandbox.sales import document_lines
from syncengine.sandbox.sales import master_data
from syncengine.sandbox.sales import sales_documents
from syncengine.sandbox.sales.addresses import find_row
from syncengine.sandbox.sales.currencies import check_clearing
from syncengine.sandbox.sales.currencies import settle
from syncengine.sandbox.sales.database import Row
from syncengine.sandbox.sales.defaults import check_required
from syncengine.sandbox.sales.defaults import fill
from syncengine.sandbox.sales.defaults import own
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import duplicate_found
from syncengine.sandbox.sales.errors import duplicate_key
from syncengine.sandbox.sales.errors import duplicate_row
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.errors import not_supported
from syncengine.sandbox.sales.locks import HEADER_OF
from syncengine.sandbox.sales.locks import LINES_OF
from syncengine.sandbox.sales.locks import SUBMITTED
from syncengine.sandbox.sales.locks import ensure_header_writable
from syncengine.sandbox.sales.model import Table
from syncengine.sandbox.sales.payload import Payload
from syncengine.sandbox.sales.pricing import computed_now
from syncengine.sandbox.sales.pricing import price_line
from syncengine.sandbox.sales.pricing import refresh_header
from syncengine.sandbox.sales.privileges import require
from syncengine.sandbox.sales.states import STATE_COLUMNS
from syncengine.sandbox.sales.states import initial
from syncengine.sandbox.sales.states import patched
from syncengine.sandbox.sales.values import check_limits
from syncengine.sandbox.sales.world import Session

Rule = Callable[[Session, Table, Row, Row | None], None]
_MASTER_DATA: dict[str, Rule] = {
    "account": master_data.party,
    "contact": master_data.person,
    "systemuser": master_data.user,
    "product": master_data.product,
    "uom": master_data.unit,
    "pricelevel": master_data.price_list,
    "productpricelevel": master_data.price_list_item,
    "discount": master_data.discount,
    "transactioncurrency": master_data.currency,
    "annotation": master_data.note,
}


def create(
    session: Session,
    table: Table,
    payload: Payload,
    *,
    key: str = "",
    system: Row | None = None,
    priced: bool = True,
) -> str:
    """Insert a row with its nested ones; gives the id.

    `system` has what no body may set. The header's pricing pass comes once, after all lines of a deep insert;
    `priced` is False for those lines.
    """
    require(session, "Create", table)
    if table.name == "organization":
        raise not_supported(f"The 'Create' method does not support entities of type '{table.name}'.")
    values = _allowed(session, table, payload.values, creating=True)
    for navigation, parent in payload.parents:
        parent_key = create(session, session.table(navigation.target), parent)
        _link(values, navigation.column.name, navigation.target, parent_key, table)
    _resolve(session, table, payload, values, creating=True)
    _check_values(table, values)
    row: Row = {name: value for name, value in values.items() if value is not None} | (system or {})
    row[table.primary_id] = row.get(table.primary_id) or key or session.world.new_id()
    fill(session, table, row)
    settle(session, table, row)
    _rules(session, table, row, None)
    check_required(session, table, row)
    initial(session, table, row)
    _check_unique(session, table, row, None)
    if table.name in HEADER_OF and computed_now(session, table.name, PriceEvent.CREATE, row, values):
        header = document_lines.header_of(session, table.name, row)
        row |= price_line(session, HEADER_OF[table.name][0], header, row)
        settle(session, table, row)
    else:
        priced = priced and table.name not in HEADER_OF
    new = _store(session, table, row, None, "Create", {n: v for n, v in row.items() if v is not None})
    with_lines = _create_children(session, table, payload, new)
    _price_created(session, table, session.db.tables[table.name].rows[new], priced=priced, with_lines=with_lines)
    if table.name == "uomschedule" and row.get("baseuomname"):
        base = {"uomscheduleid": new, "name": row["baseuomname"], "isschedulebaseuom": True}
        create(session, session.table("uom"), Payload(), system=base)
    return new


def _create_children(session: Session, table: Table, payload: Payload, key: str) -> bool:
    with_lines = False
    for collection, children in payload.children:
        child_table = session.table(collection.table)
        are_lines = LINES_OF.get(table.name, ("", ""))[0] == child_table.name
        with_lines |= are_lines and bool(children)
        link: Row = {}
        _link(link, collection.lookup, table.name, key, child_table)
        for child in children:
            create(session, child_table, child, system=link, priced=not are_lines)
    return with_lines


def _price_created(session: Session, table: Table, row: Row, *, priced: bool, with_lines: bool) -> None:
    if table.name in LINES_OF and computed_now(session, table.name, PriceEvent.CREATE, row):
        refresh_header(session, table.name, row[table.primary_id], after_line=with_lines)
    elif table.name in HEADER_OF and priced:
        header_table, lookup = HEADER_OF[table.name]
        refresh_header(session, header_table, row[lookup], after_line=True)


def update(session: Session, table: Table, old: Row, payload: Payload) -> None:
    """Write the columns that were sent, equal or not: each counts as changed."""
    require(session, "Write", table)
    if payload.children or payload.parents:
        raise bad_payload(table.entity_set, "Deep update is not supported.")
    values = _allowed(session, table, payload.values, creating=False)
    if session.switches.lock_checked == "before-values":
        _lock_first(session, table, old, {*values, *payload.binds})
    _resolve(session, table, payload, values, creating=False)
    _check_values(table, values)
    for name, value in values.items():
        column = table.columns.get(name)
        if value is None and column is not None and column.required == "SystemRequired":
            raise invalid_argument(f"The attribute '{name}' of the '{table.name}' entity cannot be null.")
    if session.switches.equal_values == "unchanged":
        values = {name: value for name, value in values.items() if value != old.get(name)}
        if not values:
            return
    columns = {name: value for name, value in values.items() if name not in STATE_COLUMNS}
    state = _locked_and_moved(session, table, old, values, columns)
    apply(session, table, old, {**columns, **state}, values)


def _lock_first(session: Session, table: Table, old: Row, names: set[str]) -> None:
    if table.name in HEADER_OF:
        document_lines.ensure_writable(session, table, old)
    elif table.name in LINES_OF and names - STATE_COLUMNS and session.switches.state_with_columns == "columns-first":
        ensure_header_writable(session, table.name, old)


def _locked_and_moved(session: Session, table: Table, old: Row, values: Row, columns: Row) -> Row:
    """The lock and the state transition; state changes alone remain possible on a locked document, by switch not."""
    if table.name not in LINES_OF:
        return patched(session, table, old, values)
    submitted = table.name == "salesorder" and old.get("statecode") == SUBMITTED
    only_state = not columns and bool(values)
    if only_state and submitted and session.switches.locked_state_changes == "who-may-write":
        ensure_header_writable(session, table.name, old)
    if session.switches.state_with_columns == "columns-first":
        if not only_state:
            ensure_header_writable(session, table.name, old)
        return patched(session, table, old, values)
    state = patched(session, table, old, values)
    if not only_state:
        ensure_header_writable(session, table.name, {**old, **state})
    return state


def apply(session: Session, table: Table, old: Row, changes: Row, sent: Row) -> None:
    """Make the changes without asking for rights or locks: what actions do, and the end of every update."""
    new = {name: value for name, value in {**old, **changes}.items() if value is not None}
    if "ownerid" in changes:
        own(session, table, new, new=False)
    if table.name == "salesorder" and changes.get("statecode", old.get("statecode")) != old.get("statecode"):
        new.pop("submittedby", None)
        if changes["statecode"] == SUBMITTED:
            new["submittedby"] = session.actor.user
    settle(session, table, new, changes)
    check_clearing(table, new)
    _rules(session, table, new, old)
    _check_unique(session, table, new, old)
    if table.name in HEADER_OF and computed_now(session, table.name, PriceEvent.UPDATE, new, sent):
        changes = {
            **changes,
            **price_line(session, HEADER_OF[table.name][0], document_lines.header_of(session, table.name, new), new),
        }
        new |= changes
        settle(session, table, new, changes)
        _store(session, table, new, old, "Update", changes)
        header_table, lookup = HEADER_OF[table.name]
        for key in dict.fromkeys((old[lookup], new[lookup])):
            refresh_header(session, header_table, key, after_line=True)
        return
    key = _store(session, table, new, old, "Update", changes)
    if table.name in LINES_OF and computed_now(session, table.name, PriceEvent.UPDATE, new, sent):
        refresh_header(session, table.name, key, after_line=False)


def _store(session: Session, table: Table, row: Row, old: Row | None, message: str, changed: Row) -> str:
    row = {name: value for name, value in row.items() if value is not None}
    session.stamp(row, table)
    key: str = row[table.primary_id]
    session.db.put(table.name, key, row)
    session.happened(message, table.name, key, dict(changed), old, row)
    return key


def _allowed(session: Session, table: Table, values: Row, *, creating: bool) -> Row:
    """Without the columns that are not valid for this; they are dropped silently, or refused by switch."""
    kept = {}
    refuse = (session.switches.not_creatable if creating else session.switches.not_updatable) == "refused"
    for name, value in values.items():
        column = table.columns[name]
        assumed = column.assumed and session.switches.newer_columns == "read-only" and not session.loading
        if (column.create if creating else column.update) and not assumed:
            whole = isinstance(value, datetime) and session.switches.milliseconds == "dropped"
            kept[name] = value.replace(microsecond=0) if whole else value
        elif refuse and not (name == table.primary_id and not creating):
            verb = "create" if creating else "update"
            raise invalid_argument(f"The attribute '{name}' of the '{table.name}' entity is not valid for {verb}.")
    return kept


def _resolve(session: Session, table: Table, payload: Payload, values: Row, *, creating: bool) -> None:
    """Binds to ids; a bound row must exist. Raises DataverseError."""
    allowed = _allowed(session, table, dict.fromkeys(payload.binds), creating=creating)
    for name in allowed:
        bind = payload.binds[name]
        if bind is None:
            _link(values, name, None, None, table)
        else:
            navigation, key = bind
            target = session.table(navigation.target)
            row = find_row(session.db, target, key)
            _link(values, name, target.name, row[target.primary_id], table)


def _link(values: Row, name: str, target: str | None, key: str | None, table: Table) -> None:
    values[name] = key
    column = table.columns[name]
    if column.polymorphic:
        values[column.type_key] = target


def _check_values(table: Table, values: Row) -> None:
    for name, value in values.items():
        if name in table.columns:
            check_limits(table.name, table.columns[name], value)


def _rules(session: Session, table: Table, row: Row, old: Row | None) -> None:
    if table.name in LINES_OF:
        if old is None:
            sales_documents.on_create(session, table, row)
        else:
            sales_documents.on_update(session, table, row, old)
    elif table.name in HEADER_OF:
        if old is None:
            document_lines.on_create(session, table, row)
        else:
            document_lines.on_update(session, table, row, old)
    elif table.name in _MASTER_DATA:
        _MASTER_DATA[table.name](session, table, row, old)


def _check_duplicates(session: Session, table: Table, row: Row) -> None:
    """By the rules an administrator has published, and only where the request turns detection on."""
    for rule in session.switches.duplicate_rules if session.detects_duplicates else ():
        name, _, column = rule.partition(":")
        if name != table.name or row.get(column) is None:
            continue
        key = row[table.primary_id]
        if any(
            one.get(column) == row[column] and one[table.primary_id] != key
            for one in session.db[table.name].rows.values()
        ):
            raise duplicate_found()


def _check_unique(session: Session, table: Table, row: Row, old: Row | None) -> None:
    _check_duplicates(session, table, row)
    if old is None and session.db.get(table.name, row[table.primary_id]) is not None:
        error = duplicate_row()
        error.status = int(session.switches.duplicate_id_status)
        raise error
    for name, columns in table.keys.items():
        values: list[Any] = [row.get(c) for c in columns]
        if any(value is None for value in values):
            continue
        for other in session.db.find(table.name, columns[0], values[0]):
            same = [other.get(c) for c in columns] == values
            if same and other[table.primary_id] != row[table.primary_id]:
                raise duplicate_key(name, ", ".join(columns))
