"""The file that people copy must load as it is, once the secrets are there and a mode is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.config.loading import load
from syncengine.errors import ConfigurationError

EXAMPLE = Path(__file__).parents[3] / "config" / "syncengine.example.toml"


def test_the_example_loads_and_leaves_the_mode_open() -> None:
    loaded = load(str(EXAMPLE), {})
    assert loaded.configuration.integration.mode is None
    assert loaded.store_url() == f"sqlite:///{EXAMPLE.parents[1] / 'state' / 'syncengine.db'}"


def test_a_secret_in_the_clear_is_not_in_it() -> None:
    loaded = load(str(EXAMPLE), {})
    for side in (loaded.configuration.sales, loaded.configuration.back_office):
        assert not isinstance(side.auth.client_secret, str)


@pytest.mark.parametrize("variable", ["SYNCENGINE__INTEGRATION__MODE"])
def test_the_environment_overrides_it(variable: str) -> None:
    assert load(str(EXAMPLE), {variable: "one-way"}).configuration.integration.mode == "one-way"
    with pytest.raises(ConfigurationError, match=variable):
        load(str(EXAMPLE), {variable: "both"})
