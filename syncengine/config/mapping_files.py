"""Mapping files: YAML with line and column, overlays merged row by row, every problem at once.

Aliases and duplicate keys are refused, and so is a file of more than a megabyte: mappings are written by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from functools import cached_property
from functools import lru_cache
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
from ruamel.yaml.events import CollectionEndEvent
from ruamel.yaml.events import CollectionStartEvent

from syncengine.errors import MappingError
from syncengine.errors import Problem
from syncengine.mapping.grammar import MAPPING
from syncengine.mapping.grammar import published
from syncengine.mapping.language import Reader
from syncengine.mapping.model import Condition
from syncengine.mapping.model import TableMapping
from syncengine.mapping.neighbours import between
from syncengine.mapping.neighbours import path_of_need
from syncengine.mapping.structure import Path as KeyPath
from syncengine.mapping.structure import check

LARGEST: Final = 1024 * 1024
DEEPEST: Final = 30
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
    removed: frozenset[str] = frozenset()  # rows that an overlay took out
    removed_in_vain: tuple[tuple[Source, KeyPath], ...] = ()

    @cached_property
    def clean(self) -> Mapping[str, Any]:
        """As far as the grammar takes it."""
        clean: Mapping[str, Any] = check(MAPPING, self.data)[0]
        return clean

    @cached_property
    def misshapen(self) -> tuple[Problem, ...]:
        """What the grammar refuses, in the file where it stands."""
        return tuple(_misshapen(self))

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """Every capability that its conditions are about."""
        return frozenset(_named_capabilities(self.data))

    def digest(self, capabilities: Collection[str] = ()) -> str:
        """What the mapping says where the systems have these capabilities."""
        text = json.dumps([_canonical(self.data), sorted(self.capabilities & set(capabilities))])
        return hashlib.sha256(text.encode()).hexdigest()


def shipped_folder() -> Path:
    """Where the shipped mappings are: in the installed package, or beside it in a checkout."""
    installed = resources.files("syncengine") / "shipped_mappings"
    if installed.is_dir():
        return Path(str(installed))
    return Path(__file__).resolve().parents[2] / "mappings"


def schema_text() -> str:
    """What `mapping.schema.json` holds."""
    return json.dumps(published(), indent=2, ensure_ascii=False) + "\n"


def in_mode(folders: Sequence[Path], mode: str | None) -> list[Path]:
    """Each folder, followed by the one inside it that has the mode's name: what is different in that mode."""
    found = []
    for folder in folders:
        found.append(folder)
        if mode and (folder / mode).is_dir():
            found.append(folder / mode)
    return found


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
                written[name] = _first(name, source)
    if problems:
        raise MappingError(problems)
    return written


def _unwanted(file: str, text: str) -> Problem | None:
    """What no mapping needs and what can make a small file a large one, found before anything is built of it."""
    depth = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        mark = event.start_mark
        if isinstance(event, AliasEvent):
            return Problem(file, mark.line + 1, mark.column + 1, "aliases are not allowed", "write it out")
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > DEEPEST:
            return Problem(file, mark.line + 1, mark.column + 1, "nested too deeply: a mapping needs no such depth")
    return None


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
    parsed = _parsed(str(file), text)
    if isinstance(parsed, Problem):
        problems.append(parsed)
        return []
    return [parsed]


@lru_cache(maxsize=128)
def _parsed(file: str, text: str) -> Source | Problem:
    """Parsing is slow, and companies share the shipped files. Nobody changes what is parsed."""
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        unwanted = _unwanted(file, text)
        if unwanted is not None:
            return unwanted
        data = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        return Problem(file, line, column, " ".join(str(error.problem).split()))
    except YAMLError as error:
        return Problem(file, 0, 0, " ".join(str(error).split()))
    if not isinstance(data, CommentedMap):
        return Problem(file, 1, 1, "a mapping is a table of keys")
    return Source(file, data)


def build(
    written: Mapping[str, Written], settings: Mapping[str, Any], capabilities: Collection[str] = ()
) -> dict[str, TableMapping]:
    """The mappings in the order of their lookups, as they are where the systems have these capabilities: what requires
    another is left out. Raises MappingError with every problem of every file.
    """
    problems: list[Problem] = []
    built: dict[str, TableMapping] = {}
    absent: dict[str, Condition] = {}
    for one in written.values():
        problems += one.misshapen
        reader = Reader(one.clean, settings, one.origins, one.removed, capabilities)
        condition = reader.condition()
        if condition.holds(capabilities):
            mapping = reader.mapping()
        else:
            mapping, absent[one.name] = None, condition
        problems += [_placed(one, fault.path, fault.message, fault.suggestion) for fault in reader.problems]
        if mapping is not None:
            built[mapping.name] = mapping
    for mapping in built.values():
        faults = between(mapping, built, written, absent)
        problems += [_placed(written[mapping.name], fault.path, fault.message, fault.suggestion) for fault in faults]
    order: list[str] = []
    try:
        order += TopologicalSorter({name: mapping.needs for name, mapping in built.items()}).static_order()
    except CycleError as error:
        names = list(reversed(error.args[1]))
        path = path_of_need(built[names[0]], names[1])
        problems.append(_placed(written[names[0]], path, f"lookups go in a circle: {' → '.join(names)}"))
    if problems:
        raise MappingError(sorted(set(problems), key=lambda one: (one.file, one.line, one.column, one.message)))
    return {name: built[name] for name in order if name in built}


