"""Two live documents in the back office under one key of ours, or one under an operation's key that nothing made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from syncengine.engine.context import Run
from syncengine.engine.entering import KEY_PREFIX
from syncengine.errors import FailureClass
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Problem
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.document import View


@dataclass(frozen=True)
class Doubled:
    """A document that no order is coupled with. `busy`: an operation of ours is under way that accounts for it."""

    document: Document
    key: str
    busy: bool


def doubled(run: Run, mapping: TableMapping) -> Iterator[Doubled]:
    """Where the column is mapped to something else, only the keys of operations in it are ours."""
    if not mapping.correlation:
        return
    column = str(run.facts.settings.get("correlation", ""))
    keyed, of = mapping.keyed_in(column), mapping.back_office
    holders: dict[str, list[Document]] = defaultdict(list)
    for page in run.systems["back_office"].scan(View(of.table, (column, of.number)), ()):
        for document in page.documents:
            key = str(document.fields.get(column) or "")
            if key.startswith(KEY_PREFIX) or (key and keyed):
                holders[key].append(document)
    with run.store.transaction():
        busy = run.store.journal.busy(mapping.name)
        for key, documents in holders.items():
            ours = key.startswith(KEY_PREFIX)
            if len(documents) == 1 and not ours:
                continue
            coupled = run.store.couplings.brief(mapping.name, "back_office", [one.id for one in documents])
            working = any(Subject(mapping.name, coupling) in busy for coupling, _ in coupled.values())
            working = working or bool(run.store.journal.claimed_keys(mapping.name, "back_office", [key]))
            if ours or coupled:
                yield from (Doubled(one, key, working) for one in documents if one.id not in coupled)


def park_doubled(run: Run, mapping: TableMapping) -> None:
    """Nobody but a person can say which of the two is to be delivered."""
    for one in list(doubled(run, mapping)):
        subject = Subject(mapping.name, None, "back_office", one.document.id)
        with run.store.transaction():
            if not one.busy and run.store.work.state(subject) is None:
                number = run.number(mapping, "back_office", one.document)
                run.store.work.park(subject, _second(number, one.key), number=number)


def _second(number: str, key: str) -> Problem:
    return Problem(
        FailureClass.PERSON,
        "doubled",
        f"the document {number} carries our key {key}, and no order is coupled with it",
        "Remove it there, or empty its external document number if it is an order of its own; then `syncengine retry`.",
        "back_office",
    )
