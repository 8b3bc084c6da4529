"""`$expand`: related rows inside the answer, with the rules of "Join tables using OData".

In a list with single-level expands, each collection has a nextLink without paging information that gives
the same rows again. Nested expands change that: tags are left out and each collection is paged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import quote

from syncengine.sandbox.sales.conditions import Conditions
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import unknown_property
from syncengine.sandbox.sales.formatting import target_of
from syncengine.sandbox.sales.paging import LARGEST_PAGE
from syncengine.sandbox.sales.paging import Cookie
from syncengine.sandbox.sales.paging import encode
from syncengine.sandbox.sales.query_options import QueryOptions
from syncengine.sandbox.sales.query_options import expand_options
from syncengine.sandbox.sales.representation import Shape
from syncengine.sandbox.sales.representation import shape
from syncengine.sandbox.sales.selection import Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncengine.sandbox.odata import Expand
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Collection
    from syncengine.sandbox.sales.model import Navigation
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

MOST_EXPANDS = 15


@dataclass(frozen=True)
class Setting:
    """What holds for all expands of one request."""

    session: Session
    base: str  # origin and API root, for links
    annotations: Sequence[str]
    in_list: bool
    nested: bool
    page: int | None


@dataclass(frozen=True)
class Expansion:
    """One expanded property, ready to be applied to rows."""

    setting: Setting
    table: Table
    navigation: Navigation | None
    collection: Collection | None
    options: QueryOptions
    shape: Shape
    order: Order
    inner: tuple[Expansion, ...]
    only_reference: bool = False

    @property
    def name(self) -> str:
        found = self.navigation or self.collection
        return found.name if found else ""

    def apply(self, row: Row, answer: dict[str, Any]) -> None:
        if self.navigation is not None:
            answer[self.name] = self._single(row, self.navigation)
        elif self.collection is not None:
            self._many(row, self.collection, answer)

    def _single(self, row: Row, navigation: Navigation) -> dict[str, Any] | None:
        key = row.get(navigation.column.name)
        if key is None or target_of(navigation.column, row) != navigation.target:
            return None
        session = self.setting.session
        found = session.db.get(navigation.target, key)
        if found is None:
            return None
        if self.only_reference:
            return {"@odata.id": f"{self.setting.base}/{session.table(navigation.target).entity_set}({key})"}
        return self._one(found)

    def _one(self, row: Row) -> dict[str, Any]:
        answer = self.shape.answer(self.setting.session, row)
        for one in self.inner:
            one.apply(row, answer)
        return answer

    def _many(self, row: Row, collection: Collection, answer: dict[str, Any]) -> None:
        session = self.setting.session
        child = session.table(collection.table)
        rows = session.db.find(child.name, collection.lookup, row[self.table.primary_id])
        if self.options.filter is not None:
            test = Conditions(session, child).compile(self.options.filter)
            rows = [one for one in rows if test(one)]
        rows = self.order.sort(rows)
        if self.options.top is not None:
            rows = rows[: self.options.top]
        size = self.setting.page if self.setting.nested and self.setting.page else LARGEST_PAGE
        shown = rows[:size]
        answer[self.name] = [self._one(one) for one in shown]
        missing = len(rows) > len(shown)
        always = session.switches.expand_nextlink == "always"
        if self.setting.in_list and (missing or always) and (missing or not self.setting.nested):
            edge = self.order.edge(shown[-1]) if missing else None
            answer[f"{self.name}@odata.nextLink"] = self._link(row, edge)

    def _link(self, row: Row, edge: list[Any] | None) -> str:
        """The filtered collection by itself; with a cookie only where rows are missing here."""
        address = f"{self.setting.base}/{self.table.entity_set}({row[self.table.primary_id]})/{self.name}"
        query = []
        if self.options.select is not None:
            query.append("$select=" + ",".join(self.options.select))
        texts = self.texts
        query += [f"{name}={quote(texts[name], safe=',')}" for name in ("$filter", "$orderby") if name in texts]
        if edge is not None:
            query.append("$skiptoken=" + encode(Cookie(2, edge)))
        return address + ("?" + "&".join(query) if query else "")

    @property
    def texts(self) -> dict[str, str]:
        return dict(self.options.aliases)


def expansions(setting: Setting, table: Table, expands: Sequence[Expand]) -> tuple[Expansion, ...]:
    """Raises DataverseError for what cannot be expanded so."""
    if _count(expands) > MOST_EXPANDS:
        raise bad_query(f"The number of $expand options must not exceed {MOST_EXPANDS}.")
    return tuple(_expansion(setting, table, one, depth=1) for one in expands)


def _count(expands: Sequence[Expand]) -> int:
    return sum(1 + _count(one.expand) for one in expands)


def is_nested(expands: Sequence[Expand]) -> bool:
    return any(one.expand for one in expands)


def _expansion(setting: Setting, table: Table, expand: Expand, *, depth: int) -> Expansion:
    session = setting.session
    name, slash, tail = expand.name.partition("/")
    navigation, collection = table.navigations.get(name), table.collections.get(name)
    if navigation is None and collection is None:
        raise unknown_property(name, table.name, session.switches.unknown_property_code)
    if slash and (tail != "$ref" or navigation is None):
        raise bad_query("Expand with $ref is only supported on lookup type navigation property.")
    options = expand_options(expand)
    limited = navigation is not None or setting.nested
    if limited and options.named & {"$top", "$orderby"}:
        text = "Only $select and $filter clause can be provided while doing $expand on many-to-one relationship"
        raise bad_query(f"{text} or nested one-to-many relationship.")
    child = session.table(navigation.target if navigation else collection.table if collection else "")
    tagged = not setting.in_list or (not setting.nested and collection is not None and depth == 1)
    foreign = (
        [child.columns[collection.lookup].property] if collection and setting.in_list and not setting.nested else []
    )
    extra = [one for one in foreign if one in child.properties]
    texts = {k.strip(): v.strip() for k, v in expand.options.items()}
    return Expansion(
        setting,
        table,
        navigation,
        collection,
        QueryOptions(**{**vars(options), "aliases": texts}),
        shape(session, child, options.select, setting.annotations, tagged=tagged, extra=extra),
        Order.by(Conditions(session, child), options.orderby),
        tuple(_expansion(setting, child, one, depth=depth + 1) for one in options.expand),
        only_reference=bool(slash),
    )


def context(select: Sequence[str] | None, expands: Sequence[Expand]) -> str:
    """The part in brackets of a context URL: `(name,order_details(productid))`; empty if all is answered."""
    pieces = list(select or ())
    for one in expands:
        inner = one.options.get("$select", "")
        pieces.append(one.name + (context([c.strip() for c in inner.split(",") if c.strip()], one.expand) or "()"))
    return f"({','.join(pieces)})" if pieces else ""
