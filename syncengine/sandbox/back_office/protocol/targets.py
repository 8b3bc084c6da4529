"""What an address means: an entity set, one entity, a navigation, an action, a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import query_syntax
from syncengine.sandbox.back_office.refusals import unknown_segment

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.addresses import Segment
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

ACTION = "Microsoft.NAV."


@dataclass(frozen=True)
class Target:
    """`context` is the path below the root; without a `row` the target is a collection."""

    page: Page
    context: str
    parent: Parent | None = None
    row: Row | None = None
    empty: bool = False  # a navigation to one entity that leads nowhere
    tail: str = ""  # "$count", an action's name with its namespace, or a stream property


class Finder:
    """Walks the segments of a path within one company."""

    def __init__(self, pages: dict[str, Page], by_set: dict[str, str], session: Session) -> None:
        self.pages = pages
        self.by_set = by_set
        self.session = session

    def find(self, segments: list[Segment], prefix: str) -> Target:
        """Raises RefusedError for an unknown segment or key."""
        first = segments[0]
        if first.name not in self.by_set:
            raise unknown_segment(first.name)
        page = self.pages[self.by_set[first.name]]
        target = self._keyed(Target(page, f"{prefix}{first.name}"), first)
        for segment in segments[1:]:
            target = self._next(target, segment)
        return target

    def _keyed(self, target: Target, segment: Segment) -> Target:
        if segment.key is None:
            return target
        key = target.page.key_of(segment.key)
        if key is None:
            raise query_syntax()
        row = target.page.find(self.session, key, target.parent)
        if row is not None and target.parent is not None:
            table = target.page.table(self.session)
            below = target.page.below(self.session, target.parent)
            row = row if any(one[table.key] == row[table.key] for one in below) else None
        if row is None:
            raise self._missing(target.page)
        return Target(target.page, f"{target.context}({segment.key})", target.parent, row)

    def _missing(self, page: Page) -> RefusedError:
        code = self.session.switches.missing_key_code
        if code == "Internal_RecordNotFound":
            return RefusedError(
                self.session.switches.record_not_found_status, code, f"The {page.kind.name} does not exist."
            )
        return unknown_segment(page.kind.entity_set)

    def _next(self, target: Target, segment: Segment) -> Target:
        if target.tail or target.empty:
            raise unknown_segment(segment.name)
        if target.row is None:
            if segment.name != "$count":
                raise query_syntax()
            return Target(target.page, target.context, target.parent, tail="$count")
        if segment.name.startswith(ACTION):
            return Target(target.page, target.context, target.parent, target.row, tail=segment.name)
        column = target.page.kind.properties.get(segment.name)
        if column is not None and column.type == "Edm.Stream":
            return Target(target.page, target.context, target.parent, target.row, tail=segment.name)
        return self._navigated(target, segment, target.row)

    def _navigated(self, target: Target, segment: Segment, row: Row) -> Target:
        navigation = target.page.kind.navigation.get(segment.name)
        if navigation is None:
            raise unknown_segment(segment.name)
        page = self.pages[navigation.target]
        context = f"{target.context}/{segment.name}"
        if navigation.collection:
            return self._keyed(Target(page, context, (target.page, row)), segment)
        found = page.reached(self.session, navigation, row)
        if not found:
            return Target(page, context, (target.page, row), empty=True)
        return Target(page, context, (target.page, row), found[0])
