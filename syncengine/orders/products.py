"""Products: Sales makes each as a draft, which cannot be sold, and sells it once it is published."""

from __future__ import annotations

from syncengine.planner.build import Builder
from syncengine.planner.decide import Decided
from syncengine.planner.rules import Built
from syncengine.planner.rules import PlainRules
from syncengine.planner.settle import UNFINISHED
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.records.values import Side

ACTIVE, DRAFT = "active", "draft"


class ProductRules(PlainRules):
    """What we create is published at once, or by a later run where that failed. The draft of a person stays one."""

    def create(self, builder: Builder, source: Side) -> Built:
        built = super().create(builder, source)
        if source == "back_office":
            made = builder.steps[-1]
            # Where the organization makes products active by itself, this says the same once more.
            builder.add("sales", "set-state", target=made.target, body={"state": ACTIVE}, expects=made.no)
        return built

    def write(self, builder: Builder, decided: Decided) -> Built:
        built = super().write(builder, decided)
        sales, base = builder.pair.record("sales"), builder.pair.base
        if base is None or base.sales.state != UNFINISHED or sales.state != DRAFT:
            return built
        ours = [step for step in builder.steps if step.side == "sales"]
        expects = ours[-1].no if ours else sales.version
        builder.add("sales", "set-state", target=sales.id, body={"state": ACTIVE}, expects=expects)
        told = Decision("state", Outcome.TO_SALES, sales.state, ACTIVE, "made by us, and not published yet")
        return Built("update", told.reason, (*built.executes, told))
