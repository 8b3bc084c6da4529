"""A run by a plan that was written down: it does what the file says and nothing else.

Each record of the file is read and planned anew. Only where it is still as it was read, and what follows from it is
what the file says, its steps are carried out; it moved otherwise, and is left to a new plan.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncengine.engine.context import Run
from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Action
from syncengine.ports import Subject
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Side

Told = Mapping[str, Any]
Key = tuple[str, Side, str]

UNKNOWN_YET = ("(new ", "(answer of step ")
"""What stands in a plan for values that the plan's own earlier steps bring."""


@dataclass
class Entry:
    """One action of the file, and whether it has begun."""

    told: Told
    begun: bool = False


@dataclass(frozen=True)
class Moved:
    """A record that is not as the file says: nothing of it was written from there on."""

    id: int
    mapping: str
    record: Mapping[str, Any]
    reason: str


class Script:
    """`planned_at` is the moment that the plan took for now. `only`: what the run may touch, by mapping. `show` tells
    an action in the very words of the file; whoever makes the run sets it.
    """

    def __init__(self, actions: Sequence[Told], planned_at: datetime) -> None:
        self.planned_at = planned_at
        self.show: Callable[[Action], Told] = lambda _action: {}
        self.entries: dict[Key, Entry] = {}
        self.only: dict[str, dict[Side, list[str]]] = {}
        self.moved: list[Moved] = []
        for told in actions:
            if not told["steps"]:
                continue
            entry = Entry(told)
            ids = self.only.setdefault(told["mapping"], {side: [] for side in SIDES})
            for side in SIDES:
                if told["record"][side]:
                    self.entries[told["mapping"], side, told["record"][side]] = entry
                    ids[side].append(told["record"][side])

    def take_in(self, run: Run, mapping: TableMapping) -> None:
        """Make the records of the file work."""
        ids = self.only.get(mapping.name, {})
        with run.store.transaction():
            for side, some in ids.items():
                coupled = run.store.couplings.by_remote(mapping.name, side, some)
                for remote_id in some:
                    for one in coupled.get(remote_id, ()):
                        run.store.work.add(Subject(mapping.name, one.id), keep=True)
                    if remote_id not in coupled and _alone(self.entries[mapping.name, side, remote_id]):
                        run.store.work.add(Subject(mapping.name, None, side, remote_id), keep=True)

    def admits(self, action: Action, item: int) -> bool:
        """May these steps be carried out? If not, the record is left alone by the rest of this run.

        `item` is its piece of work.
        """
        mapping = action.pair.mapping
        ids = {side: seen.id for side in SIDES if isinstance(seen := action.pair.of(side), Record)}
        entry = next((e for side, one in ids.items() if (e := self.entries.get((mapping, side, one)))), None)
        reason = "the plan says nothing of it" if entry is None else self._judge(entry, self.show(action), action)
        if not reason:
            return True
        number = entry.told["record"]["number"] if entry else ""
        record: dict[str, Any] = {**{side: ids.get(side) for side in SIDES}, "number": number}
        self.moved.append(Moved(item, mapping, record, reason))
        for side, remote_id in ids.items():
            left = self.only.get(mapping, {}).get(side, [])
            left[:] = [one for one in left if one != remote_id]
        return False

    @staticmethod
    def _judge(entry: Entry, now: Told, action: Action) -> str:
        """Why not; "" where these are the next steps of the file."""
        steps = list(now["steps"])[: len(action.steps)]
        if not entry.begun:
            if now["seen"] != entry.told["seen"]:
                return "it was changed after the plan was made"
            if not _same(entry.told["steps"][: len(steps)], steps):
                return "other steps would follow now than the plan says"
            entry.begun = True
            return ""
        for step in steps:
            if not any(_foretold(told, step) for told in entry.told["steps"]):
                return f"after what the plan says, something else is to be done: {step['verb']} {step['table']}"
        return ""


def _alone(entry: Entry) -> bool:
    """Is it about a record of one side only?"""
    return not all(entry.told["record"][side] for side in SIDES)


def _same(told: Any, now: Any) -> bool:
    """Equal, but where the plan could not know the value yet."""
    if isinstance(told, str) and any(mark in told for mark in UNKNOWN_YET):
        return True
    if isinstance(told, Mapping) and isinstance(now, Mapping):
        return told.keys() == now.keys() and all(_same(told[name], now[name]) for name in told)
    if isinstance(told, list) and isinstance(now, list):
        return len(told) == len(now) and all(_same(one, two) for one, two in zip(told, now, strict=True))
    return bool(told == now)


CHANGES = ("update", "set-state")


def _foretold(told: Told, step: Told) -> bool:
    """Is this a step that the plan announced? Its values come from answers, and so may some of its columns."""
    verbs = {told["verb"], step["verb"]}
    same_verb = len(verbs) == 1 or verbs <= set(CHANGES)
    return same_verb and all(told[name] == step[name] for name in ("side", "table"))
