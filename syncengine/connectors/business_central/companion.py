"""The companion extension's own API, beside API v2.0: found through its `$metadata`, never assumed.

Its tables are read and written as any others, under names that begin with `companion/`; see `system`. Here is what is
its own: actions, and the company's settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.codec import to_json
from syncengine.errors import CredentialsRefused
from syncengine.errors import SyncError
from syncengine.errors import Unreachable
from syncengine.errors import UsageError

STANDARD: Final = "/api/v2.0"
ROUTE: Final = "/api/syncengine/companion/v1.0"
PREFIX: Final = "companion/"  # before the names of its tables, in mappings and wherever else they are named

ACTION_SETS: Final[Mapping[str, str]] = {"salesOrders": "orderDocuments"}
ACTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "salesOrders": {one: f"Microsoft.NAV.{one}" for one in ("archive", "reopen", "release")}
}
"""Per table of API v2.0: the companion's set of the same documents under the same ids, and what can be done to one."""


def root_beside(root: str) -> str:
    """The companion's root beside that of API v2.0; empty where ours does not end as that does."""
    return root.removesuffix(STANDARD) + ROUTE if root.endswith(STANDARD) else ""


@dataclass(frozen=True)
class CompanionSetup:
    """The company's own settings. `one_way`, `both_ways`: Business Central's order integration is on, in that mode."""

    id: str
    version: str
    archive_orders: bool
    one_way: bool
    both_ways: bool


class Companion:
    """`reader` is over the companion's own root; None where our URL is not such that it could stand beside it."""

    def __init__(self, reader: Reader | None) -> None:
        self.reader = reader

    def sets(self) -> frozenset[str]:
        """The entity sets it has; none where it is not installed. Asked once an hour. Raises Unreachable: an answer
        that is missing says nothing.
        """
        return frozenset(self.reader.schema.model().sets) if self.reader is not None else frozenset()

    def capabilities(self, *, anew: bool = False) -> frozenset[str]:
        """What a mapping may require: each of its tables, by the name that mappings have for it. `anew`: asked now."""
        if anew and self.reader is not None:
            self.reader.schema.forget()
        return frozenset(PREFIX + one for one in self.sets())

    def over(self) -> Reader:
        """Raises Unreachable where it is not installed."""
        if self.reader is None or not self.sets():
            raise Unreachable(
                "the companion extension is not installed in Business Central",
                remedy="Install it, or say in the mapping what it `requires`.",
                side="back_office",
            )
        return self.reader

    def forget(self) -> None:
        """Somebody may just have installed it, or taken it away: asked anew when it is needed next."""
        if self.reader is not None:
            self.reader.schema.forget()

    def acts(self, table: str) -> frozenset[str]:
        """The bound actions it adds to a table of API v2.0."""
        return frozenset(ACTIONS.get(table, {})) if ACTION_SETS.get(table, "") in self.sets() else frozenset()

    def action(self, table: str, key: str, action: str) -> str:
        return f"{self.url(ACTION_SETS[table], key)}/{ACTIONS[table][action]}"

    def url(self, entity_set: str, key: str = "") -> str:
        reader = self.over()
        return f"{reader.root}/{reader.path(PREFIX + entity_set, key)}"

    def setup(self) -> CompanionSetup | Answer | None:
        """The settings; None without the extension; the answer itself where they may not be read."""
        if "setup" not in self.sets():
            return None
        reader = self.over()
        answer = reader.http.get(self.url("setup"), HEADERS)
        if answer.status != 200:  # noqa: PLR2004
            return answer
        rows = reader.json(answer, "reading the companion's setup")["value"]
        return _setup(rows[0]) if rows else None

    def turn_archiving_on(self) -> None:
        """Turn *Archive Orders* on, and read it back. Raises UsageError without the extension, SyncError."""
        self.forget()
        found = self.setup()
        if not isinstance(found, CompanionSetup):
            words = found.words() if isinstance(found, Answer) else "the companion extension is not installed"
            raise UsageError(
                f"Archive Orders cannot be reached: {words}",
                remedy="Tick Archive Orders on the page Sales & Receivables Setup of Business Central. "
                "Our own versions are kept without it.",
                side="back_office",
                code="no-companion",
            )
        headers = {**HEADERS, "content-type": "application/json", "if-match": found.version or "*"}
        url = self.url("setup", found.id)
        answer = self.over().http.once("PATCH", url, headers, to_json({"archiveOrders": True}))
        if answer.status in (401, 403):
            code, message = error_of(answer)
            raise CredentialsRefused(
                f"Archive Orders may not be changed: {message} ({code})",
                remedy="Tick Archive Orders on the page Sales & Receivables Setup, or give the application "
                "the companion's permission set.",
                side="back_office",
            )
        if answer.status >= 400:  # noqa: PLR2004
            raise SyncError(f"Archive Orders was not changed: {answer.words()}", side="back_office", code="archive")
        after = self.setup()
        if not isinstance(after, CompanionSetup) or not after.archive_orders:
            raise SyncError(
                "Business Central accepted the change and still shows Archive Orders off",
                remedy="Tick Archive Orders on the page Sales & Receivables Setup.",
                side="back_office",
                code="archive",
            )


def _setup(row: Mapping[str, object]) -> CompanionSetup:
    enabled = row.get("isEnabled") is True
    return CompanionSetup(
        id=str(row["id"]),
        version=str(row.get("@odata.etag") or ""),
        archive_orders=row.get("archiveOrders") is True,
        one_way=enabled and row.get("salesOrderIntegrationEnabled") is True,
        both_ways=enabled and row.get("bidirectionalSalesOrderIntegration") is True,
    )
