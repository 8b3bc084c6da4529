"""What an environment holds before anybody has worked in it: one organization, its currency, three users."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.database import Database
from syncengine.sandbox.sales.database import Row
from syncengine.sandbox.sales.model import load_model
from syncengine.sandbox.sales.sales_documents import NUMBERS
from syncengine.sandbox.sales.world import Actor
from syncengine.sandbox.sales.world import Session
from syncengine.sandbox.sales.world import World
from syncengine.sandbox.sales.world import whole_second

if TYPE_CHECKING:
    from syncengine.sandbox.clock import Clock
    from syncengine.sandbox.exchange import Client

CURRENCIES = {
    "USD": ("US Dollar", "$"),
    "EUR": ("Euro", "€"),
    "GBP": ("Pound Sterling", "£"),
    "CAD": ("Canadian Dollar", "$"),
    "DKK": ("Danish Krone", "kr."),
    "CHF": ("Swiss Franc", "CHF"),
    "NZD": ("New Zealand Dollar", "$"),
    "AUD": ("Australian Dollar", "$"),
}
PEOPLE = {
    "admin": ("System", "Administrator"),
    "integration": ("Integration", "User"),
    "seller": ("Sally", "Seller"),
}
EASTERN, EASTERN_BIAS = 35, 300  # time zone code, minutes from local time to UTC
MESSAGES = ("Create", "Update", "Delete", "Assign", "SetState")
_ORGANIZATION: Row = {
    "name": "sandbox",
    "basecurrencyprecision": 2,
    "currencydecimalprecision": 2,
    "currencydisplayoption": 0,
    "discountcalculationmethod": 0,
    "expirechangetrackingindays": 7,
    "fullnameconventioncode": 1,
    "issopintegrationenabled": False,
    "languagecode": 1033,
    "localeid": 1033,
    "oobpricecalculationenabled": True,
    "orderprefix": "ORD",
    "quoteprefix": "QUO",
    "invoiceprefix": "INV",
    "currentordernumber": 1000,
    "currentquotenumber": 1000,
    "currentinvoicenumber": 1000,
    "pricingdecimalprecision": 2,
    "uniquespecifierlength": 6,
    "createproductswithoutparentinactivestate": False,
}


def originate(clock: Clock, seed: int, clients: dict[str, Client], base_currency: str) -> World:
    """A new environment; the same seed gives the same ids."""
    model = load_model()
    world = World(model, Database(model, seed), clock, random.Random(seed))  # noqa: S311  reproducible on purpose
    world.organization_id, world.business_unit_id = world.new_id(), world.new_id()
    world.currency_id = world.new_id()
    users = {role: world.new_id() for role in PEOPLE}
    world.roles = {user: role for role, user in users.items()}
    session = Session(world, Actor(users["admin"], ("admin",)), whole_second(clock.now()), loading=True)
    name, symbol = CURRENCIES.get(base_currency, (base_currency, base_currency))
    _enter(
        session,
        "transactioncurrency",
        world.currency_id,
        {
            "currencyname": name,
            "currencyprecision": 2,
            "currencysymbol": symbol,
            "exchangerate": Decimal("1.0000000000"),
            "isocurrencycode": base_currency,
            "statecode": 0,
            "statuscode": 1,
        },
    )
    # Settings that later releases default otherwise are as an administrator finds them today.
    settings = {**_ORGANIZATION, "basecurrencyid": world.currency_id, "basecurrencysymbol": symbol}
    _enter(session, "organization", world.organization_id, settings)
    _enter(session, "businessunit", world.business_unit_id, {"name": "sandbox", "isdisabled": False})
    for role, user in users.items():
        _enter(session, "systemuser", user, _person(session, role, clients[role]))
        _enter(session, "usersettings", user, {"timezonecode": EASTERN, "timezonebias": EASTERN_BIAS})
    _messages(session)
    world.counters = {counter: 1000 for _, _, counter in NUMBERS.values()}
    world.db.commit(session.now)
    return world


def _person(session: Session, role: str, client: Client) -> Row:
    first, last = PEOPLE[role]
    world = session.world
    return {
        "firstname": first,
        "lastname": last,
        "fullname": f"{first} {last}",
        "domainname": f"{role}@sandbox.example",
        "internalemailaddress": f"{role}@sandbox.example",
        "applicationid": client.client_id,
        "azureactivedirectoryobjectid": world.new_id(),
        "businessunitid": world.business_unit_id,
        "isintegrationuser": role == "integration",
        "isdisabled": False,
        "accessmode": 4 if role == "integration" else 0,
    }


def _messages(session: Session) -> None:
    for name in MESSAGES:
        message = session.world.new_id()
        _enter(session, "sdkmessage", message, {"name": name, "isprivate": False, "isactive": True})
        for table in session.model.tables:
            if not table.startswith("sdkmessage"):
                scope = {"sdkmessageid": message, "primaryobjecttypecode": table, "isvisible": True}
                _enter(session, "sdkmessagefilter", session.world.new_id(), scope)


def _enter(session: Session, name: str, key: str, values: dict[str, Any]) -> None:
    table = session.table(name)
    row: Row = {column.name: column.default for column in table.columns.values() if column.default is not None}
    row |= {table.primary_id: key, **values}
    if "organizationid" in table.columns and name != "organization":
        row["organizationid"] = session.world.organization_id
    if "createdon" in table.columns:
        row |= {"createdon": session.now, "createdby": session.actor.user}
    session.stamp(row, table)
    session.db.put(name, key, {column: value for column, value in row.items() if value is not None})
