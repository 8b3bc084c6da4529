"""Quotes: sent to the back office while they are active in Sales, taken out of it when their life is over.

A quote that is won goes on as an order of its own, a revised one as the next revision, and one that is lost not at all:
the document of the quote is archived and removed. Sales locks an active quote; what comes back is written behind that.
"""

from __future__ import annotations

from syncengine.errors import FailureClass
from syncengine.orders.recreate import RECHECK
from syncengine.orders.recreate import REMOVE
from syncengine.orders.sales import FIRST
from syncengine.orders.sales import UNLOCKED
from syncengine.orders.totals import difference
from syncengine.planner.build import Builder
from syncengine.planner.build import again_unlocked
from syncengine.planner.build import cut_change_sets
from syncengine.planner.decide import Decided
from syncengine.planner.rules import Built
from syncengine.planner.rules import PlainRules
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Problem
from syncengine.planner.writes import update_side
from syncengine.records.record import Record

DRAFT, ACTIVE = "draft", "active"

OVER = {
    "won": "the quote was won: its order carries on",
    "closed": "the quote was closed in Sales: lost, canceled or revised",
}


class QuoteRules(PlainRules):
    def contradict(self, sales: Record, back_office: Record) -> bool:
        return sales.state in OVER  # the document of such a quote is removed

    def review(self, builder: Builder, decided: Decided) -> tuple[tuple[Decision, ...], Problem | None]:
        if builder.pair.record("sales").state != DRAFT:
            return decided.decisions, None
        return decided.decisions, Problem(
            FailureClass.WAITING,
            "held",
            "held: the quote is a draft in Sales; nothing is written until it is activated again",
            "Activate the quote in Sales.",
            "sales",
        )

    def settled(self, builder: Builder) -> Problem | None:
        return difference(builder)

    def write(self, builder: Builder, decided: Decided) -> Built:
        sales, quote = builder.pair.record("sales"), builder.pair.record("back_office")
        if sales.state in OVER:
            reread = builder.add("back_office", "read", target=quote.id, role=RECHECK).no
            builder.add("back_office", "delete", target=quote.id, expects=reread, role=REMOVE)
            # One quote, decided by one person, and archived: nothing that a limit has to look at.
            return Built("remove", OVER[sales.state], archive=True)
        update_side(builder, "back_office", decided)
        steps = update_side(builder, "sales", decided, atomic=FIRST)
        if steps:
            again_unlocked(builder, "sales", steps, (DRAFT, ACTIVE), UNLOCKED)
            cut_change_sets(builder, "sales")
        return Built("update", "", decided.decisions)
