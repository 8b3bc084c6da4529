"""Notes of orders where there is no companion: text files on the document, each once, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from syncengine.service.check import check
from tests.bench.bench import Bench
from tests.scenarios.acts import cancel
from tests.scenarios.acts import invoice
from tests.scenarios.acts import ship
from tests.scenarios.acts import write_note
from tests.scenarios.scenario import scenario


def files(bench: Bench, number: str) -> list[str]:
    """What stands in the files on the order's document."""
    (order,) = bench.live_documents(number)
    return sorted(content.decode() for content in bench.clerk.files(order).values())


@scenario(
    "no companion, and a note on an order that is not submitted yet",
    "the order is submitted, a second note is written, the first is changed, and the document recreated",
    "each note is one text file on the document, in its last wording; nothing of it is in a line or a total",
)
def test_given_no_companion_when_notes_are_written_then_they_are_files(bench: Bench) -> None:
    number = bench.sales_order(2, submit=False)
    first = write_note(bench, number, "<div><p>Call <b>first</b></p><p>Gate B</p></div>")
    bench.sync()
    bench.seller.submit(bench.seller.order(number)["salesorderid"])
    bench.sync()
    assert files(bench, number) == ["Call first\r\nGate B"]
    write_note(bench, number, "Ask for a ramp")
    bench.seller.person.request("PATCH", f"annotations({first})", {"notetext": "Call last"})
    bench.sync()
    assert files(bench, number) == ["Ask for a ramp", "Call last"]
    bench.agreed()
    (before,) = bench.live_documents(number)
    bench.clerk.attach(before, "drawing.pdf", b"%PDF")
    order = bench.seller.order(number)
    bench.seller.edit(order["salesorderid"], lines={order["order_details"][0]["salesorderdetailid"]: {"quantity": 9}})
    bench.sync()
    (after,) = bench.live_documents(number)
    assert (after["number"] != before["number"], len(after["salesOrderLines"])) == (True, 1)
    assert files(bench, number) == ["%PDF", "Ask for a ramp", "Call last"]
    bench.seller.person.request("PATCH", f"annotations({first})", {"notetext": "Call twice"})
    bench.sync()
    assert files(bench, number) == ["%PDF", "Ask for a ramp", "Call twice"]
    said = [one.message for one in check(bench.company) if one.id == "mapping.NOTE-ATTACHMENT.through"]
    assert said == ["NOTE-ATTACHMENT: in use, for companion/recordNotes is not there"]
    bench.agreed()


@scenario(
    "no companion, and a note that is being carried over",
    "the answer to its {what} is lost",
    "the note is one file, whole",
)
@pytest.mark.parametrize(("what", "method"), [("file", "POST"), ("content", "PATCH")])
def test_given_a_note_as_file_when_the_answer_is_lost_then_it_is_there_once(
    bench: Bench, what: str, method: str
) -> None:
    number = bench.sales_order(2)
    bench.sync()
    write_note(bench, number, "Call first")
    for kind in ("reset-before", "answer-lost"):
        bench.fault("back_office", kind=kind, next=1, match={"method": method, "path": r"documentAttachments"})
    bench.sync(expect=None)
    bench.calm()
    bench.later("back_office", 600)
    bench.clock.sleep(600)
    bench.sync()
    bench.sync()
    assert files(bench, number) == ["Call first"], what
    bench.agreed()


@scenario(
    "no companion, and a note that is a file",
    "the clerk deletes the file; and for another, the store is lost",
    "the file stays away, the note in Sales; with a new store no note becomes a second file",
)
def test_given_a_note_as_file_when_the_store_is_lost_then_it_is_no_second_one(bench: Bench) -> None:
    number = bench.sales_order(2)
    bench.sync()
    write_note(bench, number, "Call first")
    write_note(bench, number, "Gate B")
    bench.sync()
    (order,) = bench.live_documents(number)
    bench.configure(store={"url": "sqlite:///another.db"})
    bench.sync()
    assert files(bench, number) == ["Call first", "Gate B"]
    rows = bench.clerk.person.get(bench.clerk._path(f"salesOrders({order['id']})/documentAttachments"))["value"]
    bench.clerk.person.request("DELETE", bench.clerk._path(f"documentAttachments({rows[0]['id']})"), if_match="*")
    bench.sync(sweep_all=True)
    bench.sync()
    assert len(files(bench, number)) == 1
    bench.agreed()


@scenario(
    "no companion, and more notes on the only order than a safety limit lets go at once",
    "the order is shipped, invoiced and gone, and its files with it",
    "that is no empty side: the order is invoiced, the notes stay in Sales, and other orders go on",
)
def test_given_notes_as_files_when_their_order_is_posted_then_nothing_stops(bench: Bench) -> None:
    bench.configure(integration={"max_destructive_floor": 1})
    number = bench.sales_order(2)
    bench.sync()
    for text in ("Call first", "Gate B", "Ask for a ramp"):
        write_note(bench, number, text)
    bench.sync()
    (order,) = bench.live_documents(number)
    for action in ("release", "ship", "invoice"):
        bench.clerk.act(order, action)
    bench.sync(sweep_all=True)
    bench.sync(sweep_all=True)
    assert bench.seller.order(number)["statecode"] == 4
    other = bench.sales_order(1)
    bench.sync()
    assert len(bench.live_documents(other)) == 1
    bench.agreed()


@scenario(
    "no companion, and orders that are posted, or canceled in Sales",
    "a note is written on each afterwards",
    "the notes stay in Sales: there is no document any more, and nobody is asked",
)
def test_given_an_order_that_has_ended_when_a_note_is_written_then_it_stays_in_sales(bench: Bench) -> None:
    posted, canceled = bench.sales_order(2), bench.sales_order(3)
    bench.sync()
    ship(bench, posted)
    invoice(bench, posted)
    cancel(bench, canceled)
    bench.sync()
    bench.mark()
    for number in (posted, canceled):
        write_note(bench, number, "Thank them")
    result = bench.sync()
    assert (bench.writes(), result["errors"]) == ([], [])
    assert all(one["waiting"] == 0 for one in result["mappings"])
    bench.agreed()
