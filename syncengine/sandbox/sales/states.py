"""State and status: which pairs go together, and which moves a plain PATCH may make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import invalid_status
from syncengine.sandbox.sales.locks import ACTIVE
from syncengine.sandbox.sales.locks import CANCELED
from syncengine.sandbox.sales.locks import FULFILLED
from syncengine.sandbox.sales.locks import INVOICED
from syncengine.sandbox.sales.locks import SUBMITTED

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

STATE_COLUMNS = frozenset({"statecode", "statuscode"})
PRODUCT_ACTIVE, PRODUCT_RETIRED, PRODUCT_DRAFT = 0, 1, 2


def initial(session: Session, table: Table, row: Row) -> None:
    """State and status of a new row; a sent status must belong to that state. Raises DataverseError."""
    if "statecode" not in table.columns:
        return
    state = row.get("statecode")
    if state is None:
        state = _first_state(session, table)
    status = row.get("statuscode")
    if status is None:
        status = table.columns["statecode"].options[state].default_status
    _check_pair(table, state, status, row[table.primary_id])
    row["statecode"], row["statuscode"] = state, status
    if table.name == "salesorder" and state == SUBMITTED:
        row["submittedby"] = session.actor.user


def _first_state(session: Session, table: Table) -> int:
    if table.name == "product":
        born_active = session.world.organization.get("createproductswithoutparentinactivestate")
        return PRODUCT_ACTIVE if born_active else PRODUCT_DRAFT
    if table.name == "salesorder" and session.world.sop:
        switch = session.switches.sop_create_state
        mine = switch == "submitted-by-integration" and session.world.is_integration_user(session.actor.user)
        return SUBMITTED if mine or switch == "submitted" else ACTIVE
    return 0


def _check_pair(table: Table, state: int, status: int | None, key: str) -> None:
    options = table.columns["statuscode"].options if "statuscode" in table.columns else {}
    if status in options and options[status].state != state:
        label = table.columns["statecode"].options[state].label
        raise invalid_status(status, label, table.name, key)


def patched(session: Session, table: Table, old: Row, sent: Row) -> Row:
    """The new state and status that a PATCH asks for; empty when it asks for none. Raises DataverseError."""
    if not STATE_COLUMNS & sent.keys() or "statecode" not in table.columns:
        return {}
    before = old.get("statecode") or 0
    after = sent.get("statecode", before)
    if after is None:
        raise DataverseError(400, "0x80040203", "statecode cannot be null.")
    status = sent.get("statuscode")
    if status is None:
        stays = after == before and "statuscode" not in sent
        if session.switches.state_alone == "refused" and not stays:
            raise invalid_status(
                "None", table.columns["statecode"].options[after].label, table.name, old[table.primary_id]
            )
        status = old.get("statuscode") if stays else table.columns["statecode"].options[after].default_status
    _check_pair(table, after, status, old[table.primary_id])
    if after != before:
        _check_move(session, table, before, after)
    return {"statecode": after, "statuscode": status}


def _check_move(session: Session, table: Table, before: int, after: int) -> None:
    check = _MOVES.get(table.name)
    if check is not None:
        check(session, before, after)


def _order(session: Session, before: int, after: int) -> None:
    switches = session.switches
    if after == CANCELED:
        raise _wrong_message("SalesOrder", "Canceled", "CancelSalesOrderRequest")
    if after == FULFILLED and switches.fulfil_by_patch == "refused":
        raise _wrong_message("SalesOrder", "Fulfilled", "FulfillSalesOrderRequest")
    privileged = session.actor.is_admin or session.world.is_integration_user(session.actor.user)
    if after == INVOICED and switches.invoiced_by_patch == "integration-and-admin" and not privileged:
        raise _invalid_move()
    if (
        before in (CANCELED, FULFILLED, INVOICED)
        and after in (ACTIVE, SUBMITTED)
        and switches.reopen_closed == "refused"
    ):
        raise _invalid_move()


def _quote(_: Session, before: int, after: int) -> None:
    if after == 2:
        raise _wrong_message("Quote", "Won", "WinQuoteRequest")
    if after == 3:
        raise _wrong_message("Quote", "Closed", "CloseQuoteRequest")
    if before in (2, 3):
        raise _invalid_move()


def _opportunity(_: Session, __: int, after: int) -> None:
    if after != 0:
        name = {1: "Won", 2: "Lost"}[after]
        message = {1: "WinOpportunity", 2: "LoseOpportunity"}[after]
        text = f"This message can not be used to set the state of opportunity to {name}."
        raise DataverseError(
            400,
            "0x80100005",
            f"{text} In order to set state of opportunity to {name}, use the {message} message instead.",
        )


def _product(_: Session, before: int, after: int) -> None:
    if after == PRODUCT_DRAFT:
        if before == PRODUCT_RETIRED:
            raise DataverseError(400, "0x8004F979", "It is not possible to move product from Retired to Draft State.")
        raise DataverseError(400, "0x8004F912", "You can't set a published product to the draft state.")
    if before == PRODUCT_DRAFT and after == 3:
        raise DataverseError(400, "0x8004F913", "You can't revise a draft or a retired product.")


def _wrong_message(table: str, state: str, message: str) -> DataverseError:
    text = f"This message can not be used to set the state of {table} to {state}."
    return DataverseError(
        400,
        "0x80040203",
        f"{text} In order to set state of {table} to {state}, use the {message} message instead.",
    )


def _invalid_move() -> DataverseError:
    return DataverseError(400, "0x8004F00E", "The state transition is not valid.")


_MOVES = {"salesorder": _order, "quote": _quote, "opportunity": _opportunity, "product": _product}
