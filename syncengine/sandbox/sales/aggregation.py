"""`$apply`: aggregate, groupby and filter, as far as "Aggregate data using OData" goes with plain columns."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.odata import ODataSyntaxError
from syncengine.sandbox.odata import parse_filter
from syncengine.sandbox.odata import split_outside
from syncengine.sandbox.sales.conditions import Conditions
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import not_emulated
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.selection import matching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.query_options import QueryOptions

_CALL = re.compile(r"(aggregate|groupby|filter)\((.*)\)", re.DOTALL)
_ITEM = re.compile(r"(\$count|[\w/]+)(?: with (sum|min|max|average|countdistinct))? as (\w+)")


def aggregate(op: Operation, table: Table, options: QueryOptions) -> Response:
    """Raises DataverseError."""
    if op.session.switches.apply == "refused":
        raise not_emulated("$apply")
    conditions = Conditions(op.session, table, options.aliases)
    rows = matching(op.session, table, conditions, options.filter)
    value: list[dict[str, Any]] | None = None
    for piece in split_outside(options.apply, "/"):
        found = _CALL.fullmatch(piece.strip())
        if found is None or value is not None:
            raise bad_query(f"The transformation '{piece}' is not supported.")
        verb, inside = found[1], found[2]
        if verb == "filter":
            rows = _filtered(conditions, rows, inside)
        elif verb == "aggregate":
            value = [_computed(conditions, rows, inside)]
        else:
            value = _grouped(conditions, rows, inside)
    where = f"{op.base}/$metadata#{table.entity_set}"
    return answer(200, {"@odata.context": where, "value": value or []})


def _filtered(conditions: Conditions, rows: Sequence[Row], text: str) -> list[Row]:
    try:
        test = conditions.compile(parse_filter(text))
    except ODataSyntaxError as error:
        raise bad_query(str(error)) from None
    return [row for row in rows if test(row)]


def _grouped(conditions: Conditions, rows: Sequence[Row], text: str) -> list[dict[str, Any]]:
    pieces = split_outside(text, ",")
    names = [name.strip() for name in pieces[0].strip("() ").split(",")]
    paths = [conditions.path(name) for name in names]
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(path.read(row) for path in paths), []).append(row)
    inner = _CALL.fullmatch(pieces[1].strip()) if len(pieces) > 1 else None
    value = []
    for key, members in groups.items():
        one = dict(zip(names, key, strict=True))
        value.append(one | (_computed(conditions, members, inner[2]) if inner else {}))
    return value


def _computed(conditions: Conditions, rows: Sequence[Row], text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for piece in split_outside(text, ","):
        item = _ITEM.fullmatch(piece.strip())
        if item is None:
            raise bad_query(f"'{piece}' is not an aggregate expression.")
        source, verb, alias = item[1], item[2], item[3]
        if source == "$count":
            found[alias] = len(rows)
            continue
        read = conditions.path(source).read
        found[alias] = _one(verb or "", [v for v in map(read, rows) if v is not None])
    return found


def _one(verb: str, values: list[Any]) -> Any:
    if verb == "countdistinct":
        return len(set(values))
    if not values:
        return None
    if verb in ("min", "max"):
        return min(values) if verb == "min" else max(values)
    if verb in ("sum", "average") and isinstance(values[0], int | Decimal):
        total = sum(values, Decimal(0)) if isinstance(values[0], Decimal) else sum(values)
        return total if verb == "sum" else Decimal(total) / len(values)
    raise bad_query(f"The aggregate '{verb}' does not fit the column.")
