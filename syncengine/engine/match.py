"""Match: which uncoupled record of one side is which of the other, by the mapping's groups, the first group first.

Fields in a group all match; text without regard to case; blank is no criterion; exactly one uncoupled candidate on
each side couples. Each group starts afresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

from syncengine.engine.context import Run
from syncengine.mapping.filters import admits
from syncengine.mapping.model import MatchGroup
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.planner.lines import key_of
from syncengine.planner.settle import expected
from syncengine.records.document import Document
from syncengine.records.record import Record
from syncengine.records.values import AnyCase
from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Wire
from syncengine.records.values import is_blank
from syncengine.records.values import other


@dataclass(frozen=True)
class Match:
    """A record of `side` with its partner, or with several: then it is ambiguous and nothing is coupled."""

    remote_id: str
    group: MatchGroup
    candidates: tuple[Document, ...]
    rivals: tuple[str, ...] = ()  # other uncoupled records of its own side with the same values

    @property
    def unique(self) -> bool:
        return len(self.candidates) == 1 and not self.rivals


def match_key(mapping: TableMapping, side: Side, record: Record, group: MatchGroup) -> str | None:
    """The values of a group as one text under which both sides meet; None where one of them is blank."""
    parts = []
    for name in group.rows:
        value = _as_there(mapping.rows[name], side, record.fields.get(name))
        part = (value.strip() or None) if group.case_sensitive and isinstance(value, str) else key_of(value)
        if part is None:
            return None
        parts.append(str(part))
    return "|".join(parts)


def _as_there(row: Row, side: Side, value: Scalar) -> Scalar:
    """A value of Sales as the back office would show it: what is lost on the way tells nothing apart."""
    if side == "back_office" or is_blank(value):
        return value
    try:
        return expected(row, "back_office", value)
    except ValueError:
        return value


def keys(mapping: TableMapping, side: Side, record: Record) -> Iterator[tuple[int, str]]:
    for number, group in enumerate(mapping.match):
        key = match_key(mapping, side, record, group)
        if key is not None:
            yield number, key


def considered(mapping: TableMapping, side: Side, document: Document) -> bool:
    return admits(mapping.of(side).considered_when, document)


def find_partners(run: Run, mapping: TableMapping, side: Side, records: Sequence[Record]) -> Mapping[str, Match]:
    """Ask the servers for the partners of uncoupled records, group by group; record id -> its match, if any."""
    found: dict[str, Match] = {}
    for group in mapping.match:
        # An ambiguous match may still be decided by a later group; if not, it stays what is told.
        left = [record for record in records if record.id not in found or not found[record.id].unique]
        asked = [
            (record, there, here)
            for record in left
            if (there := _columns(run, mapping, other(side), record, group))
            and (here := _columns(run, mapping, side, record, group))
        ]
        if not asked:
            continue
        wanted = [match_key(mapping, side, record, group) for record, _, _ in asked]
        partners = _uncoupled(run, mapping, other(side), [there for _, there, _ in asked], [r for r, _, _ in asked])
        partners = [_alike(run, mapping, other(side), one, *of) for one, of in _with_group(partners, wanted, group)]
        hit = [at for at, some in enumerate(partners) if some]
        rivals = _uncoupled(run, mapping, side, [asked[at][2] for at in hit], [asked[at][0] for at in hit])
        rivals = [
            _alike(run, mapping, side, one, *of) for one, of in _with_group(rivals, [wanted[at] for at in hit], group)
        ]
        for at, same_side in zip(hit, rivals, strict=True):
            record = asked[at][0]
            others = tuple(document.id for document in same_side if document.id != record.id)
            hit_now = Match(record.id, group, tuple(partners[at]), others)
            if hit_now.unique or record.id not in found:
                found[record.id] = hit_now
    return found


def _uncoupled(
    run: Run, mapping: TableMapping, side: Side, wanted: Sequence[Mapping[str, Wire]], records: Sequence[Record]
) -> list[list[Document]]:
    """Per wanted values, the considered documents that are not coupled (in this record's scope) nor ever were."""
    if not wanted:
        return []
    answers = run.systems[side].find(run.view(mapping, side), wanted)
    ids = sorted({document.id for some in answers for document in some})
    with run.store.transaction():
        known = run.store.couplings.known(mapping.name, side, ids)
        live = run.store.couplings.by_remote(mapping.name, side, ids)
    scope = mapping.of("sales").scope
    result = []
    for some, record in zip(answers, records, strict=True):
        own_scope = scope_of_record(record, scope)
        free = []
        for document in some:
            if not considered(mapping, side, document):
                continue
            if side == "sales" and own_scope and own_scope != _scope(document, scope):
                continue  # a unit of another unit group is no rival
            taken = document.id in known
            if taken and side == "back_office" and scope:
                # One back-office code is many units in Sales, one in each unit group.
                taken = any(one.scope == own_scope for one in live.get(document.id, ()))
            if not taken:
                free.append(document)
        result.append(free)
    return result


def _with_group(
    found: Sequence[list[Document]], wanted: Sequence[str | None], group: MatchGroup
) -> Iterator[tuple[list[Document], tuple[str | None, MatchGroup]]]:
    return ((one, (key, group)) for one, key in zip(found, wanted, strict=True))


def _alike(
    run: Run, mapping: TableMapping, side: Side, documents: list[Document], key: str | None, group: MatchGroup
) -> list[Document]:
    """Servers compare as they like, and not all of a group can be asked for: what they find is compared here again."""
    found = []
    with run.store.transaction():
        for document in documents:
            try:
                record = run.record(mapping, side, document)
            except ValueError:
                continue
            if match_key(mapping, side, record, group) == key:
                found.append(document)
    return found


def scope_of_record(record: Record, column: str) -> str:
    return _scope(record.native, column) if record.native and column else ""


def _scope(document: Document, column: str) -> str:
    value = document.fields.get(column)
    return value.id if isinstance(value, Link) else str(value or "")


def _columns(run: Run, mapping: TableMapping, side: Side, record: Record, group: MatchGroup) -> dict[str, Wire] | None:
    """The group's values as column values of `side`, as far as a server can be asked for them.

    None where one is blank, or where nothing but one reference could be asked for: that would find half a table.
    """
    found: dict[str, Wire] = {}
    references, telling = 0, False
    for name in group.rows:
        row = mapping.rows[name]
        value = record.fields.get(name)
        columns = row.columns(side)
        if is_blank(value) or not columns:
            return None
        if isinstance(value, Ref):
            target = run.references.target(value, side)
            if target is None:
                return None
            found[columns[0]] = target
            references += 1
        elif side in row.transform.searchable:
            written = row.transform.write(side, value, ())[0]
            anyhow = isinstance(written, str) and not group.case_sensitive
            found[columns[0]] = AnyCase(written) if anyhow else written  # type: ignore[assignment]
            telling = True
    return found if telling or references > 1 else None


def describe(match: Match) -> str:
    """For people: with which records a match is ambiguous."""
    return several([document.id for document in match.candidates], match.group, [*match.rivals, match.remote_id])


MOST_NAMED = 10


def several(candidates: Sequence[str], group: MatchGroup, rivals: Sequence[str] = ()) -> str:
    """`rivals`: the records of one side that match the same candidates, where there are several."""
    records = "1 record" if len(candidates) == 1 else f"{len(candidates)} records"
    words = f"matches {records} ({_named(candidates)}) by {group}"
    if len(rivals) > 1:
        words += f"; {len(rivals)} records of its own side do so ({_named(rivals)})"
    return words


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(ids[:MOST_NAMED]) + more
