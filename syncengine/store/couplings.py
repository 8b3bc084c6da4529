"""Couplings with their bases and line couplings, and the tombstones of what was coupled once."""

from __future__ import annotations

from collections import Counter
from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_
from sqlalchemy import bindparam
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import or_
from sqlalchemy import select
from sqlalchemy import update

from syncengine.ports import Coupling
from syncengine.ports import CouplingStatus
from syncengine.ports import about
from syncengine.records.encoding import dumps
from syncengine.records.encoding import loads
from syncengine.records.encoding import record_from
from syncengine.records.encoding import record_to
from syncengine.records.record import Base
from syncengine.records.record import LinePair
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import chunks

_c = tables.couplings.c
_l = tables.line_couplings.c


class SqlCouplings:
    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, ids: Sequence[int]) -> Mapping[int, Coupling]:
        """The couplings with these ids, whatever their status."""
        found: dict[int, Coupling] = {}
        for some in chunks(list(ids)):
            where = and_(_c.company == self.session.company, _c.id.in_(some))
            found |= {coupling.id: coupling for coupling in self._couplings(where)}
        return found

    def by_remote(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, Sequence[Coupling]]:
        """Live couplings of these remote ids; several only where scopes part them."""
        found: dict[str, list[Coupling]] = defaultdict(list)
        for some in chunks(list(ids)):
            where = and_(self._of(mapping), _remote(side).in_(some), _c.status == "coupled")
            for coupling in self._couplings(where):
                found[coupling.remote_id(side)].append(coupling)
        return found

    def referred(
        self, wanted: Mapping[tuple[str, Side], Sequence[str]]
    ) -> Mapping[tuple[str, Side, str], Sequence[Coupling]]:
        """What references mean: by mapping, side and remote id the live couplings, without their line couplings; where
        there is no live one, those of records whose life is over: an invoice still belongs to the order it was posted
        from.
        """
        found: dict[tuple[str, Side, str], list[Coupling]] = defaultdict(list)
        over: dict[tuple[str, Side, str], list[Coupling]] = defaultdict(list)
        for side in SIDES:
            asked = [(name, remote_id) for (name, of), ids in wanted.items() if of == side for remote_id in ids]
            for some in chunks(asked):
                by_mapping: dict[str, list[str]] = defaultdict(list)
                for name, remote_id in some:
                    by_mapping[name].append(remote_id)
                alike = [and_(_c.mapping == name, _remote(side).in_(ids)) for name, ids in by_mapping.items()]
                where = and_(_c.company == self.session.company, _c.status.in_(("coupled", "closed")), or_(*alike))
                for coupling in self._couplings(where, lines=False):
                    held = found if coupling.status == "coupled" else over
                    held[coupling.mapping, side, coupling.remote_id(side)].append(coupling)
        return {**over, **found}

    def named(self, mapping: str, name: str) -> Sequence[Coupling]:
        """Live couplings of what people call by this number, or systems by this id, on either side."""
        called = or_(
            _c.sales_number == name, _c.back_office_number == name, _c.sales_id == name, _c.back_office_id == name
        )
        return list(self._couplings(and_(self._of(mapping), _c.status == "coupled", called)))

    def brief(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, tuple[int, Mapping[str, Any]]]:
        """Remote id -> coupling id and tokens of that side, without reading the base."""
        found: dict[str, tuple[int, Mapping[str, Any]]] = {}
        for some in chunks(list(ids)):
            statement = select(_remote(side), _c.id, _c.tokens).where(
                self._of(mapping), _remote(side).in_(some), _c.status == "coupled"
            )
            for remote_id, coupling_id, tokens in self.session.run(statement):
                found[remote_id] = (coupling_id, loads(tokens).get(side, {}))
        return found

    def known(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]:
        """Ids that are coupled, were coupled once, or are being made: id -> what they are. Never new again."""
        found: dict[str, str] = {}
        former, claims = tables.former_ids.c, tables.claims.c
        for some in chunks(list(ids)):
            company = self.session.company
            made = select(claims.value).where(
                claims.company == company, claims.mapping == mapping, claims.side == side, claims.kind == "id",
                claims.value.in_(some),
            )  # fmt: skip
            found |= {value: "being made" for (value,) in self.session.run(made)}
            were = select(former.remote_id, former.reason).where(
                former.company == company, former.mapping == mapping, former.side == side, former.remote_id.in_(some)
            )
            found |= dict(self.session.run(were).all())
            ended = select(_remote(side), _c.status).where(self._of(mapping), _remote(side).in_(some))
            found |= dict(self.session.run(ended).all())
        return found

    def elsewhere(self, mapping: str, side: Side, ids: Sequence[str]) -> Mapping[str, str]:
        """Ids that are coupled, or are being made, by another company of this store: id -> that company."""
        found: dict[str, str] = {}
        claims = tables.claims.c
        for some in chunks(list(ids)):
            made = select(claims.value, claims.company).where(
                claims.company != self.session.company, claims.mapping == mapping, claims.side == side,
                claims.kind == "id", claims.value.in_(some),
            )  # fmt: skip
            coupled = select(_remote(side), _c.company).where(
                _c.company != self.session.company, _c.mapping == mapping, _remote(side).in_(some),
                _c.status == "coupled",
            )  # fmt: skip
            found |= dict(self.session.run(made).all()) | dict(self.session.run(coupled).all())
        return found

    def couple(self, mapping: str, sales_id: str, back_office_id: str, *, created_by: str, scope: str = "") -> int:
        """A new coupling without a base; gives its id. `generation` counts earlier lives of the same records."""
        earlier = select(func.count()).where(
            self._of(mapping), (_c.sales_id == sales_id) | (_c.back_office_id == back_office_id)
        )
        now = self.session.now()
        made = self.session.run(
            insert(tables.couplings)
            .values(
                company=self.session.company,
                mapping=mapping,
                scope=scope,
                sales_id=sales_id,
                back_office_id=back_office_id,
                status="coupled",
                tokens="{}",
                generation=self.session.run(earlier).scalar_one(),
                created_by=created_by,
                created_at=now,
                updated_at=now,
            )
            .returning(_c.id)
        )
        return int(made.scalar_one())

    def couple_many(self, mapping: str, pairs: Sequence[tuple[str, str]], *, created_by: str) -> Sequence[int]:
        """New couplings without a base and a scope, of pairs of ids; gives their ids in the same order."""
        earlier: Counter[str] = Counter()
        for side, ids in (("sales", [one for one, _ in pairs]), ("back_office", [two for _, two in pairs])):
            column = _c.sales_id if side == "sales" else _c.back_office_id
            for some in chunks(ids):
                statement = select(column, func.count()).where(self._of(mapping), column.in_(some)).group_by(column)
                earlier.update(dict(self.session.run(statement).all()))
        now = self.session.now()
        rows = [
            {
                "company": self.session.company,
                "mapping": mapping,
                "scope": "",
                "sales_id": sales_id,
                "back_office_id": back_office_id,
                "status": "coupled",
                "tokens": "{}",
                "generation": earlier[sales_id] + earlier[back_office_id],
                "created_by": created_by,
                "created_at": now,
                "updated_at": now,
            }
            for sales_id, back_office_id in pairs
        ]
        if not rows:
            return []
        made = insert(tables.couplings).returning(_c.id, sort_by_parameter_order=True)
        return [int(one) for (one,) in self.session.run(made, rows)]

    def name_many(self, numbers: Mapping[int, tuple[str, str]]) -> None:
        """The numbers that people call some couplings' records by: (in Sales, in the back office)."""
        if numbers:
            self.session.run(
                update(tables.couplings)
                .where(_c.company == self.session.company, _c.id == bindparam("coupling"))
                .values(sales_number=bindparam("sales"), back_office_number=bindparam("back_office")),
                [{"coupling": one, "sales": two, "back_office": three} for one, (two, three) in numbers.items()],
            )

    def move(self, coupling: int, back_office_id: str) -> None:
        """The coupling follows the successor; the predecessor's id is never new again."""
        held = self.get([coupling])[coupling]
        self.former(held.mapping, "back_office", held.back_office_id, coupling, "predecessor")
        self._update(coupling, back_office_id=back_office_id, generation=held.generation + 1)

    def settle(self, coupling: int, base: Base | None, line_pairs: Sequence[LinePair]) -> None:
        """The base and the line couplings that go with it; pairs with negative numbers are new."""
        self._update(coupling, base=dumps(_base_to(base)) if base else None)
        company = self.session.company
        held = {one.coupling: one for one in self._line_pairs([coupling]).get(coupling, ())}
        kept = {one.coupling for one in line_pairs}
        gone = [line for line in held if line not in kept]
        if gone:
            self.session.run(delete(tables.line_couplings).where(_l.company == company, _l.id.in_(gone)))
        for one in line_pairs:
            values = {"sales_line_id": one.sales, "back_office_line_id": one.back_office}
            if one.coupling < 0:
                row = {"company": company, "coupling_id": coupling, **values}
                self.session.run(insert(tables.line_couplings).values(**row))
            elif held.get(one.coupling) != one:
                self.session.run(
                    update(tables.line_couplings).where(_l.company == company, _l.id == one.coupling).values(**values)
                )

    def account(self, coupling: int, tokens: Mapping[Side, Mapping[str, str | None]]) -> None:
        """Remember the tokens of reads that were planned and left nothing to do."""
        self._update(coupling, tokens=dumps({side: dict(of) for side, of in tokens.items()}))

    def name(self, coupling: int, sales_number: str, back_office_number: str) -> None:
        """What people call the two records."""
        self._update(coupling, sales_number=sales_number, back_office_number=back_office_number)

    def end(self, coupling: int, status: CouplingStatus, reason: str) -> None:
        """Make it a tombstone; nobody is asked any more what its two sides differed in, nor what was wished for it."""
        held = self.get([coupling])[coupling]
        for side in SIDES:
            self.former(held.mapping, side, held.remote_id(side), coupling, status)
        self._update(coupling, status=status, ended_reason=reason)
        asked = tables.conflicts
        self.session.run(
            update(asked)
            .where(asked.c.company == self.session.company, asked.c.coupling_id == coupling, asked.c.status == "open")
            .values(status="closed", closed_at=self.session.now())
        )
        kept, names = tables.remembered, [about("restore", coupling), about("resting", coupling)]
        self.session.run(delete(kept).where(kept.c.company == self.session.company, kept.c.name.in_(names)))

    def by_line(self, mapping: str, side: Side, line_ids: Sequence[str]) -> Mapping[str, int]:
        """Line id -> coupling of its record, as far as the line is coupled."""
        column = _l.sales_line_id if side == "sales" else _l.back_office_line_id
        found: dict[str, int] = {}
        for some in chunks(list(line_ids)):
            statement = (
                select(column, _l.coupling_id)
                .join(tables.couplings, tables.couplings.c.id == _l.coupling_id)
                .where(
                    _l.company == self.session.company, column.in_(some), _c.mapping == mapping, _c.status == "coupled"
                )
            )
            found |= dict(self.session.run(statement).all())
        return found

    def count(self, mapping: str) -> int:
        statement = select(func.count()).where(self._of(mapping), _c.status == "coupled")
        return int(self.session.run(statement).scalar_one())

    def after(self, mapping: str, coupling: int, limit: int) -> Sequence[Coupling]:
        """Live couplings with a higher id, in the order of their ids: a walk that survives restarts.

        Not those that a plan pretends: what they name is nowhere to be read yet.
        """
        where = and_(self._of(mapping), _c.id > coupling, _c.status == "coupled", _c.created_by != "plan")
        return list(self._couplings(where, limit))

    def newest(self, mapping: str, limit: int) -> Sequence[Coupling]:
        """Live couplings, those that moved last first."""
        where = and_(self._of(mapping), _c.status == "coupled")
        newest = select(_c.id).where(where).order_by(_c.updated_at.desc()).limit(limit)
        ids = [coupling_id for (coupling_id,) in self.session.run(newest)]
        found = self.get(ids)
        return [found[coupling_id] for coupling_id in ids]

    def _of(self, mapping: str) -> Any:
        return and_(_c.company == self.session.company, _c.mapping == mapping)

    def _update(self, coupling: int, **values: Any) -> None:
        self.session.run(
            update(tables.couplings)
            .where(_c.company == self.session.company, _c.id == coupling)
            .values(**values, updated_at=self.session.now())
        )

    def former(self, mapping: str, side: Side, remote_id: str, coupling: int | None, reason: str) -> None:
        """Keep an id as one that is never new again."""
        self.session.upsert(
            tables.former_ids,
            {
                "company": self.session.company,
                "mapping": mapping,
                "side": side,
                "remote_id": remote_id,
                "coupling_id": coupling,
                "reason": reason,
                "at": self.session.now(),
            },
            ("company", "mapping", "side", "remote_id"),
        )

    def _couplings(self, where: Any, limit: int | None = None, *, lines: bool = True) -> Iterable[Coupling]:
        statement = select(tables.couplings).where(where).order_by(_c.id).limit(limit)
        rows = self.session.run(statement).mappings().all()
        pairs = self._line_pairs([row["id"] for row in rows]) if lines else {}
        for row in rows:
            kept = loads(row["base"]) if row["base"] else None
            yield Coupling(
                id=row["id"],
                mapping=row["mapping"],
                sales_id=row["sales_id"],
                back_office_id=row["back_office_id"],
                scope=row["scope"],
                status=row["status"],
                base=Base(record_from(kept["sales"]), record_from(kept["back_office"])) if kept else None,
                line_pairs=tuple(pairs.get(row["id"], ())),
                tokens=loads(row["tokens"]),
                sales_number=row["sales_number"],
                back_office_number=row["back_office_number"],
                generation=row["generation"],
                created_by=row["created_by"],
            )

    def _line_pairs(self, couplings: Sequence[int]) -> dict[int, list[LinePair]]:
        found: dict[int, list[LinePair]] = defaultdict(list)
        for some in chunks(list(couplings)):
            statement = (
                select(_l.coupling_id, _l.id, _l.sales_line_id, _l.back_office_line_id)
                .where(_l.company == self.session.company, _l.coupling_id.in_(some))
                .order_by(_l.id)
            )
            for coupling, line, sales, back_office in self.session.run(statement):
                found[coupling].append(LinePair(line, sales, back_office))
        return found


def _remote(side: Side) -> Any:
    return _c.sales_id if side == "sales" else _c.back_office_id


def _base_to(base: Base) -> dict[str, Any]:
    return {"sales": record_to(base.sales), "back_office": record_to(base.back_office)}
