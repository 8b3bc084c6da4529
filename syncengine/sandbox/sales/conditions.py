"""`$filter` as a test of rows: the parsed tree becomes closures once, so that a walk over a table stays
cheap.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any
from uuid import UUID

from syncengine.sandbox.odata import Call
from syncengine.sandbox.odata import Compare
from syncengine.sandbox.odata import Lambda
from syncengine.sandbox.odata import Literal
from syncengine.sandbox.odata import Logic
from syncengine.sandbox.odata import Many
from syncengine.sandbox.odata import Name
from syncengine.sandbox.odata import Node
from syncengine.sandbox.odata import ODataSyntaxError
from syncengine.sandbox.odata import parse_filter
from syncengine.sandbox.sales.database import Row
from syncengine.sandbox.sales.database import folded
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import unknown_property
from syncengine.sandbox.sales.query_functions import query_function
from syncengine.sandbox.sales.values import GUID
from syncengine.sandbox.sales.values import guid

if TYPE_CHECKING:
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

Test = Callable[[Row], bool]
Read = Callable[[Row], Any]
_OPPOSITE = {"eq": "ne", "ne": "eq", "gt": "le", "ge": "lt", "lt": "ge", "le": "gt"}
_KINDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}
_SWAPPED = {"eq": "eq", "ne": "ne", "gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}


@dataclass(frozen=True)
class Path:
    """A property of the row or of one that it refers to."""

    column: Column
    read: Read


@dataclass(frozen=True)
class Conditions:
    """Compiles trees for rows of one table. `variable` is the prefix of paths inside a lambda."""

    session: Session
    table: Table
    aliases: Mapping[str, str] = field(default_factory=dict)
    variable: str = ""

    def path(self, text: str) -> Path:
        """Raises DataverseError for a name that the table does not have."""
        if self.variable:
            prefix, _, text = text.partition("/")
            if prefix != self.variable or not text:
                raise bad_query(f"Could not find a property named '{prefix}' in the lambda expression.")
        *steps, last = text.split("/")
        table, reads = self.table, []
        for step in steps:
            navigation = table.navigations.get(step)
            if navigation is None:
                raise unknown_property(step, table.name, self.session.switches.unknown_property_code)
            reads.append((navigation.column, navigation.target))
            table = self.session.table(navigation.target)
        column = table.properties.get(last)
        if column is None:
            raise unknown_property(last, table.name, self.session.switches.unknown_property_code)
        return Path(column, _reader(self.session, reads, column.name))

    def compile(self, node: Node, *, negated: bool = False) -> Test:
        """Raises DataverseError for what the service would refuse."""
        match node:
            case Logic("not", (inner,)):
                return self.compile(inner, negated=not negated)
            case Logic(operator, operands):
                tests = [self.compile(one, negated=negated) for one in operands]
                everything = (operator == "and") is not negated
                return _all_of(tests) if everything else _any_of(tests)
            case Compare(operator, left, right):
                return self._compare(_OPPOSITE.get(operator, operator) if negated else operator, left, right)
            case Call(function, _):
                return self._call(node, function, negated=negated)
            case Lambda():
                test = self._lambda(node)
                return (lambda row: not test(row)) if negated else test
            case Name(path) if self.path(path).column.edm == "Edm.Boolean":
                read = self.path(path).read
                return lambda row: bool(read(row)) is not negated
            case _:
                raise bad_query("The $filter expression must evaluate to a single boolean value.")

    def _compare(self, operator: str, left: Node, right: Node) -> Test:
        if operator == "in":
            raise bad_query("The 'in' operator is not supported; use Microsoft.Dynamics.CRM.In.")
        if isinstance(left, Literal) and isinstance(right, Name):
            return self._compare(_SWAPPED[operator], right, left)
        if not isinstance(left, Name):
            raise bad_query("Only a property can be compared.")
        path = self.path(left.path)
        if isinstance(right, Name) and not right.path.startswith("@"):
            return self._of_two(operator, path, self.path(right.path))
        value = self.literal(path.column, self.value_of(right), operator)
        nulls = self.session.switches.ne_matches_null
        if value is None and operator not in ("eq", "ne"):
            return lambda _: False
        if isinstance(value, str) and path.column.edm == "Edm.String":
            return _against(operator, _folding(path.read), folded(value), nulls=nulls)
        return _against(operator, path.read, value, nulls=nulls)

    def _of_two(self, operator: str, path: Path, other: Path) -> Test:
        if other.column.edm != path.column.edm:
            raise _incompatible(path.column.edm, other.column.edm, operator)
        nulls = self.session.switches.ne_matches_null
        return _comparison(operator, _folding(path.read), _folding(other.read), nulls=nulls)

    def value_of(self, node: Node) -> Any:
        """Of a literal, or of the parameter alias that stands for one."""
        if isinstance(node, Name) and node.path.startswith("@"):
            alias = node.path
            try:
                node = parse_filter(self.aliases[alias])
            except (KeyError, ODataSyntaxError):
                raise bad_query(f"The parameter alias '{alias}' has no value.") from None
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Many):
            return [self.value_of(one) for one in node.values]
        raise bad_query("A literal value was expected.")

    def literal(self, column: Column, value: Any, operator: str = "eq") -> Any:
        """A literal in the form in which rows store this column. Raises DataverseError."""
        if value is None:
            return None
        edm = column.edm
        number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        plain = (
            (edm == "Edm.String" and isinstance(value, str))
            or (edm == "Edm.Boolean" and isinstance(value, bool))
            or (edm in ("Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double") and number)
        )
        if plain:
            return value
        if edm == "Edm.Guid" and isinstance(value, UUID | str) and GUID.fullmatch(str(value)):
            return guid(str(value))
        if isinstance(value, str) and edm in ("Edm.DateTimeOffset", "Edm.Date") and self._quoted_dates():
            value = _moment(value)
        if edm == "Edm.DateTimeOffset" and isinstance(value, date):
            midnight = datetime(value.year, value.month, value.day, tzinfo=UTC)
            return value.astimezone(UTC) if isinstance(value, datetime) else midnight
        if edm == "Edm.Date" and isinstance(value, date):
            return value.date() if isinstance(value, datetime) else value
        raise _incompatible(edm, _edm_of(value), operator)

    def _quoted_dates(self) -> bool:
        return self.session.switches.quoted_dates == "accepted"

    def _call(self, node: Call, function: str, *, negated: bool) -> Test:
        if function.startswith("Microsoft.Dynamics.CRM."):
            test = query_function(self, function.removeprefix("Microsoft.Dynamics.CRM."), node)
            return (lambda row: not test(row)) if negated else test
        if function not in ("contains", "startswith", "endswith") or len(node.arguments) != 2:
            raise bad_query(f"An unknown function with name '{function}' was found.")
        subject, wanted = node.arguments
        value = self.value_of(wanted)
        if not isinstance(subject, Name) or not isinstance(value, str):
            raise bad_query(f"No function signature for the function with name '{function}' matches the arguments.")
        path = self.path(subject.path)
        if path.column.edm != "Edm.String":
            raise bad_query(f"No function signature for the function with name '{function}' matches the arguments.")
        pattern, read = _like(function, value), path.read
        if negated:
            nulls = self.session.switches.ne_matches_null
            return lambda row: nulls if read(row) is None else pattern.search(read(row)) is None
        return lambda row: pattern.search(read(row) or "") is not None and read(row) is not None

    def _lambda(self, node: Lambda) -> Test:
        collection = self.table.collections.get(
            node.collection.rpartition("/")[2] if self.variable else node.collection
        )
        if collection is None:
            raise unknown_property(node.collection, self.table.name, self.session.switches.unknown_property_code)
        child = self.session.table(collection.table)
        inner: Test = _everything
        if node.condition is not None:
            inner = Conditions(self.session, child, self.aliases, node.variable).compile(node.condition)
        db, key, lookup = self.session.db, self.table.primary_id, collection.lookup
        if node.operator == "any":
            return lambda row: any(inner(one) for one in db.find(child.name, lookup, row[key]))
        return lambda row: all(inner(one) for one in db.find(child.name, lookup, row[key]))


def _reader(session: Session, steps: list[tuple[Column, str]], name: str) -> Read:
    if not steps:
        return lambda row: row.get(name)

    def read(row: Row) -> Any:
        found: Row | None = row
        for column, target in steps:
            if found is None or (column.polymorphic and found.get(column.type_key) != target):
                return None
            found = session.db.get(target, found.get(column.name) or "")
        return found.get(name) if found else None

    return read


def _moment(text: str) -> datetime | str:
    """The text itself where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _everything(_: Row) -> bool:
    return True


