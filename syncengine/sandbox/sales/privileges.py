"""Who may do what: three kinds of users with fixed roles, minus the privileges a test has taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import privilege_missing

if TYPE_CHECKING:
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

# Lines have no privileges of their own: those of their header count.
HEADER = {
    "salesorderdetail": "SalesOrder",
    "quotedetail": "Quote",
    "invoicedetail": "Invoice",
    "opportunityproduct": "Opportunity",
    "orderclose": "Activity",
    "quoteclose": "Activity",
    "opportunityclose": "Activity",
    "annotation": "Note",
    "systemuser": "User",
}
SELLS = frozenset(
    [
        "account",
        "contact",
        "opportunity",
        "opportunityproduct",
        "quote",
        "quotedetail",
        "salesorder",
        "salesorderdetail",
        "invoice",
        "invoicedetail",
        "annotation",
        "orderclose",
        "quoteclose",
        "opportunityclose",
    ]
)
KEEPS = SELLS | frozenset(
    [
        "product",
        "uom",
        "uomschedule",
        "pricelevel",
        "productpricelevel",
        "discounttype",
        "discount",
        "transactioncurrency",
        "serviceendpoint",
        "sdkmessageprocessingstep",
        "asyncoperation",
    ]
)
SETTINGS = frozenset({"organization"})


def privilege(verb: str, table: Table) -> str:
    return f"prv{verb}{HEADER.get(table.name, table.schema_name)}"


def require(session: Session, verb: str, table: Table) -> None:
    """`verb` is Create, Read, Write or Delete. Raises DataverseError 403."""
    name = privilege(verb, table)
    for role in session.actor.roles:
        if session.loading or role == "admin":
            continue
        if not _granted(role, verb, table.name) or f"{role}:{name}" in session.switches.denied:
            raise privilege_missing(session.actor.user, name, table.name)


def _granted(role: str, verb: str, table: str) -> bool:
    if role not in ("integration", "seller"):
        return False
    if verb == "Read":
        return True
    if role == "seller":
        return table in SELLS
    return table in KEEPS or (verb == "Write" and table in SETTINGS)


def held(session: Session, user: str) -> list[str]:
    """The privileges on tables that a user's role gives, none of those taken away."""
    role = session.world.roles.get(user, "none")
    found: dict[str, None] = {}
    for table in session.model.tables.values():
        for verb in ("Create", "Read", "Write", "Delete"):
            name = privilege(verb, table)
            if role == "admin" or (
                _granted(role, verb, table.name) and f"{role}:{name}" not in session.switches.denied
            ):
                found[name] = None
    return list(found)


def require_named(session: Session, name: str, table: str = "none") -> None:
    """A privilege that belongs to no table, or one given to single roles. Raises DataverseError 403."""
    granted = {
        "prvOverrideCreatedOnCreatedBy": {"admin", "integration"},
        "prvCustomization": {"admin"},
        "prvBypassCustomPlugins": {"admin"},
    }[name]
    for role in session.actor.roles:
        if not session.loading and (role not in granted or f"{role}:{name}" in session.switches.denied):
            raise privilege_missing(session.actor.user, name, table)


def require_organization_read(session: Session, table: Table) -> None:
    """Change tracking needs read at organization level. Raises DataverseError 403."""
    require(session, "Read", table)
    for role in session.actor.roles:
        if role != "admin" and role not in session.switches.org_level_read:
            name = privilege("Read", table)
            text = f"Principal user (Id={session.actor.user}, type=8) is missing {name} privilege"
            raise DataverseError(403, "0x80040220", f"{text} at organization level on entity '{table.name}'.")