def extremes(written: Mapping[str, Written]) -> tuple[frozenset[str], frozenset[str]]:
    """All capabilities that are spoken of, and none."""
    return frozenset(name for one in written.values() for name in one.capabilities), frozenset()


def build_all(written: Mapping[str, Written], settings: Mapping[str, Any]) -> dict[str, TableMapping]:
    """Every mapping, whatever the systems can: as it is with all capabilities, else as it is with none.

    Raises MappingError with the problems of both.
    """
    problems: set[Problem] = set()
    built: dict[str, TableMapping] = {}
    for capabilities in extremes(written):
        try:
            built = {**build(written, settings, capabilities), **built}
        except MappingError as error:
            problems |= set(error.problems)
    if problems:
        raise MappingError(sorted(problems, key=lambda one: (one.file, one.line, one.column, one.message)))
    return built


def _named_capabilities(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key in ("requires", "unless") and isinstance(value, str):
                yield value
            else:
                yield from _named_capabilities(value)
    elif isinstance(data, list):
        for one in data:
            yield from _named_capabilities(one)


def _misshapen(written: Written) -> list[Problem]:
    found = []
    for source in written.sources:
        for fault in check(MAPPING, _plain(source.data))[1]:
            line, column = _position(source.data, fault.path) or (1, 1)
            found.append(Problem(source.file, line, column, fault.message, fault.suggestion))
    for source, path in written.removed_in_vain:
        line, column = _position(source.data, path) or (1, 1)
        found.append(Problem(source.file, line, column, f"there is no `{path[-1]}` below that could be removed"))
    return found


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
    """Without the parser's own types: money is exact, and the keys of a list of values keep their type."""
    if isinstance(value, Mapping):
        return {key if isinstance(key, (bool, int)) else str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return value
    return Decimal(str(value)) if isinstance(value, float) else int(value) if isinstance(value, int) else str(value)


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted([repr(key), _canonical(one)] for key, one in value.items())
    return [_canonical(one) for one in value] if isinstance(value, list) else repr(value)


def _origins(source: Source) -> dict[str, str]:
    """Row -> file, header rows under `fields.`, line rows under `lines.fields.`."""
    return {"": source.file} | dict.fromkeys(_rows_of(source.data), source.file)


def _rows_of(data: Mapping[str, Any], *, removed: bool = False) -> list[str]:
    """The rows that a file gives, or those it takes away."""
    found = []
    lines = data.get("lines")
    for prefix, holder in (("fields", data), ("lines.fields", lines)):
        rows = holder.get("fields") if isinstance(holder, Mapping) else None
        for row, spec in (rows if isinstance(rows, Mapping) else {}).items():
            if (spec is None) == removed:
                found.append(f"{prefix}.{row}")
    return found


def _first(name: str, source: Source) -> Written:
    return _overlaid(Written(name, {}, (), {}), source)


def _overlaid(below: Written, source: Source) -> Written:
    data = _plain(source.data)
    taken, given = _rows_of(data, removed=True), _rows_of(data)
    vain = [
        (source, tuple(row.split(".", 2 if row.startswith("lines.fields.") else 1)))
        for row in taken
        if row not in below.origins
    ]
    origins = {key: file for key, file in below.origins.items() if key not in taken}
    origins |= {key: file for key, file in _origins(source).items() if key or not below.sources}
    return Written(
        below.name,
        _merge(below.data, data),
        (*below.sources, source),
        origins,
        (below.removed | set(taken)) - set(given),
        (*below.removed_in_vain, *vain),
    )


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables merge key by key, down to the row; null removes; everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif key in MERGED and isinstance(value, Mapping):
            under = merged.get(key)
            under = under if isinstance(under, Mapping) else {}
            merged[key] = _merge_rows(under, value) if key == "fields" else _merge(under, value)
        else:
            merged[key] = value
    return merged


def _merge_rows(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Rows keep their place when a file above gives them anew; new ones come last."""
    rows = {**below, **above}
    return {name: spec for name, spec in rows.items() if spec is not None}
