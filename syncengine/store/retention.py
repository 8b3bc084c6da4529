"""What need not be kept for ever, and what a customer may ask to see or to have forgotten.

Couplings, tombstones and the count of undone operations stay: an identity that was used once must never be used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import Final

from sqlalchemy import and_
from sqlalchemy import delete
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update
from sqlalchemy.schema import Table

from syncengine.records.encoding import dumps
from syncengine.records.encoding import loads
from syncengine.store import tables
from syncengine.store.journal import NOTHING
from syncengine.store.session import Session
from syncengine.store.session import chunks
from syncengine.store.session import stamp

CHUNK: Final = 1000
_c = tables.couplings.c
_h = tables.history.c
_a = tables.archive_versions.c
_o = tables.operations.c
_i = tables.intents.c
_r = tables.runs.c
_k = tables.conflicts.c
_l = tables.claims.c


class SqlRetention:
    def __init__(self, session: Session) -> None:
        self.session = session

    def prune(self, before: Mapping[str, datetime]) -> dict[str, int]:
        """Remove what is older: `history`, `archive`, `operations`, `runs`; what is not named stays. Gives how many.

        In transactions of its own, so that a run that waits for its turn gets it.
        """
        done: dict[str, int] = {}
        if "history" in before:
            limit = stamp(before["history"])
            done["history"] = self._remove(tables.history, _h.id, _h.at < limit)
            closed = and_(_k.status == "closed", _k.closed_at < limit)
            done["conflicts"] = self._remove(tables.conflicts, _k.id, closed)
        if "archive" in before:
            done["archive"] = self._remove(tables.archive_versions, _a.id, _a.archived_at < stamp(before["archive"]))
        if "operations" in before:
            done["operations"] = self._operations(stamp(before["operations"]))
        if "runs" in before:
            ended = and_(_r.started_at < stamp(before["runs"]), _r.status != "running")
            done["runs"] = self._remove(tables.runs, _r.id, ended)
        return done

    def _remove(self, table: Table, key: Any, where: Any) -> int:
        removed = 0
        while True:
            with self.session.transaction():
                some = select(key).where(table.c.company == self.session.company, where).order_by(key).limit(CHUNK)
                ids = [one for (one,) in self.session.run(some)]
                for part in chunks(ids):
                    self.session.run(delete(table).where(table.c.company == self.session.company, key.in_(part)))
            removed += len(ids)
            if len(ids) < CHUNK:
                return removed

    def _operations(self, limit: str) -> int:
        removed = 0
        ours = _o.company == self.session.company
        while True:
            with self.session.transaction():
                old = and_(ours, _o.status.in_(["done", "stopped"]), _o.closed_at < limit)
                ids = [one for (one,) in self.session.run(select(_o.id).where(old).order_by(_o.id).limit(CHUNK))]
                self._forget_steps(ids)
                for part in chunks(ids):
                    claimed = (_l.company == self.session.company) & _l.operation_id.in_(part)
                    self.session.run(delete(tables.claims).where(claimed))
                    self.session.run(delete(tables.operations).where(ours, _o.id.in_(part)))
            removed += len(ids)
            if len(ids) < CHUNK:
                break
        with self.session.transaction():
            undone = and_(ours, _o.status == "undone", _o.closed_at < limit, _o.payload != NOTHING)
            ids = [one for (one,) in self.session.run(select(_o.id).where(undone))]
            self._forget_steps(ids)
            self.session.run(update(tables.operations).where(undone).values(payload=NOTHING))
        return removed

    def _forget_steps(self, operations: Sequence[int]) -> None:
        for part in chunks(list(operations)):
            mine = and_(_i.company == self.session.company, _i.operation_id.in_(part))
            self.session.run(delete(tables.intents).where(mine))

    # of one customer

    def of_customer(self, mapping: str, name: str) -> list[int]:
        """Couplings of the customer, by number or id on either side, then those of everything that points at it."""
        company = self.session.company
        called = or_(
            _c.sales_number == name, _c.back_office_number == name, _c.sales_id == name, _c.back_office_id == name
        )
        own = select(_c.id, _c.sales_id, _c.back_office_id).where(_c.company == company, _c.mapping == mapping, called)
        customers = self.session.run(own.order_by(_c.id)).all()
        found: dict[int, None] = dict.fromkeys(row.id for row in customers)
        for customer in customers:
            pointing = _c.base.contains(f'["{mapping}",{customer.id},', autoescape=True)
            held = select(_c.id).where(_c.company == company, pointing)
            found |= dict.fromkeys(one for (one,) in self.session.run(held.order_by(_c.id)))
            kept = select(_a.coupling_id).where(
                _a.company == company, _a.document.contains(dumps(customer.back_office_id), autoescape=True)
            )
            found |= dict.fromkeys(one for (one,) in self.session.run(kept))
        return list(found)

    def export(self, couplings: Sequence[int]) -> list[dict[str, Any]]:
        """Everything that is kept of these records, in the words in which it is kept."""
        return [
            {
                "id": row["id"],
                "mapping": row["mapping"],
                "status": row["status"],
                "sales": {"id": row["sales_id"], "number": row["sales_number"]},
                "back_office": {"id": row["back_office_id"], "number": row["back_office_number"]},
                "base": loads(row["base"]) if row["base"] else None,
                "history": self._kept(tables.history, self._told(row), ("at", "event", "data")),
                "archive": self._kept(
                    tables.archive_versions, _a.coupling_id == row["id"], ("archived_at", "number", "document")
                ),
                "conflicts": self._kept(
                    tables.conflicts, _k.coupling_id == row["id"], ("since", "field_group", "sales", "back_office")
                ),
                "operations": self._kept(
                    tables.operations, _o.coupling_id == row["id"], ("created_at", "kind", "payload")
                ),
            }
            for row in self._rows(couplings)
        ]

    def erase(self, couplings: Sequence[int]) -> dict[str, int]:
        """Forget what was kept of these records beyond what keeps live ones the same on both sides."""
        company, done = self.session.company, {"history": 0, "archive": 0, "conflicts": 0, "operations": 0}
        for row in self._rows(couplings):
            for name, table, where in (
                ("history", tables.history, self._told(row)),
                ("archive", tables.archive_versions, _a.coupling_id == row["id"]),
                ("conflicts", tables.conflicts, and_(_k.coupling_id == row["id"], _k.status == "closed")),
            ):
                gone = self.session.run(delete(table).where(table.c.company == company, where))
                done[name] += int(gone.rowcount)
            ended = and_(_o.company == company, self._operations_of(row), _o.status != "open", _o.payload != NOTHING)
            ids = [one for (one,) in self.session.run(select(_o.id).where(ended))]
            self._forget_steps(ids)
            self.session.run(update(tables.operations).where(ended).values(payload=NOTHING))
            done["operations"] += len(ids)
            self._forget_runs([row["sales_number"], row["back_office_number"]])
            if row["status"] != "coupled":
                blank = {"base": None, "sales_number": "", "back_office_number": "", "tokens": NOTHING}
                self.session.run(
                    update(tables.couplings).where(_c.company == company, _c.id == row["id"]).values(**blank)
                )
        return done

    def _forget_runs(self, numbers: Sequence[str]) -> None:
        for number in filter(None, numbers):
            self.session.run(
                update(tables.runs)
                .where(_r.company == self.session.company, _r.result.contains(number, autoescape=True))
                .values(result=None)
            )

    def _rows(self, couplings: Sequence[int]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for some in chunks(list(couplings)):
            statement = select(tables.couplings).where(_c.company == self.session.company, _c.id.in_(some))
            found += self.session.run(statement.order_by(_c.id)).mappings().all()
        return found

    @staticmethod
    def _told(row: Mapping[str, Any]) -> Any:
        """The history of a record, from before it was coupled, too."""
        ids = [row["sales_id"], row["back_office_id"]]
        before = and_(_h.coupling_id.is_(None), _h.mapping == row["mapping"], _h.remote_id.in_(ids))
        return or_(_h.coupling_id == row["id"], before)

    @staticmethod
    def _operations_of(row: Mapping[str, Any]) -> Any:
        ids = [row["sales_id"], row["back_office_id"]]
        before = and_(_o.coupling_id.is_(None), _o.mapping == row["mapping"], _o.remote_id.in_(ids))
        return or_(_o.coupling_id == row["id"], before)

    def _kept(self, table: Table, where: Any, columns: Sequence[str]) -> list[dict[str, Any]]:
        chosen = [table.c[name] for name in columns]
        statement = select(*chosen).where(table.c.company == self.session.company, where).order_by(table.c.id)
        texts = ("data", "document", "sales", "back_office", "payload")
        return [
            {name: loads(value) if name in texts and value else value for name, value in row.items()}
            for row in self.session.run(statement).mappings()
        ]
