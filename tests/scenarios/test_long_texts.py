"""A description longer than its field goes on in comment lines, and comes back as one text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncengine.config.mapping_files import shipped_folder
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow

OVERLAY = """
name: SALESORDER-ORDER
lines:
  fields:
    description:
      sales: description
      back_office: {text_of: [line, following_comments], column: description, comments: {lineType: Comment}}
      transform: {continued: 100}
      unless_text: product
"""
LONG = " ".join(f"word{at:03}" for at in range(30))  # 239 characters: 100, 100 and the rest


@pytest.fixture(autouse=True)
def overlay(bench: Bench) -> None:
    folder: Path = bench.folder / "ours"
    folder.mkdir()
    (folder / "order.yaml").write_text(OVERLAY, encoding="utf-8")
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})


def described(bench: Bench, text: str, *, at: int = 0) -> str:
    """A submitted order of two lines, one of which is described so; gives its number."""
    number = bench.sales_order(2, 3, submit=False)
    order = bench.seller.order(number)
    bench.seller.change_line(order["order_details"][at]["salesorderdetailid"], {"description": text})
    bench.seller.submit(order["salesorderid"])
    return number


def texts(order: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["lineType"], line["description"]) for line in order["salesOrderLines"]]


def edit(bench: Bench, number: str, at: int, **columns: Any) -> None:
    order = bench.seller.order(number)
    bench.seller.edit(order["salesorderid"], lines={order["order_details"][at]["salesorderdetailid"]: columns})


def test_it_stands_on_comment_lines_behind_its_line(bench: Bench) -> None:
    number = described(bench, LONG)
    bench.sync()
    found = texts(bench.clerk.order(number))
    assert [kind for kind, _ in found] == ["Item", "Comment", "Comment", "Item"]
    assert " ".join(text for _, text in found[:3]) == LONG
    assert all(len(text) <= 100 for _, text in found)
    assert bench.seller.order(number)["order_details"][0]["description"] == LONG
    bench.agreed()


def test_it_grows_and_shrinks_in_place(bench: Bench) -> None:
    number = described(bench, "Oak")
    bench.sync()
    document = bench.clerk.order(number)["number"]
    edit(bench, number, 0, description=LONG)
    bench.sync()
    found = texts(bench.clerk.order(number))
    assert [kind for kind, _ in found] == ["Item", "Comment", "Comment", "Item"]
    assert " ".join(text for _, text in found[:3]) == LONG
    edit(bench, number, 0, description="Oak again")
    bench.sync()
    order = bench.clerk.order(number)
    assert [kind for kind, _ in texts(order)] == ["Item", "Item"]
    assert texts(order)[0][1] == "Oak again"
    assert order["number"] == document
    bench.agreed()


def test_the_clerks_comment_is_below_the_description_in_sales(bench: Bench) -> None:
    number = described(bench, "Oak", at=1)
    bench.sync()
    bench.clerk.add_line(bench.clerk.order(number), lineType="Comment", description="Ring twice")
    bench.sync(sweep_all=True)
    assert bench.seller.order(number)["order_details"][1]["description"] == "Oak\nRing twice"
    bench.agreed()


def test_it_survives_a_recreate(bench: Bench) -> None:
    number = described(bench, LONG)
    bench.sync()
    before = bench.clerk.order(number)["number"]
    edit(bench, number, 0, quantity=9, description=LONG.replace("word000", "WORD000"))
    bench.sync()
    order = bench.clerk.order(number)
    assert order["number"] != before
    assert [kind for kind, _ in texts(order)] == ["Item", "Comment", "Comment", "Item"]
    assert texts(order)[0][1].startswith("WORD000 word001")
    bench.agreed()


def test_a_removed_line_takes_its_comments_along(bench: Bench) -> None:
    number = described(bench, LONG)
    bench.configure(integration={"on_order_change": "amend"})
    bench.sync()
    order = bench.seller.order(number)
    bench.seller.reactivate(order["salesorderid"])
    bench.seller.person.request("DELETE", f"salesorderdetails({order['order_details'][0]['salesorderdetailid']})")
    bench.seller.submit(order["salesorderid"])
    bench.sync()
    assert [kind for kind, _ in texts(bench.clerk.order(number))] == ["Item"]
    bench.agreed()


def test_a_clerks_long_text_arrives_in_one_piece(bench: Bench) -> None:
    made = bench.back_office_order(2, release=False)
    bench.clerk.change_line(
        made, made["salesOrderLines"][0], description="A table that is described at great length, so"
    )
    bench.clerk.add_line(made, lineType="Comment", description="that it needs a second line")
    bench.clerk.act(made, "release")
    bench.sync()
    lines = bench.sales_order_of(made["number"])["order_details"]
    described_as = "A table that is described at great length, so\nthat it needs a second line"
    assert [line["description"] for line in lines] == [described_as]
    bench.agreed()
