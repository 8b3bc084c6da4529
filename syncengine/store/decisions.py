"""Conflicts and their answers, archive versions, and the history of every record."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import update

from syncengine.planner.decide import Answer
from syncengine.planner.steps import Decision
from syncengine.ports import ArchiveVersion
from syncengine.ports import Conflict
from syncengine.ports import Subject
from syncengine.records.document import Document
from syncengine.records.encoding import document_from
from syncengine.records.encoding import document_to
from syncengine.records.encoding import dumps
from syncengine.records.encoding import loads
from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.plans import decision_from
from syncengine.store.plans import decision_to
from syncengine.store.session import Session
from syncengine.store.session import moment
from syncengine.store.session import stamp

_c = tables.conflicts.c
_a = tables.archive_versions.c


class SqlConflicts:
    def __init__(self, session: Session) -> None:
        self.session = session

    def refresh(self, mapping: str, coupling: int, found: Sequence[Decision]) -> None:
        """The open conflicts of a record are exactly these now: new ones open, others are refreshed or close."""
        held = {(one.line, one.group): one for one in self.open(coupling=coupling)}
        now = self.session.now()
        keys = set()
        for decision in found:
            line = decision.line if isinstance(decision.line, int) else None
            keys.add((line, decision.group))
            values = {
                "base": dumps(decision.base),
                "sales": dumps(decision.sales),
                "back_office": dumps(decision.back_office),
            }
            known = held.get((line, decision.group))
            if known is not None:
                if (known.sales, known.back_office) != (decision.sales, decision.back_office):
                    # Somebody edited it once more: an answer to the old question no longer counts.
                    values["answer"] = None  # type: ignore[assignment]
                self.session.run(update(tables.conflicts).where(_c.id == known.id).values(**values))
            else:
                self.session.run(
                    insert(tables.conflicts).values(
                        company=self.session.company,
                        mapping=mapping,
                        coupling_id=coupling,
                        line_id=line,
                        field_group=decision.group,
                        since=now,
                        status="open",
                        **values,
                    )
                )
        for key, conflict in held.items():
            if key not in keys:
                self.session.run(
                    update(tables.conflicts).where(_c.id == conflict.id).values(status="closed", closed_at=now)
                )

    def close(self, mapping: str) -> None:
        """Nobody is asked any more about the records of this mapping."""
        where = and_(_c.company == self.session.company, _c.mapping == mapping, _c.status == "open")
        self.session.run(update(tables.conflicts).where(where).values(status="closed", closed_at=self.session.now()))

    def open(
        self,
        *,
        mapping: str | None = None,
        coupling: int | None = None,
        limit: int | None = None,
        since: datetime | None = None,
    ) -> Sequence[Conflict]:
        """Open conflicts, newest first."""
        where = and_(_c.company == self.session.company, _c.status == "open")
        if since is not None:
            where = and_(where, _c.since >= stamp(since))
        if mapping is not None:
            where = and_(where, _c.mapping == mapping)
        if coupling is not None:
            where = and_(where, _c.coupling_id == coupling)
        statement = select(tables.conflicts).where(where).order_by(_c.id.desc()).limit(limit)
        return [_conflict(row) for row in self.session.run(statement).mappings()]

    def answer(self, conflict: int, take: Side) -> Conflict | None:
        """Record a person's answer; the next run acts on it. None where there is no such open conflict."""
        held = next((one for one in self.open() if one.id == conflict), None)
        if held is not None:
            self.session.run(update(tables.conflicts).where(_c.id == conflict).values(answer=take))
        return held

    def answers(self, coupling: int) -> Mapping[tuple[int | str | None, str], Answer]:
        return {
            (one.line, one.group): Answer(one.answer, one.sales, one.back_office)
            for one in self.open(coupling=coupling)
            if one.answer
        }

    def covers(self, coupling: int, groups: Sequence[str], line: int | str | None) -> bool:
        """Is there an open conflict on one of these groups of this header or line?"""
        return any(one.group in groups and one.line == line for one in self.open(coupling=coupling))

    def counts(self) -> Mapping[str, int]:
        """How many are open, by mapping."""
        statement = select(_c.mapping, func.count()).where(_c.company == self.session.company, _c.status == "open")
        return dict(self.session.run(statement.group_by(_c.mapping)).all())


def _conflict(row: Any) -> Conflict:
    return Conflict(
        id=row["id"],
        mapping=row["mapping"],
        coupling=row["coupling_id"],
        line=row["line_id"],
        group=row["field_group"],
        base=loads(row["base"]),
        sales=loads(row["sales"]),
        back_office=loads(row["back_office"]),
        since=moment(row["since"]),
        answer=row["answer"],
    )