def _folding(read: Read) -> Read:
    return lambda row: folded(read(row))


def _all_of(tests: list[Test]) -> Test:
    return lambda row: all(test(row) for test in tests)


def _any_of(tests: list[Test]) -> Test:
    return lambda row: any(test(row) for test in tests)


def _against(operator: str, read: Read, value: Any, *, nulls: bool) -> Test:
    if operator == "eq":
        return lambda row: read(row) == value
    if operator == "ne":
        if nulls or value is None:
            return lambda row: read(row) != value
        return lambda row: read(row) is not None and read(row) != value
    return _comparison(operator, read, lambda _: value, nulls=nulls)


def _comparison(operator: str, left: Read, right: Read, *, nulls: bool) -> Test:
    def test(row: Row) -> bool:
        one, two = left(row), right(row)
        if operator == "eq":
            return bool(one == two) and one is not None
        if operator == "ne":
            return bool(one != two) and (nulls or None not in (one, two))
        if one is None or two is None:
            return False
        if operator == "gt":
            return bool(one > two)
        if operator == "ge":
            return bool(one >= two)
        return bool(one < two) if operator == "lt" else bool(one <= two)

    return test


def _like(function: str, value: str) -> re.Pattern[str]:
    """SQL's LIKE: `%`, `_` and `[…]` in the value are wildcards ("Use wildcard characters", Filter rows)."""
    text = "".join(
        ".*"
        if piece == "%"
        else "."
        if piece == "_"
        else piece.replace("[^", "[^")
        if piece[0] == "["
        else re.escape(piece)
        for piece in re.findall(r"\[[^\]]+\]|%|_|[^%_\[]+|\[", value)
        if piece != "["
    )
    before = "" if function in ("contains", "endswith") else r"\A"
    after = "" if function in ("contains", "startswith") else r"\s*\Z"
    return re.compile(before + text + after, re.IGNORECASE | re.DOTALL)


def _edm_of(value: Any) -> str:
    names = {
        bool: "Edm.Boolean",
        int: "Edm.Int32",
        Decimal: "Edm.Decimal",
        str: "Edm.String",
        UUID: "Edm.Guid",
    }
    return names.get(type(value), "Edm.DateTimeOffset" if isinstance(value, datetime) else "Edm.Date")


def _incompatible(left: str, right: str, operator: str) -> Exception:
    return bad_query(
        "A binary operator with incompatible types was detected. "
        f"Found operand types '{left}' and '{right}' for operator kind '{_KINDS[operator]}'."
    )
