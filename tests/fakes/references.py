"""References answered from a table in the test: which ids are coupled, and to what."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field

from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side


@dataclass(frozen=True)
class Coupled:
    """One coupled record and the tables it stands in."""

    mapping: str
    coupling: int
    sales: Link
    back_office: Link
    scope: str = ""
    facts: Mapping[str, Scalar] = field(default_factory=dict)
    generation: int = 0

    def link(self, side: Side) -> Link:
        return self.sales if side == "sales" else self.back_office


@dataclass(frozen=True)
class TableOfReferences:
    coupled: tuple[Coupled, ...] = ()

    def ref(self, mappings: Sequence[str], side: Side, target: Link | str, scope: Scalar = None) -> Ref:
        remote_id = target.id if isinstance(target, Link) else target
        for one in self.coupled:
            if one.mapping in mappings and one.link(side).id == remote_id and scope in (None, "", one.scope):
                return Ref(one.mapping, one.coupling, side, remote_id)
        return Ref(mappings[0], None, side, remote_id)

    def target(self, ref: Ref, side: Side) -> Link | None:
        return next((one.link(side) for one in self.coupled if one.coupling == ref.coupling), None)

    def fact(self, ref: Ref, row: str) -> Scalar:
        return next((one.facts.get(row) for one in self.coupled if one.coupling == ref.coupling), None)

    def generation(self, ref: Ref) -> int:
        return next((one.generation for one in self.coupled if one.coupling == ref.coupling), 0)

    def name(self, ref: Ref) -> str:
        return ref.remote_id or ""
