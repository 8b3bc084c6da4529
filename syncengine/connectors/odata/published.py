"""What a service publishes of itself in `$metadata`: asked once a day, kept between processes, dropped on suspicion."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import metadata
from syncengine.connectors.settings import Cache
from syncengine.observe.logging import get_logger

log = get_logger()

DAY_S: Final = 24 * 3600
HOUR_S: Final = 3600


class Published:
    """`name` is the cache's; `keep` says which entity sets are worth keeping. `generation` moves with each change.

    `optional`: it may well not be there. A refusal says so, and is asked again after an hour; no answer says nothing,
    and is an error.
    """

    def __init__(
        self,
        http: HttpClient,
        url: str,
        cache: Cache,
        name: str,
        keep: Callable[[metadata.Model], set[str]] = lambda model: set(model.sets),
        *,
        optional: bool = False,
    ) -> None:
        self.http = http
        self.url = url
        self.cache = cache
        self.name = name
        self.keep = keep
        self.optional = optional
        self.max_age_s = HOUR_S if optional else DAY_S
        self.generation = 0
        self._model: metadata.Model | None = None
        self._read_at = float("-inf")

    def model(self) -> metadata.Model:
        """Empty where the service publishes nothing that can be read. Raises Unreachable, CredentialsRefused."""
        if self._model is not None and time.monotonic() - self._read_at < self.max_age_s:
            return self._model
        kept = self.cache.get(self.name, self.max_age_s)
        if isinstance(kept, dict):
            self._model = metadata.from_plain(kept)
        else:
            self._model = self._ask()
            self.cache.put(self.name, metadata.to_plain(self._model, self.keep(self._model)))
        self._read_at = time.monotonic()
        self.generation += 1
        return self._model

    def forget(self) -> None:
        """The system is not what it was: whatever is asked next is read anew."""
        if self._model is not None:
            log.info("metadata_dropped", side=self.http.side)
        self._model = None
        self.generation += 1
        self.cache.put(self.name, None)

    def _ask(self) -> metadata.Model:
        answer = self.http.get(self.url, {"accept": "application/xml"})
        if answer.status == 200:  # noqa: PLR2004
            try:
                return metadata.parse(answer.body)
            except metadata.NotMetadata as error:
                log.warning("metadata_unreadable", side=self.http.side, error=str(error))
        elif not self.optional:
            log.warning("metadata_unavailable", side=self.http.side, status=answer.status)
        return metadata.Model()
