"""The hash join of a load, in the database: keys of uncoupled records of both sides, joined group by group."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_
from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select

from syncengine.ports import Crowd
from syncengine.ports import Keyed
from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import chunks

_k = tables.match_keys.c
LONGEST = 400


class SqlMatching:
    def __init__(self, session: Session) -> None:
        self.session = session

    def put(self, mapping: str, side: Side, records: Sequence[Keyed]) -> None:
        """The keys of some records, by group; a record read once more replaces them."""
        self.remove(mapping, side, [record.remote_id for record in records])
        rows = [
            {
                "company": self.session.company,
                "mapping": mapping,
                "side": side,
                "remote_id": record.remote_id,
                "match_group": group,
                "scope": record.scope if side == "sales" else "",
                "match_key": _fitting(key),
            }
            for record in records
            for group, key in record.keys.items()
        ]
        self.session.upsert_many(tables.match_keys, rows, ("company", "mapping", "side", "remote_id", "match_group"))

    def remove(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> None:
        for some in chunks(list(remote_ids)):
            self.session.run(
                delete(tables.match_keys).where(self._of(mapping), _k.side == side, _k.remote_id.in_(some))
            )

    def clear(self, mapping: str) -> None:
        self.session.run(delete(tables.match_keys).where(self._of(mapping)))

    def unique(self, mapping: str, group: int, after: str, limit: int) -> Sequence[tuple[str, str, str]]:
        """Sales id, back-office id and scope wherever exactly one record on each side has the key.

        In the order of their Sales ids, those behind `after`: what is coupled and removed meanwhile is no other's key.
        """
        sales, back_office = self._counted(mapping, group, "sales"), self._counted(mapping, group, "back_office")
        statement = (
            select(sales.c.id, back_office.c.id, sales.c.scope)
            .join(back_office, sales.c.match_key == back_office.c.match_key)
            .where(sales.c.n == 1, back_office.c.n == 1, sales.c.id > after)
            .order_by(sales.c.id)
            .limit(limit)
        )
        return [tuple(row) for row in self.session.run(statement)]

    def ambiguous(self, mapping: str, group: int, after: tuple[str, str], limit: int) -> Sequence[Crowd]:
        """Keys that several records have, with all who have them; in the order of key and scope, behind `after`."""
        sales, back_office = self._counted(mapping, group, "sales"), self._counted(mapping, group, "back_office")
        crowded = (
            select(sales.c.match_key, sales.c.scope)
            .join(back_office, sales.c.match_key == back_office.c.match_key)
            .where(
                (sales.c.n > 1) | (back_office.c.n > 1),
                (sales.c.match_key > after[0]) | ((sales.c.match_key == after[0]) & (sales.c.scope > after[1])),
            )
            .order_by(sales.c.match_key, sales.c.scope)
            .limit(limit)
        )
        found = []
        for key, scope in self.session.run(crowded).all():
            ids: dict[str, list[str]] = defaultdict(list)
            rows = select(_k.side, _k.remote_id).where(
                self._of(mapping), _k.match_group == group, _k.match_key == key, _k.scope.in_(["", scope])
            )
            for side, remote_id in self.session.run(rows.order_by(_k.remote_id)):
                ids[side].append(remote_id)
            found.append(Crowd(key, scope, tuple(ids["sales"]), tuple(ids["back_office"])))
        return found

    def count(self, mapping: str, side: Side) -> int:
        """How many uncoupled records of this side were read."""
        statement = select(func.count(func.distinct(_k.remote_id))).where(self._of(mapping), _k.side == side)
        return int(self.session.run(statement).scalar_one())

    def _counted(self, mapping: str, group: int, side: Side) -> Any:
        return (
            select(_k.scope, _k.match_key, func.count().label("n"), func.min(_k.remote_id).label("id"))
            .where(self._of(mapping), _k.match_group == group, _k.side == side)
            .group_by(_k.scope, _k.match_key)
            .subquery()
        )

    def _of(self, mapping: str) -> Any:
        return and_(_k.company == self.session.company, _k.mapping == mapping)


def _fitting(key: str) -> str:
    """A long key by its hash: cut off, two different ones could be taken for one."""
    if len(key) <= LONGEST:
        return key
    return f"{key[:100]}#{hashlib.sha256(key.encode()).hexdigest()}"
