"""A change whose answer is missing, on a system that refuses no stale write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from syncengine.engine.recover import settle
from syncengine.planner.lines import Pairing
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.ports import Subject
from syncengine.records.document import View
from tests.fakes.ledger import HEADERS
from tests.fakes.ledger import Ledger
from tests.fakes.ledger import LedgerSystem

SENT = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Nothing:
    """A store that keeps nothing: what is settled is in the operation that comes back."""

    def __getattr__(self, name: str) -> Any:
        return self

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


@dataclass
class Run:
    """As much of a run as settling asks for."""

    ledger: Ledger
    now: datetime
    systems: Mapping[str, Any] = field(init=False)
    store: Any = field(default_factory=Nothing)

    def __post_init__(self) -> None:
        system = LedgerSystem(self.ledger)
        self.systems = {"back_office": system}
        self.facts = SimpleNamespace(traits={"back_office": system.traits([HEADERS])})
        self.limits = SimpleNamespace(settle_after_s=600)
        self.clock = SimpleNamespace(now=lambda: self.now)

    def view(self, *_: Any) -> View:
        return View(HEADERS)


def settled(ledger: Ledger, step: Step, after_s: float) -> Operation | None:
    """What is known of a step that was sent so long ago and never answered."""
    operation = Operation(
        1, "ORDERS", Subject("ORDERS", 1), "update", "", (step,), (), (), Pairing(), {}, {step.no: SENT}, {}
    )
    mapping = SimpleNamespace(name="ORDERS", of=lambda _: SimpleNamespace(table=HEADERS))
    run: Any = Run(ledger, SENT + timedelta(seconds=after_s))
    return settle(run, mapping, operation)  # type: ignore[arg-type]


def change(ledger: Ledger) -> Step:
    number = ledger.insert(HEADERS, {"reference": "A", "note": "old"})
    return Step(1, "back_office", "update", HEADERS, target=str(number), body={"note": "new"})


def test_what_was_done_is_known_at_once() -> None:
    """The row holds what was sent."""
    ledger = Ledger()
    step = change(ledger)
    ledger.change(HEADERS, int(str(step.target)), {"note": "new"})
    found = settled(ledger, step, 1)
    assert found is not None
    assert found.receipts[1].outcome is ReceiptOutcome.DONE


@pytest.mark.parametrize(("after_s", "repeated"), [(1, False), (599, False), (600, True)])
def test_what_was_not_done_is_repeated_only_when_it_can_no_longer_run(after_s: float, repeated: bool) -> None:
    """Nothing there stops the first one from coming after the second."""
    ledger = Ledger()
    found = settled(ledger, change(ledger), after_s)
    assert (found is not None) == repeated
    if found is not None:
        assert (found.receipts, found.sent_at) == ({}, {})
