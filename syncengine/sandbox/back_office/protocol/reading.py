"""GET: one entity, a page of a collection, a count, a stream."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.protocol.operation import Answer
from syncengine.sandbox.back_office.protocol.options import read_options
from syncengine.sandbox.back_office.protocol.rendering import ETAG
from syncengine.sandbox.back_office.protocol.rendering import chosen
from syncengine.sandbox.back_office.protocol.rendering import rendered
from syncengine.sandbox.back_office.refusals import query_syntax

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.protocol.operation import Operation
    from syncengine.sandbox.back_office.protocol.options import Options
    from syncengine.sandbox.back_office.protocol.targets import Target
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.odata import Expand


class Reader:
    def __init__(self, session: Session, pages: dict[str, Page], operation: Operation) -> None:
        self.session = session
        self.pages = pages
        self.operation = operation
        self.schema = operation.options.get("$schemaversion", "2.0")

    def read(self, target: Target) -> Answer:
        if target.tail == "$count":
            options = self.options(target.page, self.operation.options)
            rows = self.matching(target, options)
            return Answer(200, raw=str(len(rows)).encode(), headers={"content-type": "text/plain"})
        if target.tail:
            row = target.row or {}
            return Answer(200, raw=row.get("_content", b""), headers={"content-type": "application/octet-stream"})
        if target.empty:
            return Answer(204)
        if target.row is not None:
            row = target.page.before_get(self.session, target.row)
            return self.entity(target, row)
        return self.collection(target)

    def options(self, page: Page, sent: dict[str, str]) -> Options:
        return read_options(page, sent, self.session.switches, self.schema)

    def entity(self, target: Target, row: Row, status: int = 200, **headers: str) -> Answer:
        options = self.options(target.page, self.operation.options)
        entity = self.rendered(target.page, row, options)
        if self.session.switches.etag_header:
            headers["etag"] = entity[ETAG]
        return Answer(status, self._with_context(entity, f"{_set(target.context)}/$entity"), headers)

    def _with_context(self, entity: dict[str, Any], context: str) -> dict[str, Any]:
        if self.operation.bare:
            entity.pop(ETAG, None)
            return entity
        return {"@odata.context": f"{self.operation.root}/$metadata#{context}", **entity}

    def matching(self, target: Target, options: Options) -> list[Row]:
        """All rows of the collection that meet the condition, in the order of the primary key."""
        page, condition = target.page, options.condition
        rows = list(page.candidates(self.session, target.parent, condition))
        if condition is not None:
            test = condition.test
            rows = [row for row in rows if test(row)]
            rows.sort(key=page.table(self.session).position)
        return rows

    def collection(self, target: Target) -> Answer:
        options = self.options(target.page, self.operation.options)
        rows = self.matching(target, options)
        total = len(rows)
        rows = self._after(target.page, rows, options)
        rows = rows[options.skip :] if options.skip else rows
        size = self._page_size()
        limit = size if options.top is None else min(options.top, size)
        sent, more = (
            rows[:limit],
            len(rows) > limit and (options.top is None or self.session.switches.next_link_with_top),
        )
        value: dict[str, Any] = {}
        if not self.operation.bare:
            value["@odata.context"] = f"{self.operation.root}/$metadata#{target.context}"
        if options.count:
            value["@odata.count"] = total
        value["value"] = [self._member(target.page, row, options) for row in sent]
        if more:
            value["@odata.nextLink"] = self._next_link(target.page, sent[-1])
        return Answer(200, value)

    def _member(self, page: Page, row: Row, options: Options) -> dict[str, Any]:
        entity = self.rendered(page, row, options)
        if self.operation.bare:
            entity.pop(ETAG, None)
        return entity

    def _page_size(self) -> int:
        most = self.session.switches.max_page_size
        wanted = self.operation.prefers("odata.maxpagesize") or ""
        return min(int(wanted), most) if wanted.isdigit() and int(wanted) else most

    def _next_link(self, page: Page, last: Row) -> str:
        """The query as it was sent, with the key of the last row; $skip has been applied once and for all."""
        kept = [
            piece
            for piece in self.operation.query.split("&")
            if piece and not piece.replace("%24", "$").startswith(("$skiptoken=", "$skip="))
        ]
        key = last[page.kind.key]
        page.table(self.session).remember(self.operation.path, key, last)
        query = "&".join([*kept, f"$skiptoken={key}"])
        return f"{self.operation.root}/{self.operation.path}?{query}"

    @staticmethod
    def _sorted(page: Page, rows: list[Row], options: Options) -> list[Row]:
        for name, descending in reversed(options.orderby):
            rows = sorted(rows, key=page.getter(name), reverse=descending)
        return rows

    def _after(self, page: Page, rows: list[Row], options: Options) -> list[Row]:
        """Sorted, from behind the row of the token: where that row stood when the token was given out."""
        if options.after is None:
            return self._sorted(page, rows, options)
        key = options.after.strip("'").lower()
        table = page.table(self.session)
        named = (row for row in rows if row[page.kind.key] == key)
        last = table.remembered(self.operation.path, key) or next(named, None)
        last = last or table.get(key) or table.gone.get(key)
        if last is None:
            raise query_syntax()
        at = bisect_left(rows, table.position(last), key=table.position)
        there = at < len(rows) and rows[at] is last
        placed = rows if there else [*rows[:at], last, *rows[at:]]
        placed = self._sorted(page, placed, options)
        at = next(at for at, row in enumerate(placed) if row is last)
        return self._unless_unmoved(page, placed[at + 1 :], last, options)

    @staticmethod
    def _unless_unmoved(page: Page, rows: list[Row], last: Row, options: Options) -> list[Row]:
        """Without a later version of the last row itself that stands where it stood."""
        if not rows or rows[0][page.kind.key] != last[page.kind.key]:
            return rows
        columns = [page.getter(name) for name, _ in options.orderby]
        return rows[1:] if all(value(rows[0]) == value(last) for value in columns) else rows

    def rendered(self, page: Page, row: Row, options: Options) -> dict[str, Any]:
        entity = chosen(rendered(page, page.table(self.session), row), options.select)
        for one in options.expand:
            entity[one.name] = self.expanded(page, row, one)
            self._cut(page, row, one, entity)
        return entity

    def _cut(self, page: Page, row: Row, one: Expand, entity: dict[str, Any]) -> None:
        """Where expanded collections are paged: the rest is behind a link of the collection's own."""
        size, found = self.session.switches.expanded_page_size, entity[one.name]
        if not size or not isinstance(found, list) or len(found) <= size:
            return
        entity[one.name] = found[:size]
        below = self.pages[page.kind.navigation[one.name].target]
        unselected = replace(one, options={name: text for name, text in one.options.items() if name != "$select"})
        last = self.expanded(page, row, unselected)[size - 1][below.kind.key]
        company = self.session.company.id
        path = f"companies({company})/{page.kind.entity_set}({row[page.kind.key]})/{one.name}"
        kept = [f"{name}={value}" for name, value in one.options.items() if name in ("$select", "$filter", "$orderby")]
        query = "&".join([*kept, f"$skiptoken={last}"])
        entity[f"{one.name}@odata.nextLink"] = f"{self.operation.root}/{path}?{query}"

    def expanded(self, page: Page, row: Row, one: Expand) -> Any:
        navigation = page.kind.navigation[one.name]
        below = self.pages[navigation.target]
        options = self.options(below, {**one.options, "$expand": ""})
        nested = tuple(one.expand)
        for inner in nested:
            if inner.name not in below.kind.navigation:
                self.options(below, {"$expand": inner.name})
        rows = below.reached(self.session, navigation, row)
        if options.condition is not None:
            rows = [each for each in rows if options.condition.test(each)]
        rows = self._sorted(below, rows, options)[options.skip :]
        if options.top is not None:
            rows = rows[: options.top]
        entities = []
        for each in rows:
            entity = chosen(rendered(below, below.table(self.session), each), options.select)
            for inner in nested:
                entity[inner.name] = self.expanded(below, each, inner)
            if self.operation.bare:
                entity.pop(ETAG, None)
            entities.append(entity)
        if navigation.collection:
            return entities
        return entities[0] if entities else None


def _set(context: str) -> str:
    """Without the key at the end: `companies(…)/salesOrders(…)` is of `companies(…)/salesOrders`."""
    head, bracket, tail = context.rpartition("(")
    return head if bracket and tail.endswith(")") else context
