"""Every key of the configuration can be given by the environment, which wins over the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncengine.config.loading import load
from syncengine.config.models import AuthPart
from syncengine.config.models import Configuration
from syncengine.config.models import Part
from syncengine.errors import ConfigurationError

FILE = """
[sales]
url = "https://contoso.crm.dynamics.com"
auth = { kind = "none" }
[back_office]
url = "https://example.com/api/v2.0"
company = "CRONUS"
auth = { kind = "none" }
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "syncengine.toml"
    path.write_text(FILE, encoding="utf-8")
    return str(path)


def _keys(part: type[Part], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key, and a value it takes: its own default."""
    for name, info in part.model_fields.items():
        model = info.annotation
        if isinstance(model, type) and issubclass(model, Part):
            yield from _keys(model, (*path, name))
        elif not info.is_required() and info.default is not None and model is not AuthPart:
            yield (*path, name), info.get_default(call_default_factory=True)


# These have no default that would do: below.
KEYS = [one for one in _keys(Configuration) if one[0] != ("back_office", "company") and "auth" not in one[0]]


@pytest.mark.parametrize(("path", "value"), KEYS, ids=[".".join(path) for path, _ in KEYS])
def test_each_key(file: str, path: tuple[str, ...], value: Any) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    found: Any = load(file, {"SYNCENGINE__" + "__".join(path).upper(): text}).configuration
    for name in path:
        found = getattr(found, name)
    assert found == value


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("SALES__URL", "https://fabrikam.crm4.dynamics.com", "https://fabrikam.crm4.dynamics.com"),
        ("SALES__AUTH__KIND", "none", "none"),
        ("SALES__PRICE_LISTS__USD", "Standard", {"USD": "Standard"}),
        ("SALES__PRICE_LISTS", '{"EUR": "Norm"}', {"EUR": "Norm"}),
        ("INTEGRATION__MAX_DESTRUCTIVE_FLOOR", "3", 3),
        ("INTEGRATION__RECREATE_RELEASED", "false", False),
        ("BACK_OFFICE__COMPANY", "0815", "0815"),
    ],
)
def test_values_are_what_the_key_takes(file: str, name: str, text: str, wanted: Any) -> None:
    found: Any = load(file, {f"SYNCENGINE__{name}": text}).configuration
    for part in name.lower().removesuffix("__usd").split("__"):
        found = getattr(found, part)
    assert found == wanted


def test_a_secret_is_a_reference_there_too(file: str) -> None:
    found = load(file, {"SYNCENGINE__WEBHOOKS__SALES_SECRET": '{"env": "OURS"}'}).configuration.webhooks.sales_secret
    assert getattr(found, "env", found) == "OURS"
    for text in ("12345", "{not json", '{"a": "b"}'):
        assert load(file, {"SYNCENGINE__WEBHOOKS__SALES_SECRET": text}).configuration.webhooks.sales_secret == text


@pytest.mark.parametrize("name", ["SYNCENGINE__SALES__URI", "SYNCENGINE__SALES__URL__X", "SYNCENGINE__LIMITS__PAGE"])
def test_what_is_wrong_names_the_variable(file: str, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        load(file, {name: "x"})


def test_the_file_is_named_by_a_variable_and_by_the_option_first(file: str, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(FILE.replace("CRONUS", "FABRIKAM"), encoding="utf-8")
    assert load(None, {"SYNCENGINE_CONFIG": str(other)}).configuration.back_office.company == "FABRIKAM"
    assert load(file, {"SYNCENGINE_CONFIG": str(other)}).configuration.back_office.company == "CRONUS"
