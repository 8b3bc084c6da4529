"""How far each poll has come, and which records were read and are none of our business for now."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy import func
from sqlalchemy import select

from syncengine.records.values import Side
from syncengine.store import tables
from syncengine.store.session import Session
from syncengine.store.session import chunks

_c = tables.cursors.c
_s = tables.seen.c

CursorKey = ("company", "mapping", "side", "kind")


class SqlCursors:
    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, mapping: str, side: Side | str, kind: str) -> str | None:
        statement = select(_c.value).where(
            _c.company == self.session.company, _c.mapping == mapping, _c.side == side, _c.kind == kind
        )
        value = self.session.run(statement).scalar()
        return None if value is None else str(value)

    def all(self) -> Mapping[tuple[str, str, str], str | None]:
        """By mapping, side and kind."""
        statement = select(_c.mapping, _c.side, _c.kind, _c.value).where(_c.company == self.session.company)
        return {(mapping, side, kind): value for mapping, side, kind, value in self.session.run(statement)}

    def put(self, mapping: str, side: Side | str, kind: str, value: str | None) -> None:
        self.move({(mapping, side, kind): value})

    def move(self, cursors: Mapping[tuple[str, str, str], str | None]) -> None:
        """Several at once, by mapping, side and kind."""
        now = self.session.now()
        rows = [
            {
                "company": self.session.company,
                "mapping": mapping,
                "side": side,
                "kind": kind,
                "value": value,
                "updated_at": now,
            }
            for (mapping, side, kind), value in cursors.items()
        ]
        self.session.upsert_many(tables.cursors, rows, CursorKey)

    def drop(self, mapping: str, kind: str) -> None:
        """On both sides."""
        self.session.run(
            delete(tables.cursors).where(_c.company == self.session.company, _c.mapping == mapping, _c.kind == kind)
        )

    def remember(self, mapping: str, side: Side, versions: Mapping[str, str | None], reason: str) -> None:
        """These uncoupled records were read in these versions and left alone, for this reason."""
        now = self.session.now()
        rows = [
            {
                "company": self.session.company,
                "mapping": mapping,
                "side": side,
                "remote_id": remote_id,
                "version": version,
                "reason": reason,
                "at": now,
            }
            for remote_id, version in versions.items()
        ]
        self.session.upsert_many(tables.seen, rows, ("company", "mapping", "side", "remote_id"))

    def forget(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> None:
        for some in chunks(list(remote_ids)):
            self.session.run(
                delete(tables.seen).where(
                    _s.company == self.session.company, _s.mapping == mapping, _s.side == side, _s.remote_id.in_(some)
                )
            )

    def remembered(self, mapping: str, side: Side, remote_ids: Sequence[str]) -> Mapping[str, str | None]:
        """Remote id -> the version in which it was last left alone."""
        found: dict[str, str | None] = {}
        for some in chunks(list(remote_ids)):
            statement = select(_s.remote_id, _s.version).where(
                _s.company == self.session.company, _s.mapping == mapping, _s.side == side, _s.remote_id.in_(some)
            )
            found |= dict(self.session.run(statement).all())
        return found

    def left(self, mappings: Sequence[str], reasons: Sequence[str]) -> Sequence[tuple[str, Side, str]]:
        """Mapping, side and id of the records that were left alone for one of these reasons."""
        found: list[tuple[str, Side, str]] = []
        for some in chunks(list(reasons)):
            statement = select(_s.mapping, _s.side, _s.remote_id).where(
                _s.company == self.session.company, _s.mapping.in_(mappings), _s.reason.in_(some)
            )
            found += [(name, side, remote_id) for name, side, remote_id in self.session.run(statement)]
        return found

    def filtered(self, mapping: str) -> int:
        """How many records were left alone."""
        statement = select(func.count()).where(_s.company == self.session.company, _s.mapping == mapping)
        return int(self.session.run(statement).scalar_one())
