"""Steps, decisions and receipts as JSON text and back, for the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from syncengine.planner.lines import Pairing
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import RemoteError
from syncengine.planner.steps import Step
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.encoding import document_from
from syncengine.records.encoding import document_to
from syncengine.records.record import LinePair


def step_to(step: Step) -> dict[str, Any]:
    return {one.name: getattr(step, one.name) for one in fields(step)}


def step_from(kept: Mapping[str, Any]) -> Step:
    lists = {name: tuple(kept[name]) for name in ("lines", "line_ids", "partners", "excluding")}
    line = kept.get("line")
    return Step(**{**kept, **lists, "line": tuple(line) if isinstance(line, list) else line})


def decision_to(decision: Decision) -> dict[str, Any]:
    return {one.name: getattr(decision, one.name) for one in fields(decision)}


def decision_from(kept: Mapping[str, Any]) -> Decision:
    return Decision(**{**kept, "outcome": Outcome(kept["outcome"])})


def pairing_to(pairing: Pairing) -> dict[str, Any]:
    pairs = [[one.coupling, one.sales, one.back_office] for one in pairing.pairs]
    return {"pairs": pairs, "new": {side: list(ids) for side, ids in pairing.new.items()}}


def pairing_from(kept: Mapping[str, Any]) -> Pairing:
    pairs = tuple(LinePair(*one) for one in kept["pairs"])
    return Pairing(pairs, {side: tuple(ids) for side, ids in kept["new"].items()})


def receipt_to(receipt: Receipt) -> dict[str, Any]:
    after: Any = None
    if isinstance(receipt.after, Document):
        after = document_to(receipt.after)
    elif isinstance(receipt.after, Gone):
        after = {"gone": receipt.after.id}
    error = receipt.error
    return {
        "step": receipt.step,
        "outcome": str(receipt.outcome),
        "after": after,
        "error": [error.status, error.code, error.message] if error else None,
    }


def receipt_from(kept: Mapping[str, Any]) -> Receipt:
    after = kept["after"]
    seen: Document | Gone | None = None
    if after is not None:
        seen = Gone(after["gone"]) if "gone" in after else document_from(after)
    error = RemoteError(*kept["error"]) if kept["error"] else None
    return Receipt(kept["step"], ReceiptOutcome(kept["outcome"]), seen, error)
