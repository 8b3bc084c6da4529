"""Reads what a plan needs: both sides of coupled records, the one side of others; whole, in batches, once."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

from syncengine.engine.context import Run
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Problem
from syncengine.ports import Coupling
from syncengine.ports import Subject
from syncengine.ports import WorkItem
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.record import Pair
from syncengine.records.record import Seen
from syncengine.records.record import Traces
from syncengine.records.values import SIDES
from syncengine.records.values import Side

Found = Document | Gone


@dataclass(frozen=True)
class Second:
    """A document of ours beside the one that an order is coupled with, untouched: it is removed before all else."""

    document: Document
    coupling: int
    why: str


@dataclass(frozen=True)
class Candidate:
    """A work item with all it needs to be planned: what both sides returned, and its coupling."""

    item: WorkItem
    coupling: Coupling | None
    documents: Mapping[Side, Found]
    pair: Pair | None = None
    problem: Problem | None = None
    traces: Traces = field(default_factory=Traces)
    second: Second | None = None

    @property
    def subject(self) -> Subject:
        if self.item.coupling is not None:
            return Subject(self.item.mapping, self.item.coupling)
        return Subject(self.item.mapping, None, self.item.side, self.item.remote_id)

    def document(self, side: Side) -> Document | None:
        found = self.documents.get(side)
        return found if isinstance(found, Document) else None


def read(run: Run, mapping: TableMapping, items: Sequence[WorkItem]) -> list[Candidate]:
    """Each item with its documents. An item whose record gave no clear answer keeps a transient problem."""
    with run.store.transaction():
        couplings = run.store.couplings.get([item.coupling for item in items if item.coupling is not None])
    candidates = [
        Candidate(item, couplings.get(item.coupling) if item.coupling is not None else None, dict(item.documents))
        for item in items
    ]
    for side in SIDES:
        candidates = _read_side(run, mapping, side, candidates)
    return candidates


def _read_side(run: Run, mapping: TableMapping, side: Side, candidates: list[Candidate]) -> list[Candidate]:
    missing = {
        remote_id
        for candidate in candidates
        if (remote_id := _wanted(candidate, side)) is not None and side not in candidate.documents
    }
    found = run.systems[side].read(run.view(mapping, side), sorted(missing)) if missing else {}
    return [_with(candidate, side, found) for candidate in candidates]


def _wanted(candidate: Candidate, side: Side) -> str | None:
    if candidate.coupling is not None:
        return candidate.coupling.remote_id(side)
    return candidate.item.remote_id if candidate.item.side == side and candidate.item.coupling is None else None


def _with(candidate: Candidate, side: Side, found: Mapping[str, Found]) -> Candidate:
    remote_id = _wanted(candidate, side)
    if remote_id is None or side in candidate.documents:
        return candidate
    if remote_id in found:
        return replace(candidate, documents={**candidate.documents, side: found[remote_id]})
    problem = Problem(
        FailureClass.TRANSIENT, "not-read", f"the record could not be read from {side}", "It is tried again.", side
    )
    return replace(candidate, problem=problem)


def as_pair(run: Run, mapping: TableMapping, candidate: Candidate, generation: int) -> Pair:
    """The pair to plan. Raises ValueError where a document cannot be read as the mapping says."""
    coupling = candidate.coupling
    seen: dict[Side, Seen] = {"sales": None, "back_office": None}
    for side, found in candidate.documents.items():
        seen[side] = run.record(mapping, side, found) if isinstance(found, Document) else found
    known = coupling.tokens if coupling else {}
    written = run.in_hand.written(candidate.subject)
    return Pair(
        mapping=mapping.name,
        coupling=coupling.id if coupling else None,
        sales=seen["sales"],
        back_office=seen["back_office"],
        base=coupling.base if coupling else None,
        line_pairs=coupling.line_pairs if coupling else (),
        generation=generation,
        traces=candidate.traces,
        unstamped=frozenset(
            side
            for side, found in candidate.documents.items()
            if written or (isinstance(found, Document) and known.get(side, {}).get("") == found.version)
        ),
    )


def documents_of(candidates: Iterable[Candidate]) -> Iterable[tuple[Side, Document]]:
    for candidate in candidates:
        for side, found in candidate.documents.items():
            if isinstance(found, Document):
                yield side, found
