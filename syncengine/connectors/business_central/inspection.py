"""What `check` asks of Business Central beyond what runs ask: accounts, items, units, settings, rights. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import Final

from syncengine.connectors.answers import Answer
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.companion import Companion
from syncengine.connectors.business_central.companion import CompanionSetup
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.odata.query import with_options

POSTING: Final = "Posting"
COMPANION: Final = "companion"


class Inspection:
    def __init__(self, reader: Reader, companion: Companion) -> None:
        self.reader = reader
        self.companion = companion

    def account_trouble(self, number: str) -> str:
        """Empty for an account that lines may be posted to; else what is wrong with it."""
        row = self._row("accounts", number)
        if row is None:
            return "there is no such account"
        if row.get("accountType", POSTING) != POSTING:
            return f"it is a {str(row['accountType']).replace('_x002D_', '-').lower()} account, not one to post to"
        if row.get("blocked"):
            return "it is blocked"
        if row.get("directPosting") is False:
            return "it does not allow direct posting"
        return ""

    def item_trouble(self, number: str) -> str:
        row = self._row("items", number)
        if row is None:
            return "there is no such item"
        return "it is blocked" if row.get("blocked") else ""

    def _row(self, table: str, number: str) -> Mapping[str, Any] | None:
        quoted = number.replace("'", "''")
        answer = self._get(with_options(self.reader.path(table), {"$filter": f"number eq '{quoted}'"}))
        rows = self.reader.json(answer, f"looking for {number} in {table}")["value"]
        return rows[0] if rows else None

    def unit_codes(self) -> set[str]:
        answer = self._get(with_options(self.reader.path("unitsOfMeasure"), {"$select": "code"}))
        return {str(one["code"]) for one in self.reader.json(answer, "reading units")["value"]}

    def correlation_trouble(self, column: str) -> str:
        """Empty where our key can stand there; else why not, and what could be meant."""
        if column == COMPANION:
            return "" if self.companion.sets() else "the companion extension is not installed"
        table = self.reader.schema.table("salesOrders")
        if not table.published:
            return ""
        known = table.columns.get(column)
        texts = sorted(name for name, one in table.columns.items() if one.type == "text" and one.creatable)
        if known is None:
            return f"sales orders have no such column; texts that may be written are {', '.join(texts)}"
        if known.type != "text":
            return f"it holds no text; texts that may be written are {', '.join(texts)}"
        return "" if known.creatable else "it cannot be written"

    def count(self, table: str) -> int | None:
        """Rows of a whole table."""
        return self._count(f"{self.reader.path(table)}/$count")

    def changed_since(self, table: str, since: datetime) -> int | None:
        if "lastModifiedDateTime" not in self.reader.schema.table(table).columns:
            return None
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self._count(
            with_options(f"{self.reader.path(table)}/$count", {"$filter": f"lastModifiedDateTime ge {moment}"})
        )

    def _count(self, path: str) -> int | None:
        answer = self.reader.http.get(f"{self.reader.root}/{path}", {**HEADERS, "accept": "text/plain"})
        text = answer.body.decode("utf-8-sig", "replace").strip()
        return int(text) if answer.status == 200 and text.isdigit() else None  # noqa: PLR2004

    def setup(self) -> CompanionSetup | None:
        """The company's own settings, where the companion extension shows them."""
        found = self.companion.setup()
        return found if isinstance(found, CompanionSetup) else None

    def _get(self, path: str) -> Answer:
        return self.reader.http.get(f"{self.reader.root}/{path}", HEADERS)
