"""The reference names every key, transform and setting that a mapping file may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from syncengine.config.loading import load
from syncengine.mapping.grammar import MAPPING
from syncengine.mapping.transforms import ARGUMENTS
from syncengine.mapping.transforms import TRANSFORMS
from syncengine.service.wiring import company

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "mappings.md").read_text(encoding="utf-8")


def _keys(schema: dict[str, Any]) -> Iterator[str]:
    yield from schema.get("properties", {})
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for one in inner:
        yield from _keys(one)


def _words(schema: dict[str, Any]) -> Iterator[str]:
    yield from (str(word) for word in schema.get("enum", ()) if word is not True)
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for one in inner:
        yield from _words(one)


def test_every_key_is_described() -> None:
    named = {key for key in _keys(MAPPING) if f"`{key}`" in PAGE or f"{key}:" in PAGE}
    assert set(_keys(MAPPING)) - named == set()


def test_every_word_is_described() -> None:
    assert [word for word in set(_words(MAPPING)) if f"`{word}`" not in PAGE and word not in PAGE] == []


def test_every_transform_is_described() -> None:
    told = [name for name in TRANSFORMS if f"| `{name}: " in PAGE or f"| `{name}` |" in PAGE]
    assert set(TRANSFORMS) - set(told) == set()
    assert [name for name in ARGUMENTS if f"| `{name}: " not in PAGE] == []


def test_every_setting_is_described() -> None:
    example = (ROOT / "config" / "syncengine.example.toml").read_text(encoding="utf-8")
    assert example
    settings = company(load(str(ROOT / "config" / "syncengine.example.toml"), {})).settings()
    assert [name for name in settings if f"`{name}`" not in PAGE] == []
