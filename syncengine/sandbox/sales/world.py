"""The state of one emulated environment, and the session in which one operation works on it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

from syncengine.sandbox.sales.arrangement import Arrangements
from syncengine.sandbox.sales.switches import Switches
from syncengine.sandbox.sales.values import MIDPOINTS

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from syncengine.sandbox.clock import Clock
    from syncengine.sandbox.sales.database import Database
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Model
    from syncengine.sandbox.sales.model import Table


@dataclass(frozen=True)
class Actor:
    """Who acts. `behalf` is the real caller when somebody is impersonated; `roles` must all allow what is
    done.
    """

    user: str
    roles: tuple[str, ...]
    behalf: str | None = None

    @property
    def is_admin(self) -> bool:
        return all(role == "admin" for role in self.roles)


@dataclass(frozen=True)
class Event:
    """Something that has happened to one row, for webhooks. `changed` has the columns that were written."""

    message: str
    table: str
    key: str
    changed: Row
    before: Row | None
    after: Row | None
    actor: Actor
    at: datetime
    correlation: str
    variables: dict[str, str]
    depth: int


@dataclass
class World:
    model: Model
    db: Database
    clock: Clock
    ids: random.Random
    switches: Switches = field(default_factory=Switches)
    roles: dict[str, str] = field(default_factory=dict)  # user id → role
    organization_id: str = ""
    business_unit_id: str = ""
    currency_id: str = ""
    arrangements: Arrangements = field(default_factory=Arrangements)
    counters: dict[str, int] = field(default_factory=dict)
    token_floor: dict[str, int] = field(default_factory=dict)  # table → delta tokens below this version have expired

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.ids.getrandbits(128), version=4))

    @property
    def organization(self) -> Row:
        return self.db.tables["organization"].rows[self.organization_id]

    @property
    def sop(self) -> bool:
        """The order-processing flag (IsSOPIntegrationEnabled)."""
        return bool(self.organization.get("issopintegrationenabled"))

    def is_integration_user(self, user: str | None) -> bool:
        row = self.db.get("systemuser", user) if user else None
        return bool(row and row.get("isintegrationuser"))


@dataclass
class Session:
    """One operation: who, when, and what it has caused so far."""

    world: World
    actor: Actor
    now: datetime
    correlation: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    depth: int = 1
    loading: bool = False  # seed data: no privilege is asked
    detects_duplicates: bool = False  # asked for by header; off by default through the Web API

    @property
    def db(self) -> Database:
        return self.world.db

    @property
    def model(self) -> Model:
        return self.world.model

    @property
    def switches(self) -> Switches:
        return self.world.switches

    @property
    def midpoint(self) -> str:
        """How computed and written numbers are rounded where they lie in the middle."""
        return MIDPOINTS[self.world.switches.midpoint]

    def table(self, name: str) -> Table:
        return self.world.model.tables[name]

    def stamp(self, row: Row, table: Table) -> None:
        """Who and when, and a new version. `modifiedon` has whole seconds: two updates in one look alike by
        time.
        """
        if "modifiedon" in table.columns:
            row["modifiedon"] = self.now
            row["modifiedby"] = self.actor.user
            row["modifiedonbehalfby"] = self.actor.behalf
        row["versionnumber"] = self.db.next_version()

    def happened(self, message: str, table: str, key: str, changed: Row, before: Row | None, after: Row | None) -> None:
        self.events.append(
            Event(
                message,
                table,
                key,
                changed,
                before,
                after,
                self.actor,
                self.now,
                self.correlation,
                self.variables,
                self.depth,
            )
        )


def whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
