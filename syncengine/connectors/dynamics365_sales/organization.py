"""The organization: who answers, the order-processing flag, how prices are rounded, which price list a currency has."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from typing import Final

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.codec import to_json
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.connectors.dynamics365_sales.schema import DAY_S
from syncengine.errors import CredentialsRefused
from syncengine.errors import SyncError
from syncengine.errors import Unreachable
from syncengine.mapping.transforms import number
from syncengine.ports import Guard
from syncengine.ports import Identity
from syncengine.records.values import Link

ORGANIZATION = "sales-organization"
COLUMNS = "organizationid,name,issopintegrationenabled,pricingdecimalprecision,discountcalculationmethod"

INTEGRATION_USER = "sales-integration-user"
"""Under which it is remembered for an hour whether we are one."""


class Organization:
    """One reading of the organization row serves the guard, the identity and the rounding."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._lock = threading.Lock()
        self._row: Mapping[str, Any] = {}
        self._known = ""
        self._read_at = float("-inf")

    def row(self, max_age_s: float) -> Mapping[str, Any]:
        """Raises CredentialsRefused where it may not be read: then nobody knows which mode is on."""
        with self._lock:
            if time.monotonic() - self._read_at > max_age_s:
                asked_at = time.monotonic()
                self._take(self.reader.http.get(self.reader.root + self.path, prefer()), asked_at)
            return self._row

    path = f"organizations?$select={COLUMNS}"

    def take(self, answer: Answer | None) -> None:
        """A reading that came along with something else just now."""
        with self._lock:
            if answer is not None and answer.status < 500:  # noqa: PLR2004
                self._take(answer, time.monotonic())

    def _take(self, answer: Answer, asked_at: float) -> None:
        if answer.status in (401, 403):
            raise CredentialsRefused(
                f"the organization's settings may not be read: {answer.words()}",
                remedy="Grant the application user read access to the Organization table "
                "(privilege prvReadOrganization): without it nobody can tell which integration is active.",
                side="sales",
            )
        if answer.status == 404:  # noqa: PLR2004
            raise Unreachable(
                f"there is no Web API at {self.reader.root}: {answer.words()}",
                remedy="[sales] url is the address of the environment alone, as https://contoso.crm.dynamics.com.",
                side="sales",
            )
        found = self.reader.json(answer, "reading the organization")["value"]
        if not found:
            raise SyncError("Sales shows no organization", remedy="Check the url.", side="sales")
        self._row, self._read_at = found[0], asked_at
        self._recognise(str(found[0]["organizationid"]))

    def _recognise(self, organization: str) -> None:
        """What is known of one organization holds for no other behind the same URL."""
        if organization == self._known:
            return
        schema = self.reader.schema
        before = schema.cache.get(ORGANIZATION)
        if before is not None and before != organization:
            schema.forget()
        if before != organization:
            schema.cache.put(ORGANIZATION, organization)
        self._known = organization

    def guard(self, max_age_s: float) -> Guard:
        return Guard(one_way=bool(self.row(max_age_s).get("issopintegrationenabled")))

    def identity(self) -> Identity:
        row = self.row(3600)
        return Identity(str(row["organizationid"]), str(row.get("name") or ""))

    def price_decimals(self) -> int:
        """How many decimals prices have there; asked once a day."""
        return self._number("pricingdecimalprecision", 2)

    def discounts_count_per_unit(self) -> bool:
        """Does a line's manual discount count for each unit, not once for the line? Asked once a day."""
        return self._number("discountcalculationmethod", 0) == 1

    def _number(self, column: str, usual: int) -> int:
        cache, name = self.reader.schema.cache, f"sales-{column}"
        found = cache.get(name, DAY_S)
        if not isinstance(found, int):
            found = self.row(3600).get(column)
            found = found if isinstance(found, int) else usual
            cache.put(name, found)
        return found

    def switch(self, *, on: bool) -> None:
        """Turn the order-processing flag on or off, and read it back. Raises CredentialsRefused, SyncError."""
        organization = self.row(0)
        url = f"{self.reader.root}organizations({organization['organizationid']})"
        headers = {**prefer(), "content-type": "application/json", "if-match": "*"}
        headers.pop("if-none-match")
        answer = self.reader.http.once("PATCH", url, headers, to_json({"issopintegrationenabled": on}))
        if answer.status in (401, 403):
            code, message = error_of(answer)
            raise CredentialsRefused(
                f"the setting may not be changed: {message} ({code})",
                remedy="Sign in as an administrator of the environment: the integration user needs write access "
                "to the Organization table for this one command.",
                side="sales",
            )
        if answer.status >= 400:  # noqa: PLR2004
            raise SyncError(f"the setting was not changed: {answer.words()}", side="sales", code="sop-refused")
        if bool(self.row(0).get("issopintegrationenabled")) != on:
            raise SyncError(
                "Sales accepted the change and still shows the old setting",
                remedy="Look at it in the app settings of Sales Hub.",
                side="sales",
                code="sop-refused",
            )

    def mark_integration_user(self, user: str | None = None) -> str:
        """Mark a user, ours unless another is named, as integration user, and read it back; gives its id."""
        user_id = user or self.user()[0]
        url = f"{self.reader.root}systemusers({user_id})"
        headers = {**prefer(), "content-type": "application/json", "if-match": "*"}
        headers.pop("if-none-match")
        answer = self.reader.http.once("PATCH", url, headers, to_json({"isintegrationuser": True}))
        if answer.status in (401, 403):
            code, message = error_of(answer)
            raise CredentialsRefused(
                f"the user may not be marked as integration user: {message} ({code})",
                remedy="Sign in as an administrator of the environment: it takes write access to the User table "
                "(privilege prvWriteUser).",
                side="sales",
            )
        if answer.status >= 400:  # noqa: PLR2004
            raise SyncError(f"the user was not marked: {answer.words()}", side="sales", code="user-refused")
        self.reader.schema.cache.put(INTEGRATION_USER, None)
        if not self.is_integration_user(user_id):
            raise SyncError(
                f"Sales accepted the change and still shows user {user_id} unmarked",
                remedy="Look at the user in the environment's settings.",
                side="sales",
                code="user-refused",
            )
        return user_id

    def is_integration_user(self, user_id: str) -> bool:
        url = f"{self.reader.root}systemusers({user_id})?$select=fullname,isintegrationuser,isdisabled"
        row = self.reader.json(self.reader.http.get(url, prefer()), "reading a user")
        return bool(row.get("isintegrationuser"))

    def user(self) -> tuple[str, bool]:
        """Our own user's id, and whether it is marked as an integration user."""
        who = self.reader.json(self.reader.http.get(f"{self.reader.root}WhoAmI", prefer()), "asking who we are")
        user_id = str(who["UserId"])
        return user_id, self.is_integration_user(user_id)


