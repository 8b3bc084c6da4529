"""Query text: paths and options quoted as they must be, filters as conditions."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from urllib.parse import quote

from syncengine.connectors.codec import literal
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import Filter
from syncengine.records.document import ColumnSchema
from syncengine.records.values import AnyCase
from syncengine.records.values import Wire

Columns = Mapping[str, ColumnSchema]
Property = Callable[[str], str]

SAFE = "$(),='/:;@*"


def with_options(path: str, options: Mapping[str, str]) -> str:
    """The path with its query options; empty ones are left out."""
    parts = [f"{name}={quote(value, safe=SAFE)}" for name, value in options.items() if value]
    return f"{path}?{'&'.join(parts)}" if parts else path


def equalities(wanted: Mapping[str, Wire], columns: Columns, name_of: Property, *, folds: bool = True) -> str:
    """`a eq 1 and b eq 'x'`. `folds`: the service compares texts without regard to case by itself."""
    return " and ".join(_equality(column, value, columns, name_of, folds) for column, value in wanted.items())


def _equality(column: str, value: Wire, columns: Columns, name_of: Property, folds: bool) -> str:
    schema = columns.get(column)
    cased = isinstance(value, AnyCase) and value.lower() != value.upper()
    if isinstance(value, AnyCase) and cased and not folds and (schema is None or schema.type == "text"):
        return f"tolower({name_of(column)}) eq {literal(value.lower(), schema)}"
    return f"{name_of(column)} eq {literal(value, schema)}"


def condition_text(wanted: Filter, columns: Columns, name_of: Property) -> str:
    """A filter as text. Values of one column are joined by `or`: both services take that."""
    return " and ".join(text for one in wanted if (text := _one(one, columns, name_of)))


def _one(condition: Condition, columns: Columns, name_of: Property) -> str:
    name, column = name_of(condition.column), columns.get(condition.column)
    parts = []
    if condition.any_of:
        some = " or ".join(f"{name} eq {literal(value, column)}" for value in condition.any_of)
        parts.append(f"({some})" if len(condition.any_of) > 1 else some)
    if condition.at_least is not None:
        parts.append(f"{name} ge {literal(condition.at_least, column)}")
    if condition.at_most is not None:
        parts.append(f"{name} le {literal(condition.at_most, column)}")
    return " and ".join(parts)


def fitting(path: str, options: Mapping[str, str], most: int) -> str:
    """The path with its options, within the length a service takes: what can be done on this side is left out."""
    for left_out in ((), ("$filter",), ("$filter", "$select")):
        found = with_options(path, {name: value for name, value in options.items() if name not in left_out})
        if len(found) <= most:
            break
    return found
