"""The file that people copy must load as it is, and with everything in it that is commented out, and show every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import get_args

import pytest
from pydantic import BaseModel

from syncengine.config.loading import load
from syncengine.config.models import Configuration
from syncengine.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[3] / "config" / "syncengine.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def _uncommented() -> str:
    """Each key and table that is commented out, as it would be in use."""
    return re.sub(r"^# (?=[a-z_]+ = |\[)", "", TEXT, flags=re.MULTILINE)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    file = tmp_path / "syncengine.toml"
    file.write_text(_uncommented(), encoding="utf-8")
    return file


def test_the_example_loads_and_leaves_the_mode_open() -> None:
    loaded = load(str(EXAMPLE), {})
    assert loaded.configuration.integration.mode is None
    assert loaded.store_url() == f"sqlite:///{EXAMPLE.parents[1] / 'state' / 'syncengine.db'}"


def test_a_secret_in_the_clear_is_not_in_it(whole: Path) -> None:
    loaded = load(str(whole), {})
    for side in (loaded.configuration.sales, loaded.configuration.back_office):
        assert not isinstance(side.auth.client_secret, str)
    assert not re.search(r'(secret|password) = "', TEXT)


def test_everything_that_is_commented_out_loads_as_well(whole: Path) -> None:
    configuration = load(str(whole), {}).configuration
    assert configuration.integration.mode == "bidirectional"
    assert [one.name for one in configuration.companies] == ["CRONUS"]
    assert configuration.alerts.webhooks[0].kind == "teams"


def test_what_is_said_to_be_a_default_is_one(whole: Path) -> None:
    """Of plain numbers and flags; texts are examples."""
    bare = load(str(EXAMPLE), {}).configuration
    filled = load(str(whole), {}).configuration
    for table in ("limits", "alerts", "webhooks", "schedule", "integration"):
        for name, value in getattr(bare, table).__dict__.items():
            if isinstance(value, (bool, int, float)):
                assert getattr(getattr(filled, table), name) == value, f"[{table}] {name}"


def _keys(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        inner = [one for one in (info.annotation, *get_args(info.annotation)) if _is_table(one)]
        yield f"{path}{name}"
        for one in inner:
            yield from _keys(one, f"{path}{name}.")


def _is_table(annotation: Any) -> bool:
    return (
        isinstance(annotation, type)
        and issubclass(annotation, BaseModel)
        and not annotation.__name__.endswith("Secret")
    )


def _shown(table: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in table.items():
        yield f"{path}{name}"
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _shown(one, f"{path}{name}.")


def test_every_key_is_shown() -> None:
    shown = set(_shown(tomllib.loads(_uncommented())))
    wanted = {key for key in _keys(Configuration) if not key.startswith(("back_office.auth.", "alerts.webhooks."))}
    assert wanted - shown == set()


@pytest.mark.parametrize("variable", ["SYNCENGINE__INTEGRATION__MODE"])
def test_the_environment_overrides_it(variable: str) -> None:
    assert load(str(EXAMPLE), {variable: "one-way"}).configuration.integration.mode == "one-way"
    with pytest.raises(ConfigurationError, match=variable):
        load(str(EXAMPLE), {variable: "both"})
