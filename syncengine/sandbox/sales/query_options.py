"""The query string of a read, taken apart and checked against what the service supports."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from syncengine.sandbox.odata import Expand
from syncengine.sandbox.odata import Node
from syncengine.sandbox.odata import ODataSyntaxError
from syncengine.sandbox.odata import parse_expand
from syncengine.sandbox.odata import parse_filter
from syncengine.sandbox.odata import parse_orderby
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import not_emulated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncengine.sandbox.exchange import Request

_KNOWN = frozenset(
    [
        "$select",
        "$filter",
        "$orderby",
        "$top",
        "$count",
        "$expand",
        "$apply",
        "$skiptoken",
        "$deltatoken",
        "$id",
    ]
)
_NOT_EMULATED = {
    "fetchXml": "FetchXML",
    "sql": "SQL queries",
    "savedQuery": "saved views",
    "userQuery": "user views",
}


@dataclass(frozen=True)
class QueryOptions:
    select: tuple[str, ...] | None = None
    filter: Node | None = None
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    count: bool = False
    expand: tuple[Expand, ...] = ()
    apply: str = ""
    skiptoken: str = ""
    deltatoken: str = ""
    id: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    named: frozenset[str] = frozenset()  # the options that were there


def pairs(target: str) -> list[tuple[str, str]]:
    """Decoded query pairs. A plus sign is a space here: "URL encode special characters" (Filter rows)."""
    raw = target.partition("?")[2]
    # "?@id=…" may stand at the end of an address that has a query already.
    pieces = (piece.partition("=") for piece in raw.replace("?@", "&@").split("&") if piece)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pieces]


def parse_options(request: Request) -> QueryOptions:
    """Raises DataverseError."""
    found: dict[str, str] = {}
    aliases: dict[str, str] = {}
    for name, value in pairs(request.target):
        if name.startswith("@"):
            aliases[name] = value
        elif name.startswith("$"):
            _check_name(name, found)
            found[name] = value.strip()
        elif name in _NOT_EMULATED:
            raise not_emulated(_NOT_EMULATED[name])
    try:
        return QueryOptions(
            select=_names(found["$select"]) if "$select" in found else None,
            filter=parse_filter(found["$filter"]) if "$filter" in found else None,
            orderby=tuple(parse_orderby(found["$orderby"])) if "$orderby" in found else (),
            top=_top(found["$top"]) if "$top" in found else None,
            count=_flag(found["$count"]) if "$count" in found else False,
            expand=parse_expand(found["$expand"]) if "$expand" in found else (),
            apply=found.get("$apply", ""),
            skiptoken=found.get("$skiptoken", ""),
            deltatoken=found.get("$deltatoken", ""),
            id=found.get("$id", ""),
            aliases=aliases,
            named=frozenset(found),
        )
    except ODataSyntaxError as error:
        raise bad_query(str(error)) from None


def _check_name(name: str, found: dict[str, str]) -> None:
    if name == "$skip":
        raise bad_query("Skip Clause is not supported in CRM")
    if name not in _KNOWN:
        raise bad_query(f"The query parameter {name} is not supported.")
    if name in found:
        raise bad_query(f"Query option '{name}' was specified more than once, but it must be specified at most once.")


def _names(text: str) -> tuple[str, ...]:
    return tuple(piece.strip() for piece in text.split(",") if piece.strip())


def _top(text: str) -> int:
    if not text.isdigit():
        raise bad_query(f"Invalid value '{text}' for $top query option found. A non-negative integer was expected.")
    return int(text)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise bad_query(f"Invalid value '{text}' for $count query option found. Valid values are 'true, false'.")
    return text == "true"


def expand_options(expand: Expand) -> QueryOptions:
    """The options inside the brackets of one expanded property. Raises DataverseError."""
    allowed = {"$select", "$filter", "$orderby", "$top"}
    given = {name.strip(): value.strip() for name, value in expand.options.items()}
    if not given.keys() <= allowed:
        name = min(given.keys() - allowed)
        raise bad_query(f"The query option '{name}' is not supported in $expand.")
    try:
        return QueryOptions(
            select=_names(given["$select"]) if "$select" in given else None,
            filter=parse_filter(given["$filter"]) if "$filter" in given else None,
            orderby=tuple(parse_orderby(given["$orderby"])) if "$orderby" in given else (),
            top=_top(given["$top"]) if "$top" in given else None,
            expand=expand.expand,
            named=frozenset(given),
        )
    except ODataSyntaxError as error:
        raise bad_query(str(error)) from None
