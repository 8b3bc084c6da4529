"""A create that got no answer is sent again only when it can no longer be running; and if it was all the same?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncengine.errors import FailureClass
from syncengine.store.queries import parked
from tests.bench.bench import Bench
from tests.bench.bench import PatientClock
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import history
from tests.scenarios.acts import live
from tests.scenarios.acts import status_line
from tests.scenarios.acts import versions

pytestmark = pytest.mark.slow

CREATE = {"path": r"^POST .*", "body": "lineType"}


def _sent_again(bench: Bench) -> None:
    """Of the next create nobody hears anything, and it cannot be found: when its time is over it is sent again."""
    bench.configure(limits={"attempts": 1, "settle_after_s": 5})
    bench.clock = bench.company.clock = PatientClock()
    bench.mark()
    bench.fault("back_office", kind="reset-before", next=1, match=CREATE)
    bench.sync(expect=None)
    bench.clock.sleep(10)
    bench.sync(expect=None)


def _carried_out_late(bench: Bench) -> None:
    """What was sent first is carried out after all: the same request, by the same user."""
    integration = replace(bench.clerk.person, _token="")
    client = bench.running.back_office.clients["integration"]
    integration.client_id, integration.client_secret = client.client_id, client.client_secret
    created = [one for one in bench.writes("back_office") if one.method == "POST" and one.table == "salesOrders"]
    for body in {str(one.body["externalDocumentNumber"]): one.body for one in created if one.body}.values():
        integration.request("POST", bench.clerk._path("salesOrders"), body)
    bench.calm()


def _listed(bench: Bench) -> list[dict[str, Any]]:
    with bench.company.session() as session:
        return list(parked(session, (FailureClass.PERSON,)))


def test_the_second_document_is_removed_where_nobody_has_touched_it(bench: Bench) -> None:
    """Of two orders that were made twice, a clerk has edited the second document of one: that is for a person."""
    bench.sync()
    untouched, edited = bench.sales_order(2, 3), bench.sales_order(4)
    _sent_again(bench)
    coupled = {number: live(bench, number)[0]["number"] for number in (untouched, edited)}
    _carried_out_late(bench)
    assert [len(live(bench, number)) for number in (untouched, edited)] == [2, 2], "it was not made twice"
    (second,) = (one for one in live(bench, edited) if one["number"] != coupled[edited])
    bench.clerk.change_line(second, second["salesOrderLines"][0], shipmentDate="2027-02-03")
    result = bench.sync(expect=1)
    assert [one["number"] for one in live(bench, untouched)] == [coupled[untouched]]
    assert {one["number"] for one in live(bench, edited)} == {coupled[edited], second["number"]}
    assert [error["code"] for error in result["errors"]] == ["made-twice"]
    assert f"{coupled[edited]} and {second['number']}" in result["errors"][0]["message"]
    assert status_line(bench, edited).startswith(coupled[edited])
    ((version),) = versions(bench, untouched)
    assert version.number != coupled[untouched]
    told = [one["document"] for one in history(bench, untouched, "second-removed")]
    assert told == [version.number]
    bench.mark()
    bench.sync(expect=1)
    assert bench.writes() == []
    path = bench.clerk._path(f"salesOrders({second['id']})")
    bench.clerk.person.request("DELETE", path, if_match="*")
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    bench.agreed()
    assert _listed(bench) == []


def test_a_successor_that_was_made_twice(bench: Bench) -> None:
    """The second one stands under a key of ours: nobody else would ever look at it."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.sync()
    edit_line(bench, number, quantity=9)
    _sent_again(bench)
    _carried_out_late(bench)
    assert len(bench.live_documents(number)) == 2, "it was not made twice"
    bench.sync()
    (document,) = bench.live_documents(number)
    assert document["externalDocumentNumber"] == number
    bench.agreed()


def test_both_are_found_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repeated create gets no answer either: the operation goes on with one of the two, the other is removed."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.fault("back_office", kind="answer-lost", next=1, skip=1, match=CREATE)
    found = _both_at_once(bench, number, monkeypatch)
    bench.sync()
    assert found == [2], "they were not found at once"
    assert len(live(bench, number)) == 1
    bench.agreed()


def test_both_are_found_at_once_and_one_is_edited(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody guesses: nothing more is made, and a person reads how many there are, and which."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.sync()
    edit_line(bench, number, quantity=9)
    bench.fault("back_office", kind="answer-lost", next=1, skip=1, match=CREATE)

    def clerk_edits() -> None:
        first = bench.clerk.orders("startswith(externalDocumentNumber,'SE:')")[0]
        bench.clerk.change_line(first, first["salesOrderLines"][0], shipmentDate="2027-02-03")

    found = _both_at_once(bench, number, monkeypatch, clerk_edits)
    assert found == [3], "they were not found at once"
    (told,) = _listed(bench)
    assert told["code"] == "refused"
    assert "2 documents carry the key" in told["message"]
    assert "(several-found)" in told["message"]
    bench.mark()
    bench.sync(expect=1)
    assert [one["code"] for one in _listed(bench)].count("made-twice") == 2
    assert bench.writes("back_office") == []


def _both_at_once(
    bench: Bench, number: str, monkeypatch: pytest.MonkeyPatch, then: Callable[[], None] = lambda: None
) -> list[int]:
    """What was sent first is carried out in the moment in which the second answer is lost."""
    creates, found = 0, []
    bench.configure(limits={"attempts": 1, "settle_after_s": 5})
    system = bench.company.back_office
    write = system.write

    def writing(groups: Any, view: Any) -> Any:
        nonlocal creates
        answers = list(write(groups, view))
        creates += any(step.verb == "create" for steps in groups for step in steps)
        if creates == 2 and not found:
            _carried_out_late(bench)
            found.append(len(bench.live_documents(number)))
            then()
        return iter(answers)

    monkeypatch.setattr(system, "write", writing)
    bench.clock = bench.company.clock = PatientClock()
    bench.mark()
    bench.fault("back_office", kind="reset-before", next=1, match=CREATE)
    bench.sync(expect=None)
    bench.clock.sleep(10)
    return found


@pytest.mark.parametrize("touched", [False, True], ids=["untouched", "touched"])
def test_a_successor_that_could_not_be_removed(bench: Bench, touched: bool) -> None:
    """The way back was refused: before the order is recreated once more, what was left over goes, or a person says."""
    bench.sync()
    number = bench.sales_order(2, 3)
    bench.sync()
    (before,) = live(bench, number)
    edit_line(bench, number, quantity=9)
    refused = {"kind": "refuse", "status": 400, "code": "Application_DialogException", "message": "Not now."}
    bench.fault("back_office", **refused, next=2, match={"method": "DELETE"})
    result = bench.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["two-documents"]
    bench.calm()
    (left_over,) = (one for one in live(bench, number) if one["id"] != before["id"])
    if touched:
        bench.clerk.attach(left_over, "drawing.txt", b"four legs")
    with bench.company.store(writes=True) as store, store.transaction():
        store.work.retry(None)
    bench.mark()
    if touched:
        bench.sync(expect=1)
        assert bench.writes("back_office") == []
        path = bench.clerk._path(f"salesOrders({left_over['id']})")
        bench.clerk.person.request("DELETE", path, if_match="*")
        with bench.company.store(writes=True) as store, store.transaction():
            store.work.retry(None)
    bench.sync()
    (document,) = bench.live_documents(number)
    assert [line["quantity"] for line in document["salesOrderLines"]] == [9, 3]
    assert document["id"] not in (before["id"], left_over["id"])
    assert len(history(bench, number, "second-removed")) == (not touched)
    bench.agreed()
