"""A dry run's own copy of the tables: temporary, in front of the real ones, gone with the connection."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column
from sqlalchemy import Index
from sqlalchemy import MetaData
from sqlalchemy import Table
from sqlalchemy import text
from sqlalchemy.schema import CreateIndex
from sqlalchemy.schema import CreateTable

from syncengine.store import tables
from syncengine.store.session import Session

EMPTY: Final = frozenset({"runs", "leases"})
"""Tables of which a plan needs no rows."""

READ_ONLY: Final = frozenset({"history", "archive_versions"})
"""Tables that a plan reads where they are: they are long, and nothing that is only pretended gets into them."""


def shadow(session: Session) -> None:
    """From here on every statement of this session reads and writes its own copy."""
    sqlite = session.connection.dialect.name == "sqlite"
    copies = MetaData()
    session.pretending = True
    with session.transaction():
        # PostgreSQL looks into the temporary schema first; the real tables stand where it would have looked else.
        home = "main" if sqlite else session.run(text("SELECT quote_ident(current_schema())")).scalar_one()
        for table in [one for one in tables.metadata.sorted_tables if one.name not in READ_ONLY]:
            copy = _copy(table, copies)
            session.run(CreateTable(copy))
            ours, real = f"{'temp' if sqlite else 'pg_temp'}.{table.name}", f"{home}.{table.name}"
            if table.name not in EMPTY:
                names = ", ".join(column.name for column in table.columns)
                session.run(text(f"INSERT INTO {ours} ({names}) SELECT {names} FROM {real}"))
            for index in copy.indexes:
                _index(session, index, sqlite=sqlite)
            if not sqlite and "id" in table.c and table.c.id.autoincrement is True:
                # Ids of the copy continue where the real ones are.
                session.run(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{ours}', 'id'), "
                        f"(SELECT COALESCE(MAX(id), 0) + 1 FROM {ours}), false)"
                    )
                )


def _copy(table: Table, into: MetaData) -> Table:
    """The table without its foreign keys: a copy is filled in any order."""
    columns = [
        Column(
            column.name,
            column.type,
            primary_key=column.primary_key,
            nullable=column.nullable,
            server_default=column.server_default.arg if column.server_default is not None else None,  # type: ignore[attr-defined]
            autoincrement=column.autoincrement,
        )
        for column in table.columns
    ]
    copy = Table(table.name, into, *columns, prefixes=["TEMPORARY"])
    for index in table.indexes:
        Index(
            f"tmp_{index.name}",
            *(copy.c[column.name] for column in index.columns),
            unique=index.unique,
            **{name: index.dialect_kwargs[name] for name in index.dialect_kwargs},
        )
    return copy


def _index(session: Session, index: Index, *, sqlite: bool) -> None:
    statement = str(CreateIndex(index).compile(dialect=session.connection.dialect))
    if sqlite:
        statement = statement.replace(f"INDEX {index.name}", f"INDEX temp.{index.name}", 1)
    session.run(text(statement))
