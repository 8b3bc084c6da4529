"""Paging cookies: opaque text in `$skiptoken` that says where the next page begins.

The form is that of "Page results using OData": XML, encoded twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import quote
from urllib.parse import unquote

import msgspec

from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.values import LiteralError
from syncengine.sandbox.sales.values import parse

if TYPE_CHECKING:
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.selection import Order

LARGEST_PAGE = 5000
_OUTER = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="(True|False)" />')


@dataclass(frozen=True)
class Cookie:
    page: int
    edge: list[Any]
    tracking: bool = False
    since: str = ""  # change tracking: the delta token that the last page will carry


def page_size(prefer: dict[str, str]) -> tuple[int, bool]:
    """Rows on one page, and whether the client asked for that. Raises DataverseError."""
    asked = prefer.get("odata.maxpagesize")
    if asked is None:
        return LARGEST_PAGE, False
    if not asked.isdigit() or int(asked) < 1:
        raise bad_query(f"Invalid value '{asked}' for the preference odata.maxpagesize.")
    return min(int(asked), LARGEST_PAGE), True


def encode(cookie: Cookie) -> str:
    inner = to_json({"page": cookie.page, "edge": cookie.edge, "since": cookie.since}).decode()
    coded = re.sub(r"%..", lambda found: found[0].lower(), quote(inner, safe=""))
    outer = f'<cookie pagenumber="{cookie.page}" pagingcookie="{coded}" istracking="{cookie.tracking}" />'
    return quote(outer, safe="=/")


def decode(text: str, table: Table, order: Order) -> Cookie:
    """Raises DataverseError for a cookie that is none, or of another order."""
    found = _OUTER.fullmatch(text)
    try:
        if found is None:
            raise _malformed()
        inner = from_json(unquote(found[2]).encode())
        columns = [path.column for path, _ in order.paths] + [table.columns[table.primary_id]]
        if len(inner["edge"]) != len(columns):
            raise bad_query("Order by columns do not match those in paging cookie.", "0x80041129")
        edge = [parse(column, value) for column, value in zip(columns, inner["edge"], strict=True)]
        return Cookie(int(found[1]), edge, found[3] == "True", inner["since"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError, LiteralError):
        raise _malformed() from None


def _malformed() -> DataverseError:
    return bad_query("Invalid page number in paging cookie.", "0x8004112A")


def next_link(origin: str, target: str, cookie: Cookie) -> str:
    """The address of the request with the cookie in place of an older one."""
    path, _, query = target.partition("?")
    kept = [piece for piece in query.split("&") if piece and not re.match(r"(?:\$|%24)(skiptoken|top)=", piece)]
    return f"{origin}{path}?" + "&".join([*kept, "$skiptoken=" + encode(cookie)])
