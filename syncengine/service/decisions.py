"""What a person decides, recorded without the lease; the next run acts on it."""

from __future__ import annotations

from collections.abc import Mapping

from syncengine.engine.context import columns_of
from syncengine.engine.entering import scope_of
from syncengine.engine.leaving import look_again
from syncengine.engine.wishes import wish_of
from syncengine.errors import UsageError
from syncengine.mapping.model import TableMapping
from syncengine.ports import ArchiveVersion
from syncengine.ports import Conflict
from syncengine.ports import SafetyLimit
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service.wiring import Company
from syncengine.store.store import SqlStore


def resolve(company: Company, conflict: int, take: Side, groups: tuple[str, ...]) -> list[Conflict]:
    """Answer a conflict; with `groups`, these conflicts of the same record as well. Raises UsageError."""
    with company.store(writes=True) as store, store.transaction():
        asked = next((one for one in store.conflicts.open() if one.id == conflict), None)
        if asked is None:
            raise UsageError(
                f"there is no open conflict {conflict}", remedy="`syncengine conflicts` lists those there are."
            )
        chosen = [asked]
        if groups:
            same_record = store.conflicts.open(coupling=asked.coupling)
            chosen = [one for one in same_record if one.group in groups]
            unknown = set(groups) - {one.group for one in chosen}
            if unknown:
                raise UsageError(
                    f"the record of conflict {conflict} has no open conflict on {', '.join(sorted(unknown))}",
                    remedy=f"Open there: {', '.join(one.group for one in same_record)}.",
                )
        for one in chosen:
            store.conflicts.answer(one.id, take)
            subject = Subject(one.mapping, one.coupling)
            store.work.add(subject)
            store.history.note(subject, "resolved", {"group": one.group, "line": one.line, "take": take})
        return chosen


def retry(company: Company, ids: tuple[int, ...] | None) -> int:
    """Give parked records, all or these, another chance in the next run. Raises UsageError."""
    with company.store(writes=True) as store, store.transaction():
        count = store.work.retry(ids)
    if ids is not None and count < len(ids):
        raise UsageError(
            f"of {len(ids)} records {count} were parked", remedy="`syncengine errors` and `waiting` show their ids."
        )
    return count


def restore(company: Company, order: str, version: int) -> ArchiveVersion:
    """Ask for an earlier version of an order's document; the next run brings it back. Raises UsageError."""
    with company.store(writes=True) as store, store.transaction():
        kept = store.archive.versions(order)
        chosen = next((one for one in kept if one.version == version), None)
        if chosen is None:
            known = ", ".join(str(one.version) for one in kept) or "none"
            raise UsageError(f"there is no version {version} of {order!r}", remedy=f"Versions kept: {known}.")
        coupling = store.couplings.get([chosen.coupling])[chosen.coupling]
        if coupling.status != "coupled":
            raise UsageError(
                f"{order!r} is {coupling.status}: no document is there to be replaced",
                remedy="`syncengine archive show` prints the version; enter it by hand.",
            )
        subject = Subject(coupling.mapping, coupling.id)
        store.remembered.put(wish_of(coupling.id), version)
        store.work.add(subject)
        store.history.note(subject, "restore-asked", {"version": version, "number": chosen.number})
        return chosen


def accept_restore(company: Company, side: Side) -> str:
    """A person says that this system was set back to an earlier day on purpose; gives the moment that is kept."""
    at = company.clock.now().isoformat()
    with company.store(writes=True) as store, store.transaction():
        store.remembered.put(f"restored:{side}", at)
    return at


