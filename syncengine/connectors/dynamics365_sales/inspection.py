"""What `check` asks of Sales beyond what runs ask: rights, change tracking, time zones, price lists. Reads only.

Each question answers None where this service does not say: that is no finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import Final
from typing import Literal

from syncengine.connectors.answers import Answer
from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales.changes import TRACK
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.records.document import TableSchema

Verb = Literal["Create", "Write", "Delete"]

HELD_BY: Final = {
    "salesorderdetail": "salesorder",
    "quotedetail": "quote",
    "invoicedetail": "invoice",
    "annotation": "note",
}
"""Tables that have no privileges under their own name: lines have those of their header."""

USUAL_REASONS: Final = (
    "who looks does not have the licence (Dynamics 365 Sales Premium or Enterprise) or the role (System Customizer)",
    "an administrator has not turned the feature on",
    "the organization uses a custom app: the steps are those of Sales Hub and Sales Professional",
)
"""Why the order-processing setting is not seen in the app, as its documentation gives them."""


@dataclass(frozen=True)
class PriceList:
    name: str
    currency: str
    active: bool


class Inspection:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def has_table(self, table: str) -> bool | None:
        """Does the environment publish it at all? A Sales app or licence that is missing shows here."""
        if not self.reader.schema.model().sets:
            return None
        return self.reader.schema.table(table).published

    def describe(self, table: str) -> TableSchema | None:
        known = self.reader.schema.table(table)
        return TableSchema(table, known.columns) if known.published else None

    def missing_privileges(self, user_id: str, wanted: Iterable[tuple[str, Verb]]) -> list[str] | None:
        """Of what is wanted (table, verb), the privileges that the user does not hold through any role."""
        answer = self._get(f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")
        if answer.status != 200:  # noqa: PLR2004
            return None
        held = {str(one.get("PrivilegeName", "")).casefold() for one in from_json(answer.body)["RolePrivileges"]}
        if not any(held):
            return None  # older versions name privileges by id alone
        missing: dict[str, None] = {}
        for table, verb in wanted:
            logical = self.reader.schema.logical_name(table)
            name = f"prv{verb}{HELD_BY.get(logical, logical)}"
            if name.casefold() not in held:
                missing[name] = None
        return list(missing)

    def why_not_tracked(self, table: str) -> str | None:
        """Empty where changes of the table are tracked for us; else the service's words."""
        schema = self.reader.schema.table(table)
        url = f"{table}?$select={schema.key}"
        answer = self._get(url, TRACK, "odata.maxpagesize=1")
        if answer.status >= 400:  # noqa: PLR2004
            return answer.words()
        return "" if TRACK in answer.headers.get("preference-applied", "") else "the service does not track it"

    def count(self, table: str) -> int | None:
        """Rows of a whole table, as of its last snapshot (within a day)."""
        logical = self.reader.schema.logical_name(table)
        answer = self._get(f"RetrieveTotalRecordCount(EntityNames=@names)?@names=['{logical}']")
        if answer.status != 200:  # noqa: PLR2004
            return None
        values = from_json(answer.body)["EntityRecordCountCollection"]["Values"]
        return int(values[0]) if values else None

    def changed_since(self, table: str, since: datetime) -> int | None:
        """Rows modified since then; the service counts to 5000."""
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        key = self.reader.schema.table(table).key
        answer = self._get(f"{table}?$select={key}&$filter=modifiedon ge {moment}&$count=true&$top=1")
        return int(from_json(answer.body)["@odata.count"]) if answer.status == 200 else None  # noqa: PLR2004

    def users_offset_minutes(self) -> int | None:
        """How far most users' own time zone is from UTC, without daylight saving; east is positive."""
        answer = self._get("usersettingscollection?$select=timezonebias&$top=500")
        if answer.status != 200:  # noqa: PLR2004
            return None
        counted = Counter(one.get("timezonebias") for one in from_json(answer.body)["value"])
        counted.pop(None, None)
        return -int(counted.most_common(1)[0][0]) if counted else None

    def price_lists(self) -> list[PriceList]:
        codes = {
            one["transactioncurrencyid"]: str(one["isocurrencycode"])
            for one in self._rows("transactioncurrencies?$select=isocurrencycode", "reading currencies")
        }
        url = "pricelevels?$select=name,statecode,_transactioncurrencyid_value"
        return [
            PriceList(
                str(one["name"]), codes.get(one.get("_transactioncurrencyid_value"), ""), one.get("statecode") == 0
            )
            for one in self._rows(url, "reading price lists")
        ]

    def unit_names(self) -> set[str]:
        return {str(one["name"]) for one in self._rows("uoms?$select=name", "reading units")}

    def _rows(self, path: str, doing: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.reader.json(self._get(path), doing)["value"]
        return found

    def _get(self, path: str, *preferences: str) -> Answer:
        return self.reader.http.get(self.reader.root + path, prefer(*preferences))
