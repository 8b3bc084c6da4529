"""What a person has asked for and the next run carries out: an earlier version of a document, brought back."""

from __future__ import annotations

from syncengine.engine.context import Run
from syncengine.mapping.model import TableMapping
from syncengine.orders.restore import NEVER
from syncengine.planner.steps import Problem
from syncengine.ports import Operation
from syncengine.ports import about
from syncengine.records.record import Pair
from syncengine.records.record import Record


def wish_of(coupling: int) -> str:
    """The name under which the store remembers it."""
    return about("restore", coupling)


def reason_of(version: int) -> str:
    return f"a person asked for version {version} again"


def wished(run: Run, mapping: TableMapping, pair: Pair) -> tuple[Record, str] | None:
    """The version to bring back, and the reason to give; None where nobody has asked."""
    if pair.coupling is None or not isinstance(pair.back_office, Record):
        return None
    wanted = run.store.remembered.get(wish_of(pair.coupling))
    document = run.store.archive.document(pair.coupling, int(wanted)) if isinstance(wanted, int) else None
    if document is None:
        return None
    return run.record(mapping, "back_office", document), reason_of(int(wanted))


def refused(run: Run, coupling: int, problem: Problem) -> None:
    """Forget the wish that can never be granted, once it has been said: it would be refused in every run."""
    if problem.code == NEVER:
        run.store.remembered.put(wish_of(coupling), None)


def granted(run: Run, operation: Operation) -> None:
    """Forget the wish that this operation has carried out."""
    coupling = operation.subject.coupling
    if coupling is None or operation.kind != "recreate":
        return
    wanted = run.store.remembered.get(wish_of(coupling))
    if isinstance(wanted, int) and operation.reason == reason_of(wanted):
        run.store.remembered.put(wish_of(coupling), None)
