"""`$filter` compiled for one page: what the service understands of it, and which rows can match at all.

Limits as in "Known OData limitations" and "Using filter expressions in OData URIs".
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from decimal import Decimal
from decimal import InvalidOperation
from typing import TYPE_CHECKING
from typing import Any
from uuid import UUID

from syncengine.sandbox.back_office.protocol.functions import FUNCTIONS
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.store.tables import STAMP
from syncengine.sandbox.back_office.values import empty_value
from syncengine.sandbox.odata import Call
from syncengine.sandbox.odata import Compare
from syncengine.sandbox.odata import Lambda
from syncengine.sandbox.odata import Literal
from syncengine.sandbox.odata import Logic
from syncengine.sandbox.odata import Many
from syncengine.sandbox.odata import Name
from syncengine.sandbox.odata import names

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.schema.entities import Property
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table
    from syncengine.sandbox.back_office.switches import Switches
    from syncengine.sandbox.odata import Node

_WORDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
    "in": "In",
}
_LITERALS: dict[str, tuple[type, ...]] = {
    "Edm.Guid": (UUID,),
    "Edm.String": (str,),
    "Edm.Decimal": (int, Decimal),
    "Edm.Int32": (int, Decimal),
    "Edm.Int64": (int, Decimal),
    "Edm.Boolean": (bool,),
    "Edm.Date": (date,),
    "Edm.DateTimeOffset": (datetime,),
}
_EDM = (
    (bool, "Edm.Boolean"),
    (UUID, "Edm.Guid"),
    (str, "Edm.String"),
    (int, "Edm.Int32"),
    (Decimal, "Edm.Decimal"),
    (datetime, "Edm.DateTimeOffset"),
    (date, "Edm.Date"),
)


@dataclass(frozen=True)
class Condition:
    """`equal` holds the values a property must have, `low` and `high` bound the stamp."""

    test: Callable[[Row], Any]
    equal: dict[str, list[Any]] = field(default_factory=dict)
    low: tuple[datetime, bool] | None = None
    high: tuple[datetime, bool] | None = None

    def candidates(self, table: Table, columns: dict[str, str]) -> Iterable[Row] | None:
        """The rows that an index yields; None when all rows have to be looked at."""
        usable = [(name, values) for name, values in self.equal.items() if table.has_index(columns.get(name, name))]
        if usable:
            name, values = min(usable, key=lambda one: len(one[1]))
            column = columns.get(name, name)
            return [row for value in dict.fromkeys(values) for row in table.find(column, value)]
        if (self.low or self.high) and table.stamped and columns.get(STAMP, STAMP) == STAMP:
            return table.stamped_between(self.low, self.high)
        return None


def compile_filter(node: Node, page: Page, switches: Switches, schema: str) -> Condition | None:
    """Raises RefusedError. None when lambdas were all there was, and they are ignored."""
    kept = _without_lambdas(node, switches)
    if kept is None:
        return None
    compiler = _Compiler(page, switches, schema)
    test = compiler.compile(kept)
    equal: dict[str, list[Any]] = {}
    low = high = None
    for part in kept.operands if isinstance(kept, Logic) and kept.operator == "and" else (kept,):
        found = compiler.equal_values(part)
        if found:
            equal[found[0]] = found[1]
        match part:
            case Compare("gt" | "ge" as operator, Name(path), Literal(value)) if path == STAMP:
                low = (value, operator == "ge")
            case Compare("lt" | "le" as operator, Name(path), Literal(value)) if path == STAMP:
                high = (value, operator == "le")
            case _:
                pass
    return Condition(test, equal, low, high)


def _without_lambdas(node: Node, switches: Switches) -> Node | None:
    """Known OData limitations: "If lambda operators are used, the filter expression will be ignored"."""
    match node:
        case Lambda():
            if switches.lambdas == "refused":
                raise bad_request("Lambda expressions are not supported in $filter.")
            return None
        case Logic(operator, operands):
            kept = [one for one in (_without_lambdas(o, switches) for o in operands) if one is not None]
            if not kept:
                return None
            return kept[0] if len(kept) == 1 and operator != "not" else Logic(operator, tuple(kept))
        case _:
            return node


class _Compiler:
    def __init__(self, page: Page, switches: Switches, schema: str) -> None:
        self.page = page
        self.switches = switches
        self.schema = schema

    def property(self, path: str) -> Property:
        return self.page.check_property(path, self.switches, "$filter")

    def compile(self, node: Node) -> Callable[[Row], Any]:
        match node:
            case Name(path):
                self.property(path)
                return self.page.getter(path)
            case Literal(value):
                return lambda _: value
            case Logic():
                return self.logic(node)
            case Compare():
                return self.compare(node)
            case Call():
                return self.call(node)
            case _:
                raise bad_request("The filter expression is not supported.")

    def logic(self, node: Logic) -> Callable[[Row], Any]:
        if node.operator == "not":
            # "not" is missing from the list of supported operators.
            raise bad_request("The 'NOT' operator is not supported on an OData filter.")
        if node.operator == "or" and len(names(node)) > 1:
            raise bad_request("The 'OR' operator is not supported on distinct fields on an OData filter.")
        tests = [self.compile(one) for one in node.operands]
        if node.operator == "and":
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def call(self, node: Call) -> Callable[[Row], Any]:
        function = FUNCTIONS.get(node.function)
        if function is None:
            raise bad_request(
                f"An unknown function with name '{node.function}' was found. This may also be a function "
                "import or a key lookup on a navigation property, which is not allowed."
            )
        if self.schema != "2.1" and any(isinstance(one, Call) for one in node.arguments):
            raise bad_request("Nested functions in $filter need $schemaversion=2.1.")
        arguments = [self.compile(one) for one in node.arguments]

        def called(row: Row) -> Any:
            try:
                return function(*(argument(row) for argument in arguments))
            except (TypeError, AttributeError, ValueError, InvalidOperation):
                raise bad_request(
                    f"No function signature for the function with name '{node.function}' "
                    "matches the specified arguments."
                ) from None

        return called

    def compare(self, node: Compare) -> Callable[[Row], Any]:
        if node.operator == "in" and self.schema != "2.1":
            raise bad_request("The 'in' operator in $filter needs $schemaversion=2.1.")
        column = self.property(node.left.path) if isinstance(node.left, Name) else None
        left = self.compile(node.left)
        if isinstance(node.right, Many):
            values = [self.literal(column, one, node.operator) for one in node.right.values]
            return lambda row: left(row) in values
        if isinstance(node.right, Literal):
            wanted = self.literal(column, node.right, node.operator)
            return _comparison(node.operator, left, lambda _: wanted)
        return _comparison(node.operator, left, self.compile(node.right))

    def literal(self, column: Property | None, node: Node, operator: str) -> Any:
        if not isinstance(node, Literal):
            raise bad_request("Only literal values are supported here.")
        value = node.value
        if column is None:
            return value
        if value is None:
            return empty_value(column)
        if column.enumeration:
            captions = self.switches.enum_captions == "accepted"
            member = column.enumeration.member(value, captions=captions) if isinstance(value, str) else None
            if member is None:
                raise bad_request(f"The string '{value}' is not a valid enumeration type constant.")
            return member
        kinds = _LITERALS[column.type]
        if not isinstance(value, kinds) or (column.type == "Edm.Date" and isinstance(value, datetime)):
            raise self.incompatible(column, value, operator)
        if isinstance(value, bool) and bool not in kinds:
            raise self.incompatible(column, value, operator)
        if isinstance(value, UUID):
            return str(value)
        return str(value).strip().upper() if column.code else value

    def incompatible(self, column: Property, value: Any, operator: str) -> Exception:
        found = next(name for kind, name in _EDM if isinstance(value, kind))
        return bad_request(
            "A binary operator with incompatible types was detected. "
            f"Found operand types '{column.type}' and '{found}' for operator kind '{_WORDS[operator]}'."
        )

    def equal_values(self, node: Node) -> tuple[str, list[Any]] | None:
        """(property, values) of what can be looked up in an index."""
        match node:
            case Compare("eq", Name(path), Literal()):
                return path, [self.literal(self.property(path), node.right, "eq")]
            case Compare("in", Name(path), Many(values)):
                return path, [self.literal(self.property(path), one, "in") for one in values]
            case Logic("or", operands):
                parts = [self.equal_values(one) for one in operands]
                if all(parts):
                    found = [part for part in parts if part]
                    return found[0][0], [value for _, values in found for value in values]
        return None


def _comparison(operator: str, left: Callable[[Row], Any], right: Callable[[Row], Any]) -> Callable[[Row], Any]:
    match operator:
        case "eq":
            return lambda row: left(row) == right(row)
        case "ne":
            return lambda row: left(row) != right(row)
        case "gt":
            return lambda row: left(row) > right(row)
        case "ge":
            return lambda row: left(row) >= right(row)
        case "lt":
            return lambda row: left(row) < right(row)
        case _:
            return lambda row: left(row) <= right(row)
