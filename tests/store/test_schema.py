"""The schema: what migrations make is what the code declares, and a store of another revision is told apart."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy import inspect
from sqlalchemy import text

from syncengine.errors import StoreError
from syncengine.store import tables
from syncengine.store import upgrade as upgrading
from syncengine.store.database import REVISION
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.database import revision
from syncengine.store.upgrade import upgrade
from tests.bench.postgres import Server
from tests.store.conftest import Open
from tests.store.filled import fill
from tests.store.filled import rows


def _migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(upgrading.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


def test_migrations_are_one_line_and_end_at_the_revision_of_the_code() -> None:
    scripts = _migrations()
    assert scripts.get_heads() == [REVISION]
    line = [one.revision for one in reversed(list(scripts.walk_revisions()))]
    assert line == [f"{number:04}" for number in range(1, len(line) + 1)]


def test_migrations_make_what_the_code_declares(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, tables.metadata) == []


def test_a_migrated_store_equals_a_new_one(url: str, engine: Engine, tmp_path: Path, request: Any) -> None:
    """Column by column, default by default, index by index, conditions of partial indexes included."""
    postgres = None if url.startswith("sqlite") else request.getfixturevalue("postgres").database()
    migrated = open_engine(postgres or f"sqlite:///{tmp_path / 'migrated.db'}")
    upgrade(migrated)
    assert _described(migrated) == _described(engine)


def _described(engine: Engine) -> dict[str, Any]:
    look = inspect(engine)
    return {
        table: {
            "columns": {
                one["name"]: (str(one["type"]), one["nullable"], _plain(one["default"]))
                for one in look.get_columns(table)
            },
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (one["constrained_columns"], one["referred_table"]) for one in look.get_foreign_keys(table)
            ),
            "indexes": {
                one["name"]: (one["column_names"], one["unique"], _conditions(one)) for one in look.get_indexes(table)
            },
        }
        for table in sorted(look.get_table_names())
    }


def _plain(default: Any) -> str:
    """A default as text, without the casts and brackets that the way it was written leaves behind."""
    return re.sub(r"::[a-z ]+", "", str(default)).strip("()'\"")


def _conditions(index: Any) -> list[str]:
    return [_plain(value) for name, value in index.get("dialect_options", {}).items() if name.endswith("where")]


def test_an_empty_store_is_made_at_once(url: str) -> None:
    engine = open_engine(url)
    assert revision(engine) is None
    prepare(engine)
    assert revision(engine) == REVISION
    prepare(engine)


def test_upgrading_a_store_that_is_current_changes_nothing(engine: Engine, open_store: Open) -> None:
    store = open_store()
    fill(store)
    before = rows(store, "CRONUS")
    upgrade(engine)
    assert revision(engine) == REVISION
    assert rows(store, "CRONUS") == before


@pytest.mark.parametrize(
    ("found", "remedy"),
    [("9999", "newer syncengine"), ("abcdef123456", "newer syncengine"), ("0000", "db upgrade")],
)
def test_a_store_of_another_revision_is_refused(engine: Engine, found: str, remedy: str) -> None:
    _set_revision(engine, found)
    with pytest.raises(StoreError) as refused:
        prepare(engine)
    assert (refused.value.exit_code, refused.value.code) == (7, "store-revision")
    assert found in refused.value.message
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("found", ["9999", "abcdef123456"])
def test_a_newer_store_is_not_upgraded_either(engine: Engine, open_store: Open, found: str) -> None:
    """And nothing in it is touched: the newer program goes on with it."""
    store = open_store()
    fill(store)
    _set_revision(engine, found)
    before = rows(store, "CRONUS")
    with pytest.raises(StoreError) as refused:
        upgrade(engine)
    assert (refused.value.exit_code, refused.value.code) == (7, "store-revision")
    assert "newer syncengine" in refused.value.remedy
    assert revision(engine) == found
    assert rows(store, "CRONUS") == before


def test_two_processes_make_one_store(postgres: Server, tmp_path: Path) -> None:
    """Both start on an empty store at once: the second finds the tables there."""
    for url in (f"sqlite:///{tmp_path / 'raced.db'}", postgres.database()):
        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(prepare, open_engine(url)) for _ in range(4)]:
                done.result()
        assert revision(open_engine(url)) == REVISION


def _set_revision(engine: Engine, value: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :value"), {"value": value})


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """In a process of its own: these tests have it switched off, which costs them a third of their time."""
    program = """
import sys
from syncengine.store.database import open_engine
with open_engine(sys.argv[1]).connect() as connection:
    print(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
"""
    url = f"sqlite:///{tmp_path / 'engine.db'}"
    done = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "2\n"  # FULL
