"""What currencies are worth there: the newest rates of today, asked for when a currency is to be created elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from decimal import Decimal

from syncengine.connectors.answers import told_time
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.reading import Reader
from syncengine.mapping.transforms import number
from syncengine.records.values import Link


class ExchangeRates(Mapping[str, tuple[Decimal, str]]):
    """Currency code -> how many of it are one of which other currency; the local one has no row of its own."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._found: dict[str, tuple[Decimal, str]] | None = None

    def anew(self) -> ExchangeRates:
        """To be asked for again. One object for all runs: what was built with it stays built."""
        self._found = None
        return self

    def _rates(self) -> dict[str, tuple[Decimal, str]]:
        if self._found is None:
            reader = self.reader
            local = next((one.id for one in reader.local_currency()), "")
            url: str | None = f"{reader.root}/{reader.path('currencyExchangeRates')}"
            newest: dict[str, str] = {}
            found: dict[str, tuple[Decimal, str]] = {}
            while url:
                answer = reader.http.get(reader.http.same_origin(url), HEADERS)
                today = (told_time(answer.headers) or datetime.now(UTC)).date().isoformat()
                body = reader.json(answer, "reading exchange rates")
                for row in body["value"]:
                    code, since = str(row["currencyCode"]), str(row["startingDate"])
                    amount, relational = number(row["exchangeRateAmount"]), number(row["relationalExchangeRateAmount"])
                    if newest.get(code, "") <= since <= today and amount > 0 and relational > 0:
                        newest[code] = since
                        found[code] = (amount / relational, str(row.get("relationalCurrencyCode") or "") or local)
                url = body.get("@odata.nextLink")
            self._found = found
        return self._found

    def __getitem__(self, key: str) -> tuple[Decimal, str]:
        return self._rates()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rates())

    def __len__(self) -> int:
        return len(self._rates())


class LocalCurrency(Mapping[str, Link]):
    """Under "": the currency of what is told without one, the prices of items. Asked for when one is to be created."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._found: dict[str, Link] | None = None

    def _local(self) -> dict[str, Link]:
        if self._found is None:
            found = [Link("currencies", one.id) for one in self.reader.local_currency()]
            self._found = {"": found[0]} if found else {}
        return self._found

    def __getitem__(self, key: str) -> Link:
        return self._local()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._local())

    def __len__(self) -> int:
        return len(self._local())
