"""The company that is worked in: found by its name, kept by its id, and looked at again and again."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Final

from syncengine.connectors.answers import Answer
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.asking import json_of
from syncengine.connectors.business_central.schema import Schema
from syncengine.connectors.codec import from_json
from syncengine.errors import ConfigurationError
from syncengine.errors import Unreachable

COMPANY: Final = "back-office-company"


class ChosenCompany:
    """`wanted` is a name or an id; the id is asked for once and kept. `schemas`: what is known of each root of the
    service, the first of which is asked.
    """

    def __init__(self, wanted: str, schemas: Sequence[Schema]) -> None:
        self.wanted = wanted
        self.schemas = schemas
        self.cache = schemas[0].cache
        self._company: dict[str, str] = {}
        self._confirmed_at = float("-inf")

    def id(self) -> str:
        """Raises ConfigurationError where there is no such company, naming those there are."""
        return self.row()["id"]

    def row(self) -> dict[str, str]:
        """As it was when it was last looked at: another company may have taken its place since; see `confirmed`."""
        if not self._company:
            kept = self.cache.get(COMPANY)
            if isinstance(kept, dict) and kept.get("wanted") == self.wanted:
                self._company = {str(name): str(value) for name, value in kept.items()}
            else:
                self._keep(self._ask())
        return self._company

    def confirmed(self, max_age_s: float) -> dict[str, str]:
        """As the service shows it now, or did not longer ago than that."""
        if time.monotonic() - self._confirmed_at > max_age_s:
            self._keep(self._ask())
        return self._company

    def path(self) -> str:
        """What to ask along with a batch that goes out anyway."""
        return f"companies({self.id()})?$select=id,name,systemVersion"

    def take(self, answer: Answer | None) -> None:
        """The answer to `path`: the company is still there, or is to be looked for by its name again."""
        if answer is not None and answer.status == 200:  # noqa: PLR2004
            self._keep(_row(from_json(answer.body)))
        elif answer is not None and answer.status == 404:  # noqa: PLR2004
            self._company, self._confirmed_at = {}, float("-inf")
            self.cache.put(COMPANY, None)

    def is_other(self, company_id: str) -> bool:
        """Is this some other company's id, as far as we know without asking?"""
        return bool(self._company) and self._company["id"].lower() != company_id.lower()

    def _keep(self, row: dict[str, str]) -> None:
        """What is known of the system holds for this version of it only."""
        kept = self.cache.get(COMPANY)
        before = kept.get("version", "") if isinstance(kept, dict) else ""
        if before and row["version"] != before:
            for schema in self.schemas:
                schema.forget()
        self._company, self._confirmed_at = {**row, "wanted": self.wanted}, time.monotonic()
        if kept != self._company:
            self.cache.put(COMPANY, self._company)

    def _ask(self) -> dict[str, str]:
        schema = self.schemas[0]
        answer = schema.http.get(f"{schema.root}/companies", HEADERS)
        if answer.status == 404:  # noqa: PLR2004
            raise Unreachable(
                f"there is no API at {schema.root}: {answer.words()}",
                remedy="The url goes up to and with /api/v2.0: https://api.businesscentral.dynamics.com/v2.0/TENANT/"
                "ENVIRONMENT/api/v2.0; check tenant and environment.",
                side="back_office",
            )
        found = json_of(schema, answer, "reading the companies")["value"]
        for one in found:
            if self.wanted.casefold() in (str(one["id"]).casefold(), str(one["name"]).casefold()):
                return _row(one)
        known = [str(one["name"]) for one in found]
        names, meant = ", ".join(known) or "none", _meant(self.wanted, known)
        raise ConfigurationError(
            f"there is no company {self.wanted!r} in Business Central{meant}",
            remedy=f"Set [back_office] company to one of: {names}.",
            side="back_office",
        )


def _row(row: Mapping[str, Any]) -> dict[str, str]:
    return {"id": str(row["id"]), "name": str(row["name"]), "version": str(row.get("systemVersion") or "")}


def _meant(wanted: str, known: Sequence[str]) -> str:
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wanted.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[close[0]]!r}?" if close else ""
