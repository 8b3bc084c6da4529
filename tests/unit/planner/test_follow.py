"""A record that belongs to a document: made again where that was replaced, let go where a person deleted it."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime

import pytest

from syncengine.mapping.language import Reader
from syncengine.planner.facts import Facts
from syncengine.planner.plan import plan_pair
from syncengine.planner.rules import PlainRules
from syncengine.planner.steps import Action
from syncengine.records.document import Gone
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.values import Link
from syncengine.records.values import Ref
from tests.fakes.references import Coupled
from tests.fakes.references import TableOfReferences

NOTE = {
    "name": "NOTE",
    "sales": {"table": "notes"},
    "back_office": {"table": "remarks"},
    "deleted": {"in_back_office": "follow"},
    "match": [["order", "text"]],
    "fields": {
        "order": {"sales": "about", "back_office": "of", "lookup": "ORDER"},
        "text": {"sales": "text", "back_office": "text"},
    },
}


def _gone(*, replaced: int, made_again: int = 0) -> Action:
    """The note is there in Sales only; its order means document d-2 now."""
    order = Coupled("ORDER", 7, Link("orders", "o-1"), Link("documents", "d-2"), generation=replaced)
    note = Record("n-1", "v", {"order": Ref("ORDER", 7, "sales", "o-1"), "text": "Call first"})
    pair = Pair("NOTE", 3, note, Gone("r-1"), generation=made_again)
    mapping = Reader(NOTE, {}).mapping()
    assert mapping is not None
    return plan_pair(
        pair, mapping, PlainRules(), TableOfReferences((order,)), Facts("c", datetime(2026, 3, 16, tzinfo=UTC))
    )


def test_it_goes_along_with_the_document_that_was_replaced() -> None:
    """Made on the successor, for the coupling that it has."""
    action = _gone(replaced=1)
    (step,) = action.steps
    assert (action.kind, step.side, step.verb, step.table) == ("renew", "back_office", "create", "remarks")
    assert step.body == {"of": Link("documents", "d-2"), "text": "Call first"}


@pytest.mark.parametrize(("replaced", "made_again"), [(0, 0), (1, 1)])
def test_it_is_let_go_where_a_person_deleted_it(replaced: int, made_again: int) -> None:
    """No more often than the document was replaced is it made again."""
    action = _gone(replaced=replaced, made_again=made_again)
    assert (action.kind, action.steps) == ("uncouple", ())
