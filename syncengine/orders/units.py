"""Units of items: in Sales they stand in the unit group of the item's product, which products may share."""

from __future__ import annotations

from syncengine.errors import FailureClass
from syncengine.mapping.transforms import number
from syncengine.planner.build import Builder
from syncengine.planner.rules import PlainRules
from syncengine.planner.steps import Problem
from syncengine.records.record import Record
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import same


class UnitRules(PlainRules):
    """A unit that is there is never overwritten: what orders in it meant would be another quantity afterwards."""

    def settled(self, builder: Builder) -> Problem | None:
        return self.differs(builder.pair.record("sales"), builder.pair.record("back_office"))

    def differs(self, sales: Record, back_office: Record) -> Problem | None:
        """Only what is counted in the same smaller unit on both sides can be compared."""
        here, there = sales.fields.get("quantity"), back_office.fields.get("quantity")
        counted = _coupling(sales.fields.get("base")), _coupling(back_office.fields.get("base"))
        if counted[0] is None or counted[0] != counted[1] or same(here, there):
            return None
        return Problem(
            FailureClass.PERSON,
            "units-differ",
            f"{_name(sales)} holds {_shown(here)} in Sales, and {_shown(there)} of this item in the back office; "
            "nothing is overwritten",
            "Correct the one that is wrong. A unit group that products of other sizes share cannot be right for all: "
            "give the product a unit group of its own.",
            "sales",
        )


def at_odds(name: str, sizes: frozenset[Scalar]) -> Problem:
    """Items whose products share a unit group do not agree on what one of their units holds."""
    shown = " and ".join(sorted(_shown(one) for one in sizes))
    return Problem(
        FailureClass.PERSON,
        "units-differ",
        f"{name} holds {shown} of different items whose products share a unit group in Sales; it is not made there",
        "Enter the unit in Sales as it is right for most, or give the products unit groups of their own.",
        "sales",
    )


def _coupling(value: Scalar) -> int | None:
    return value.coupling if isinstance(value, Ref) else None


def _name(record: Record) -> str:
    return str(record.fields.get("code") or record.id)


def _shown(value: Scalar) -> str:
    return f"{number(value).normalize():f}"
