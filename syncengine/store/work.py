"""The work: records that are to be planned, and records parked under a problem until its cause is gone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update

from syncengine.errors import FailureClass
from syncengine.planner.steps import Problem
from syncengine.ports import Found
from syncengine.ports import Subject
from syncengine.ports import WorkItem
from syncengine.records.document import Document
from syncengine.records.encoding import document_from
from syncengine.records.encoding import document_to
from syncengine.records.encoding import dumps
from syncengine.records.encoding import loads
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import chunks
from syncengine.store.session import moment
from syncengine.store.session import stamp

_w = tables.work.c
_waits = tables.waits.c

PENDING, PARKED = "pending", "parked"
SKIPPED, EXCLUDED = "skipped", "excluded"
"""What a person has set aside: a skipped record until it changes, an excluded one until somebody takes it back."""

ASIDE = (SKIPPED, EXCLUDED)


class SqlWork:
    def __init__(self, session: Session) -> None:
        self.session = session

    def add(
        self,
        subject: Subject,
        documents: Mapping[Side, Document] | None = None,
        *,
        number: str = "",
        keep: bool = False,
        changed: Side | None = None,
        swept: bool = False,
    ) -> None:
        """Mark a record as to be planned; a parked one is released.

        What was read of it before is forgotten: it has changed since. `keep`: these documents are the other half of
        what the same reading has brought already. `changed`: the side where a change was seen; of an uncoupled
        record its own. `swept`: found by looking at everything, not by a change: what a person skipped stays so.
        """
        docs: dict[str, Any] = {} if keep else {f"{side}_doc": None for side in SIDES}
        docs |= {f"{side}_doc": dumps(document_to(document)) for side, document in (documents or {}).items()}
        found = self._row(subject)
        now = self.session.now()
        changed = changed or (subject.side if subject.coupling is None else None)
        first_seen = f"{changed}_since" if changed else ""
        if first_seen and (found is None or found[first_seen] is None):
            docs[first_seen] = now
        if found is None:
            self.session.run(
                insert(tables.work).values(
                    company=self.session.company,
                    **_subject_values(subject),
                    number=number,
                    state=PENDING,
                    since=now,
                    updated_at=now,
                    **docs,
                )
            )
            return
        values = {"state": PENDING, "next_at": None, "updated_at": now, **docs}
        if number:
            values["number"] = number
        if found["state"] == EXCLUDED or (swept and found["state"] == SKIPPED):
            values |= {"state": found["state"], "updated_at": found["updated_at"]}
        self.session.run(update(tables.work).where(_w.id == found["id"]).values(**values))
        self.session.run(delete(tables.waits).where(_waits.work_id == found["id"]))

    def waiting(self, now: datetime) -> set[str]:
        """The mappings that `claim` has records of."""
        statement = select(_w.mapping).distinct().where(_w.company == self.session.company, _due(now))
        return {name for (name,) in self.session.run(statement)}

    def claim(
        self, mapping: str, limit: int, now: datetime, only: Mapping[Side, Sequence[str]] | None = None
    ) -> Sequence[WorkItem]:
        """The next records to plan, those whose retry time has come included, in the order they came in.

        `only`: of these remote records and what they are coupled with, no others.
        """
        where = and_(self._of(mapping), _due(now))
        if only is not None:
            where = and_(where, self._concerns(mapping, only))
        statement = select(tables.work).where(where).order_by(_w.id).limit(limit)
        return [_item(row) for row in self.session.run(statement).mappings()]

    def _concerns(self, mapping: str, only: Mapping[Side, Sequence[str]]) -> Any:
        couplings = tables.couplings.c
        coupled = select(couplings.id).where(
            couplings.company == self.session.company,
            couplings.mapping == mapping,
            or_(
                couplings.sales_id.in_(list(only.get("sales", ()))),
                couplings.back_office_id.in_(list(only.get("back_office", ()))),
            ),
        )
        alone = [and_(_w.side == side, _w.remote_id.in_(list(ids))) for side, ids in only.items()]
        return or_(_w.coupling_id.in_(coupled), *alone)

    def done(self, subject: Subject) -> None:
        found = self._row(subject)
        if found is not None and found["state"] != EXCLUDED:
            self.session.run(delete(tables.waits).where(_waits.work_id == found["id"]))
            self.session.run(delete(tables.work).where(_w.id == found["id"]))

    def drop(self, subject: Subject) -> None:
        """There is no such record any more, not even an excluded one."""
        found = self._row(subject)
        if found is not None:
            self.session.run(delete(tables.waits).where(_waits.work_id == found["id"]))
            self.session.run(delete(tables.work).where(_w.id == found["id"]))

    def park(
        self,
        subject: Subject,
        problem: Problem,
        *,
        until: datetime | None = None,
        causes: Sequence[Ref] = (),
        number: str = "",
    ) -> None:
        """Set a record aside. `until`: tried again then. `causes`: released when one of them is coupled."""
        found = self._row(subject)
        if found is not None and found["state"] == EXCLUDED:
            return
        now = self.session.now()
        repeated = found is not None and found["code"] == problem.code
        values: dict[str, Any] = {
            "state": PARKED,
            "failure": str(problem.failure),
            "code": problem.code,
            "message": problem.message,
            "remedy": problem.remedy,
            "problem_side": problem.side or "",
            "attempts": (found["attempts"] + 1) if found is not None and repeated else 1,
            "next_at": stamp(until) if until else None,
            "updated_at": now,
            "sales_doc": None,
            "back_office_doc": None,
        }
        if number:
            values["number"] = number
        if not repeated:
            values["since"] = now
        if found is None:
            row = {"company": self.session.company, **_subject_values(subject), **values, "since": now}
            work_id = self.session.run(insert(tables.work).values(**row).returning(_w.id)).scalar_one()
        else:
            work_id = found["id"]
            self.session.run(update(tables.work).where(_w.id == work_id).values(**values))
            self.session.run(delete(tables.waits).where(_waits.work_id == work_id))
        rows = {(ref.mapping, ref.side, ref.remote_id) for ref in causes if ref.side and ref.remote_id}
        if rows:
            company = self.session.company
            self.session.run(
                insert(tables.waits),
                [
                    {"company": company, "work_id": work_id, "mapping": mapping, "side": side, "remote_id": remote_id}
                    for mapping, side, remote_id in sorted(rows, key=str)
                ],
            )

    def release(self, mapping: str, remote_ids: Mapping[Side, Sequence[str]]) -> int:
        """Records that wait for one of these to be coupled are to be planned again; gives how many."""
        released = 0
        for side, ids in remote_ids.items():
            for some in chunks(list(ids)):
                waiting = select(_waits.work_id).where(
                    _waits.company == self.session.company, _waits.mapping == mapping, _waits.side == side,
                    _waits.remote_id.in_(some),
                )  # fmt: skip
                found = [work_id for (work_id,) in self.session.run(waiting)]
                if found:
                    self.session.run(update(tables.work).where(_w.id.in_(found)).values(state=PENDING))
                    self.session.run(delete(tables.waits).where(_waits.work_id.in_(found)))
                    released += len(found)
        return released

    def enter(self, mapping: str, side: Side, found: Sequence[Found]) -> None:
        """Uncoupled records that were just read are to be planned, with what was read; parked ones are released."""
        rows = self._rows(mapping, side, [one.document.id for one in found])
        fresh = []
        now = self.session.now()
        for one in found:
            if one.document.id in rows:
                subject = Subject(mapping, None, side, one.document.id)
                self.add(subject, {side: one.document}, number=one.number, swept=one.known)
            else:
                fresh.append(
                    {
                        "company": self.session.company,
                        "mapping": mapping,
                        "coupling_id": None,
                        "side": side,
                        "remote_id": one.document.id,
                        "number": one.number,
                        "state": PENDING,
                        "since": now,
                        "updated_at": now,
                        f"{side}_doc": dumps(document_to(one.document)),
                        f"{side}_since": now,
                    }
                )
        if fresh:
            self.session.run(insert(tables.work), fresh)

    def couple(self, mapping: str, coupled: Mapping[int, tuple[str, str]]) -> Mapping[int, tuple[str, str]]:
        """The items of two records become one of their coupling, with the documents of both.

        `coupled`: coupling -> id in Sales, id in the back office. Gives the numbers that both were known by.
        """
        held = {
            "sales": self._rows(mapping, "sales", [one for one, _ in coupled.values()]),
            "back_office": self._rows(mapping, "back_office", [two for _, two in coupled.values()]),
        }
        self._remove([row["id"] for rows in held.values() for row in rows.values()])
        now = self.session.now()
        made, numbers = [], {}
        for coupling, (sales_id, back_office_id) in coupled.items():
            sales, back_office = held["sales"].get(sales_id, {}), held["back_office"].get(back_office_id, {})
            numbers[coupling] = (str(sales.get("number", "")), str(back_office.get("number", "")))
            excluded = EXCLUDED in (sales.get("state"), back_office.get("state"))
            made.append(
                {
                    "company": self.session.company,
                    "mapping": mapping,
                    "coupling_id": coupling,
                    "number": numbers[coupling][0] or numbers[coupling][1],
                    "state": EXCLUDED if excluded else PENDING,
                    "since": now,
                    "updated_at": now,
                    "sales_doc": sales.get("sales_doc"),
                    "back_office_doc": back_office.get("back_office_doc"),
                    "sales_since": sales.get("sales_since"),
                    "back_office_since": back_office.get("back_office_since"),
                }
            )
        if made:
            self.session.run(insert(tables.work), made)
        return numbers

    def fresh(self, mapping: str, side: Side) -> int:
        """How many records of this side are work and not coupled."""
        where = and_(self._of(mapping), _w.coupling_id.is_(None), _w.side == side)
        return int(self.session.run(select(func.count()).select_from(tables.work).where(where)).scalar_one())

    def alone(self, mapping: str, side: Side, ids: Sequence[str]) -> set[str]:
        """Which of these records are work, and not coupled."""
        return set(self._rows(mapping, side, ids)) if ids else set()

    def stuck(self, after: int, limit: int) -> Sequence[tuple[int, Subject]]:
        """Uncoupled records that are parked or skipped, by the ids of their items: as they are, nobody looks again."""
        where = and_(_w.company == self.session.company, _w.coupling_id.is_(None), _w.id > after)
        statement = (
            select(_w.id, _w.mapping, _w.side, _w.remote_id)
            .where(where, _w.state.in_((PARKED, SKIPPED)))
            .order_by(_w.id)
            .limit(limit)
        )
        return [(at, Subject(name, None, side, one)) for at, name, side, one in self.session.run(statement)]

    def set_aside(self, mapping: str, code: str) -> Sequence[WorkItem]:
        """Records that are parked under a problem of this code."""
        statement = select(tables.work).where(self._of(mapping), _w.state == PARKED, _w.code == code).order_by(_w.id)
        return [_item(row) for row in self.session.run(statement).mappings()]

    def _remove(self, ids: Sequence[int]) -> None:
        for some in chunks(list(ids)):
            self.session.run(delete(tables.waits).where(_waits.work_id.in_(some)))
            self.session.run(delete(tables.work).where(_w.id.in_(some)))

    def _rows(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> dict[str, Any]:
        """The items of uncoupled records, by their ids."""
        found: dict[str, Any] = {}
        for some in chunks(list(remote_ids)):
            statement = select(tables.work).where(
                self._of(mapping), _w.coupling_id.is_(None), _w.side == side, _w.remote_id.in_(some)
            )
            found |= {row["remote_id"]: row for row in self.session.run(statement).mappings()}
        return found

    def documents(self, mapping: str, sales_id: str, back_office_id: str) -> Mapping[Side, Document]:
        """What was read of two uncoupled records."""
        found: dict[Side, Document] = {}
        ids: tuple[tuple[Side, str], ...] = (("sales", sales_id), ("back_office", back_office_id))
        for side, remote_id in ids:
            row = self._row(Subject(mapping, None, side, remote_id))
            if row is not None and row[f"{side}_doc"]:
                found[side] = document_from(loads(row[f"{side}_doc"]))
        return found

    # what a person has set aside

    def exclude(self, subject: Subject, number: str = "") -> int:
        """From now on nothing is planned for this record, whatever happens to it; gives the id to take it back by."""
        self.add(subject, keep=True, number=number)
        found = self._row(subject)
        now = self.session.now()
        values = {"state": EXCLUDED, "since": now, "updated_at": now, "next_at": None}
        values |= dict.fromkeys(("failure", "code", "message", "remedy", "problem_side"), "")
        self.session.run(update(tables.work).where(_w.id == found["id"]).values(**values))
        return int(found["id"])

    def keep_out(self, mapping: str, coupling: int, sales_id: str, back_office_id: str) -> None:
        """An excluded record that is coupled now: what it is coupled with is excluded with it."""
        ids: tuple[tuple[Side, str], ...] = (("sales", sales_id), ("back_office", back_office_id))
        rows = [self._row(Subject(mapping, None, side, remote_id)) for side, remote_id in ids]
        excluded = [row for row in rows if row is not None and row["state"] == EXCLUDED]
        for row in excluded[1:]:
            self.session.run(delete(tables.work).where(_w.id == row["id"]))
        for row in excluded[:1]:
            values = {"coupling_id": coupling, "side": None, "remote_id": None}
            self.session.run(update(tables.work).where(_w.id == row["id"]).values(**values))

    def skip(self, ids: Sequence[int]) -> list[Subject]:
        """Parked records are wanted no more as they are now; gives those that were parked."""
        where = and_(_w.company == self.session.company, _w.state == PARKED, _w.id.in_(list(ids)))
        rows = self.session.run(select(tables.work).where(where).order_by(_w.id)).mappings().all()
        values = {"state": SKIPPED, "next_at": None, "updated_at": self.session.now()}
        self.session.run(update(tables.work).where(where).values(**values))
        self.session.run(delete(tables.waits).where(_waits.work_id.in_([row["id"] for row in rows])))
        return [Subject(row["mapping"], row["coupling_id"], row["side"], row["remote_id"]) for row in rows]

    def retry_alone(self, mappings: Sequence[str]) -> None:
        """Uncoupled records of these mappings that wait for a person are to be planned again."""
        alone = and_(_w.company == self.session.company, _w.mapping.in_(list(mappings)), _w.coupling_id.is_(None))
        where = and_(alone, _w.state == PARKED, _w.failure == str(FailureClass.PERSON))
        self.session.run(update(tables.work).where(where).values(state=PENDING))

    def lay_by(self, mapping: str) -> None:
        """Nobody plans the records of this mapping any more: they are skipped, all of them."""
        where = and_(self._of(mapping), _w.state.in_((PENDING, PARKED)))
        self.session.run(delete(tables.waits).where(_waits.work_id.in_(select(_w.id).where(where))))
        values = {"state": SKIPPED, "next_at": None, "updated_at": self.session.now()}
        self.session.run(update(tables.work).where(where).values(**values))

    def take_up(self, mapping: str) -> None:
        """What was skipped of this mapping is to be planned again."""
        self.session.run(
            update(tables.work).where(self._of(mapping), _w.state == SKIPPED).values(state=PENDING, next_at=None)
        )

    def retry(self, ids: Sequence[int] | None) -> int:
        """Parked records, all or these, are to be planned again; gives how many. Named ones also if set aside."""
        where = and_(_w.company == self.session.company, _w.state == PARKED)
        if ids is not None:
            where = and_(_w.company == self.session.company, _w.state.in_([PARKED, *ASIDE]), _w.id.in_(list(ids)))
        return int(self.session.run(update(tables.work).where(where).values(state=PENDING)).rowcount)

    def retry_mapping(self, mapping: str) -> int:
        """Records of one mapping that wait for a person are to be planned again; gives how many."""
        where = and_(self._of(mapping), _w.state == PARKED, _w.failure == str(FailureClass.PERSON))
        return int(self.session.run(update(tables.work).where(where).values(state=PENDING)).rowcount)

    def parked(self) -> Mapping[str, Mapping[tuple[FailureClass, str], int]]:
        """How many are parked, by mapping, and there by class and code."""
        statement = (
            select(_w.mapping, _w.failure, _w.code, func.count())
            .where(_w.company == self.session.company, _w.state == PARKED)
            .group_by(_w.mapping, _w.failure, _w.code)
        )
        found: dict[str, dict[tuple[FailureClass, str], int]] = defaultdict(dict)
        for mapping, failure, code, count in self.session.run(statement):
            found[mapping][FailureClass(failure), code] = count
        return found

    def state(self, subject: Subject) -> str | None:
        """The word "pending", "skipped" or "excluded", the failure class of a parked record, None for no work on it."""
        row = self._row(subject)
        if row is None:
            return None
        return str(row["failure"]) if row["state"] == PARKED else str(row["state"])

    def pending(self, mapping: str) -> int:
        statement = select(func.count()).where(self._of(mapping), _w.state == PENDING)
        return int(self.session.run(statement).scalar_one())

    def _of(self, mapping: str) -> Any:
        return and_(_w.company == self.session.company, _w.mapping == mapping)

    def _row(self, subject: Subject) -> Any:
        where = self._of(subject.mapping)
        if subject.coupling is not None:
            where = and_(where, _w.coupling_id == subject.coupling)
        else:
            where = and_(where, _w.coupling_id.is_(None), _w.side == subject.side, _w.remote_id == subject.remote_id)
        return self.session.run(select(tables.work).where(where)).mappings().first()


def _due(now: datetime) -> Any:
    """To be planned, or parked until a time that has come."""
    return or_(_w.state == PENDING, and_(_w.state == PARKED, _w.next_at.is_not(None), _w.next_at <= stamp(now)))


def _subject_values(subject: Subject) -> dict[str, Any]:
    return {
        "mapping": subject.mapping,
        "coupling_id": subject.coupling,
        "side": None if subject.coupling is not None else subject.side,
        "remote_id": None if subject.coupling is not None else subject.remote_id,
    }


def _item(row: Any) -> WorkItem:
    documents: dict[Side, Document] = {
        side: document_from(loads(row[f"{side}_doc"])) for side in SIDES if row[f"{side}_doc"]
    }
    problem = None
    if row["failure"]:
        problem = Problem(
            FailureClass(row["failure"]), row["code"], row["message"], row["remedy"], row["problem_side"] or None
        )
    return WorkItem(
        id=row["id"],
        mapping=row["mapping"],
        coupling=row["coupling_id"],
        side=row["side"],
        remote_id=row["remote_id"],
        number=row["number"],
        documents=documents,
        problem=problem,
        attempts=row["attempts"],
        since=moment(row["since"]) if row["since"] else None,
    )
