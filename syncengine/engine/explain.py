"""What goes into the history of a record: decisions, requests and answers, in a form that can be printed later."""

from __future__ import annotations

from typing import Any

from syncengine.planner.steps import Action
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import Step


def decisions(action: Action) -> dict[str, Any]:
    return {
        "kind": action.kind,
        "reason": action.reason,
        **({"loses": list(action.loses)} if action.loses else {}),
        "decisions": [
            {
                "group": one.group,
                "line": one.line,
                "outcome": str(one.outcome),
                "base": dict(one.base),
                "sales": one.sales,
                "back_office": one.back_office,
                "reason": one.reason,
            }
            for one in action.decisions
        ],
    }


def sent(step: Step) -> dict[str, Any]:
    return {
        "no": step.no,
        "side": step.side,
        "verb": step.verb,
        "table": step.table,
        "target": step.target,
        "body": dict(step.body),
        "lines": [dict(line) for line in step.lines],
    }


def answered(step: Step, receipt: Receipt) -> dict[str, Any]:
    found: dict[str, Any] = {"no": step.no, "outcome": str(receipt.outcome)}
    after = receipt.after
    if after is not None:
        found["id"] = after.id
    if receipt.error is not None:
        found |= {"status": receipt.error.status, "code": receipt.error.code, "message": receipt.error.message}
    return found
