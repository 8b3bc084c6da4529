"""Rows that a new document has by default: each that is too much gets a step of its own, once it has been seen."""

from __future__ import annotations

from dataclasses import replace

from syncengine.planner.extras import with_extras
from syncengine.planner.rounds import Send
from syncengine.planner.rounds import advance
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.records.document import Attached
from syncengine.records.document import Document

CREATE = Step(1, "back_office", "create", "orders")
READ = Step(2, "back_office", "read", "orders", target=1, role="successor", belongings=True)
OF_DOCUMENT = Step(3, "back_office", "delete-part", "marks", parent=1, when="extra", instead_of=2, excluding=("red",))
OF_LINE = replace(OF_DOCUMENT, no=4, line=(1, 0), excluding=())
UPDATE = Step(5, "back_office", "update", "orders", target=1, expects=2, role="successor")
STEPS = (CREATE, READ, OF_DOCUMENT, OF_LINE, UPDATE)
OWNERS = {3: "", 4: "l-1"}


def seen(*rows: tuple[str, str]) -> Document:
    return Document("o-1", "v", {}, attached=tuple(Attached("marks", mark, line, {}) for mark, line in rows))


def test_what_is_to_be_there_changes_nothing() -> None:
    """Nor does what belongs to a line that no step is about."""
    for rows in ((), (("red", ""),), (("red", ""), ("blue", "l-2"))):
        assert with_extras(STEPS, READ, seen(*rows), OWNERS) == STEPS


def test_each_row_too_much_is_a_step_and_the_document_is_read_again_for_its_token() -> None:
    extended = with_extras(STEPS, READ, seen(("red", ""), ("blue", ""), ("red", "l-1")), OWNERS)
    blue = replace(OF_DOCUMENT, no=6, when="always", target="blue", instead_of=None, excluding=())
    red = replace(OF_LINE, no=7, when="always", target="red", instead_of=None)
    again = replace(READ, no=8, belongings=False)
    assert extended == (CREATE, READ, blue, red, again, OF_DOCUMENT, OF_LINE, replace(UPDATE, expects=8))
    done = {no: Receipt(no, ReceiptOutcome.DONE) for no in (1, 2)}
    assert advance(extended, done) == Send((blue, red))
    done |= {no: Receipt(no, ReceiptOutcome.DONE) for no in (6, 7)}
    assert advance(extended, done) == Send((again,))


def test_without_such_rows_the_conditional_steps_are_passed_over() -> None:
    done = {no: Receipt(no, ReceiptOutcome.DONE) for no in (1, 2)}
    assert advance(STEPS, done) == Send((UPDATE,))
