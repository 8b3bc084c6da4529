"""A back-office edit rests before it flows: a clerk who changes an order line by line is not followed line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from syncengine.engine.context import Run
from syncengine.engine.reading import Candidate
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Problem
from syncengine.ports import about
from syncengine.records.document import Document


def rested(run: Run, mapping: TableMapping, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates; those whose back-office side was edited just now are set aside for a while.

    Measured by our own clock from the moment this version was first seen: no clock of a server counts. What this very
    run has written rests never.
    """
    if run.limits.quiet_s <= 0 or mapping.kind != "order":
        return list(candidates)
    with run.store.transaction():
        return [_rested(run, one) for one in candidates]


def _rested(run: Run, one: Candidate) -> Candidate:
    document = one.document("back_office")
    if one.coupling is None or one.problem is not None or document is None or run.in_hand.written(one.subject):
        return one
    seen = _tokens(document)
    known = one.coupling.tokens.get("back_office", {})
    if not known or all(known.get(key) == token for key, token in seen.items()):
        return one
    name, text = about("resting", one.coupling.id), "|".join(f"{key}={token}" for key, token in sorted(seen.items()))
    kept = run.store.remembered.get(name)
    now = run.clock.now()
    if not isinstance(kept, dict) or kept.get("version") != text:
        run.store.remembered.put(name, {"version": text, "at": now.isoformat()})
        return replace(one, problem=_resting(run.limits.quiet_s))
    left = datetime.fromisoformat(kept["at"]) + timedelta(seconds=run.limits.quiet_s) - now
    return replace(one, problem=_resting(left.total_seconds())) if left > timedelta(0) else one


def _tokens(document: Document) -> dict[str, str]:
    return {name: str(version) for name, version in document.tokens().items()}


def _resting(seconds: float) -> Problem:
    return Problem(
        FailureClass.WAITING,
        "resting",
        "waiting: the order was edited in the back office just now",
        "Nothing to do: it flows when it has rested for [limits] quiet_s.",
        "back_office",
        again_s=seconds,
    )
