"""The price engine: amounts of a line, totals of a header, and when either is computed at all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.orders.price_computation import Entity
from syncengine.orders.price_computation import Event
from syncengine.orders.price_computation import computes
from syncengine.sandbox.sales import price_lists
from syncengine.sandbox.sales.currencies import currency_of
from syncengine.sandbox.sales.currencies import settle
from syncengine.sandbox.sales.locks import HEADER_OF
from syncengine.sandbox.sales.locks import LINES_OF
from syncengine.sandbox.sales.locks import SUBMITTED
from syncengine.sandbox.sales.locks import is_writable
from syncengine.sandbox.sales.price_lists import PricingError
from syncengine.sandbox.sales.values import money
from syncengine.sandbox.sales.values import rounded

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.world import Session

ZERO = Decimal(0)
_SKIPPING = {Event.CREATE: (1, 3), Event.UPDATE: (2, 3)}


def computed_now(session: Session, table: str, event: Event, row: Row, sent: Row | None = None) -> bool:
    """Does this write make Sales compute? `row` is the row after the write, `sent` what the body named."""
    world = session.world
    if world.organization.get("oobpricecalculationenabled") is False:
        return False
    header_table, lookup = HEADER_OF.get(table, (table, ""))
    header = session.db.get(header_table, row.get(lookup) or "") if lookup else row
    if header is None or (lookup and _skipped_by_choice(session, event, row, sent or {})):
        return False
    state = header.get("statecode") or 0
    submitted = header_table == "salesorder" and state == SUBMITTED
    editable = state == 0 or (
        submitted and (world.switches.price_submitted or world.sop) and is_writable(session, header_table, header)
    )
    return computes(
        Entity(table),
        event,
        sop=world.sop,
        integration_user=world.is_integration_user(session.actor.user),
        submitted=submitted,
        editable=editable,
    )


def _skipped_by_choice(session: Session, event: Event, row: Row, sent: Row) -> bool:
    reading = session.switches.skippricecalculation
    choice = sent.get("skippricecalculation") if reading == "sent" else row.get("skippricecalculation")
    return reading != "ignored" and choice in _SKIPPING.get(event, ())


def price_line(session: Session, header_table: str, header: Row, line: Row) -> Row:
    """The amounts of a line; on failure only its `pricingerrorcode`, the amounts staying as they are."""
    try:
        return {**_amounts(session, header_table, header, line), "pricingerrorcode": 0}
    except PricingError as error:
        return {"pricingerrorcode": error.code}


def _amounts(session: Session, header_table: str, header: Row, line: Row) -> Row:
    cents, half = int(currency_of(session, header).get("currencyprecision", 2)), session.midpoint
    digits = int(session.world.organization.get("pricingdecimalprecision", 2))
    quantity = line.get("quantity")
    if quantity is None:
        raise PricingError(price_lists.MISSING_QUANTITY)
    price, volume = _unit_price(session, header_table, header, line, (digits, cents))
    base = money((price - volume) * quantity, cents, half)
    extended = base - manual_discount(session, line) + (line.get("tax") or ZERO)
    return {
        "priceperunit": money(price, digits, half),
        "volumediscountamount": money(volume, cents, half),
        "baseamount": base,
        "extendedamount": money(extended, cents, half),
    }


def _unit_price(
    session: Session, header_table: str, header: Row, line: Row, precision: tuple[int, int]
) -> tuple[Decimal, Decimal]:
    """Price per unit and volume discount per unit. Raises PricingError."""
    digits, cents = precision
    stored = line.get("priceperunit")
    frozen = bool(header.get("ispricelocked")) and stored is not None and header_table in ("salesorder", "invoice")
    if line.get("isproductoverridden"):
        if stored is None:
            raise PricingError(price_lists.MISSING_UNIT_PRICE)
        return stored, ZERO
    if line.get("ispriceoverridden"):
        if stored is None:
            raise PricingError(price_lists.MISSING_UNIT_PRICE)
        if not session.switches.volume_discount_on_override:
            return stored, ZERO
        entry = price_lists.entry_for(session, header, line)
        return stored, price_lists.volume_discount(session, entry, stored, line["quantity"], cents)
    if frozen:
        return stored or ZERO, line.get("volumediscountamount") or ZERO
    product = session.db.get("product", line.get("productid") or "") or {}
    if product.get("statecode") not in (0, 3) and session.switches.inactive_product == "pricing-error":
        raise PricingError(price_lists.INVALID_PRODUCT)
    entry = price_lists.entry_for(session, header, line)
    price_lists.check_selling(entry, line["quantity"])
    price = price_lists.list_price(session, entry, digits)
    return price, price_lists.volume_discount(session, entry, price, line["quantity"], cents)


def manual_discount(session: Session, line: Row) -> Decimal:
    """Of the whole line: entered for the line, or for each unit; then it may have more digits than money has."""
    entered: Decimal = line.get("manualdiscountamount") or ZERO
    if session.world.organization.get("discountcalculationmethod") != 1:
        return entered
    found = entered * (line.get("quantity") or ZERO)
    if session.switches.unit_discount == "carried":
        return found
    return rounded(found, int(currency_of(session, line).get("currencyprecision", 2)), session.midpoint)


def totals(session: Session, header_table: str, header: Row, lines: list[Row]) -> Row:
    """The header's totals; on a failure only its `pricingerrorcode`, the totals staying as they were."""
    needs_list = any(not line.get("isproductoverridden") and not line.get("ispriceoverridden") for line in lines)
    if header.get("pricelevelid") is None and (needs_list or session.switches.missing_price_list == "always"):
        return {"pricingerrorcode": price_lists.MISSING_PRICE_LEVEL}
    if any(line.get("pricingerrorcode") for line in lines):
        return {"pricingerrorcode": price_lists.DETAIL_ERROR}
    cents, half = int(currency_of(session, header).get("currencyprecision", 2)), session.midpoint
    discounts = [manual_discount(session, line) for line in lines]
    net = sum(((line.get("baseamount") or ZERO) for line in lines), ZERO) - sum(discounts, ZERO)
    tax = sum(((line.get("tax") or ZERO) for line in lines), ZERO)
    if session.switches.line_discount_total == "as-entered":
        discounts = [line.get("manualdiscountamount") or ZERO for line in lines]
    of_lines = sum(discounts, ZERO)
    of_order = money(net * (header.get("discountpercentage") or ZERO) / 100, cents, half) + (
        header.get("discountamount") or ZERO
    )
    found: Row = {
        "totallineitemamount": money(net, cents, half),
        "totallineitemdiscountamount": money(of_lines, cents, half),
        "totaltax": money(tax, cents, half),
        "totalamountlessfreight": money(net - of_order, cents, half),
        "totaldiscountamount": money(of_lines + of_order, cents, half),
        "totalamount": money(net - of_order + (header.get("freightamount") or ZERO) + tax, cents, half),
        "pricingerrorcode": 0,
    }
    if header_table == "opportunity" and header.get("isrevenuesystemcalculated"):
        found["estimatedvalue"] = found["totalamount"]
    return found


