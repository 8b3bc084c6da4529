"""OData 4 query text as trees: `$filter`, `$expand` and `$orderby`, parsed once for both emulated services.

What each service refuses or ignores of it is that service's own business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


class ODataSyntaxError(ValueError):
    """The text is not OData; the message says what was found where."""


@dataclass(frozen=True)
class Name:
    """A property, or a path `navigation/property`."""

    path: str


@dataclass(frozen=True)
class Literal:
    """str, bool, int, Decimal, UUID (bare), date, datetime (UTC) or None."""

    value: Any


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Compare:
    operator: str  # eq ne gt ge lt le in
    left: Node
    right: Node


@dataclass(frozen=True)
class Many:
    """The right side of `in`, or an array `[…]`."""

    values: tuple[Node, ...]


@dataclass(frozen=True)
class Named:
    """An argument given by name, `PropertyName='x'`, as Dataverse's query functions take them."""

    name: str
    value: Node


@dataclass(frozen=True)
class Logic:
    operator: str  # and or not
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Lambda:
    """`collection/any(x: condition)`; `condition` is None for a bare `any()`."""

    collection: str
    operator: str  # any all
    variable: str
    condition: Node | None


Node = Name | Literal | Call | Compare | Many | Named | Logic | Lambda

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^']|'')*')
  | (?P<text>"(?:[^"\\]|\\.)*")
  | (?P<guid>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})
  | (?P<datetime>-?\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))
  | (?P<date>-?\d{4}-\d\d-\d\d)
  | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<word>[A-Za-z_@$][\w.@]*)
  | (?P<mark>[(),/:=\[\]])
  )""",
    re.VERBOSE,
)

_COMPARE = {"eq", "ne", "gt", "ge", "lt", "le", "in"}
_CONSTANTS = {"true": True, "false": False, "null": None}


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._scan(text))
        self.at = 0

    @staticmethod
    def _scan(text: str) -> list[tuple[str, str, int]]:
        tokens, at, end = [], 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise ODataSyntaxError(f"Syntax error at position {at} in '{text}'.")
            tokens.append((found.lastgroup, found.group(found.lastgroup), at))
            at = found.end()
        return tokens

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind: str = "", value: str = "") -> str:
        found_kind, found = self.peek()
        if (kind and found_kind != kind) or (value and found != value) or found_kind == "end":
            where = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
            raise ODataSyntaxError(f"Syntax error at position {where} in '{self.text}'.")
        self.at += 1
        return found

    def whole(self) -> Node:
        node = self.either()
        if self.at < len(self.tokens):
            self.take("end")
        return node

    def either(self) -> Node:
        parts = [self.both()]
        while self.peek() == ("word", "or"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Logic("or", tuple(parts))

    def both(self) -> Node:
        parts = [self.single()]
        while self.peek() == ("word", "and"):
            self.take()
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else Logic("and", tuple(parts))

    def single(self) -> Node:
        if self.peek() == ("word", "not"):
            self.take()
            return Logic("not", (self.single(),))
        if self.peek() == ("mark", "("):
            self.take()
            node = self.either()
            self.take("mark", ")")
        else:
            node = self.operand()
        kind, word = self.peek()
        if kind == "word" and word in _COMPARE:
            self.take()
            return Compare(word, node, self.many() if word == "in" else self.operand())
        return node

    def many(self) -> Many:
        self.take("mark", "(")
        values = [self.operand()]
        while self.peek() == ("mark", ","):
            self.take()
            values.append(self.operand())
        self.take("mark", ")")
        return Many(tuple(values))

    def array(self) -> Many:
        self.take("mark", "[")
        values: list[Node] = []
        while self.peek() != ("mark", "]"):
            values.append(self.operand())
            if self.peek() != ("mark", "]"):
                self.take("mark", ",")
        self.take("mark", "]")
        return Many(tuple(values))

    def operand(self) -> Node:
        kind, text = self.peek()
        if (kind, text) == ("mark", "["):
            return self.array()
        if kind == "word" and text not in _CONSTANTS:
            return self.named()
        self.take()
        if kind == "string":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "text":
            return Literal(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "guid":
            return Literal(UUID(text))
        if kind == "datetime":
            return Literal(datetime.fromisoformat(text))
        if kind == "date":
            return Literal(date.fromisoformat(text))
        if kind == "number":
            return Literal(Decimal(text) if not re.fullmatch(r"-?\d+", text) else int(text))
        if text in _CONSTANTS:
            return Literal(_CONSTANTS[text])
        raise ODataSyntaxError(f"Syntax error near '{text}' in '{self.text}'.")

    def named(self) -> Node:
        words = [self.take("word")]
        while self.peek() == ("mark", "/"):
            self.take()
            words.append(self.take("word"))
        if self.peek() != ("mark", "("):
            return Name("/".join(words))
        self.take()
        if words[-1] in ("any", "all") and len(words) > 1:
            return self.lambda_(words)
        arguments: list[Node] = []
        while self.peek() != ("mark", ")"):
            arguments.append(self.argument())
            if self.peek() == ("mark", ","):
                self.take()
        self.take()
        return Call("/".join(words), tuple(arguments))

    def argument(self) -> Node:
        """An argument, positional or `Name=value`."""
        value = self.either()
        if isinstance(value, Name) and self.peek() == ("mark", "="):
            self.take()
            return Named(value.path, self.operand())
        return value

    def lambda_(self, words: list[str]) -> Lambda:
        if self.peek() == ("mark", ")"):
            self.take()
            return Lambda("/".join(words[:-1]), words[-1], "", None)
        variable = self.take("word")
        self.take("mark", ":")
        condition = self.either()
        self.take("mark", ")")
        return Lambda("/".join(words[:-1]), words[-1], variable, condition)


def parse_filter(text: str) -> Node:
    """Raises ODataSyntaxError."""
    return _Parser(text).whole()


def names(node: Node | None) -> set[str]:
    """Every property path that the tree mentions."""
    match node:
        case Name(path):
            return {path}
        case Call(_, arguments):
            return set().union(*map(names, arguments)) if arguments else set()
        case Compare(_, left, right):
            return names(left) | names(right)
        case Logic(_, operands):
            return set().union(*map(names, operands))
        case Many(values):
            return set().union(*map(names, values))
        case Named(_, value):
            return names(value)
        case _:
            return set()


def evaluate(node: Node, value_of: Callable[[str], Any], call: Callable[[str, list[Any]], Any], *, fold: bool) -> Any:
    """Evaluate for one row. `fold` compares text without regard to case. Null compares false but for eq/ne null."""
    match node:
        case Name(path):
            return value_of(path)
        case Literal(value):
            return value
        case Many(values):
            return [evaluate(v, value_of, call, fold=fold) for v in values]
        case Call(function, arguments):
            return call(function, [evaluate(a, value_of, call, fold=fold) for a in arguments])
        case Logic("not", (operand,)):
            return not evaluate(operand, value_of, call, fold=fold)
        case Logic("and", operands):
            return all(evaluate(o, value_of, call, fold=fold) for o in operands)
        case Logic(_, operands):
            return any(evaluate(o, value_of, call, fold=fold) for o in operands)
        case Compare(operator, left, right):
            return _compare(
                operator,
                evaluate(left, value_of, call, fold=fold),
                evaluate(right, value_of, call, fold=fold),
                fold=fold,
            )
        case _:
            raise ODataSyntaxError("Lambda expressions are not evaluated here.")


def _comparable(value: Any, *, fold: bool) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str) and fold:
        return value.casefold()
    return value


def _compare(operator: str, left: Any, right: Any, *, fold: bool) -> bool:
    if operator == "in":
        return any(_compare("eq", left, one, fold=fold) for one in right)
    left, right = _comparable(left, fold=fold), _comparable(right, fold=fold)
    if operator in ("eq", "ne"):
        return bool((left == right) == (operator == "eq"))
    if left is None or right is None:
        return False
    if isinstance(left, date) and isinstance(right, datetime) and not isinstance(left, datetime):
        right = right.date()
    try:
        tests: dict[str, Callable[[], bool]] = {
            "gt": lambda: bool(left > right),
            "ge": lambda: bool(left >= right),
            "lt": lambda: bool(left < right),
            "le": lambda: bool(left <= right),
        }
        return tests[operator]()
    except TypeError:
        raise ODataSyntaxError(
            "A binary operator with incompatible types was detected. "
            f"Found operand types '{type(left).__name__}' and '{type(right).__name__}' for operator kind '{operator}'."
        ) from None


@dataclass(frozen=True)
class Expand:
    """One navigation property to expand, with its own options, all still as text but the nested expands."""

    name: str
    options: dict[str, str]
    expand: tuple[Expand, ...]


def parse_expand(text: str) -> tuple[Expand, ...]:
    """`a($select=x,y;$expand=b),c` as a tree. Raises ODataSyntaxError."""
    found = []
    for piece in split_outside(text, ","):
        name, bracket, inside = piece.strip().partition("(")
        if bracket and not inside.endswith(")"):
            raise ODataSyntaxError(f"Unbalanced brackets in $expand '{text}'.")
        options = {}
        for option in split_outside(inside[:-1], ";") if bracket else []:
            key, equals, value = option.strip().partition("=")
            if not equals:
                raise ODataSyntaxError(f"'{option}' is not an option of $expand.")
            options[key] = value
        nested = parse_expand(options.pop("$expand")) if "$expand" in options else ()
        if not re.fullmatch(r"[A-Za-z_][\w/.]*(?:/\$ref)?", name):
            raise ODataSyntaxError(f"'{name}' is not a navigation property.")
        found.append(Expand(name, options, nested))
    return tuple(found)


def parse_orderby(text: str) -> list[tuple[str, bool]]:
    """[(property, descending)]. Raises ODataSyntaxError."""
    found = []
    for piece in text.split(","):
        words = piece.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1] not in ("asc", "desc")):
            raise ODataSyntaxError(f"'{piece}' is not an $orderby item.")
        found.append((words[0], words[-1] == "desc" and len(words) == 2))
    return found


def split_outside(text: str, mark: str) -> list[str]:
    """Split at `mark` where no bracket and no quote is open."""
    pieces, depth, quoted = [""], 0, False
    for letter in text:
        if letter == "'":
            quoted = not quoted
        if not quoted:
            depth += (letter == "(") - (letter == ")")
        if letter == mark and not quoted and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    return [piece for piece in pieces if piece.strip()]
