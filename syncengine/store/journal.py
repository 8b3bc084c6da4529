"""The journal: operations with their steps, and an intent for each step before it is sent.

Open intents at start-up are writes whose fate is unknown. Ids and keys that an open operation makes are *claimed*:
what is read under them is ours, whoever reads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from typing import Final

from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import update

from syncengine.planner.steps import Receipt
from syncengine.ports import Operation
from syncengine.ports import OperationStatus
from syncengine.ports import Subject
from syncengine.records.encoding import document_from
from syncengine.records.encoding import document_to
from syncengine.records.encoding import dumps
from syncengine.records.encoding import loads
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.plans import decision_from
from syncengine.store.plans import decision_to
from syncengine.store.plans import pairing_from
from syncengine.store.plans import pairing_to
from syncengine.store.plans import receipt_from
from syncengine.store.plans import receipt_to
from syncengine.store.plans import step_from
from syncengine.store.plans import step_to
from syncengine.store.session import Session
from syncengine.store.session import chunks
from syncengine.store.session import moment
from syncengine.store.session import stamp

_o = tables.operations.c
_i = tables.intents.c
_k = tables.claims.c

NOTHING: Final = "{}"  # the payload of an operation that is only counted any more
AGAIN: Final = "again"


class SqlJournal:
    def __init__(self, session: Session) -> None:
        self.session = session

    def open(self, operation: Operation) -> int:
        """Keep an action before its first step is sent; gives the operation's id."""
        subject = operation.subject
        made = self.session.run(
            insert(tables.operations)
            .values(
                company=self.session.company,
                run_id=operation.run_id,
                mapping=operation.mapping,
                coupling_id=subject.coupling,
                side=subject.side,
                remote_id=subject.remote_id,
                kind=operation.kind,
                status="open",
                foreign_edit=False,
                destructive=operation.destructive,
                payload=_payload(operation),
                created_at=self.session.now(),
            )
            .returning(_o.id)
        )
        return int(made.scalar_one())

    def claim(self, operation: int, mapping: str, side: Side, kind: str, values: Sequence[str]) -> None:
        """Ids or keys under which this operation makes records: not new, whoever reads them meanwhile."""
        rows = [
            {
                "company": self.session.company,
                "operation_id": operation,
                "mapping": mapping,
                "side": side,
                "kind": kind,
                "value": value if kind == "id" else value.casefold(),  # a back office may keep a key in capitals
            }
            for value in values
        ]
        self.session.upsert_many(tables.claims, rows, ("company", "operation_id", "side", "kind", "value"))

    def claim_again(self, operation: int, mapping: str, side: Side, keys: Iterable[str]) -> None:
        """Keys under which a create is sent once more. They stay when the operation ends: what was sent first may still
        be carried out.
        """
        self.claim(operation, mapping, side, AGAIN, list(keys))

    def sent_again(self, mapping: str, side: Side, keys: Sequence[str]) -> Mapping[str, int]:
        """Key -> the operation that has sent its create more than once, open or ended."""
        return self._claimed(mapping, side, AGAIN, keys)

    def closed(self, operations: Sequence[int]) -> Mapping[int, Operation]:
        """Of these, the ended ones of which everything is still known."""
        found: dict[int, Operation] = {}
        for some in chunks(list(operations)):
            statement = select(tables.operations).where(
                _o.company == self.session.company, _o.id.in_(some), _o.status != "open", _o.payload != NOTHING
            )
            rows = self.session.run(statement).mappings().all()
            intents = self._intents([row["id"] for row in rows])
            found |= {row["id"]: _operation(row, intents.get(row["id"], [])) for row in rows}
        return found

    def abandoned(self, mapping: str, couplings: Sequence[int]) -> Mapping[int, Operation]:
        """By coupling, the last recreate whose way back ended before its successor was removed."""
        found: dict[int, Operation] = {}
        for some in chunks(list(couplings)):
            statement = select(_o.coupling_id, func.max(_o.id)).where(
                _o.company == self.session.company, _o.mapping == mapping, _o.coupling_id.in_(some),
                _o.kind == "recreate", _o.status == "stopped",
            ).group_by(_o.coupling_id)  # fmt: skip
            last = {operation: coupling for coupling, operation in self.session.run(statement)}
            found |= {last[id_]: operation for id_, operation in self.closed(sorted(last)).items()} if last else {}
        return found

    def claimed_keys(self, mapping: str, side: Side, keys: Sequence[str]) -> Mapping[str, int]:
        """Key -> the open operation that makes a record under it."""
        return self._claimed(mapping, side, "key", keys)

    def _claimed(self, mapping: str, side: Side, kind: str, keys: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for some in chunks(list(keys)):
            asked = {*some, *(key.casefold() for key in some)}
            statement = select(_k.value, _k.operation_id).where(
                _k.company == self.session.company, _k.mapping == mapping, _k.side == side, _k.kind == kind,
                _k.value.in_(sorted(asked)),
            )  # fmt: skip
            held = {value.casefold(): operation for value, operation in self.session.run(statement)}
            found |= {key: held[key.casefold()] for key in some if key.casefold() in held}
        return found

    def extend(self, operation: Operation) -> None:
        """Steps that an answer has called for."""
        self._update(operation.id, payload=_payload(operation))

    def sending(self, operation: int, steps: Sequence[int], at: datetime) -> None:
        """Write the intents: from here on these steps may have happened."""
        rows = [
            {
                "company": self.session.company,
                "operation_id": operation,
                "step_no": no,
                "sent_at": stamp(at),
                "outcome": None,
                "receipt": None,
            }
            for no in steps
        ]
        self.session.upsert_many(tables.intents, rows, ("company", "operation_id", "step_no"))

    def received(self, operation: int, receipts: Sequence[Receipt]) -> None:
        """What came back, or what was found out later."""
        for receipt in receipts:
            self.session.run(
                update(tables.intents)
                .where(_i.company == self.session.company, _i.operation_id == operation, _i.step_no == receipt.step)
                .values(outcome=str(receipt.outcome), receipt=dumps(receipt_to(receipt)))
            )

    def forget(self, operation: int, steps: Sequence[int]) -> None:
        """These steps were not sent after all, or are to be sent again under their own guard."""
        self.session.run(
            delete(tables.intents).where(
                _i.company == self.session.company, _i.operation_id == operation, _i.step_no.in_(list(steps))
            )
        )

    def flag_foreign_edit(self, operation: int) -> None:
        """From here on the operation takes its way back."""
        self._update(operation, foreign_edit=True)

    def couple(self, operation: int, coupling: int) -> None:
        """The record that the operation made is coupled now."""
        self._update(operation, coupling_id=coupling)

    def close(self, operation: int, status: OperationStatus) -> None:
        self._update(operation, status=status, closed_at=self.session.now())
        ours = (_k.company == self.session.company) & (_k.operation_id == operation)
        self.session.run(delete(tables.claims).where(ours, _k.kind != AGAIN))

    def unfinished(self) -> Sequence[Operation]:
        """Open operations, oldest first."""
        statement = (
            select(tables.operations).where(_o.company == self.session.company, _o.status == "open").order_by(_o.id)
        )
        rows = self.session.run(statement).mappings().all()
        intents = self._intents([row["id"] for row in rows])
        return [_operation(row, intents.get(row["id"], [])) for row in rows]

    def busy(self, mapping: str | None = None) -> set[Subject]:
        """The records, of one mapping or of all, that an open operation is working on."""
        statement = select(_o.mapping, _o.coupling_id, _o.side, _o.remote_id).where(
            _o.company == self.session.company, _o.status == "open"
        )
        if mapping is not None:
            statement = statement.where(_o.mapping == mapping)
        found = set()
        for name, coupling, side, remote_id in self.session.run(statement):
            if coupling is not None:
                found.add(Subject(name, coupling))
            if side is not None:
                found.add(Subject(name, None, side, remote_id))
        return found

    def attempts(self, subject: Subject) -> int:
        """How many operations on this record were undone: each next one goes under an identity of its own."""
        where = _o.coupling_id == subject.coupling
        if subject.coupling is None:
            where = (_o.coupling_id.is_(None)) & (_o.side == subject.side) & (_o.remote_id == subject.remote_id)
        statement = select(func.count()).where(
            _o.company == self.session.company, _o.mapping == subject.mapping, _o.status == "undone", where
        )
        return int(self.session.run(statement).scalar_one())

    def _update(self, operation: int, **values: Any) -> None:
        self.session.run(
            update(tables.operations).where(_o.company == self.session.company, _o.id == operation).values(**values)
        )

    def _intents(self, operations: Sequence[int]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        for some in chunks(list(operations)):
            statement = select(tables.intents).where(_i.company == self.session.company, _i.operation_id.in_(some))
            for row in self.session.run(statement).mappings():
                found[row["operation_id"]].append(row)
        return found


def _payload(operation: Operation) -> str:
    return dumps(
        {
            "reason": operation.reason,
            "steps": [step_to(step) for step in operation.steps],
            "decisions": [decision_to(decision) for decision in operation.decisions],
            "executes": [operation.decisions.index(d) if d in operation.decisions else -1 for d in operation.executes],
            "extra": [decision_to(d) for d in operation.executes if d not in operation.decisions],
            "pairing": pairing_to(operation.pairing),
            "documents": {side: document_to(document) for side, document in operation.documents.items()},
        }
    )


def _operation(row: Any, intents: Sequence[Any]) -> Operation:
    kept = loads(row["payload"])
    decisions = tuple(decision_from(one) for one in kept["decisions"])
    executes = tuple(decisions[at] for at in kept["executes"] if at >= 0)
    documents: dict[Side, Any] = {
        side: document_from(kept["documents"][side]) for side in SIDES if side in kept["documents"]
    }
    return Operation(
        id=row["id"],
        mapping=row["mapping"],
        subject=Subject(row["mapping"], row["coupling_id"], row["side"], row["remote_id"]),
        kind=row["kind"],
        reason=kept["reason"],
        steps=tuple(step_from(step) for step in kept["steps"]),
        decisions=decisions,
        executes=executes + tuple(decision_from(one) for one in kept["extra"]),
        pairing=pairing_from(kept["pairing"]),
        receipts={one["step_no"]: receipt_from(loads(one["receipt"])) for one in intents if one["receipt"]},
        sent_at={one["step_no"]: moment(one["sent_at"]) for one in intents},
        documents=documents,
        foreign_edit=bool(row["foreign_edit"]),
        status=row["status"],
        run_id=row["run_id"],
    )
