"""Which documents may be written by whom: the Sales-order-processing lock and the closed states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.world import Session

ACTIVE, SUBMITTED, CANCELED, FULFILLED, INVOICED = range(5)

HEADER_OF = {
    "salesorderdetail": ("salesorder", "salesorderid"),
    "quotedetail": ("quote", "quoteid"),
    "invoicedetail": ("invoice", "invoiceid"),
    "opportunityproduct": ("opportunity", "opportunityid"),
}
LINES_OF = {header: (line, lookup) for line, (header, lookup) in HEADER_OF.items()}


def is_writable(session: Session, table: str, row: Row) -> bool:
    """May the acting user change this header and its lines?"""
    state = row.get("statecode") or 0
    if state == 0 or table not in LINES_OF:
        return True
    if table == "salesorder":
        return _submitted_is_open(session, row) if state == SUBMITTED else _closed_is_open(session)
    # A quote is editable in Draft only, an opportunity while Open; closed invoices as closed orders.
    return table == "invoice" and _closed_is_open(session)


def _submitted_is_open(session: Session, order: Row) -> bool:
    world = session.world
    integration = world.is_integration_user(session.actor.user)
    if not world.sop:
        lock = world.switches.submitted_lock
        if lock == "integration-and-admin":
            return integration or session.actor.is_admin
        return lock == "everybody" or (lock == "integration" and integration)
    exception = world.switches.submitted_exception
    if exception == "submitted-by":
        return world.is_integration_user(order.get("submittedby"))
    if exception == "created-by":
        return world.is_integration_user(order.get("createdby"))
    return integration


def _closed_is_open(session: Session) -> bool:
    lock = session.switches.closed_lock
    if lock == "integration-and-admin" and session.world.is_integration_user(session.actor.user):
        return True
    return lock != "nobody" and session.actor.is_admin


def ensure_header_writable(session: Session, table: str, row: Row, *, deleting: bool = False) -> None:
    """Raises DataverseError."""
    if is_writable(session, table, row):
        return
    if table == "opportunity":
        raise DataverseError(400, "0x80040230", "The object cannot be updated because it is inactive.")
    if deleting:
        raise DataverseError(400, "0x80040228", "The object cannot be deleted because it is read-only.")
    if session.switches.readonly_words == "reported":
        raise DataverseError(400, "", "Cannot Update a Read-Only Entity")
    raise DataverseError(400, "0x8004022e", "The object cannot be updated because it is read-only.")


def ensure_lines_writable(session: Session, table: str, header: Row) -> None:
    """Raises DataverseError. `table` is the header's."""
    if not is_writable(session, table, header):
        text = "The detail cannot be updated because the parent is not editable."
        raise DataverseError(400, "0x80043b09", text)
