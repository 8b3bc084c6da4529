"""Changed in place where the back office lets us: filed, opened, changed, released again; its number survives.

It takes actions that the standard API does not have; the traits say whether they are there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from syncengine.orders import states
from syncengine.orders.recreate import RECHECK
from syncengine.orders.recreate import RELEASE
from syncengine.orders.recreate import WAY_BACK
from syncengine.planner.build import Builder
from syncengine.planner.decide import Decided
from syncengine.planner.steps import Decision
from syncengine.planner.writes import update_side

ACTIONS: Final = frozenset({"archive", "reopen", "release"})


def can_open(builder: Builder, decisions: Iterable[Decision]) -> bool:
    """A changed customer gives every line a new id and a new price: that is a new document in any case."""
    there = builder.traits("back_office").acts >= ACTIONS
    return there and all(one.group != states.CUSTOMER for one in decisions if one.line is None)


def in_place(builder: Builder, decided: Decided) -> None:
    """Add the steps. If somebody has edited it meanwhile, or a step is refused, it is only released again."""
    order = builder.pair.record("back_office")
    released = order.state == states.RELEASED
    builder.add("back_office", "act", target=order.id, body={"action": "archive"})
    if released:
        builder.add("back_office", "act", target=order.id, body={"action": "reopen"})
    reread = builder.add("back_office", "read", target=order.id, role=RECHECK).no
    before = len(builder.steps)
    update_side(builder, "back_office", decided)
    held = {order.version, *(order.native.beside.values() if order.native else ())}
    builder.steps[before:] = [
        replace(step, expects=reread) if step.target == order.id and step.expects in held else step
        for step in builder.steps[before:]
    ]
    if released:
        builder.add("back_office", "act", target=order.id, body={"action": "release"}, role=RELEASE)
        builder.add(
            "back_office", "act", target=order.id, body={"action": "release"}, when="foreign-edit", role=WAY_BACK
        )
