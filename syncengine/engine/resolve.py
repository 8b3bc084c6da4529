"""Steps point at earlier steps of their action for ids and tokens; here they get the answers' own."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace

from syncengine.planner.steps import Receipt
from syncengine.planner.steps import Step
from syncengine.ports import Operation
from syncengine.records.document import Document


def resolved(operation: Operation, steps: Sequence[Step]) -> list[Step]:
    """Steps with the ids and tokens that earlier answers gave."""
    return [_resolve(operation.receipts, step) for step in steps]


def _resolve(receipts: Mapping[int, Receipt], step: Step) -> Step:
    changes: dict[str, object] = {}
    if isinstance(step.target, int):
        changes["target"] = _after(receipts, step.target).id
    if isinstance(step.parent, int):
        changes["parent"] = _after(receipts, step.parent).id
    if isinstance(step.expects, int):
        after = _after(receipts, step.expects)
        changes["expects"] = _last(receipts, after.id) if step.when == "foreign-edit" else after.token(step.table)
    if isinstance(step.line, tuple):
        no, place = step.line
        made = _after(receipts, no)
        changes["line"] = made.lines[place].id if made.lines else made.id
    return replace(step, **changes) if changes else step  # type: ignore[arg-type]


def _after(receipts: Mapping[int, Receipt], no: int) -> Document:
    receipt = receipts.get(no)
    if receipt is None or not isinstance(receipt.after, Document):
        raise LookupError(f"step {no} has no answer to go on from")
    return receipt.after


def _last(receipts: Mapping[int, Receipt], document_id: str) -> str | None:
    """The token of the last answer that showed this document: the way back may begin behind any step."""
    shown = [receipts[no].after for no in sorted(receipts)]
    versions = [one.version for one in shown if isinstance(one, Document) and one.id == document_id and one.version]
    return versions[-1] if versions else None
