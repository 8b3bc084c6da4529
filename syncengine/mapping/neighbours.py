"""What a mapping says of other mappings: lookups that lead nowhere, facts that nobody has, cycles."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from types import MappingProxyType

from syncengine.mapping.model import Condition
from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.structure import Fault
from syncengine.mapping.structure import Path
from syncengine.mapping.structure import did_you_mean


def between(
    mapping: TableMapping,
    built: Mapping[str, TableMapping],
    known: Collection[str],
    absent: Mapping[str, Condition] = MappingProxyType({}),
) -> Iterator[Fault]:
    """`known` are all mappings that were written; those in `built` can be looked into; those in `absent` are not there
    because their condition does not hold.
    """
    for path, name in needs(mapping):
        if name in absent and path != ("also_after",):
            words = " and ".join(f"`{key}: {value}`" for key, value in _keys(absent[name]))
            yield Fault(path, f"looks up `{name}`, which is not always there", f"say {words} here as well")
        elif name not in known:
            yield Fault(path, f"looks up `{name}`, and there is no such mapping", did_you_mean(name, known))
    for prefix, rows in _rows(mapping):
        for row in rows.values():
            yield from _within(row, rows, built, (*prefix, row.name, "within"))
            for name in row.lookup if row.fact else ():
                if name in built and row.fact not in built[name].rows:
                    words = f"`{name}` has no row `{row.fact}`"
                    yield Fault((*prefix, row.name, "fact"), words, did_you_mean(row.fact, built[name].rows))
            for name, of in row.through.items():
                there = built.get(name)
                if there is not None and not (of in there.rows and there.rows[of].is_reference):
                    yield Fault(
                        (*prefix, row.name, "through", name),
                        f"`{name}` has no row `{of}` that looks something up",
                        did_you_mean(of, [one.name for one in there.rows.values() if one.is_reference]),
                    )


def _keys(condition: Condition) -> list[tuple[str, str]]:
    return [(key, value) for key in ("requires", "unless") if (value := getattr(condition, key))]


def needs(mapping: TableMapping) -> Iterator[tuple[Path, str]]:
    """Every mapping that this one names, and where."""
    for prefix, rows in _rows(mapping):
        for row in rows.values():
            for name in row.lookup:
                yield (*prefix, row.name, "option" if row.option else "lookup"), name
            for at, one in enumerate(row.one_of):
                for name in one.lookup:
                    yield (*prefix, row.name, "one_of", at, "lookup"), name
    for name in mapping.also_after:
        yield ("also_after",), name


def path_of_need(mapping: TableMapping, name: str) -> Path:
    return next((path for path, needed in needs(mapping) if needed == name), ())


def _rows(mapping: TableMapping) -> Iterator[tuple[Path, Mapping[str, Row]]]:
    yield ("fields",), mapping.rows
    if mapping.lines is not None:
        yield ("lines", "fields"), mapping.lines.rows


def _within(row: Row, rows: Mapping[str, Row], built: Mapping[str, TableMapping], path: Path) -> Iterator[Fault]:
    of, _, fact = row.within.partition(".")
    if not of or of not in rows:
        return
    looked_up = {name for one in rows[of].one_of for name in one.lookup} | set(rows[of].lookup)
    if not looked_up:
        yield Fault(path, f"`{of}` looks nothing up that could " + (f"have a `{fact}`" if fact else "be a scope"))
    if not fact:
        return
    for name in sorted(looked_up & built.keys()):
        if fact not in built[name].rows:
            yield Fault(path, f"`{name}` has no row `{fact}`", did_you_mean(fact, built[name].rows))
