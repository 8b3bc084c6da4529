"""What a run did, as its JSON says it: counted per mapping and side, lines under their own mapping's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from syncengine.mapping.model import TableMapping
from syncengine.planner.steps import Step
from syncengine.records.values import SIDES
from syncengine.records.values import Side


def _both() -> dict[Side, int]:
    return {"sales": 0, "back_office": 0}


@dataclass
class MappingCounts:
    mapping: str
    parent: str | None = None
    scanned: dict[Side, int] = field(default_factory=_both)
    inserted: dict[Side, int] = field(default_factory=_both)
    modified: dict[Side, int] = field(default_factory=_both)
    deleted: dict[Side, int] = field(default_factory=_both)
    unchanged: int = 0
    coupled: int = 0
    uncoupled: int = 0
    archived: int = 0
    recreated: int = 0
    waiting: int = 0
    in_progress: int = 0
    conflicts: int = 0
    failed: int = 0

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class RunCounts:
    def __init__(self, mappings: Mapping[str, TableMapping]) -> None:
        self.by_name: dict[str, MappingCounts] = {}
        self._lines: dict[str, str] = {}
        for mapping in mappings.values():
            self.by_name[mapping.name] = MappingCounts(mapping.name)
            if mapping.lines:
                self.by_name[mapping.lines.name] = MappingCounts(mapping.lines.name, parent=mapping.name)
                self._lines[mapping.name] = mapping.lines.name

    def of(self, mapping: str) -> MappingCounts:
        return self.by_name[mapping]

    def lines_of(self, mapping: str) -> MappingCounts | None:
        name = self._lines.get(mapping)
        return self.by_name[name] if name else None

    def written(self, mapping: str, step: Step) -> None:
        """Count a step that was done."""
        header, lines = self.by_name[mapping], self.lines_of(mapping)
        side = step.side
        if step.verb == "create":
            header.inserted[side] += 1
            if lines:
                lines.inserted[side] += len(step.lines)
        elif step.verb in ("update", "set-state"):
            header.modified[side] += 1
        elif step.verb == "delete":
            header.deleted[side] += 1
        elif lines is not None and step.verb == "create-line":
            lines.inserted[side] += 1
        elif lines is not None and step.verb == "update-line":
            lines.modified[side] += 1
        elif lines is not None and step.verb == "delete-line":
            lines.deleted[side] += 1

    def wrote_anything(self) -> bool:
        return any(
            count[side]
            for one in self.by_name.values()
            for count in (one.inserted, one.modified, one.deleted)
            for side in SIDES
        )

    def as_json(self) -> list[dict[str, Any]]:
        return [one.as_json() for one in self.by_name.values()]