PRICE_LISTS: Final = "sales-price-lists"
HOUR_S: Final = 3600.0


class PriceLists(Mapping[str, Link]):
    """Currency id -> price list, asked for when the first order needs one.

    By the configured name of each currency, else the only active price list in it.
    """

    def __init__(self, reader: Reader, names: Mapping[str, str]) -> None:
        self.reader = reader
        self.names = names
        self._found: dict[str, Link] | None = None

    def _lists(self) -> dict[str, Link]:
        if self._found is None:
            reader = self.reader
            url = f"{reader.root}transactioncurrencies?$select=isocurrencycode"
            currencies = reader.json(reader.http.get(url, prefer()), "reading currencies")["value"]
            codes = {one["transactioncurrencyid"]: str(one["isocurrencycode"]) for one in currencies}
            url = f"{reader.root}pricelevels?$select=name,_transactioncurrencyid_value&$filter=statecode eq 0"
            lists = reader.json(reader.http.get(url, prefer()), "reading price lists")["value"]
            self._found = {}
            for currency, code in codes.items():
                some = [one for one in lists if one.get("_transactioncurrencyid_value") == currency]
                named = [one for one in some if one["name"] == self.names.get(code)]
                chosen = named if code in self.names else some
                if len(chosen) == 1:
                    self._found[currency] = Link("pricelevels", str(chosen[0]["pricelevelid"]))
        return self._found

    def ids(self) -> list[str]:
        """Those that orders are priced by; asked once an hour."""
        cache = self.reader.schema.cache
        kept = cache.get(PRICE_LISTS, HOUR_S)
        if not isinstance(kept, dict) or kept.get("names") != dict(self.names):
            kept = {"names": dict(self.names), "ids": sorted({one.id for one in self._lists().values()})}
            cache.put(PRICE_LISTS, kept)
        return [str(one) for one in kept["ids"]]

    def __getitem__(self, key: str) -> Link:
        return self._lists()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists())

    def __len__(self) -> int:
        return len(self._lists())


class CurrencyRates(Mapping[str, Decimal]):
    """Currency code -> how many of it are one of the base currency; asked for when a currency is to be created."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._found: dict[str, Decimal] | None = None

    def anew(self) -> CurrencyRates:
        """To be asked for again. One object for all runs: what was built with it stays built."""
        self._found = None
        return self

    def _rates(self) -> dict[str, Decimal]:
        if self._found is None:
            url = f"{self.reader.root}transactioncurrencies?$select=isocurrencycode,exchangerate"
            rows = self.reader.json(self.reader.http.get(url, prefer()), "reading exchange rates")["value"]
            self._found = {str(one["isocurrencycode"]): number(one["exchangerate"]) for one in rows}
        return self._found

    def __getitem__(self, key: str) -> Decimal:
        return self._rates()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rates())

    def __len__(self) -> int:
        return len(self._rates())
