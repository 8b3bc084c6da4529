"""The one-shot full synchronization: waves, what is done about each mapping, and going on where it stopped."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.config.mapping_files import shipped_folder
from syncengine.engine.hands import InHand
from syncengine.engine.run import Asked
from syncengine.ports import Subject
from syncengine.service.runs import perform
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def overlay(bench: Bench, text: str) -> None:
    folder = bench.folder / "ours"
    folder.mkdir()
    (folder / "overlay.yaml").write_text(text, encoding="utf-8")
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})


def waves(result: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {one["mapping"]: (one["wave"], one["recommendation"]) for one in result["waves"]}


def test_each_mapping_has_its_wave_and_its_recommendation(bench: Bench) -> None:
    """Customers are on both sides and none is created; orders are in Sales only and are created."""
    bench.sales_order(1)
    found = waves(bench.full_sync())
    assert found["CURRENCY"][0] == 1
    assert found["CUSTOMER"][0] > found["CURRENCY"][0]
    assert found["SALESORDER-ORDER"][0] > max(found["CUSTOMER"][0], found["ITEM-PRODUCT"][0])
    assert found["CUSTOMER"][1] == "couple"
    assert found["SALESORDER-ORDER"][1] == "full"
    assert waves(bench.full_sync())["SALESORDER-ORDER"][1] == "nothing"


def test_a_dry_run_recommends_and_leaves_nothing(bench: Bench) -> None:
    bench.sales_order(1)
    found = bench.run("full-sync", dry_run=True)
    assert waves(found)["SALESORDER-ORDER"][1] == "full"
    assert bench.writes() == []
    assert [one["action"] for one in found["actions"] if one["mapping"] == "SALESORDER-ORDER"] == ["create"]


def test_a_mapping_that_only_couples_creates_nothing(bench: Bench) -> None:
    overlay(bench, "name: SALESORDER-ORDER\nfull_sync: couple\n")
    bench.sales_order(1)
    assert waves(bench.full_sync())["SALESORDER-ORDER"][1] == "couple"
    assert bench.writes("back_office") == []
    later = bench.sales_order(2)
    bench.sync()
    assert len(bench.live_documents(later)) == 1
    assert len(bench.clerk.orders("number ne ''")) == 1


def test_a_mapping_that_does_nothing_looks_at_what_changes_from_now_on(bench: Bench) -> None:
    overlay(bench, "name: SALESORDER-ORDER\nfull_sync: nothing\n")
    before = bench.sales_order(1)
    bench.full_sync()
    later = bench.sales_order(2)
    bench.sync()
    assert (len(bench.live_documents(before)), len(bench.live_documents(later))) == (0, 1)


def test_restart_reads_everything_again(bench: Bench) -> None:
    """A load that was interrupted leaves its place; --restart forgets it."""
    bench.configure(limits={"page_with_lines": 2})
    for _ in range(5):
        bench.sales_order(1)
    stopped = iter([False] * 40 + [True] * 1000)
    perform(bench.company, Asked("full-sync"), stop_asked=lambda: next(stopped))
    bench.restart()
    bench.mark()
    bench.full_sync(restart=True)
    first = [
        one for one in bench.requests("sales") if "/salesorders?" in one["path"] and "order_details" in one["path"]
    ]
    assert len(first) >= 3
    bench.agreed()


def test_somebody_who_watches_sees_how_far_it_is(bench: Bench) -> None:
    for _ in range(3):
        bench.sales_order(1)
    reports: list[tuple[str, Any]] = []
    perform(bench.company, Asked("full-sync"), on_progress=lambda event, data: reports.append((event, data)))
    read = [data for event, data in reports if event == "read" and data["mapping"] == "SALESORDER-ORDER"]
    assert [(one["side"], one["done"], one["total"]) for one in read] == [("back_office", 0, 0), ("sales", 3, 3)]
    applied = [data for event, data in reports if event == "applied" and data["mapping"] == "SALESORDER-ORDER"]
    assert applied[0]["done"] == 3
    assert applied[0]["total"] == 3


def test_a_run_keeps_nothing_of_the_orders_it_has_finished_with(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """New, edited, refused for want of a customer, unchanged: what a run takes does not grow with their number."""
    runs: set[InHand] = set()
    counted = InHand.planned

    def planned(hand: InHand, subject: Subject) -> int:
        runs.add(hand)
        return counted(hand, subject)

    monkeypatch.setattr(InHand, "planned", planned)
    stranger = bench.admin.person.request("POST", "accounts", {"name": "New one"}, prefer="return=representation")
    numbers = [bench.sales_order(place) for place in range(1, 4)]
    bench.sales_order(9, account=stranger["accountid"])
    bench.full_sync()
    bench.seller.edit(bench.seller.order(numbers[0])["salesorderid"], name="Another name", shipto_city="Portland")
    bench.back_office_order(5)
    bench.sync(sweep_all=True)
    assert len(runs) == 2
    assert [len(hand) for hand in runs] == [0, 0]
