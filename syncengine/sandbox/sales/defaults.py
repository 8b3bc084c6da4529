"""What a new row gets that the body did not give: owner, stamps, choices, currency, names."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.currencies import default_currency
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.locks import HEADER_OF
from syncengine.sandbox.sales.locks import LINES_OF
from syncengine.sandbox.sales.privileges import require_named

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

# Values the platform fills in itself where its own tools leave them out.
_PLATFORM: dict[str, dict[str, Any]] = {
    "serviceendpoint": {
        "connectionmode": 1,
        "userclaim": 1,
        "path": "",
        "solutionnamespace": "",
        "messageformat": 2,
    },
    "sdkmessageprocessingstep": {
        "rank": 1,
        "stage": 40,
        "mode": 0,
        "invocationsource": 0,
        "supporteddeployment": 0,
    },
    "systemuser": {
        "accessmode": 4,
        "caltype": 0,
        "domainname": "",
        "internalemailaddress": "",
        "emailrouteraccessapproval": 0,
        "incomingemaildeliverymethod": 2,
        "outgoingemaildeliverymethod": 2,
        "invitestatuscode": 0,
        "userlicensetype": -1,
    },
    "team": {"teamtype": 0},
}
_DOCUMENTS = frozenset({*LINES_OF, *HEADER_OF})
_FILLED_LATER = frozenset({"ordernumber", "quotenumber", "invoicenumber", "statecode", "ownerid", "productnumber"})


def fill(session: Session, table: Table, row: Row) -> None:
    """Raises DataverseError for an owner or a date that the user may not set."""
    for name, column in table.columns.items():
        if column.default is not None and column.read and name not in row:
            row[name] = column.default
    for name, value in _PLATFORM.get(table.name, {}).items():
        row.setdefault(name, value)
    own(session, table, row, new=True)
    if "organizationid" in table.columns and table.name != "organization":
        row["organizationid"] = session.world.organization_id
    if "businessunitid" in table.columns and table.name in ("systemuser", "team"):
        row.setdefault("businessunitid", session.world.business_unit_id)
    default_currency(session, table, row)
    _stamp_creation(session, table, row)


def own(session: Session, table: Table, row: Row, *, new: bool) -> None:
    """Owner and what follows from it; a new row without one belongs to the acting user."""
    if table.ownership != "UserOwned" or "ownerid" not in table.columns:
        return
    if new and row.get("ownerid") is None:
        row["ownerid"], row["owneridtype"] = session.actor.user, "systemuser"
    if row.get("ownerid") is None:
        raise invalid_argument("ownerid cannot be null.")
    by_team = row.get("owneridtype") == "team"
    owner = session.db.get("team" if by_team else "systemuser", row["ownerid"]) or {}
    row["owningteam"] = row["ownerid"] if by_team else None
    row["owninguser"] = None if by_team else row["ownerid"]
    row["owningbusinessunit"] = owner.get("businessunitid") or session.world.business_unit_id


def _stamp_creation(session: Session, table: Table, row: Row) -> None:
    if "createdon" not in table.columns:
        return
    row["createdon"], row["createdby"] = session.now, session.actor.user
    row["createdonbehalfby"] = session.actor.behalf
    earlier = row.get("overriddencreatedon")
    if isinstance(earlier, datetime):
        # The sent date becomes the creation date, the real time stays beside it.
        require_named(session, "prvOverrideCreatedOnCreatedBy", table.name)
        if session.switches.overridden_created_on == "moved":
            row["createdon"], row["overriddencreatedon"] = earlier, session.now


def check_required(session: Session, table: Table, row: Row) -> None:
    """What the platform itself requires; what forms require is asked of documents by switch. Raises DataverseError."""
    asked = {"SystemRequired"}
    if session.switches.application_required == "asked" and table.name in _DOCUMENTS and not session.loading:
        asked.add("ApplicationRequired")
    for name, column in table.columns.items():
        if (
            column.required in asked
            and column.create
            and name not in _FILLED_LATER
            and column.kind in ("String", "Lookup", "Customer", "Decimal", "Integer")
            and row.get(name) is None
        ):
            raise invalid_argument(f"The attribute '{name}' of the '{table.name}' entity cannot be null.")
