"""A product is made in two steps, and published by the second: it is never made twice, and never left a draft."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox import world
from syncengine.service.decisions import retry
from tests.bench.bench import Bench
from tests.recovery.crashes import Lasting
from tests.recovery.crashes import run_until

pytestmark = pytest.mark.slow
PUBLISHED, DRAFT = 0, 2
MADE = (201, 204)


def _with_a_new_item(bench: Bench) -> Bench:
    bench.overlay("name: ITEM-PRODUCT\ncreate: sales\n")
    bench.running.sales.insert("uomschedule", {"name": "PCS", "baseuomname": "PCS"})
    bench.sync()
    bench.clerk.create(
        "items", number="2000-S", displayName="Paint", baseUnitOfMeasureCode="PCS", unitPrice=Decimal("4.25")
    )
    bench.mark()
    return bench


def _products(bench: Bench) -> list[dict[str, Any]]:
    return list(bench.admin.person.get("products?$filter=productnumber eq '2000-S'")["value"])


def _is_sold(bench: Bench) -> None:
    (made,) = _products(bench)
    assert (made["statecode"], made["name"], made["price"]) == (PUBLISHED, "Paint", Decimal("4.25"))
    made_by_us = [one for one in bench.writes("sales") if one.method == "POST" and one.status in MADE]
    assert [one.table for one in made_by_us] == ["products"]
    bench.agreed()


def _die_at(running: world.Sandbox, folder: Path, at: int | None) -> int:
    folder.mkdir()
    bench = _with_a_new_item(Bench(running, folder))
    countdown = Lasting(at)
    run_until(bench, countdown)
    bench.sync()
    _is_sold(bench)
    bench.restart()
    return countdown.count


OFTEN, FIRST = 20, 18  # `make test` takes every so manieth moment, one of them between the two steps


def test_a_process_that_dies_after_some_writes_and_commits(running: world.Sandbox, tmp_path: Path) -> None:
    moments = _die_at(running, tmp_path / "undisturbed", None)
    for at in range(FIRST, moments + 1, OFTEN):
        _die_at(running, tmp_path / str(at), at)


@pytest.mark.long
def test_a_process_that_dies_after_any_write_or_commit(running: world.Sandbox, tmp_path: Path) -> None:
    moments = _die_at(running, tmp_path / "undisturbed", None)
    for at in range(1, moments + 1):
        _die_at(running, tmp_path / str(at), at)


@pytest.mark.parametrize("way", ["answer-lost", "reset-before"])
@pytest.mark.parametrize("skip", [0, 1], ids=["made", "published"])
def test_an_answer_that_is_missing(bench: Bench, way: str, skip: int) -> None:
    _with_a_new_item(bench)
    bench.fault("sales", kind=way, next=1, skip=skip, match={"path": r"^(POST|PATCH) .*/products"})
    bench.sync(expect=None)
    bench.calm()
    bench.sync()
    _is_sold(bench)


@pytest.mark.parametrize("way", ["answer-lost", "reset-before"])
def test_a_unit_that_items_share_is_made_once(bench: Bench, way: str) -> None:
    """While nobody knows whether it was made, no other item makes it."""
    bench.switch("back_office", has_companion=True)
    bench.overlay("name: ITEM UOM\ncreate: sales\n")
    bench.sync()
    bench.clerk.create("unitsOfMeasure", code="SET", displayName="Set")
    for product in bench.products[1:4]:
        bench.running.back_office.add_item_unit(bench.running.world.company, product.number, "SET", Decimal(4))
    bench.fault("sales", kind=way, next=1, match={"path": r"^POST .*/uoms"})
    bench.sync(expect=None)
    bench.calm()
    bench.sync()
    made = [one for one in bench.writes("sales") if one.table == "uoms" and one.status in MADE]
    assert len(made) == 1
    assert len(bench.admin.person.get("uoms?$filter=name eq 'SET'")["value"]) == 1
    bench.agreed()


def test_one_that_could_not_be_published_is_listed_and_published_later(bench: Bench) -> None:
    _with_a_new_item(bench)
    words = {"status": 400, "code": "0x80040265", "message": "Products are published on Mondays."}
    bench.fault("sales", kind="refuse", next=1, match={"path": r"^PATCH .*/products"}, **words)
    (told,) = bench.sync(expect=1)["errors"]
    assert (told["mapping"], told["code"]) == ("ITEM-PRODUCT", "refused")
    assert "Products are published on Mondays." in told["message"]
    assert [one["statecode"] for one in _products(bench)] == [DRAFT]
    retry(bench.company, None)
    bench.sync()
    _is_sold(bench)


def test_where_the_organization_publishes_by_itself(bench: Bench) -> None:
    organization = bench.admin.person.get("organizations?$select=organizationid")["value"][0]["organizationid"]
    values = {"createproductswithoutparentinactivestate": True}
    bench.admin.person.request("PATCH", f"organizations({organization})", values)
    _with_a_new_item(bench)
    bench.sync()
    _is_sold(bench)


def test_the_draft_of_a_person_stays_one(bench: Bench) -> None:
    _with_a_new_item(bench)
    group = bench.admin.person.get("uomschedules?$filter=name eq 'PCS'")["value"][0]["uomscheduleid"]
    unit = bench.admin.person.get(f"uoms?$filter=_uomscheduleid_value eq {group}")["value"][0]["uomid"]
    bench.running.sales.insert(
        "product",
        {"productnumber": "2000-S", "name": "?", "defaultuomscheduleid": group, "defaultuomid": unit},
    )
    bench.sync()
    assert [(one["statecode"], one["name"]) for one in _products(bench)] == [(DRAFT, "Paint")]
    bench.agreed()
