"""What people and dashboards ask of the store. Reads only; nothing here takes the lease."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import or_
from sqlalchemy import select

from syncengine.errors import FailureClass
from syncengine.ports import Subject
from syncengine.records.encoding import loads
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import stamp
from syncengine.store.work import ASIDE
from syncengine.store.work import PARKED

_w = tables.work.c
_c = tables.couplings.c
_h = tables.history.c
_l = tables.line_couplings.c


def parked(
    session: Session,
    failures: Sequence[FailureClass],
    *,
    limit: int | None = None,
    since: datetime | None = None,
    mappings: Sequence[str] = (),
    but: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Parked records of these classes but not of these codes, newest first, in the shape of the contract's `errors`."""
    where = and_(_w.state == PARKED, _w.failure.in_([str(one) for one in failures]), _w.code.not_in(list(but)))
    return [_problem(row) for row in _work(session, where, limit, since, mappings)]


def aside(session: Session, *, limit: int | None = None, since: datetime | None = None) -> list[dict[str, Any]]:
    """What a person has skipped or excluded, newest first; `since` is when."""
    return [
        {**_problem(row), "state": row["state"], "since": row["updated_at"]}
        for row in _work(session, _w.state.in_(ASIDE), limit, since)
    ]


def set_aside(session: Session) -> dict[str, int]:
    """By mapping, how many records a person has skipped or excluded."""
    where = and_(_w.company == session.company, _w.state.in_(ASIDE))
    return dict(session.run(select(_w.mapping, func.count()).where(where).group_by(_w.mapping)).all())


def outstanding(session: Session, mapping: str, name: str) -> list[Subject]:
    """Uncoupled records with something outstanding that have this number or id."""
    where = and_(_w.company == session.company, _w.mapping == mapping, _w.coupling_id.is_(None))
    statement = select(_w.side, _w.remote_id).where(where, or_(_w.number == name, _w.remote_id == name))
    return [Subject(mapping, None, side, remote_id) for side, remote_id in session.run(statement)]


def _work(
    session: Session, where: Any, limit: int | None, since: datetime | None, mappings: Sequence[str] = ()
) -> list[Mapping[str, Any]]:
    where = and_(_w.company == session.company, where)
    if since is not None:
        where = and_(where, _w.updated_at >= stamp(since))
    if mappings:
        where = and_(where, _w.mapping.in_(list(mappings)))
    statement = (
        select(tables.work, _c.sales_id, _c.back_office_id, _c.sales_number, _c.back_office_number)
        .outerjoin(tables.couplings, and_(_c.id == _w.coupling_id, _c.company == _w.company))
        .where(where)
        .order_by(_w.updated_at.desc(), _w.id.desc())
        .limit(limit)
    )
    return list(session.run(statement).mappings())


def _problem(row: Mapping[str, Any]) -> dict[str, Any]:
    sales = row["sales_id"] or (row["remote_id"] if row["side"] == "sales" else None)
    back_office = row["back_office_id"] or (row["remote_id"] if row["side"] == "back_office" else None)
    return {
        "id": row["id"],
        "mapping": row["mapping"],
        "record": {
            "sales": sales,
            "back_office": back_office,
            "number": row["number"] or row["sales_number"] or row["back_office_number"] or "",
        },
        "side": row["problem_side"] or None,
        "class": row["failure"],
        "code": row["code"],
        "message": row["message"],
        "remedy": row["remedy"],
        "since": row["since"],
        "attempts": row["attempts"],
    }


def couplings(
    session: Session, *, mapping: str | None = None, limit: int | None = None, since: datetime | None = None
) -> list[dict[str, Any]]:
    """Couplings and tombstones, newest first."""
    where = _c.company == session.company
    if since is not None:
        where = and_(where, _c.created_at >= stamp(since))
    if mapping is not None:
        where = and_(where, _c.mapping == mapping)
    statement = select(tables.couplings).where(where).order_by(_c.id.desc()).limit(limit)
    return [
        {
            "id": row["id"],
            "mapping": row["mapping"],
            "sales": row["sales_id"],
            "back_office": row["back_office_id"],
            "scope": row["scope"],
            "status": row["status"],
            "sales_number": row["sales_number"],
            "back_office_number": row["back_office_number"],
            "created_by": row["created_by"],
            "created_at": row["created_at"],
        }
        for row in session.run(statement).mappings()
    ]


def in_progress(session: Session, *, limit: int | None = None, since: datetime | None = None) -> list[dict[str, Any]]:
    """Open operations: writes that have begun and not ended, newest first."""
    operations = tables.operations.c
    where = and_(operations.company == session.company, operations.status == "open")
    if since is not None:
        where = and_(where, operations.created_at >= stamp(since))
    statement = select(tables.operations).where(where).order_by(operations.id.desc()).limit(limit)
    return [
        {
            "id": row["id"],
            "mapping": row["mapping"],
            "kind": row["kind"],
            "coupling": row["coupling_id"],
            "side": row["side"],
            "remote_id": row["remote_id"],
            "since": row["created_at"],
        }
        for row in session.run(statement).mappings()
    ]


