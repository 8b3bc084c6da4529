"""Schema upgrades through Alembic; imported only by `db upgrade`, because Alembic is slow to import."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from syncengine.store.database import translated


def upgrade(engine: Engine) -> None:
    """Bring the store to the newest schema. Raises StoreError."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with translated(), engine.connect().execution_options(immediate=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
