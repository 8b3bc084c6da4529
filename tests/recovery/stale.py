"""Reads that answer what was true a while ago: a cache, a copy that lags behind, a node that has not heard yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import pytest

from syncengine.records.document import Document
from syncengine.records.values import Side
from syncengine.service.wiring import Company


@dataclass
class Memory:
    """What each order looked like at each reading. `left`: how many more of a side are answered from it."""

    seen: dict[tuple[Side, str], list[Document]] = field(default_factory=lambda: defaultdict(list))
    left: dict[Side, int] = field(default_factory=lambda: {"sales": 0, "back_office": 0})
    answered: int = 0

    def install(self, company: Company, patch: pytest.MonkeyPatch) -> None:
        for side, system in company.systems().items():
            patch.setattr(system, "read", self._reading(side, system.read))

    def _reading(self, side: Side, read: Any) -> Any:
        def reading(view: Any, ids: Any) -> Mapping[str, Any]:
            found = dict(read(view, ids))
            # Of an order, without its lines: a look at its header alone.
            orders = {one: seen for one, seen in found.items() if isinstance(seen, Document) and seen.lines}
            due = bool(orders) and self.left[side] > 0
            self.left[side] -= due
            for one, document in orders.items():
                earlier = [old for old in self.seen[side, one] if old.version != document.version]
                self.seen[side, one].append(document)
                if due and earlier:
                    found[one] = earlier[-1]
                    self.answered += 1
            return found

        return reading
