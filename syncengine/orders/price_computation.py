"""When Dynamics 365 Sales computes prices itself, and when it leaves amounts as they were written.

The table is Microsoft's own, from "Enable sales order processing integration" (Dynamics 365 Sales documentation).
The planner needs it to know whether totals are Sales' or ours; the sandbox obeys it.
"""

from __future__ import annotations

from enum import StrEnum


class Entity(StrEnum):
    OPPORTUNITY = "opportunity"
    QUOTE = "quote"
    ORDER = "salesorder"
    INVOICE = "invoice"
    OPPORTUNITY_LINE = "opportunityproduct"
    QUOTE_LINE = "quotedetail"
    ORDER_LINE = "salesorderdetail"
    INVOICE_LINE = "invoicedetail"


class Event(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RECALCULATE = "recalculate"


_HEADERS = frozenset({Entity.OPPORTUNITY, Entity.QUOTE, Entity.ORDER, Entity.INVOICE})
_ALWAYS = frozenset({Entity.OPPORTUNITY, Entity.QUOTE, Entity.OPPORTUNITY_LINE, Entity.QUOTE_LINE})


def applicable(entity: Entity, event: Event) -> bool:
    """False for the table's "Not applicable": headers are not computed on delete, lines not recalculated."""
    return event is not (Event.DELETE if entity in _HEADERS else Event.RECALCULATE)


def computes(
    entity: Entity,
    event: Event,
    *,
    sop: bool,
    integration_user: bool,
    submitted: bool,
    editable: bool,
) -> bool:
    """Does Sales compute prices for this event?

    `sop`: the organization's order-processing flag (IsSOPIntegrationEnabled) is on. `integration_user`: the acting
    user is one (IsIntegrationUser). `submitted`: the order, or the line's order, is in state Submitted.
    `editable`: the row can be edited at all; what cannot be edited is never computed. An event that the table calls
    not applicable computes nothing.
    """
    if not editable or not applicable(entity, event):
        return False
    if not sop or entity in _ALWAYS:
        return True
    if entity is Entity.ORDER:
        if event is Event.CREATE:
            return not integration_user
        if event is Event.RECALCULATE:
            return not submitted
        return not (submitted or integration_user)
    if entity is Entity.ORDER_LINE and event is not Event.DELETE:
        return not (integration_user or submitted)
    return not integration_user
