"""Mapping files: YAML with line and column, overlays merged row by row, every problem at once.

Aliases and duplicate keys are refused, and so is a file of more than a megabyte: mappings are written by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from graphlib import CycleError
from graphlib import TopologicalSorter
from importlib import resources
from pathlib import Path
from typing import Any
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent

from syncengine.errors import MappingError
from syncengine.errors import Problem
from syncengine.mapping.language import Path as KeyPath
from syncengine.mapping.language import Reader
from syncengine.mapping.model import TableMapping

LARGEST: Final = 1024 * 1024
MERGED: Final = ("fields", "groups", "conflict", "deleted", "sales", "back_office", "lines")


@dataclass(frozen=True)
class Source:
    """One file, parsed."""

    file: str
    data: CommentedMap


@dataclass(frozen=True)
class Written:
    """One mapping as its files give it, overlays applied: the plain data, and which file each row came from."""

    name: str
    data: dict[str, Any]
    sources: tuple[Source, ...]
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.data, sort_keys=True, default=str).encode()).hexdigest()


def shipped_folder() -> Path:
    """Where the shipped mappings are: in the installed package, or beside it in a checkout."""
    installed = resources.files("syncengine") / "shipped_mappings"
    if installed.is_dir():
        return Path(str(installed))
    return Path(__file__).resolve().parents[2] / "mappings"


def read_folders(folders: Sequence[Path], files: Sequence[Path] = ()) -> dict[str, Written]:
    """All mappings of these folders, later ones overlaying earlier ones, and then `files`. Raises MappingError."""
    problems: list[Problem] = []
    layers: list[list[Source]] = []
    for folder in folders:
        if not folder.is_dir():
            problems.append(Problem(str(folder), 0, 0, "there is no such folder of mappings"))
            continue
        layers.append([source for file in sorted(folder.glob("*.yaml")) for source in read_file(file, problems)])
    layers.append([source for file in files for source in read_file(file, problems)])
    written: dict[str, Written] = {}
    for layer in layers:
        for source in layer:
            name = source.data.get("name")
            if not isinstance(name, str):
                problems.append(Problem(source.file, 1, 1, "`name` is missing: which mapping is this?"))
            elif name in written:
                written[name] = _overlaid(written[name], source)
            else:
                written[name] = Written(name, _plain(source.data), (source,), _origins(source))
    if problems:
        raise MappingError(problems)
    return written


def read_file(file: Path, problems: list[Problem]) -> Iterable[Source]:
    """One file; what is wrong with its YAML goes to `problems`."""
    try:
        if file.stat().st_size > LARGEST:
            problems.append(Problem(str(file), 0, 0, "larger than a megabyte: that is no mapping"))
            return []
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(str(file), 0, 0, f"cannot be read: {error}"))
        return []
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        alias = next((event for event in YAML(typ="rt", pure=True).parse(text) if isinstance(event, AliasEvent)), None)
        if alias is not None:
            mark = alias.start_mark
            problems.append(
                Problem(str(file), mark.line + 1, mark.column + 1, "aliases are not allowed", "write it out")
            )
            return []
        data = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        problems.append(Problem(str(file), line, column, " ".join(str(error.problem).split())))
        return []
    except YAMLError as error:
        problems.append(Problem(str(file), 0, 0, " ".join(str(error).split())))
        return []
    if not isinstance(data, CommentedMap):
        problems.append(Problem(str(file), 1, 1, "a mapping is a table of keys"))
        return []
    return [Source(str(file), data)]


def build(written: Mapping[str, Written], settings: Mapping[str, Any]) -> dict[str, TableMapping]:
    """The mappings in the order of their lookups. Raises MappingError with every problem of every file."""
    problems: list[Problem] = []
    built: dict[str, TableMapping] = {}
    for one in written.values():
        reader = Reader(one.data, settings, one.origins)
        mapping = reader.mapping()
        problems += [_placed(one, fault.path, fault.message, fault.suggestion) for fault in reader.problems]
        if mapping is not None:
            built[mapping.name] = mapping
    for mapping in built.values():
        for needed in sorted(mapping.needs):
            if needed not in written:
                problems.append(
                    _placed(written[mapping.name], (), f"looks up `{needed}`, and there is no such mapping")
                )
    if problems:
        raise MappingError(problems)
    try:
        order = list(TopologicalSorter({name: mapping.needs for name, mapping in built.items()}).static_order())
    except CycleError as error:
        names = " → ".join(error.args[1])
        raise MappingError(
            [Problem(written[error.args[1][0]].sources[0].file, 1, 1, f"lookups go in a circle: {names}")]
        ) from error
    return {name: built[name] for name in order}


def _placed(written: Written, path: KeyPath, message: str, suggestion: str = "") -> Problem:
    """A problem at its line and column, in the newest file that has the key."""
    for source in reversed(written.sources):
        position = _position(source.data, path)
        if position is not None:
            return Problem(source.file, position[0], position[1], message, suggestion)
    return Problem(written.sources[0].file, 1, 1, message, suggestion)


def _position(data: Any, path: KeyPath) -> tuple[int, int] | None:
    node, found = data, None
    for part in path:
        if isinstance(node, CommentedMap) and part in node:
            line, column = node.lc.key(part)
            found, node = (line + 1, column + 1), node[part]
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line, column = node.lc.item(part)
            found, node = (line + 1, column + 1), node[part]
        else:
            return None if found is None else found
    return found or (1, 1)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


def _origins(source: Source) -> dict[str, str]:
    """Row -> file, header rows under `fields.`, line rows under `lines.fields.`."""
    found = {"": source.file}
    for prefix, holder in (("fields", source.data), ("lines.fields", source.data.get("lines") or {})):
        for row in holder.get("fields") or {}:
            found[f"{prefix}.{row}"] = source.file
    return found


def _overlaid(below: Written, source: Source) -> Written:
    data = _merge(below.data, _plain(source.data))
    origins = {**below.origins, **{key: file for key, file in _origins(source).items() if key}}
    return Written(below.name, data, (*below.sources, source), origins)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge key by key, down to the row; null removes; everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif key in MERGED and isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merge_rows(merged[key], value) if key == "fields" else _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _merge_rows(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for row, spec in above.items():
        if spec is None:
            merged.pop(row, None)
        else:
            merged[row] = spec
    return merged
