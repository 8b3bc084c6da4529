"""A run in the shape that others script against: its counts, its plan, what `verify` found, what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from syncengine.engine.context import Run
from syncengine.engine.run import Asked
from syncengine.engine.run import Result
from syncengine.engine.verify import Verified
from syncengine.errors import FailureClass
from syncengine.errors import SyncError
from syncengine.planner.settle import tokens
from syncengine.planner.steps import Action
from syncengine.planner.steps import Step
from syncengine.ports import Counts
from syncengine.records.record import Record
from syncengine.records.record import Seen
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.service.wiring import Company
from syncengine.store.session import stamp

_encoder = msgspec.json.Encoder(decimal_format="number")


def as_json(
    company: Company,
    run: Run | None,
    result: Result,
    asked: Asked,
    run_id: str,
    mode: str,
    counts: Mapping[Side, Counts],
    *,
    dry_run: bool,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "run_id": run_id,
        "kind": asked.kind,
        "mode": mode,
        "company": company.name,
        "dry_run": dry_run,
        "status": result.status,
        "exit_code": result.exit_code,
        "started_at": "",
        "finished_at": "",
        "mappings": run.counts.as_json() if run is not None else [],
        "requests": {side: counts[side].requests if side in counts else 0 for side in SIDES},
        "operations": {side: counts[side].operations if side in counts else 0 for side in SIDES},
        "retries": sum(one.retries for one in counts.values()),
        "throttled": sum(one.throttled for one in counts.values()),
        "refusal": None,
        "paused": [],
        "errors": [],
    }
    if run is not None and asked.kind in ("full-sync", "couple"):
        found["waves"] = sorted(run.waves, key=lambda one: one["wave"])
    error = result.error
    if error is not None and result.status == "refused":
        found["refusal"] = {"code": error.code, "system": error.side, "what": error.message, "remedy": error.remedy}
    elif error is not None:
        found["error"] = error_json(error)
    if result.verified is not None:
        found |= verified_json(result.verified)
    if dry_run and asked.kind != "verify" and run is not None:
        found["actions"] = [action_json(run, action) for action in run.plan]
        found["planned_at"] = stamp(run.facts.now)
    return found


def moved(asked: Asked) -> list[dict[str, Any]]:
    """Records of a plan's file that were not written, because they are not as the file says."""
    return [
        {
            "id": one.id,
            "mapping": one.mapping,
            "record": dict(one.record),
            "side": None,
            "class": str(FailureClass.PERSON),
            "code": "moved",
            "message": one.reason,
            "remedy": "Make a new plan; or let the next sync decide.",
        }
        for one in (asked.script.moved if asked.script else ())
    ]


def verified_json(verified: Verified) -> dict[str, Any]:
    return {
        "compared": verified.compared,
        "filtered": verified.filtered,
        "differences": [
            {
                "mapping": one.mapping,
                "record": dict(one.record),
                "group": one.group,
                "line": one.line,
                "sales": plain(one.sales),
                "back_office": plain(one.back_office),
                "reason": one.reason,
            }
            for one in verified.differences
        ],
    }


def error_json(error: SyncError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy, "side": error.side or None}


def as_file(run: Run, action: Action) -> Mapping[str, Any]:
    """As it comes back from a file."""
    told: Mapping[str, Any] = from_text(to_text(action_json(run, action)))
    return told


def to_text(value: Any) -> bytes:
    """JSON in which money is a number with its exact decimals."""
    return _encoder.encode(plain(value))


def from_text(text: bytes) -> Any:
    """Numbers with a point come back as exact decimals. Raises ValueError."""
    return json.loads(text, parse_float=Decimal)


def action_json(run: Run, action: Action) -> dict[str, Any]:
    """One action of a plan: what, why, what it waits for, each decision, each step with what it sends."""
    pair = action.pair
    record = {side: getattr(pair.of(side), "id", None) for side in SIDES}
    mapping = run.mappings[pair.mapping]
    numbers = [run.number(mapping, side, getattr(pair.of(side), "native", None)) for side in SIDES]
    return {
        "mapping": pair.mapping,
        "record": {**record, "number": next((number for number in numbers if number), "")},
        "action": "wait"
        if action.waits_for
        else (action.problem.code if action.problem and not action.steps else action.kind),
        "reason": action.reason,
        "loses": list(action.loses),
        "waits_for": [_ref(one) for one in action.waits_for],
        "decisions": [
            {
                "group": one.group,
                "line": one.line,
                "outcome": str(one.outcome),
                "base": {side: plain(one.base.get(side)) for side in SIDES},
                "sales": plain(one.sales),
                "back_office": plain(one.back_office),
                "reason": one.reason,
            }
            for one in action.decisions
        ],
        "seen": {side: _tokens(pair.of(side)) for side in SIDES},
        "steps": [step_json(one) for one in (*action.steps, *action.predicted)],
    }


def _tokens(seen: Seen) -> dict[str, str | None] | None:
    """The versions in which a side was read, header under "" and lines by id."""
    return tokens(seen) if isinstance(seen, Record) else None


def step_json(step: Step) -> dict[str, Any]:
    return {
        "no": step.no,
        "side": step.side,
        "verb": step.verb,
        "table": step.table,
        "when": step.when,
        "target": step.target,
        "body": plain(step.body),
        "lines": [plain(line) for line in step.lines],
        "change_set": step.atomic,
    }


def plain(value: Any) -> Any:
    """A value as JSON shows it: money as a number with its digits, references by what they mean."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, Ref):
        return str(value)
    if hasattr(value, "table") and hasattr(value, "id"):
        return f"{value.table}({value.id})"
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def _ref(ref: Ref) -> dict[str, Any]:
    return {"mapping": ref.mapping, "side": ref.side, "id": ref.remote_id}
