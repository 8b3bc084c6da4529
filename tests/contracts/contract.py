"""What the engine relies on in every system: one class of tests for the port `System`, run on whatever implements it.

A `Bed` is a system with people beside it. Whatever is said here of "the service" holds for a connector's whole way
to it; how a document looks is the bed's business.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from typing import ClassVar
from typing import Protocol

import pytest

from syncengine.errors import RemoteSystemError
from syncengine.mapping.filters import Condition
from syncengine.mapping.filters import admits
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import ReceiptOutcome
from syncengine.planner.steps import Step
from syncengine.ports import Poll
from syncengine.ports import System
from syncengine.records.document import Document
from syncengine.records.document import Gone
from syncengine.records.document import View
from syncengine.records.values import Wire
from syncengine.records.values import same

AWKWARD = "O'Brien & Sons <x>"
_count = itertools.count(1)


class Bed(Protocol):
    """A system under test and somebody else who works in it.

    `key`: a header text column of at least 35 characters; `note`: another, of which `too_long` is more than it takes.
    `quantity`, `price`: line columns. `owned`: a header column that is the service's own. `word`: a state a document
    can be set to, "" where there is none. `restless`: looking at a document moves its token.
    `places`: decimals of a quantity. `ends`: states that end a document. `unsold`: cells of a line that the service
    refuses when it looks for what they name; empty where it looks for nothing.
    """

    system: System
    view: View
    key: str
    note: str
    too_long: str
    quantity: str
    price: str
    owned: str
    word: str
    restless: bool
    places: int
    ends: tuple[str, ...]
    unsold: Mapping[str, Wire]

    def header(self, key: str) -> dict[str, Wire]: ...
    def line(self, number: int, quantity: Decimal, price: Decimal) -> dict[str, Wire]: ...
    def somebody_enters(self, key: str, quantities: Sequence[int]) -> str: ...
    def somebody_changes(self, document: str, note: str) -> None: ...
    def somebody_removes(self, document: str) -> None: ...
    def fault(self, kind: str) -> None:
        """For the next write: "lost" (carried out, no answer), "busy" (turned away), "down" (no connection). Skips
        where nobody can make the service fail.
        """
        ...

    def calm(self) -> None: ...
    def expire(self, cursor: str) -> str | None:
        """A cursor like this one that is too old; None where none ever is."""
        ...


def as_it_was(bed: Bed, one: Document | Gone | None, two: Document | Gone | None) -> bool:
    """The same document, token included where looking at it does not move that."""
    if bed.restless and isinstance(one, Document) and isinstance(two, Document):
        still = {"version": None, "modified_at": None}
        return replace(one, **still) == replace(two, **still)
    return one == two


def fresh(prefix: str = "C") -> str:
    """A key that nothing carries yet."""
    return f"{prefix} {next(_count)}-{uuid.uuid4().hex[:6]}"


class SystemContract:
    """Subclasses give the fixture `bed`."""

    quantities: ClassVar = (Decimal(2), Decimal(3))

    # helpers: steps as the planner makes them

    def create(self, bed: Bed, key: str, *, no: int = 1, quantities: Sequence[Decimal] = quantities) -> Step:
        traits = bed.system.traits([bed.view.table]).table(bed.view.table)
        lines = tuple(bed.line(n, q, Decimal("10.25")) for n, q in enumerate(quantities))
        return Step(
            no,
            bed.system.side,
            "create",
            bed.view.table,
            target=str(uuid.uuid4()) if traits.client_ids else None,
            body=bed.header(key),
            lines=lines,
            line_table=bed.view.line_table or "",
            line_ids=tuple(str(uuid.uuid4()) for _ in lines) if traits.client_ids else (),
            identity={bed.key: key},
        )

    def update(self, bed: Bed, document: Document, body: Mapping[str, Wire], *, no: int = 1) -> Step:
        return Step(
            no, bed.system.side, "update", bed.view.table, target=document.id, body=body, expects=document.version
        )

    def one(self, bed: Bed, step: Step, *, patient: bool = True) -> Receipt:
        """Write one step alone; its one receipt. `patient`: again where the service has had too much, as the engine
        does when the time it asked for is over.
        """
        for _ in range(20):
            ((number, receipts),) = list(bed.system.write([[step]], bed.view))
            assert (number, [receipt.step for receipt in receipts]) == (0, [step.no])
            error = receipts[0].error
            if not patient or receipts[0].outcome is not ReceiptOutcome.THROTTLED or error is None:
                break
            time.sleep(min(error.retry_after_s or 0.1, 1.0))
        return receipts[0]

    def made(self, bed: Bed, key: str = "", **more: Any) -> Document:
        receipt = self.one(bed, self.create(bed, key or fresh(), **more))
        assert receipt.outcome is ReceiptOutcome.DONE, receipt.error
        assert isinstance(receipt.after, Document)
        return receipt.after

    def seen(self, bed: Bed, document: str) -> Document:
        found = bed.system.read(bed.view, [document])[document]
        assert isinstance(found, Document)
        return found

    def polled(self, bed: Bed, cursor: str | None) -> tuple[dict[str, Any], str | None]:
        """The changes of the header table by id, and the cursor behind them."""
        (found,) = list(bed.system.poll([Poll(bed.view.table, cursor)]))
        assert not found.expired
        return {one.id: one for one in found.changes}, found.cursor

    @pytest.fixture(autouse=True)
    def _calm(self, bed: Bed) -> Iterator[None]:
        yield
        bed.calm()

    # who answers

    def test_the_same_system_answers_every_time(self, bed: Bed) -> None:
        """An identity that changes stops all writing, so it does not change by itself."""
        assert bed.system.identity().id
        assert bed.system.identity().id == bed.system.identity().id

    # polling

    def test_a_new_record_is_polled(self, bed: Bed) -> None:
        """What somebody enters after `begin` is in the next poll."""
        cursor = bed.system.begin(Poll(bed.view.table))
        document = bed.somebody_enters(fresh(), [2])
        assert document in self.polled(bed, cursor)[0]

    def test_a_change_is_polled_with_the_token_of_its_read(self, bed: Bed) -> None:
        """So that what was read is not read again; and a changed record has another token."""
        document = bed.somebody_enters(fresh(), [2])
        before = self.seen(bed, document)
        cursor = bed.system.begin(Poll(bed.view.table))
        bed.somebody_changes(document, "changed")
        changes, _ = self.polled(bed, cursor)
        after = self.seen(bed, document)
        assert document in changes
        assert bed.restless or changes[document].version == after.version
        if before.version is not None:
            assert before.version != after.version

    def test_a_poll_goes_on_from_the_one_before(self, bed: Bed) -> None:
        """Nothing falls between two polls; what comes twice comes with the same token."""
        cursor = bed.system.begin(Poll(bed.view.table))
        first = bed.somebody_enters(fresh(), [2])
        one, cursor = self.polled(bed, cursor)
        second = bed.somebody_enters(fresh(), [2])
        two, cursor = self.polled(bed, cursor)
        assert first in one
        assert second in two
        if first in two:
            assert two[first].version == one[first].version

    def test_a_change_during_the_first_read_is_polled(self, bed: Bed) -> None:
        """A load begins, reads, and somebody changes a record that is read already."""
        document = bed.somebody_enters(fresh(), [2])
        cursor = bed.system.begin(Poll(bed.view.table))
        pages = bed.system.scan(bed.view, ())
        read = {one.id for one in next(iter(pages)).documents}
        bed.somebody_changes(document, "meanwhile")
        read |= {one.id for page in pages for one in page.documents}
        assert document in read
        assert document in self.polled(bed, cursor)[0]

    def test_absence_is_no_deletion(self, bed: Bed) -> None:
        """A poll says gone of nothing that is there; of what is removed it says gone, or nothing."""
        stays, goes = bed.somebody_enters(fresh(), [2]), bed.somebody_enters(fresh(), [2])
        cursor = bed.system.begin(Poll(bed.view.table))
        bed.somebody_changes(stays, "still here")
        bed.somebody_removes(goes)
        changes, _ = self.polled(bed, cursor)
        assert {one for one, change in changes.items() if change.gone} <= {goes}
        assert not changes[stays].gone

    def test_several_tables_are_polled_together_in_order(self, bed: Bed) -> None:
        """One answer for each that was asked for; lines name their document, where they can be polled at all."""
        wanted = [Poll(bed.view.table), Poll(bed.view.line_table or "", parent=bed.view.line_parent or "")]
        polls = [replace(one, cursor=bed.system.begin(one)) for one in wanted]
        document = bed.somebody_enters(fresh(), [2])
        found = list(bed.system.poll(polls))
        assert [one.table for one in found] == [one.table for one in wanted]
        assert not any(one.expired for one in found)
        if polls[1].cursor is None:
            assert found[1].changes == ()
        else:
            lines = {line.id for line in self.seen(bed, document).lines}
            assert lines <= {one.id for one in found[1].changes if one.parent == document}

    def test_a_cursor_that_is_too_old_says_so(self, bed: Bed) -> None:
        """Never as an empty answer, and never as an error: everything is to be read."""
        cursor = bed.system.begin(Poll(bed.view.table))
        old = bed.expire(cursor) if cursor else None
        if old is None:
            pytest.skip("no cursor of this system is ever too old")
        (found,) = list(bed.system.poll([Poll(bed.view.table, old)]))
        assert (found.expired, found.changes) == (True, ())

    # reading

    def test_a_scan_gives_every_record_once_and_whole(self, bed: Bed) -> None:
        """Over as many pages as it takes, each with all its lines."""
        entered = {bed.somebody_enters(fresh(), [1] * n): n for n in (1, 2, 3, 2)}
        found = [one for page in bed.system.scan(bed.view, ()) for one in page.documents]
        ids = [one.id for one in found]
        assert len(ids) == len(set(ids))
        assert {one.id: len(one.lines) for one in found if one.id in entered} == entered

    def test_a_scan_goes_on_where_it_stopped(self, bed: Bed) -> None:
        """`after` of a page continues behind it, in another process too; the last page has none."""
        for _ in range(4):
            bed.somebody_enters(fresh(), [1])
        pages = list(bed.system.scan(bed.view, ()))
        assert [page.after is None for page in pages] == [*[False] * (len(pages) - 1), True]
        for place, page in enumerate(pages[:-1]):
            rest = [one.id for later in bed.system.scan(bed.view, (), page.after) for one in later.documents]
            assert rest == [one.id for later in pages[place + 1 :] for one in later.documents]

    def test_a_scan_leaves_out_nothing_that_the_filter_admits(self, bed: Bed) -> None:
        """It may give more: the filter is evaluated by the engine again. Awkward text is text."""
        key = fresh(AWKWARD)
        document = bed.somebody_enters(key, [2])
        other = bed.somebody_enters(fresh(), [2])
        for where in ((Condition(bed.key, (key,)),), (Condition(bed.key, (key, "nobody has this")),)):
            found = {one.id: one for page in bed.system.scan(bed.view, where) for one in page.documents}
            assert document in found
            assert admits(where, found[document])
            assert other not in found or not admits(where, found[other])

    def test_what_is_there_is_read_and_what_is_not_is_gone(self, bed: Bed) -> None:
        """Each id by itself: one that never was, one that is no more, one that is."""
        stays, goes = bed.somebody_enters(fresh(), [2, 3]), bed.somebody_enters(fresh(), [2])
        bed.somebody_removes(goes)
        never = str(uuid.uuid4())
        found = bed.system.read(bed.view, [goes, stays, never])
        assert (found[goes], found[never]) == (Gone(goes), Gone(never))
        document = found[stays]
        assert isinstance(document, Document)
        assert (document.id, [line.fields[bed.quantity] for line in document.lines]) == (stays, [2, 3])

    def test_the_lines_of_a_read_have_tokens_where_the_header_has(self, bed: Bed) -> None:
        """A line's token is the line's own."""
        document = self.seen(bed, bed.somebody_enters(fresh(), [2, 3]))
        assert len({line.id for line in document.lines}) == 2
        assert {line.version is None for line in document.lines} == {document.version is None}

    def test_a_table_that_is_not_there_is_no_deletion(self, bed: Bed) -> None:
        """A wrong name, a missing company: nothing is said of the record."""
        document = bed.somebody_enters(fresh(), [2])
        try:
            found = bed.system.read(View("nosuchtables", ()), [document])
        except (RemoteSystemError, KeyError):
            return
        assert found == {}

    def test_a_search_answers_each_question_by_itself(self, bed: Bed) -> None:
        """In the order asked: what carries the key, whatever it looks like; nothing; several."""
        awkward, twice = fresh(AWKWARD), fresh()
        one = bed.somebody_enters(awkward, [2])
        two = {bed.somebody_enters(twice, [2]), bed.somebody_enters(twice, [3])}
        found = bed.system.find(bed.view, [{bed.key: awkward}, {bed.key: "nobody has this"}, {bed.key: twice}])
        assert [{document.id for document in some} for some in found] == [{one}, set(), two]
        assert [line.fields[bed.quantity] for line in found[0][0].lines] == [2]

    # writing

    def test_a_document_is_created_with_its_lines(self, bed: Bed) -> None:
        """The answer shows what was made as a read of that moment would; it is found by its key."""
        key = fresh(AWKWARD)
        after = self.made(bed, key)
        seen = self.seen(bed, after.id)
        assert str(seen.fields[bed.key]).casefold() == key.casefold()  # a code is upper-cased in some systems
        assert [line.fields[bed.quantity] for line in seen.lines] == [Decimal(2), Decimal(3)]
        assert [line.fields[bed.price] for line in seen.lines] == [Decimal("10.25")] * 2
        assert [line.id for line in after.lines] in ([], [line.id for line in seen.lines])
        assert [one.id for one in bed.system.find(bed.view, [{bed.key: key}])[0]] == [after.id]

    def test_the_ids_of_documents_and_lines_are_ours_where_we_may_choose(self, bed: Bed) -> None:
        """Derived ids make a repeated create find itself: the second is no second document."""
        step = self.create(bed, fresh())
        if step.target is None:
            pytest.skip("this system chooses its ids")
        assert self.one(bed, step).outcome is ReceiptOutcome.DONE
        seen = self.seen(bed, str(step.target))
        assert {line.id for line in seen.lines} == set(step.line_ids)
        again = self.one(bed, step)
        assert again.outcome is ReceiptOutcome.UNKNOWN  # it is there: whoever settles looks at it
        assert as_it_was(bed, self.seen(bed, str(step.target)), seen)

    def test_decimals_are_exact(self, bed: Bed) -> None:
        """A quantity of as many decimals as the goods allow, five at best, comes back digit by digit."""
        quantity = Decimal("1.23456").quantize(Decimal(1).scaleb(-bed.places))
        after = self.made(bed, quantities=[quantity])
        (line,) = self.seen(bed, after.id).lines
        assert line.fields[bed.quantity] == quantity
        assert type(line.fields[bed.quantity]) is Decimal

    def test_a_token_stands_with_the_values_of_its_own_read(self, bed: Bed) -> None:
        """If an answer carries the token that the record has now, it carries the values that it has now."""
        document = self.made(bed)
        receipt = self.one(bed, self.update(bed, self.seen(bed, document.id), {bed.note: "new"}))
        assert receipt.outcome is ReceiptOutcome.DONE
        for after in (document, receipt.after):
            assert isinstance(after, Document)
            seen = self.seen(bed, after.id)
            if after.version is not None and after.version == seen.version:
                differing = {c for c in after.fields.keys() & seen.fields.keys() if after.fields[c] != seen.fields[c]}
                assert differing == set()

    def test_a_change_is_answered_with_what_the_system_then_holds(self, bed: Bed) -> None:
        """Not with an echo of what was sent."""
        document = self.seen(bed, self.made(bed).id)
        receipt = self.one(bed, self.update(bed, document, {bed.note: AWKWARD}))
        assert receipt.outcome is ReceiptOutcome.DONE
        assert isinstance(receipt.after, Document)
        assert receipt.after.fields[bed.note] == AWKWARD
        assert self.seen(bed, document.id).fields[bed.note] == AWKWARD

    def test_a_column_that_does_not_take_is_seen(self, bed: Bed) -> None:
        """The service keeps what is its own: it refuses, or its answer shows the old value."""
        document = self.seen(bed, self.made(bed).id)
        receipt = self.one(bed, self.update(bed, document, {bed.owned: "mine"}))
        assert receipt.outcome in (ReceiptOutcome.DONE, ReceiptOutcome.REFUSED)
        if receipt.outcome is ReceiptOutcome.DONE:
            shown = receipt.after if isinstance(receipt.after, Document) else None
            if shown is None or bed.owned not in shown.fields:
                shown = self.seen(bed, document.id)
            assert shown.fields[bed.owned] != "mine"
        assert same(self.seen(bed, document.id).fields[bed.owned], document.fields[bed.owned])

    def test_a_refusal_says_why_and_changes_nothing(self, bed: Bed) -> None:
        """The system's own words, for a person."""
        document = self.seen(bed, self.made(bed).id)
        receipt = self.one(bed, self.update(bed, document, {bed.note: bed.too_long}))
        assert receipt.outcome is ReceiptOutcome.REFUSED
        assert receipt.error is not None
        assert receipt.error.message
        assert as_it_was(bed, self.seen(bed, document.id), document)

    def test_a_stale_token_changes_nothing(self, bed: Bed) -> None:
        """Somebody was there first: their edit stays."""
        document = self.seen(bed, bed.somebody_enters(fresh(), [2]))
        if document.version is None:
            pytest.skip("this system has no tokens")
        bed.somebody_changes(document.id, "theirs")
        receipt = self.one(bed, self.update(bed, document, {bed.note: "ours"}))
        assert receipt.outcome is ReceiptOutcome.STALE
        assert self.seen(bed, document.id).fields[bed.note] == "theirs"

    def test_a_stale_line_is_not_changed_either(self, bed: Bed) -> None:
        """The guard of a line is its own token."""
        document = self.seen(bed, self.made(bed).id)
        line = document.lines[0]
        if line.version is None:
            pytest.skip("this system has no tokens")
        first = self.line_update(bed, document, line, Decimal(7))
        assert self.one(bed, first).outcome is ReceiptOutcome.DONE
        assert self.one(bed, replace(first, body={bed.quantity: Decimal(9)})).outcome is ReceiptOutcome.STALE
        changed = self.seen(bed, document.id).line(line.id)
        assert changed is not None
        assert changed.fields[bed.quantity] == 7

    def line_update(self, bed: Bed, document: Document, line: Document, quantity: Decimal, *, no: int = 1) -> Step:
        return Step(
            no,
            bed.system.side,
            "update-line",
            bed.view.line_table or "",
            target=line.id,
            parent=document.id,
            body={bed.quantity: quantity},
            expects=line.version,
        )

    def test_lines_are_added_changed_and_removed(self, bed: Bed) -> None:
        """Each by its own step, each answered with the line itself."""
        document = self.seen(bed, self.made(bed).id)
        table, traits = bed.view.line_table or "", bed.system.traits([bed.view.table]).table(bed.view.table)
        added = self.one(
            bed,
            Step(
                1,
                bed.system.side,
                "create-line",
                table,
                target=str(uuid.uuid4()) if traits.client_ids else None,
                parent=document.id,
                body=bed.line(2, Decimal(5), Decimal("1.5")),
            ),
        )
        assert added.outcome is ReceiptOutcome.DONE, added.error
        assert isinstance(added.after, Document)
        assert added.after.fields[bed.quantity] == 5
        changed = self.one(bed, self.line_update(bed, document, self.seen(bed, document.id).lines[0], Decimal(8)))
        assert changed.outcome is ReceiptOutcome.DONE, changed.error
        assert isinstance(changed.after, Document)
        assert (changed.after.id, changed.after.fields[bed.quantity]) == (document.lines[0].id, 8)
        second = self.seen(bed, document.id).line(document.lines[1].id)
        assert second is not None
        removing = Step(
            1, bed.system.side, "delete-line", table, target=second.id, parent=document.id, expects=second.version
        )
        removed = self.one(bed, removing)
        assert (removed.outcome, removed.after) == (ReceiptOutcome.DONE, Gone(second.id))
        left = self.seen(bed, document.id)
        assert {line.id: line.fields[bed.quantity] for line in left.lines} == {
            document.lines[0].id: 8,
            added.after.id: 5,
        }

    def test_a_document_is_removed_and_removing_it_again_is_done_too(self, bed: Bed) -> None:
        """What is to be gone is gone."""
        document = self.seen(bed, self.made(bed).id)
        step = Step(1, bed.system.side, "delete", bed.view.table, target=document.id, expects=document.version)
        for _ in range(2):
            receipt = self.one(bed, step)
            assert (receipt.outcome, receipt.after) == (ReceiptOutcome.DONE, Gone(document.id))
        assert bed.system.read(bed.view, [document.id])[document.id] == Gone(document.id)

    def test_a_change_of_what_is_gone_makes_nothing(self, bed: Bed) -> None:
        """An update never creates."""
        document = self.seen(bed, bed.somebody_enters(fresh(), [2]))
        bed.somebody_removes(document.id)
        for expects in (document.version, None):
            receipt = self.one(bed, replace(self.update(bed, document, {bed.note: "x"}), expects=expects))
            assert receipt.outcome is ReceiptOutcome.STALE
        assert bed.system.read(bed.view, [document.id])[document.id] == Gone(document.id)

    def test_a_read_is_a_step_too(self, bed: Bed) -> None:
        """In the middle of an action: the document whole, or gone."""
        document = self.made(bed)
        step = Step(1, bed.system.side, "read", bed.view.table, target=document.id)
        receipt = self.one(bed, step)
        assert receipt.outcome is ReceiptOutcome.DONE
        assert as_it_was(bed, receipt.after, self.seen(bed, document.id))
        bed.somebody_removes(document.id)
        assert self.one(bed, step).after == Gone(document.id)

    def test_a_state_is_set_and_shown(self, bed: Bed) -> None:
        """By its neutral word."""
        if not bed.word:
            pytest.skip("this system lets nobody set a state")
        document = self.seen(bed, self.made(bed).id)
        step = Step(
            1,
            bed.system.side,
            "set-state",
            bed.view.table,
            target=document.id,
            body={"state": bed.word},
            expects=document.version,
        )
        assert self.one(bed, step).outcome is ReceiptOutcome.DONE
        assert self.seen(bed, document.id).state == bed.word

    def test_a_document_is_brought_to_its_end(self, bed: Bed) -> None:
        """By whatever action the service has for it."""
        if not bed.ends:
            pytest.skip("this system lets nobody end a document")
        for word in bed.ends:
            document = self.seen(bed, self.made(bed).id)
            state = {"target": document.id, "body": {"state": word}, "expects": document.version}
            receipt = self.one(bed, Step(1, bed.system.side, "set-state", bed.view.table, **state))
            assert receipt.outcome is ReceiptOutcome.DONE, receipt.error
            assert self.seen(bed, document.id).state == word

    def test_a_document_with_a_line_that_is_refused_is_refused(self, bed: Bed) -> None:
        """Never half of it, whether the service takes it back or we do."""
        if not bed.unsold:
            pytest.skip("this system takes whatever a line names")
        key = fresh()
        step = self.create(bed, key)
        step = replace(step, lines=(step.lines[0], {**step.lines[1], **bed.unsold}))
        receipt = self.one(bed, step)
        assert receipt.outcome is ReceiptOutcome.REFUSED
        assert receipt.error is not None
        assert receipt.error.message
        assert list(bed.system.find(bed.view, [{bed.key: key}])[0]) == []

    # many at once

    def test_every_step_gets_one_receipt_whatever_becomes_of_the_others(self, bed: Bed) -> None:
        """More than one batch of them, some refused: those fail alone."""
        steps = [self.create(bed, fresh(), no=n, quantities=[Decimal(1)]) for n in range(1, 31)]
        bad = {3, 11, 29}
        steps = [replace(s, body={**s.body, bed.note: bed.too_long}) if s.no in bad else s for s in steps]
        outcomes: dict[int, ReceiptOutcome] = {}
        left = steps
        for _ in range(20):  # once more what the service has had too much of
            found = dict(bed.system.write([[step] for step in left], bed.view))
            assert sorted(found) == list(range(len(left)))
            assert [[receipt.step for receipt in found[n]] for n in range(len(left))] == [[step.no] for step in left]
            outcomes |= {receipts[0].step: receipts[0].outcome for receipts in found.values()}
            left = [step for step in left if outcomes[step.no] is ReceiptOutcome.THROTTLED]
            if not left:
                break
            time.sleep(0.2)
        assert {no for no, outcome in outcomes.items() if outcome is ReceiptOutcome.REFUSED} == bad
        assert {outcome for no, outcome in outcomes.items() if no not in bad} == {ReceiptOutcome.DONE}
        keys = [{bed.key: step.body[bed.key]} for step in steps]
        assert [len(some) for some in bed.system.find(bed.view, keys)] == [0 if s.no in bad else 1 for s in steps]

    def test_nothing_to_write_is_nothing(self, bed: Bed) -> None:
        """No request, no receipt."""
        assert list(bed.system.write([], bed.view)) == []
        assert bed.system.read(bed.view, []) == {}
        assert list(bed.system.find(bed.view, [])) == []

    def receipts(self, bed: Bed, group: Sequence[Step]) -> list[Receipt]:
        """Of one group, in the order of its steps: one each, together or one after the other; from where the service
        has had too much once more.
        """
        kept: list[Receipt] = []
        for _ in range(20):
            left = group[len(kept) :]
            written = list(bed.system.write([left], bed.view))
            assert {number for number, _ in written} == {0}
            found = [receipt for _, some in written for receipt in some]
            assert [receipt.step for receipt in found] == [step.no for step in left]
            kept += itertools.takewhile(lambda one: one.outcome is not ReceiptOutcome.THROTTLED, found)
            if len(kept) == len(group):
                break
            time.sleep(0.2)
        return kept

    def two(self, bed: Bed, document: Document, quantity: str, *, atomic: bool) -> list[Step]:
        """A change of the header and one of a line; the line's writes `quantity`."""
        first = self.update(bed, document, {bed.note: "first"}, no=1)
        second = replace(self.line_update(bed, document, document.lines[0], Decimal(4), no=2), expects=None)
        second = replace(second, body={quantity: Decimal(4)})
        return [replace(step, atomic=1 if atomic else None) for step in (first, second)]

    def test_the_steps_of_a_group_stand_for_themselves(self, bed: Bed) -> None:
        """One after the other, in their order: what is refused fails alone, and each is told of."""
        document = self.seen(bed, self.made(bed).id)
        outcomes = [one.outcome for one in self.receipts(bed, self.two(bed, document, "nosuchcolumn", atomic=False))]
        assert outcomes == [ReceiptOutcome.DONE, ReceiptOutcome.REFUSED]
        assert self.seen(bed, document.id).fields[bed.note] == "first"

    def test_a_change_set_is_all_or_nothing(self, bed: Bed) -> None:
        """Steps that share a number of `atomic`: one refused, none carried out."""
        if not bed.system.traits([bed.view.table]).table(bed.view.table).atomic:
            pytest.skip("this system has no change sets")
        document = self.seen(bed, self.made(bed).id)
        outcomes = {one.outcome for one in self.receipts(bed, self.two(bed, document, "nosuchcolumn", atomic=True))}
        assert ReceiptOutcome.DONE not in outcomes
        assert as_it_was(bed, self.seen(bed, document.id), document)
        outcomes = {one.outcome for one in self.receipts(bed, self.two(bed, document, bed.quantity, atomic=True))}
        assert outcomes == {ReceiptOutcome.DONE}
        seen = self.seen(bed, document.id)
        assert (seen.fields[bed.note], seen.lines[0].fields[bed.quantity]) == ("first", 4)

    def test_a_stale_change_set_changes_nothing(self, bed: Bed) -> None:
        """The guard of its first request holds for all of it."""
        if not bed.system.traits([bed.view.table]).table(bed.view.table).atomic:
            pytest.skip("this system has no change sets")
        document = self.seen(bed, bed.somebody_enters(fresh(), [2]))
        bed.somebody_changes(document.id, "theirs")
        receipts = self.receipts(bed, self.two(bed, document, bed.quantity, atomic=True))
        assert {receipt.outcome for receipt in receipts} == {ReceiptOutcome.STALE}
        seen = self.seen(bed, document.id)
        assert (seen.fields[bed.note], seen.lines[0].fields[bed.quantity]) == ("theirs", 2)

    # failures on the way

    def test_a_lost_answer_is_an_unknown_outcome(self, bed: Bed) -> None:
        """It was carried out, and nobody can know: never said to be refused, and never done again by itself."""
        key = fresh()
        step = self.create(bed, key)
        bed.fault("lost")
        receipt = self.one(bed, step)
        assert receipt.outcome is ReceiptOutcome.UNKNOWN
        assert len(bed.system.find(bed.view, [{bed.key: key}])[0]) == 1

    def test_a_lost_answer_of_many_leaves_each_unknown(self, bed: Bed) -> None:
        """Whoever settles looks at each of them by itself; each was made once."""
        steps = [self.create(bed, fresh(), no=n, quantities=[Decimal(1)]) for n in range(1, 6)]
        bed.fault("lost")
        receipts = [some[0] for _, some in sorted(bed.system.write([[step] for step in steps], bed.view))]
        unknown = [receipt for receipt in receipts if receipt.outcome is ReceiptOutcome.UNKNOWN]
        assert len(receipts) == 5
        assert unknown
        assert {receipt.outcome for receipt in receipts} <= {ReceiptOutcome.UNKNOWN, ReceiptOutcome.DONE}
        keys = [{bed.key: step.body[bed.key]} for step in steps]
        assert [len(some) for some in bed.system.find(bed.view, keys)] == [1] * 5

    def test_what_was_turned_away_was_not_carried_out(self, bed: Bed) -> None:
        """Too many requests: nothing happened, and it may be sent again when the service says so."""
        key = fresh()
        step = self.create(bed, key)
        bed.fault("busy")
        receipt = self.one(bed, step, patient=False)
        assert receipt.outcome is ReceiptOutcome.THROTTLED
        assert receipt.error is not None
        assert bed.system.find(bed.view, [{bed.key: key}])[0] == []

    def test_without_a_connection_nothing_was_sent(self, bed: Bed) -> None:
        """So it may be sent again at once."""
        self.made(bed)  # what the system can do is known by then
        bed.fault("down")
        receipts = list(
            bed.system.write([[self.create(bed, "nowhere")], [self.create(bed, "nowhere", no=2)]], bed.view)
        )
        assert [some[0].outcome for _, some in receipts] == [ReceiptOutcome.NOT_SENT] * 2
        bed.calm()
        assert bed.system.find(bed.view, [{bed.key: "nowhere"}])[0] == []
