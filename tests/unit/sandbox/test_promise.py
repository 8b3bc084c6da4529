"""Each invariant of the promise finds a breach of it, finds none where there is none, and says when it cannot see."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from syncengine.sandbox.promise import PROMISE
from syncengine.sandbox.promise import Edit
from syncengine.sandbox.promise import Evidence
from syncengine.sandbox.promise import Flow
from syncengine.sandbox.promise import Moment
from syncengine.sandbox.promise import PlannedRun
from syncengine.sandbox.promise import QuietRun
from syncengine.sandbox.promise import broken
from syncengine.sandbox.promise import unseen

EDIT = Edit("ORD-1", "sales", "city", "Salem")
DIFFERENCE = {"mapping": "M", "record": {"number": "ORD-1"}, "group": "city", "sales": "a", "back_office": "b"}
ONCE = {"keys": ["ORD-1", ""], "orders": {"sales": 2, "back_office": 2}, "entered": 2, "may_lack": {}}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "old-or-new": (
        {"moments": [Moment("ORD-1", "sales", 1, 2, 2, listed=False), Moment("ORD-2", "sales", 1, 9, 2, listed=True)]},
        {"moments": [Moment("ORD-1", "sales", 1, 9, 2, listed=False)]},
        "ORD-1 was neither old nor new in sales",
    ),
    "effects-once": (ONCE, ONCE | {"keys": ["ORD-1", "ORD-1"]}, "2 live documents carry the key ORD-1"),
    "comes-to-rest": (
        {"quiet_runs": [QuietRun(1, 3), QuietRun(0, 0)], "differences": [DIFFERENCE | {"reason": "conflict"}]},
        {"quiet_runs": [QuietRun(0, 1)] * 11, "differences": []},
        "still writing after 11 runs",
    ),
    "no-edit-dropped": (
        {"edits": [EDIT], "shown": {("ORD-1", "city"): {"sales": "Bend"}}, "decided": {"ORD-1": '"was Salem"'}},
        {"edits": [EDIT], "shown": {("ORD-1", "city"): {"sales": "Bend", "back_office": "Salem"}}},
        "is gone without a decision",
    ),
    "nobody-held-up": ({"waited": {"ORD-1": True}}, {"waited": {"ORD-1": False}}, "ORD-1 still waits"),
    "no-echo": (
        {"flows": [Flow("ORD-1", "city", "Salem", "back_office")],
         "said": {("ORD-1", "city", "Salem"): frozenset({"sales"})}},
        {"flows": [Flow("ORD-1", "city", "Salem", "sales")],
         "said": {("ORD-1", "city", "Salem"): frozenset({"sales"})}},
        "city Salem, which was said in sales, came back",
    ),
    "plan-is-what-is-done": (
        {"plans": [PlannedRun(Counter("a"), Counter("ab"), Counter("ab"))]},
        {"plans": [PlannedRun(Counter("a"), Counter("a"), Counter("b"))]},
        "not in the plan, and done: {'b': 1}",
    ),
    "clocks-do-not-matter": (
        {"apart_s": {"sales": 90}, "found_by_polls": {"an edit": True}},
        {"apart_s": {"sales": 90}, "found_by_polls": {"an edit": False}},
        "an edit was not found by polls",
    ),
}  # fmt: skip
OTHER_BREACHES: list[tuple[dict[str, Any], str]] = [
    (ONCE | {"keys": ["SE:1"]}, "operation key"),
    (ONCE | {"orders": {"sales": 3, "back_office": 2}}, "sales holds 3 orders"),
    (ONCE | {"orders": {"sales": 1, "back_office": 2}}, "sales holds only 1 of the 2"),
    ({"quiet_runs": [QuietRun(6, 0)], "differences": []}, "a quiet run ended with 6"),
    ({"quiet_runs": [], "differences": [DIFFERENCE | {"reason": "unexplained"}]}, "unexplained: M ORD-1 city"),
    ({"plans": [PlannedRun(Counter("ab"), Counter("ab"), Counter("a"))]}, "in the plan, and not done"),
]


def test_an_edit_that_was_carried_over_before_its_own_document_ended_is_there() -> None:
    seen = Evidence(edits=[EDIT], shown={("ORD-1", "city"): {"sales": "", "back_office": "Salem"}})
    assert broken(seen) == []
    seen.shown = {("ORD-1", "city"): {"sales": "", "back_office": "Bend"}}
    assert len(broken(seen)) == 1


def test_the_eight_statements_each_have_one_in_their_order() -> None:
    assert [(one.number, one.name) for one in PROMISE] == list(enumerate(CASES, start=1))


@pytest.mark.parametrize("name", CASES)
def test_a_breach_is_found_and_only_a_breach(name: str) -> None:
    kept, breached, told = CASES[name]
    assert broken(Evidence(**kept)) == []
    (found,) = [one for one in broken(Evidence(**breached)) if told in one]
    assert found.startswith(f"{name}: ")
    assert name not in unseen(Evidence(**kept))
    assert name in unseen(Evidence())


@pytest.mark.parametrize(("breached", "told"), OTHER_BREACHES, ids=[told for _, told in OTHER_BREACHES])
def test_other_breaches(breached: dict[str, Any], told: str) -> None:
    assert [one for one in broken(Evidence(**breached)) if told in one]