def refresh_header(session: Session, header_table: str, key: str, *, after_line: bool) -> None:
    """The pricing pass over a header: an update of its own, with its own version, stamp and event.

    After a write to the header itself its lines are priced again first; after a line write only totals move.
    """
    header = session.db.get(header_table, key)
    if header is None:
        return
    line_table, lookup = LINES_OF[header_table]
    if not after_line:
        _price_lines_again(session, header_table, header)
    changes = totals(session, header_table, header, session.db.find(line_table, lookup, key))
    moved = any(header.get(name) != value for name, value in changes.items())
    switch = session.switches.pricing_update
    if moved or switch == "always" or (after_line and switch == "line-writes"):
        _write(session, header_table, header, changes)


def _price_lines_again(session: Session, header_table: str, header: Row) -> None:
    line_table, lookup = LINES_OF[header_table]
    for line in session.db.find(line_table, lookup, header[session.table(header_table).primary_id]):
        changes = price_line(session, header_table, header, line)
        if any(line.get(name) != value for name, value in changes.items()):
            _write(session, line_table, line, changes)


def _write(session: Session, name: str, old: Row, changes: Row) -> None:
    table = session.table(name)
    new = {**old, **changes}
    settle(session, table, new, changes)
    session.stamp(new, table)
    key = new[table.primary_id]
    session.db.put(name, key, new)
    session.happened("Update", name, key, dict(changes), old, new)
