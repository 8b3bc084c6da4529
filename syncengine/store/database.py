"""Opens the store, creates it when there is none, and says in plain words why it cannot."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import Final

from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import create_engine
from sqlalchemy import event
from sqlalchemy import func
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from syncengine.errors import ConfigurationError
from syncengine.errors import StoreError
from syncengine.store.tables import metadata

REVISION: Final = "0003"
"""The schema revision that this code speaks; the newest file in migrations/versions carries it."""

BUSY_TIMEOUT_S = 30
SYNCHRONOUS = "FULL"  # the journal of intents must survive a power cut, not only a killed process


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…`. Raises ConfigurationError on any other URL."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ConfigurationError(
                f"[store] url: {parsed.get_backend_name()} is not a store syncengine knows",
                remedy="Use sqlite:///path or postgresql+psycopg://user@host/database.",
            )
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(url)
        return create_engine(url, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            f"[store] url: {error}", remedy="For PostgreSQL install syncengine[postgres]; see the README."
        ) from error


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the store's folder cannot be made: {error}", remedy="Check [store] url.") from error
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: Any) -> None:
        # The driver's own transaction handling would begin too late; `begin` below says when.
        connection.isolation_level = None
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def prepare(engine: Engine) -> None:
    """Create an empty store, or check that the schema is the one this code speaks. Raises StoreError."""
    with translated():
        found = revision(engine)
        if found is None:
            _create(engine)
        elif found != REVISION:
            raise another_revision(found)


def another_revision(found: str) -> StoreError:
    return StoreError(
        f"the store's schema is revision {found}, this version of syncengine speaks {REVISION}",
        remedy="Run `syncengine db upgrade`."
        if found < REVISION
        else "The store was written by a newer syncengine: use that version.",
        code="store-revision",
    )


def revision(engine: Engine) -> str | None:
    """The schema revision in the store, None where there are no tables."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        if "alembic_version" not in names:
            return None
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def _create(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.rollback()
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA journal_mode = WAL")
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        # Two processes may start on an empty store at once: the second finds the tables there.
        alone(connection)
        if "alembic_version" in inspect(connection).get_table_names():
            return
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})


def alone(connection: Connection) -> None:
    """Until this transaction ends nobody else makes or alters tables; on SQLite nobody writes anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(lock_number("schema"))))


def lock_number(what: str, company: str = "") -> int:
    """The number by which PostgreSQL knows a lock of ours."""
    return int.from_bytes(hashlib.sha256(f"syncengine:{what}:{company}".encode()).digest()[:8], "big", signed=True)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Database errors as StoreError that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise _explained(error) from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store failed: {error}", remedy="This looks like a bug; please report it.") from error


def _explained(error: DBAPIError) -> StoreError:
    words = str(error.orig)
    remedies = (
        ("disk is full", "store-full", "The disk of the store is full: free some space; nothing was lost."),
        ("No space left", "store-full", "The disk of the store is full: free some space; nothing was lost."),
        ("readonly", "store-read-only", "The store cannot be written: check the file's and its folder's permissions."),
        ("read-only", "store-read-only", "The database takes no writes: is this a standby, or set to read-only?"),
        ("permission denied", "store-read-only", "Give the database user all rights on the tables of the store."),
        (
            "unable to open",
            "store-unreachable",
            "The store's file cannot be opened: check [store] url and permissions.",
        ),
        ("database is locked", "store-locked", "Another process holds the store for long: try again."),
        ("lock timeout", "store-locked", "Another process holds the store for long: try again."),
        ("unique constraint", "store-constraint", "Somebody else has just written the same: try again."),
        ("not a database", "store-unreachable", "The file named by [store] url is no SQLite database."),
        ("connection", "store-unreachable", "The database server does not answer: check [store] url and the server."),
    )
    for needle, code, remedy in remedies:
        if needle.lower() in words.lower():
            return StoreError(f"the store failed: {words}", remedy=remedy, code=code)
    return StoreError(f"the store failed: {words}", remedy="Check [store] url and the database's own log.")