class SqlArchive:
    def __init__(self, session: Session) -> None:
        self.session = session

    def keep(
        self,
        *,
        mapping: str,
        coupling: int,
        operation: int,
        order: str,
        number: str,
        reason: str,
        document: Document,
        decisions: Sequence[Decision],
    ) -> int:
        """Keep a copy of a document before it is replaced; gives the version, counted from 1 for each order."""
        newest = select(func.max(_a.version)).where(_a.company == self.session.company, _a.coupling_id == coupling)
        version = int(self.session.run(newest).scalar() or 0) + 1
        self.session.run(
            insert(tables.archive_versions).values(
                company=self.session.company,
                mapping=mapping,
                coupling_id=coupling,
                operation_id=operation,
                order_number=order,
                version=version,
                number=number,
                reason=reason,
                asked_by="sync",
                archived_at=self.session.now(),
                document=dumps(document_to(document)),
                decisions=dumps([decision_to(one) for one in decisions]),
            )
        )
        return version

    def succeeded(self, operation: int, successor: str) -> None:
        """The document of this operation was replaced by the one with this number."""
        self.session.run(
            update(tables.archive_versions)
            .where(_a.company == self.session.company, _a.operation_id == operation)
            .values(successor=successor)
        )

    def document(self, coupling: int, version: int) -> Document | None:
        """One kept document."""
        statement = select(_a.document).where(
            _a.company == self.session.company, _a.coupling_id == coupling, _a.version == version
        )
        kept = self.session.run(statement).scalar()
        return document_from(loads(kept)) if kept else None

    def versions(
        self, order: str | None = None, *, limit: int | None = None, since: datetime | None = None
    ) -> Sequence[ArchiveVersion]:
        """Newest first; of one order by its number on either side, then or now."""
        where = _a.company == self.session.company
        if since is not None:
            where = and_(where, _a.archived_at >= stamp(since))
        if order is not None:
            couplings = tables.couplings.c
            named = select(couplings.id).where(
                couplings.company == self.session.company,
                (couplings.sales_number == order)
                | (couplings.back_office_number == order)
                | (couplings.sales_id == order)
                | (couplings.back_office_id == order),
            )
            earlier = select(_a.coupling_id).where(_a.company == self.session.company, _a.number == order)
            where = and_(where, _a.coupling_id.in_(named.union(earlier)))
        statement = select(tables.archive_versions).where(where).order_by(_a.id.desc()).limit(limit)
        return [_version(row) for row in self.session.run(statement).mappings()]


def _version(row: Any) -> ArchiveVersion:
    return ArchiveVersion(
        id=row["id"],
        coupling=row["coupling_id"],
        order=row["order_number"],
        version=row["version"],
        number=row["number"],
        successor=row["successor"],
        reason=row["reason"],
        archived_at=moment(row["archived_at"]),
        document=document_from(loads(row["document"])),
        decisions=tuple(decision_from(one) for one in loads(row["decisions"])),
        operation=row["operation_id"],
    )


class SqlHistory:
    def __init__(self, session: Session, run_id: str = "") -> None:
        self.session = session
        self.run_id = run_id

    def note(self, subject: Subject, event: str, data: Mapping[str, Any]) -> None:
        """One thing that happened to a record: seen, decided, sent, answered, archived, parked."""
        if self.session.pretending:
            return
        self.note_many(event, {subject: data})

    def note_many(self, event: str, noted: Mapping[Subject, Mapping[str, Any]]) -> None:
        """The same event of many records. In a dry run nothing has happened."""
        now = self.session.now()
        rows = [
            {
                "company": self.session.company,
                "run_id": self.run_id,
                "mapping": subject.mapping,
                "coupling_id": subject.coupling,
                "side": subject.side,
                "remote_id": subject.remote_id,
                "event": event,
                "at": now,
                "data": dumps(data),
            }
            for subject, data in noted.items()
        ]
        if rows and not self.session.pretending:
            self.session.run(insert(tables.history), rows)

    def newest(self, subject: Subject, event: str, limit: int) -> Sequence[Mapping[str, Any]]:
        """The last events of this kind of a coupled record, oldest first."""
        h = tables.history.c
        statement = (
            select(h.data)
            .where(h.company == self.session.company, h.coupling_id == subject.coupling, h.event == event)
            .order_by(h.id.desc())
            .limit(limit)
        )
        return [loads(data) for (data,) in self.session.run(statement)][::-1]
