"""`subscriptions`: registered by handshake, valid for three days, told of changes of their entity set."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.store.journal import net
from syncengine.sandbox.back_office.store.tables import PINNED_TAG
from syncengine.sandbox.back_office.store.tables import STAMP
from syncengine.sandbox.back_office.store.tables import Table
from syncengine.sandbox.back_office.values import wire_time
from syncengine.sandbox.back_office.webhooks.notifier import Subscriber
from syncengine.sandbox.back_office.webhooks.sending import handshake

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable
    from datetime import datetime

    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.schema.entities import Api
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.store.journal import Change
    from syncengine.sandbox.back_office.store.journal import Journal
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.switches import Switches
    from syncengine.sandbox.back_office.webhooks.notifier import Notifier

_RESOURCE = re.compile(r"/?api/(.+)/companies\(([0-9a-fA-F-]{36})\)/(\w+)")
# Temporary tables, tables without a single key, and system tables cannot be subscribed to.
_UNSUPPORTED = frozenset(
    {
        "company",
        "subscription",
        "dimensionSetLine",
        "salesOrderLine",
        "salesQuoteLine",
        "salesInvoiceLine",
        "salesShipmentLine",
        "attachment",
        "documentAttachment",
        "contactInformation",
        "pdfDocument",
        "taxArea",
        "taxGroup",
        "setup",
    }
)
_NOBODY = "00000000-0000-0000-0000-000000000001"


def subscribable(api: Api) -> list[EntityType]:
    return [kind for name, kind in api.types.items() if name not in _UNSUPPORTED]


def subscription_table(journal: Journal) -> Table:
    return Table("subscription", "", journal, key="subscriptionId", order=("systemCreatedAt",), indexed=("_set",))


class SubscriptionPage(Page):
    """`types_of(company, route)` gives the API of that route if the company exists."""

    def __init__(self, kind: EntityType, table: Table, types_of: Callable[[str, str], Api | None]) -> None:
        super().__init__(kind)
        self.own_table = table
        self.types_of = types_of

    def table(self, session: Session) -> Table:
        return self.own_table

    def key_of(self, text: str) -> str | None:
        """A string key: quotes are required."""
        return text[1:-1] if len(text) > 2 and text[0] == text[-1] == "'" else None

    def find(self, session: Session, key: str, parent: Parent | None) -> Row | None:
        row = self.own_table.get(key)
        return row if row and row["expirationDateTime"] > session.now else None

    def candidates(
        self,
        session: Session,
        parent: Parent | None,
        condition: Condition | None,
    ) -> Iterable[Row]:
        return [row for row in self.own_table.all() if row["expirationDateTime"] > session.now]

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        for name in ("notificationUrl", "resource"):
            if not values.get(name):
                raise bad_request(f"The {name} must be provided.", "BadRequest_RequiredParamNotProvided")
        alive = list(self.candidates(session, None, None))
        if len(alive) >= session.switches.webhook_limit:
            raise bad_request(f"The limit of {session.switches.webhook_limit} webhook subscriptions is reached.")
        target = self._target(values["resource"])
        self._shake_hands(session, values["notificationUrl"])
        row = {
            "subscriptionId": uuid.UUID(session.new_id()).hex,
            "notificationUrl": values["notificationUrl"],
            "resource": values["resource"],
            "timestamp": len(self.own_table.gone) + len(self.own_table) + 1,
            "userId": _NOBODY,
            "clientState": values.get("clientState", ""),
            "expirationDateTime": _expiry(session),
            "systemCreatedAt": session.now,
            "systemCreatedBy": _NOBODY,
            "systemModifiedAt": session.now,
            "systemModifiedBy": _NOBODY,
            "_set": target,
        }
        return self.own_table.insert(row, session.now)

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        """Renews; the handshake is repeated."""
        changes = dict(values)
        if "resource" in values:
            changes["_set"] = self._target(values["resource"])
        self._shake_hands(session, {**row, **values}["notificationUrl"])
        changes.update(expirationDateTime=_expiry(session), systemModifiedAt=session.now)
        return self.own_table.modify(row, changes, session.now)

    def delete(self, session: Session, row: Row) -> None:
        self.own_table.delete(row)

    def _target(self, resource: str) -> tuple[str, str, str]:
        """(company, table, entity set) of the resource. Raises RefusedError for one that has no webhook."""
        found = _RESOURCE.fullmatch(resource)
        api = self.types_of(found[2].lower(), found[1]) if found else None
        kind = api.by_set.get(found[3]) if api and found else None
        if kind is None or found is None or kind.name in _UNSUPPORTED:
            raise bad_request(f"The resource '{resource}' does not exist or does not support webhooks.")
        return found[2].lower(), "salesOrder" if kind.name == "orderDocument" else kind.name, kind.entity_set

    @staticmethod
    def _shake_hands(session: Session, url: str) -> None:
        token = secrets.token_urlsafe(24)
        if not handshake(url, token, session.switches.handshake_timeout_s, session.switches.handshake_method):
            text = f"The notification URL '{url}' did not answer the validation request with its token."
            raise RefusedError(session.switches.handshake_failure_status, "BadRequest", text)


def _expiry(session: Session) -> datetime:
    whole = session.now.replace(microsecond=0)
    return whole + timedelta(seconds=session.switches.subscription_s)


class Observer:
    """Turns committed changes into notes for the subscribers of the set."""

    def __init__(self, table: Table, notifier: Notifier, switches: Callable[[], Switches]) -> None:
        self.table = table
        self.notifier = notifier
        self.switches = switches

    def __call__(self, changes: list[Change]) -> None:
        if not self.table.rows:
            return
        switches = self.switches()
        self.notifier.retry_scale = switches.webhook_retry_scale
        self.notifier.collection_over = switches.webhook_collection_over
        for (company, name, key), change in net(changes).items():
            kind = _kind(change)
            if kind is None:
                continue
            row = change.after or change.before or {}
            for subscription in list(self.table.rows.values()):
                if subscription["_set"][:2] == (company, name) and subscription["expirationDateTime"] > row[STAMP]:
                    self.notifier.note(_subscriber(subscription), key, kind, row[STAMP], switches.webhook_delay_s)

    def drop_ended(self) -> None:
        """What the delivery rules have deleted in the meantime."""
        while not self.notifier.ended.empty():
            row = self.table.get(self.notifier.ended.get())
            if row is not None:
                self.table.delete(row)
                self.notifier.forget(row["subscriptionId"])


def _kind(change: Change) -> str | None:
    """None for a change that leaves the record's stamp alone: to the server it is no change.

    The stamps themselves do not tell: two writes within a few milliseconds have the same one.
    """
    if not change.table.stamped or change.table.company == "":
        return None
    if change.before is None:
        return "created"
    if change.after is None:
        return "deleted"
    before, after, ignored = change.before, change.after, {*change.table.unstamped, PINNED_TAG}
    return "updated" if any(after[name] != before.get(name) for name in after.keys() - ignored) else None


def _subscriber(row: Row) -> Subscriber:
    return Subscriber(
        row["subscriptionId"],
        row["notificationUrl"],
        row["clientState"],
        wire_time(row["expirationDateTime"]),
        row["resource"].lstrip("/"),
    )
