"""Files that were written to harm: refused with a place and a reason, quickly, and never with a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from syncengine.cli.main import cli

CONFIGURATION = """
[sales]
url = "https://sales.example"
[sales.auth]
kind = "none"
[back_office]
url = "https://office.example"
company = "X"
[back_office.auth]
kind = "none"
[mappings]
paths = ["mappings"]
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [" + ", ".join([f"*{chr(97 + n)}"] * 9) + "]" for n in range(9)
)


def _validated(folder: Path, text: str, name: str = "mine.yaml") -> tuple[int, str]:
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "mappings" / name).write_text(text, encoding="utf-8")
    (folder / "syncengine.toml").write_text(CONFIGURATION)
    said = CliRunner().invoke(cli, ["--config", str(folder / "syncengine.toml"), "mappings", "validate"])
    return said.exit_code, said.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "alias"),
        ("name: X\nname: Y\n", "name"),
        ("name: " + "[" * 20_000, "nested too deeply"),
        ("name: X\nfields: !!python/object/apply:os.system ['true']\n", "mine.yaml"),
        ("x: " + "y" * 2_000_000, "megabyte"),
        ("name: \x00\n", "mine.yaml"),
    ],
    ids=["a bomb of aliases", "a key twice", "brackets without end", "an object", "two megabytes", "a zero byte"],
)
def test_a_mapping_file(tmp_path: Path, text: str, told: str) -> None:
    code, output = _validated(tmp_path, text)
    assert code == 2, output
    assert told in output
    assert "Traceback" not in output


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "a\nb", "\x1b[2J"])
def test_a_name_is_a_name_and_no_path(tmp_path: Path, name: str) -> None:
    """A mapping's name is looked up among the mappings that were read; no file is opened for it."""
    code, output = _validated(
        tmp_path, "name: X\nsales: {table: a}\nback_office: {table: b}\nfields: {f: {sales: a, back_office: b}}\n"
    )
    assert code == 0, output
    said = CliRunner().invoke(cli, ["--config", str(tmp_path / "syncengine.toml"), "mappings", "show", name])
    assert said.exit_code == 2
    assert "root:" not in said.output
    assert "\x1b" not in said.output


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "a = " + "[" * 20_000, "a = " + "9" * 100_000, "\x00", "[sales]\n[sales]\n", "\xff\xfe"]
)
def test_a_configuration_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "syncengine.toml"
    file.write_bytes(text.encode("latin-1"))
    said = CliRunner().invoke(cli, ["--config", str(file), "check"])
    assert said.exit_code == 2, said.output
    assert "syncengine.toml" in said.output
