"""Business Central's own order integration with Dynamics 365 Sales: is it active for our company?

The companion extension knows. Without it the job queue gives a hint: jobs that are set up together with each mode. A
job may be left over from a mode that is off, so configuration can overrule a hint by its name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Final

from syncengine.connectors.answers import Answer
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.companion import Companion
from syncengine.connectors.business_central.companion import CompanionSetup
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.odata.query import with_options
from syncengine.ports import Competitor
from syncengine.ports import Guard


@dataclass(frozen=True)
class Hint:
    """Jobs that run while a mode is on. `name` is what configuration overrules."""

    name: str
    mode: str
    codeunits: tuple[int, ...]


HINTS: Final = (
    Hint("archived-orders-job", "both ways", (5366,)),  # "CRM Archived Sales Orders Job"
    Hint("submitted-orders-job", "one way", (5349, 5352)),  # "Auto Create Sales Orders", "CRM Order Status Update Job"
)
IDLE: Final = frozenset({"on hold", "error", "finished"})
WHERE_OFF: Final = "Turn it off on the page Dynamics 365 Connection Setup of Business Central"


class Competitors:
    """`ignored`: hints that configuration overrules by name."""

    def __init__(self, reader: Reader, companion: Companion, ignored: Sequence[str]) -> None:
        self.reader = reader
        self.companion = companion
        self.ignored = frozenset(ignored)
        self._guard = Guard()
        self._read_at = float("-inf")

    def path(self) -> str | None:
        """What to ask along with a batch that goes out anyway; None where the companion is to be asked instead."""
        return None if "setup" in self.companion.sets() else self._hints()

    def take(self, answer: Answer | None, asked_at: float) -> None:
        """The answer to `path`. A hint that cannot be read is no reason to stop; `check` warns of it."""
        self._guard, self._read_at = self._judged(answer), asked_at

    def guard(self, max_age_s: float) -> Guard:
        if time.monotonic() - self._read_at > max_age_s:
            asked_at = time.monotonic()
            setup = self.companion.setup()
            if isinstance(setup, CompanionSetup):
                self._guard, self._read_at = _told(setup), asked_at
            else:
                self.take(self.reader.http.get(f"{self.reader.root}/{self._hints()}", HEADERS), asked_at)
        return self._guard

    def _hints(self) -> str:
        codeunits = [number for hint in HINTS for number in hint.codeunits]
        condition = " or ".join(f"objectIdToRun eq {number}" for number in codeunits)
        return with_options(self.reader.path("jobQueueEntries"), {"$filter": condition})

    def _judged(self, answer: Answer | None) -> Guard:
        if answer is None or answer.status != 200:  # noqa: PLR2004
            words = answer.words() if answer is not None else "no answer"
            return Guard(unreadable=f"the job queue could not be read: {words}")
        try:
            entries = from_json(answer.body)["value"]
        except (NotJson, KeyError, TypeError):
            return Guard(unreadable="the job queue could not be read: the answer is no list")
        running = {int(one.get("objectIdToRun") or 0) for one in entries if _is_active(one)}
        found = [hint for hint in HINTS if running & set(hint.codeunits) and hint.name not in self.ignored]
        return Guard(competitors=tuple(_hinted(hint, running) for hint in found))


def _is_active(job: Mapping[str, Any]) -> bool:
    return str(job.get("status", "")).replace("_x0020_", " ").lower() not in IDLE


def _hinted(hint: Hint, running: set[int]) -> Competitor:
    jobs = " and ".join(str(number) for number in hint.codeunits if number in running)
    return Competitor(
        hint.name,
        f"Business Central's own sales order integration with Dynamics 365 Sales ({hint.mode}; job queue entry for "
        f"codeunit {jobs})",
        f"{WHERE_OFF}. If it is off and only its job is left, delete the job queue entry, or set "
        f'[back_office] ignore_competitors = ["{hint.name}"].',
        certain=False,
    )


def _told(setup: CompanionSetup) -> Guard:
    found = []
    if setup.both_ways:
        found.append(
            Competitor(
                "own-bidirectional-integration",
                "Business Central's own sales order integration with Dynamics 365 Sales (Bidirectional Sales Order "
                "Integration)",
                f"{WHERE_OFF}: the field Enable Bidirectional Sales Order Integration.",
            )
        )
    if setup.one_way:
        found.append(
            Competitor(
                "own-one-way-integration",
                "Business Central's own sales order integration with Dynamics 365 Sales (Sales Order Integration, one "
                "way)",
                f"{WHERE_OFF}: the field Enable Legacy Sales Order Integration.",
            )
        )
    return Guard(competitors=tuple(found))