def approve(company: Company, limit: int, number: int) -> SafetyLimit:
    """Let through what a safety limit holds back, or go on after a stop, naming its number. Raises UsageError."""
    with company.store(writes=True) as store, store.transaction():
        asked = next((one for one in store.limits.all() if one.id == limit and one.status == "open"), None)
        if asked is None:
            raise UsageError(
                f"there is no safety limit {limit} that waits for an approval",
                remedy="`syncengine limits` lists those there are.",
            )
        if asked.number != number:
            raise UsageError(
                f"safety limit {limit} is about {asked.number}, not {number}",
                remedy=f"Look at what it is about; then `syncengine approve {limit} --count {asked.number}`.",
            )
        store.limits.approve(limit, number)
        store.limits.release(asked.kind)
        return asked


def couple_record(company: Company, mapping_name: str, sales_id: str, back_office_id: str) -> int:
    """Couple two records by hand, by their ids or their numbers; gives the coupling. Raises UsageError."""
    live = company.live([mapping_name])
    mapping = live.mappings[mapping_name]
    documents: dict[Side, Document] = {}
    wanted: dict[Side, str] = {"sales": sales_id, "back_office": back_office_id}
    for side in SIDES:
        documents[side] = _document(company, mapping, side, wanted[side])
    scope = scope_of(mapping, documents["sales"])
    with company.store(writes=True) as store, store.transaction():
        for side in SIDES:
            _free(store, mapping_name, side, documents[side].id, scope)
        return couple_documents(store, company.offline_mappings(), mapping, documents, "person")


def couple_documents(
    store: SqlStore,
    mappings: Mapping[str, TableMapping],
    mapping: TableMapping,
    documents: Mapping[Side, Document],
    by: str,
) -> int:
    """Couple two records that are free; the next run compares them. The caller's transaction holds it together."""
    ids: dict[str, str] = {side: documents[side].id for side in SIDES}
    numbers = [str(documents[side].fields.get(mapping.of(side).number) or "") for side in SIDES]
    coupling = store.couplings.couple(
        mapping.name, ids["sales"], ids["back_office"], created_by=by, scope=scope_of(mapping, documents["sales"])
    )
    store.couplings.name(coupling, numbers[0], numbers[1])
    store.work.keep_out(mapping.name, coupling, ids["sales"], ids["back_office"])
    for side in SIDES:
        store.cursors.forget(mapping.name, side, [ids[side]])
        store.work.done(Subject(mapping.name, None, side, ids[side]))
    store.work.add(Subject(mapping.name, coupling), number=numbers[0] or numbers[1])
    coupled: dict[Side, list[str]] = {side: [ids[side]] for side in SIDES}
    store.work.release(mapping.name, coupled)
    look_again(store, mappings, mapping.name, coupled)
    store.history.note(Subject(mapping.name, coupling), "coupled", {"by": by, **ids})
    return coupling


def _document(company: Company, mapping: TableMapping, side: Side, wanted: str) -> Document:
    """By id, else by the number people call it by."""
    system = company.systems()[side]
    of = mapping.of(side)
    view = View(of.table, columns_of(mapping, side))
    if looks_like_id(wanted) or not of.number or "/" in of.table:
        found = system.read(view, [wanted]).get(wanted)
        if isinstance(found, Document):
            return found
    if of.number:
        hits = system.find(view, [{of.number: wanted}])[0]
        if len(hits) == 1:
            return hits[0]
        if len(hits) > 1:
            raise UsageError(
                f"{side} has {len(hits)} records {wanted!r} in {of.table}",
                remedy=f"Name one by its id: {', '.join(hit.id for hit in hits)}.",
            )
    raise UsageError(f"{side} has no record {wanted!r} in {of.table}", remedy="Check the id or number.")


def looks_like_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4  # noqa: PLR2004


def _free(store: SqlStore, mapping: str, side: Side, remote_id: str, scope: str) -> None:
    for coupling in store.couplings.by_remote(mapping, side, [remote_id]).get(remote_id, ()):
        if side == "sales" or coupling.scope == scope:
            raise UsageError(
                f"{remote_id} is coupled already (coupling {coupling.id})",
                remedy="`syncengine couplings` shows with what.",
            )
