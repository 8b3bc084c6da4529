"""Sorted results kept between the pages of one query, so that a walk over a table sorts it once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from syncengine.sandbox.sales.query_options import pairs

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Hashable

    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.operation import Operation

_MOST = 8
_IRRELEVANT = frozenset(["$skiptoken", "$select", "$expand", "$count", "$top"])


class Arrangements:
    """Forgotten as soon as anything is written or switched: a page is always as fresh as the query."""

    def __init__(self) -> None:
        self._writes = -1
        self._switches: object = None
        self._kept: OrderedDict[Hashable, list[Row]] = OrderedDict()

    def get(self, op: Operation, make: Callable[[], list[Row]]) -> list[Row]:
        """The rows of this query in their order; the caller must not change the list."""
        session = op.session
        if self._writes != session.db.writes or self._switches is not session.switches:
            self._writes, self._switches = session.db.writes, session.switches
            self._kept.clear()
        key = _key(op)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found


def _key(op: Operation) -> Hashable:
    target = op.request.target
    asked = frozenset(pair for pair in pairs(target) if pair[0] not in _IRRELEVANT)
    # Query functions may speak of today or of the user.
    now = op.session.now if "Dynamics" in target else None
    return (op.request.path, asked, op.session.actor, now)
