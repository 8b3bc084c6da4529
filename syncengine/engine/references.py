"""References answered from the store: which coupling a lookup cell means, and which record a coupling is there.

Cached for one chunk of records: `preload` asks for all of a chunk's lookups in a few statements.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import TYPE_CHECKING

from syncengine.mapping.fold import mapped_lines
from syncengine.mapping.fold import pointed
from syncengine.mapping.model import TableMapping
from syncengine.ports import Coupling
from syncengine.ports import Couplings
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import is_blank

if TYPE_CHECKING:
    from syncengine.engine.context import Run


class StoredReferences:
    def __init__(self, couplings: Couplings, mappings: Mapping[str, TableMapping]) -> None:
        self.couplings = couplings
        self.mappings = mappings
        self._by_remote: dict[tuple[str, Side, str], Sequence[Coupling]] = {}
        self._by_id: dict[int, Coupling] = {}
        self.names: dict[tuple[str, Side | None, str | None], str] = {}

    def clear(self) -> None:
        """Forget; couplings may have changed. Names of records stay."""
        self._by_remote.clear()
        self._by_id.clear()

    def preload(self, mapping: TableMapping, documents: Iterable[tuple[Side, Document]]) -> None:
        wanted: dict[tuple[str, Side], set[str]] = defaultdict(set)
        for side, document in documents:
            for name, remote_id in _lookups(mapping, side, document):
                if name in self.mappings and (name, side, remote_id) not in self._by_remote:
                    wanted[name, side].add(remote_id)
        self._ask({key: sorted(ids) for key, ids in wanted.items()})

    def ref(self, mappings: Sequence[str], side: Side, target: Link | str, scope: Scalar = None) -> Ref:
        names = self._meant(mappings, side, target)
        remote_id = target.id if isinstance(target, Link) else target
        for name in names:
            some = self._held(name, side, remote_id)
            fitting = [one for one in some if is_blank(scope) or one.scope in ("", _scope_text(scope))]
            if len(fitting) == 1 or (fitting and side == "sales"):
                return Ref(name, fitting[0].id, side, remote_id)
        name = names[0] if names else mappings[0]
        return Ref(name, None, side, remote_id)

    def target(self, ref: Ref, side: Side) -> Link | None:
        if ref.coupling is None:
            return None
        coupling = self._by_id.get(ref.coupling)
        if coupling is None:
            coupling = self.couplings.get([ref.coupling]).get(ref.coupling)
            if coupling is None or coupling.status not in ("coupled", "closed"):
                return None
            self._by_id[ref.coupling] = coupling
        if coupling.status == "closed" and side == "back_office":
            return None  # posted, removed: it is gone from there
        return Link(self.mappings[ref.mapping].of(side).table, coupling.remote_id(side))

    def fact(self, ref: Ref, row: str) -> Scalar:
        if ref.coupling is None:
            return None
        coupling = self._by_id.get(ref.coupling) or self.couplings.get([ref.coupling]).get(ref.coupling)
        if coupling is None or coupling.base is None:
            return None
        for picture in (coupling.base.sales, coupling.base.back_office):
            if not is_blank(picture.fields.get(row)):
                return picture.fields[row]
        return None

    def generation(self, ref: Ref) -> int:
        if ref.coupling is None:
            return 0
        coupling = self.couplings.get([ref.coupling]).get(ref.coupling)
        return coupling.generation if coupling is not None and coupling.status == "coupled" else 0

    def causes(self, refs: Iterable[Ref]) -> list[Ref]:
        """Whose coupling ends the waiting for these: any mapping over that table may couple it."""
        found: dict[Ref, None] = {}
        for ref in refs:
            found[ref] = None
            side = ref.side
            if side is None or ref.mapping not in self.mappings:
                continue
            table = self.mappings[ref.mapping].of(side).table
            alike = [name for name, one in self.mappings.items() if one.of(side).table == table]
            found |= {Ref(name, None, side, ref.remote_id): None for name in alike}
        return list(found)

    def name(self, ref: Ref) -> str:
        return self.names.get((ref.mapping, ref.side, ref.remote_id)) or ref.remote_id or "?"

    def _meant(self, mappings: Sequence[str], side: Side, target: Link | str) -> list[str]:
        """Of several mappings, those whose table the link points at."""
        known = [name for name in mappings if name in self.mappings]
        if isinstance(target, Link):
            fitting = [name for name in known if self.mappings[name].of(side).table == target.table]
            return fitting or known
        return known

    def _held(self, name: str, side: Side, remote_id: str) -> Sequence[Coupling]:
        if (name, side, remote_id) not in self._by_remote:
            self._ask({(name, side): [remote_id]})
        return self._by_remote[name, side, remote_id]

    def _ask(self, wanted: Mapping[tuple[str, Side], Sequence[str]]) -> None:
        found = self.couplings.referred(wanted) if wanted else {}
        for (name, side), ids in wanted.items():
            for remote_id in ids:
                self._by_remote[name, side, remote_id] = found.get((name, side, remote_id), ())
        self._by_id |= {coupling.id: coupling for some in found.values() for coupling in some}


def _scope_text(scope: Scalar) -> str:
    return str(scope)


def _lookups(mapping: TableMapping, side: Side, document: Document) -> Iterable[tuple[str, str]]:
    for row in mapping.rows.values():
        if row.is_reference and row.columns(side):
            yield from _named(row.lookup, pointed(row, side, document))
    if mapping.lines is None:
        return
    for line in mapped_lines(mapping, side, document):
        for row in mapping.lines.rows.values():
            if row.is_reference and row.columns(side):
                yield from _named(row.lookup, line.fields.get(row.columns(side)[0]))
            for one in row.one_of:
                if one.lookup:
                    yield from _named(one.lookup, line.fields.get(one.column(side)))


def _named(lookup: Sequence[str], value: object) -> Iterable[tuple[str, str]]:
    if not is_blank(value):
        remote_id = value.id if isinstance(value, Link) else str(value)
        yield from ((name, remote_id) for name in lookup)


def name_them(run: Run, refs: Iterable[Ref]) -> bool:
    """Read what people call these records, for messages; False where nothing new was learned."""
    names = run.references.names
    wanted: dict[tuple[str, Side], set[str]] = defaultdict(set)
    for ref in refs:
        unknown = (ref.mapping, ref.side, ref.remote_id) not in names
        if unknown and ref.side and ref.remote_id and ref.mapping in run.mappings and ref.coupling is None:
            wanted[ref.mapping, ref.side].add(ref.remote_id)
    for (name, side), ids in wanted.items():
        of = run.mappings[name].of(side)
        found = run.systems[side].read(View(of.table, (of.number,)), sorted(ids)) if of.number else {}
        for remote_id in ids:
            document = found.get(remote_id)
            text = run.number(run.mappings[name], side, document) if isinstance(document, Document) else ""
            names[name, side, remote_id] = text
    return bool(wanted)