def story(session: Session, order: str) -> dict[str, Any] | None:
    """Everything kept about one record, by its number or id on either side, now or earlier; None if unknown."""
    found = (
        session.run(
            select(tables.couplings)
            .where(
                _c.company == session.company,
                or_(
                    _c.sales_number == order,
                    _c.back_office_number == order,
                    _c.sales_id == order,
                    _c.back_office_id == order,
                ),
            )
            .order_by(_c.id.desc())
        )
        .mappings()
        .first()
    )
    if found is None:
        archive = tables.archive_versions.c
        earlier = session.run(
            select(archive.coupling_id).where(archive.company == session.company, archive.number == order)
        ).scalar()
        if earlier is not None:
            found = (
                session.run(select(tables.couplings).where(_c.company == session.company, _c.id == earlier))
                .mappings()
                .first()
            )
    work = _work_of(session, order, found["id"] if found else None)
    if found is None and work is None:
        return None
    return {
        "coupling": _coupling(session, found) if found else None,
        "parked": _problem({**work, **_NO_COUPLING}) if work is not None and work["state"] == "parked" else None,
        "conflicts": _conflicts(session, found["id"]) if found else [],
        "versions": _versions(session, found["id"]) if found else [],
        "events": _events(session, found, work),
    }


_NO_COUPLING: Mapping[str, Any] = {
    "sales_id": None, "back_office_id": None, "sales_number": "", "back_office_number": "",
}  # fmt: skip


def _work_of(session: Session, order: str, coupling: int | None) -> Mapping[str, Any] | None:
    where = or_(_w.number == order, _w.remote_id == order)
    if coupling is not None:
        where = _w.coupling_id == coupling
    row = session.run(select(tables.work).where(_w.company == session.company, where)).mappings().first()
    return dict(row) if row else None


def _coupling(session: Session, row: Mapping[str, Any]) -> dict[str, Any]:
    lines = session.run(
        select(tables.line_couplings).where(_l.company == session.company, _l.coupling_id == row["id"]).order_by(_l.id)
    ).mappings()
    base = loads(row["base"]) if row["base"] else None
    names = _line_names(base)
    return {
        "id": row["id"],
        "mapping": row["mapping"],
        "status": row["status"],
        "sales": {"id": row["sales_id"], "number": row["sales_number"]},
        "back_office": {"id": row["back_office_id"], "number": row["back_office_number"]},
        "created_by": row["created_by"],
        "created_at": row["created_at"],
        "lines": [
            {
                "id": line["id"],
                "sales": line["sales_line_id"],
                "back_office": line["back_office_line_id"],
                "name": names.get(line["back_office_line_id"], ""),
            }
            for line in lines
        ],
        "base": base,
    }


def _line_names(base: Mapping[str, Any] | None) -> dict[str, str]:
    """What people call a line: its description, as both sides last agreed on it."""
    lines = base["back_office"]["lines"] if base else []
    return {line["id"]: str(line["fields"].get("description") or "") for line in lines}


def _conflicts(session: Session, coupling: int) -> list[dict[str, Any]]:
    c = tables.conflicts.c
    statement = select(tables.conflicts).where(
        c.company == session.company, c.coupling_id == coupling, c.status == "open"
    )
    return [
        {
            "id": row["id"],
            "group": row["field_group"],
            "line": row["line_id"],
            "base": loads(row["base"]),
            "sales": loads(row["sales"]),
            "back_office": loads(row["back_office"]),
            "since": row["since"],
            "answer": row["answer"],
        }
        for row in session.run(statement.order_by(c.id)).mappings()
    ]


def _versions(session: Session, coupling: int) -> list[dict[str, Any]]:
    a = tables.archive_versions.c
    statement = select(a.version, a.number, a.successor, a.reason, a.archived_at).where(
        a.company == session.company, a.coupling_id == coupling
    )
    return [dict(row) for row in session.run(statement.order_by(a.version)).mappings()]


def filed(session: Session, coupling: int) -> dict[int, dict[str, Any]]:
    """What was noted of the versions that the back office itself has filed, by the operation that made it do so."""
    statement = select(_h.data).where(_h.company == session.company, _h.coupling_id == coupling, _h.event == "filed")
    noted = [loads(data) for data in session.run(statement.order_by(_h.id)).scalars()]
    return {one["operation"]: one for one in noted}


def _events(
    session: Session, coupling: Mapping[str, Any] | None, work: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Oldest first: of the coupling, and of its records before they were coupled."""
    conditions = []
    if coupling is not None:
        conditions.append(_h.coupling_id == coupling["id"])
        ids = [coupling["sales_id"], coupling["back_office_id"]]
        conditions.append(and_(_h.coupling_id.is_(None), _h.mapping == coupling["mapping"], _h.remote_id.in_(ids)))
    elif work is not None:
        conditions.append(and_(_h.mapping == work["mapping"], _h.remote_id == work["remote_id"]))
    statement = select(tables.history).where(_h.company == session.company, or_(*conditions)).order_by(_h.id)
    return [
        {"id": row["id"], "at": row["at"], "run": row["run_id"], "event": row["event"], **loads(row["data"])}
        for row in session.run(statement).mappings()
    ]
