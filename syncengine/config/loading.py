"""Loads the configuration: the TOML file, overridden by the environment, checked whole, secrets read last.

Every problem names the file and its line, or the environment variable it came from.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Final
from typing import get_origin

from pydantic import ValidationError

from syncengine.config.models import Configuration
from syncengine.config.models import EnvironmentSecret
from syncengine.config.models import FileSecret
from syncengine.config.models import Part
from syncengine.config.models import Secret
from syncengine.errors import ConfigurationError
from syncengine.observe.redaction import hide

DEFAULT_FILE: Final = "config/syncengine.toml"
PREFIX: Final = "SYNCENGINE__"
FILE_VARIABLE: Final = "SYNCENGINE_CONFIG"


@dataclass(frozen=True)
class Loaded:
    """A checked configuration and the file it came from; relative paths in it are relative to that file."""

    configuration: Configuration
    file: Path

    def path(self, text: str) -> Path:
        return (self.file.parent / text).resolve()

    def store_url(self) -> str:
        """The store's URL with a relative SQLite path made absolute."""
        url = self.configuration.store.url
        match = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
        return f"sqlite:///{self.path(match.group(1))}" if match and match.group(1) != ":memory:" else url


def given_file(file: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """The file meant: the one named, else the environment's, else the usual one."""
    env = os.environ if environment is None else environment
    return Path(file or env.get(FILE_VARIABLE) or DEFAULT_FILE)


def load(file: str | None, environment: Mapping[str, str] | None = None) -> Loaded:
    """Raises ConfigurationError with all problems at once."""
    env = os.environ if environment is None else environment
    path = given_file(file, env)
    text = _text(path)
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no TOML, a number without end, brackets without end
        raise ConfigurationError(f"{path}: {error}", remedy="Correct the file at that place.") from error
    sources = _override(raw, env)
    try:
        configuration = Configuration.model_validate(raw)
    except ValidationError as error:
        problems = [_told(path, text, sources, one) for one in error.errors()]
        raise ConfigurationError(
            "\n".join(problems), remedy="Correct the lines named above; config/syncengine.example.toml shows every key."
        ) from error
    return Loaded(configuration, path.resolve())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"there is no configuration file {path}",
            remedy=f"Name it with --config or {FILE_VARIABLE}; config/syncengine.example.toml is one to start from.",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", remedy="Check the file.") from error


def _override(raw: dict[str, Any], env: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Put `SYNCENGINE__SALES__URL` over `[sales] url`; gives which path came from which variable."""
    sources = {}
    for name in sorted(env):
        if not name.startswith(PREFIX):
            continue
        path = _path(name.removeprefix(PREFIX).split("__"))
        table = raw
        for part in path[:-1]:
            found = table.setdefault(part, {})
            if not isinstance(found, dict):
                raise ConfigurationError(f"{name} names no key of the configuration", remedy="Check its spelling.")
            table = found
        table[path[-1]] = _value(env[name], path)
        sources[path] = name
    return sources


def _path(parts: list[str]) -> tuple[str, ...]:
    """Keys are lower case; what people name themselves, a currency with its price list, stays as it is written."""
    path: list[str] = []
    model: Any = Configuration
    for part in parts:
        path.append(part if get_origin(model) is dict else part.lower())
        info = getattr(model, "model_fields", {}).get(path[-1])
        model = info.annotation if info is not None else None
    return tuple(path)


def _value(text: str, path: tuple[str, ...]) -> Any:
    """A variable is text; where the key is no text it is read as JSON (`true`, `5`, `["active"]`)."""
    wanted = _wanted(path)
    if wanted is str:
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if wanted == Secret and not (isinstance(found, dict) and found.keys() in ({"env"}, {"file"})):
        return text  # the secret itself, whatever it looks like
    return found


def _wanted(path: tuple[str, ...]) -> Any:
    """The type of a key; None where there is no such key."""
    model: Any = Configuration
    for part in path:
        info = getattr(model, "model_fields", {}).get(part)
        model = info.annotation if info is not None else None
    return model


def _told(path: Path, text: str, sources: Mapping[tuple[str, ...], str], error: Any) -> str:
    """One problem: where it is, what is wrong, what was meant."""
    place = tuple(str(part) for part in error["loc"] if not str(part)[:1].isupper() and str(part) != "str")
    key = place[-1] if place else ""
    table = ".".join(part for part in place[:-1] if not part.isdigit())
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = f"unknown key `{key}`{_did_you_mean(place)}"
    elif error["type"] == "missing":
        message = f"`{key}` is missing"
    elif error["type"] != "value_error":
        message = f"`{key}`: {message}"
    for length in range(len(place), 0, -1):
        if place[:length] in sources:
            return f"{sources[place[:length]]}: {message}"
    where = f"[{table}] " if table else ""
    return f"{path}:{_line(text, place)}: {where}{message}"


def _did_you_mean(place: tuple[str, ...]) -> str:
    model: Any = Configuration
    for part in place[:-1]:
        info = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, Part) else None
        model = info.annotation if info is not None else None
    if not (isinstance(model, type) and issubclass(model, Part)):
        return ""
    found = difflib.get_close_matches(place[-1], list(model.model_fields), n=1)
    return f"; did you mean `{found[0]}`?" if found else ""


def _line(text: str, place: tuple[str, ...]) -> int:
    """The line of a key, or of its table where the key itself is not there; 1 where neither is."""
    wanted_table, key = ".".join(place[:-1]), place[-1] if place else ""
    table, found = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line)
        if header:
            table = header.group(1)
            if table in (wanted_table, ".".join(place)) and not found:
                found = number
            continue
        assigned = re.match(r"\s*([A-Za-z0-9_-]+)\s*=", line)
        if assigned and table == wanted_table and assigned.group(1) == key:
            return number
        if assigned and f"{table}.{assigned.group(1)}" == wanted_table:
            found = number
    return found or 1


def secret(loaded: Loaded, value: Secret, name: str, environment: Mapping[str, str] | None = None) -> str:
    """The secret's text. Raises ConfigurationError that names the variable or file, never the text."""
    env = os.environ if environment is None else environment
    if isinstance(value, EnvironmentSecret):
        if not env.get(value.env):
            raise ConfigurationError(
                f"{name}: the environment variable {value.env} is not set",
                remedy=f"Set {value.env} for the user that runs syncengine.",
            )
        text = env[value.env]
    elif isinstance(value, FileSecret):
        try:
            text = loaded.path(value.file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{name}: the file {value.file} cannot be read: {error}", remedy="Check the path and its permissions."
            ) from error
    else:
        text = value
    hide(text)
    return text
