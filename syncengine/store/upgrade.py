"""Schema upgrades through Alembic; imported only by `db upgrade`, because Alembic is slow to import."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy import Engine

from syncengine.store.database import alone
from syncengine.store.database import another_revision
from syncengine.store.database import translated


def upgrade(engine: Engine) -> None:
    """Bring the store to the newest schema. Raises StoreError, where it is one that this version does not know, too."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with translated(), _connected(engine) as connection, connection.begin():
        alone(connection)
        found = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise another_revision(found)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _connected(engine: Engine) -> Connection:
    connection = engine.connect().execution_options(immediate=True)
    raw = connection.connection.driver_connection
    if engine.dialect.name == "sqlite" and raw is not None:
        # SQLite alters a table by building it anew: what points at it must not stand in the way meanwhile.
        raw.execute("PRAGMA foreign_keys = OFF")
    return connection
