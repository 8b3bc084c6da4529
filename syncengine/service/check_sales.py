"""`check`, the side of Sales: who we are there, what we may do, the order-processing setting, what orders need."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from syncengine.connectors.dynamics365_sales.inspection import USUAL_REASONS
from syncengine.connectors.dynamics365_sales.inspection import Inspection
from syncengine.connectors.dynamics365_sales.inspection import Verb
from syncengine.errors import RemoteSystemError
from syncengine.mapping.model import TableMapping
from syncengine.service.findings import Finding
from syncengine.service.findings import failed
from syncengine.service.wiring import Company

ORDERS = "salesorders"
BOTH_WAYS = "bidirectional"


def look(company: Company, mappings: Mapping[str, TableMapping]) -> Iterator[Finding]:
    inspection = company.sales.inspection
    questions: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("sales.user", lambda: _user(company, inspection, mappings)),
        ("sales.order-processing", lambda: _flag(company)),
        ("sales.sellers", lambda: _sellers(company)),
        ("sales.tables", lambda: _tables(inspection)),
        ("sales.change-tracking", lambda: _tracking(inspection, mappings)),
        ("sales.price-lists", lambda: _price_lists(company, inspection)),
        ("sales.time-zone", lambda: _time_zone(company, inspection)),
        ("sales.number-column", lambda: _number_column(company, inspection)),
    )
    for name, question in questions:
        try:
            yield from question()
        except RemoteSystemError as error:
            yield failed(name, error)


def _user(company: Company, inspection: Inspection, mappings: Mapping[str, TableMapping]) -> Iterator[Finding]:
    user_id, marked = company.sales.organization.user()
    if marked:
        yield Finding("sales.user", "ok", f"we are user {user_id}, marked as an integration user")
    else:
        # In one-way mode submitted orders are locked for us without the mark, and Sales computes over our totals.
        yield Finding(
            "sales.user",
            "error" if company.mode == "one-way" else "warning",
            f"our user {user_id} is not marked as an integration user (isintegrationuser)",
            "Set isintegrationuser on the application user: otherwise submitted orders may be locked for us. "
            f"With an administrator's sign-in `syncengine sop mark-user {user_id}` does.",
        )
    missing = inspection.missing_privileges(user_id, _wanted(mappings.values()))
    if missing:
        yield Finding(
            "sales.privileges",
            "error",
            f"our user may not do what the mappings need: it lacks {', '.join(missing)}",
            "Give its security role these privileges at organization level; lines have those of their header.",
            exit_code=4,
        )
    elif missing is not None:
        yield Finding("sales.privileges", "ok", "our user may write what the mappings write")


def _wanted(mappings: Iterable[TableMapping]) -> Iterator[tuple[str, Verb]]:
    for mapping in mappings:
        table = mapping.sales.table
        if "/" in table:
            continue
        if mapping.creates("sales"):
            yield table, "Create"
        if any(row.writes_to("sales") for row in mapping.rows.values()):
            yield table, "Write"
            if mapping.lines is not None:
                yield mapping.lines.tables["sales"], "Delete"


def _flag(company: Company) -> Iterator[Finding]:
    on, mode = bool(company.sales.guard(0).one_way), company.mode
    name, switched = "sales.order-processing", "on" if on else "off"
    if mode is None:
        yield Finding(
            name,
            "warning",
            f"no mode is chosen, so orders are not touched; order processing is {switched} in Sales",
            'Set [integration] mode = "bidirectional" or "one-way".',
        )
    elif on == (mode == "one-way"):
        yield Finding(name, "ok", f"order processing is {switched}, as {mode} needs it")
    elif on:
        yield Finding(
            name,
            "error",
            f"sales order processing is on in Sales, and the configured mode is {mode}",
            "Run `syncengine sop disable --switch-mode`, or turn it off in Sales Hub: App Settings, General/Overview, "
            "Back-office order processing integration, Manage.",
            exit_code=3,
        )
    else:
        yield Finding(
            name,
            "error",
            f"sales order processing is off in Sales, and the configured mode is {mode}",
            "Run `syncengine sop enable`. While it is off App Settings do not show it; if it is still not seen when it "
            f"is on, there are three usual reasons: {'; '.join(USUAL_REASONS)}.",
            exit_code=3,
        )


def _sellers(company: Company) -> Iterator[Finding]:
    """What sellers should know where both sides edit: not wrong, and nothing a program can see to."""
    if company.mode != BOTH_WAYS:
        return
    submits = (
        'active orders enter as well ([integration] sales_ready names "active"), and none is held'
        if "active" in company.loaded.configuration.integration.sales_ready
        else "with order processing off Sales shows no Submit: a command, a flow or an import sets that state, or "
        '[integration] sales_ready names "active"'
    )
    yield Finding(
        "sales.sellers",
        "ok",
        f"{submits}; Create Invoice is best taken from sellers: an order that a person invoices there is a conflict",
    )


def _tables(inspection: Inspection) -> Iterator[Finding]:
    there = inspection.has_table(ORDERS)
    if there is None:
        yield Finding(
            "sales.metadata",
            "warning",
            "$metadata could not be read; standard tables are assumed",
            "Check the url, and that the application user has a role: without one it sees nothing.",
        )
    elif there:
        yield Finding("sales.tables", "ok", "the environment has orders")
    else:
        yield Finding(
            "sales.tables",
            "error",
            "the environment has no orders: the Sales app is not installed in it, or not licensed",
            "Install Dynamics 365 Sales (Enterprise or Premium) in this environment, or correct [sales] url.",
        )


def _tracking(inspection: Inspection, mappings: Mapping[str, TableMapping]) -> Iterator[Finding]:
    tables = dict.fromkeys(
        table
        for mapping in mappings.values()
        if mapping.kind == "order"
        for table in (mapping.sales.table, mapping.lines.tables["sales"] if mapping.lines else "")
        if table
    )
    refused = {table: why for table in tables if (why := inspection.why_not_tracked(table))}
    if not refused:
        yield Finding("sales.change-tracking", "ok", f"changes of {', '.join(tables)} are tracked")
        return
    told = "; ".join(f"{table}: {why}" for table, why in refused.items())
    yield Finding(
        "sales.change-tracking",
        "warning",
        f"changes are found by time, and deletions by the sweep only ({told})",
        "Turn on Track changes on these tables (Power Apps, table, properties), and give our role read on them at "
        "organization level.",
    )


def _price_lists(company: Company, inspection: Inspection) -> Iterator[Finding]:
    names, lists, name = company.loaded.configuration.sales.price_lists, inspection.price_lists(), "sales.price-lists"
    active = {one.name: one for one in lists if one.active}
    wrong = []
    for currency, wanted in names.items():
        if wanted not in active:
            known = "is not active" if any(one.name == wanted for one in lists) else "is not there"
            wrong.append(f"{wanted} ({currency}) {known}{_meant(wanted, active)}")
        elif active[wanted].currency != currency:
            wrong.append(f"{wanted} is in {active[wanted].currency}, not in {currency}")
    if wrong:
        yield Finding(
            name,
            "error",
            f"price lists named under [sales] price_lists: {'; '.join(wrong)}",
            f"Correct the names; active lists are: {', '.join(sorted(active)) or 'none'}.",
        )
        return
    yield Finding(name, "ok", f"{len(names)} price lists named, all there")
    unclear = sorted(
        currency
        for currency in {one.currency for one in active.values()} - names.keys()
        if sum(one.currency == currency for one in active.values()) > 1
    )
    if unclear:
        yield Finding(
            name,
            "warning",
            f"there are several price lists in {', '.join(unclear)}, and none is named: orders in it will wait",
            "Name one for each currency under [sales] price_lists.",
        )


def _time_zone(company: Company, inspection: Inspection) -> Iterator[Finding]:
    offset = inspection.users_offset_minutes()
    if offset is None:
        return
    zone_name = company.loaded.configuration.sales.time_zone
    now = company.clock.now().astimezone(ZoneInfo(zone_name))
    standard = (now.utcoffset() or timedelta(0)) - (now.dst() or timedelta(0))
    ours = int(standard.total_seconds() // 60)
    if ours == offset:
        yield Finding("sales.time-zone", "ok", f"[sales] time_zone is that of most users ({zone_name})")
        return
    yield Finding(
        "sales.time-zone",
        "warning",
        f"[sales] time_zone is {zone_name} ({_offset(ours)}), and most users in Sales have {_offset(offset)}: days "
        "such as the requested delivery may be one off",
        "Set [sales] time_zone to the zone in which sellers enter dates.",
    )


def _offset(minutes: int) -> str:
    return f"UTC{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _number_column(company: Company, inspection: Inspection) -> Iterator[Finding]:
    column, name = company.loaded.configuration.sales.number_column, "sales.number-column"
    schema = inspection.describe(ORDERS)
    if not column or schema is None:
        return
    known = schema.columns.get(column)
    if known is None:
        message = f"[sales] number_column: orders have no column {column}{_meant(column, schema.columns)}"
    elif known.type != "text":
        message = f"[sales] number_column: {column} holds no text"
    else:
        yield Finding(name, "ok", f"the back-office number goes to {column}")
        return
    remedy = "Name a text column of Order by its logical name (as new_backofficenumber), or leave the key out."
    yield Finding(name, "error", message, remedy)


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""
