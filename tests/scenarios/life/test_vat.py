"""A company with VAT: totals of both systems, computed each in its own way, equal to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.scenarios.acts import change_back_line
from tests.scenarios.acts import coupled
from tests.scenarios.acts import edit_line
from tests.scenarios.acts import listed
from tests.scenarios.acts import live
from tests.scenarios.scenario import scenario

pytestmark = pytest.mark.slow


@pytest.fixture
def vat(running: world.Sandbox, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(running, tmp_path, tax="vat")
    made.sync()
    yield made
    made.restart()


def _equal(bench: Bench, number: str) -> None:
    order, sales = live(bench, number)[0], bench.seller.order(number)
    assert order["totalTaxAmount"] > 0
    assert (sales["totalamount"], sales["totaltax"]) == (order["totalAmountIncludingTax"], order["totalTaxAmount"])
    assert listed(bench) == []


@scenario(
    "a VAT company, and an order with {what}",
    "it goes to the back office, and the tax comes back",
    "both systems show the same net, tax and total",
)
@pytest.mark.parametrize(
    ("what", "columns"),
    [
        ("two lines", {}),
        ("a header discount of 10.01", {"discountamount": Decimal("10.01")}),
        ("a header discount of 3.33 percent", {"discountpercentage": Decimal("3.33")}),
    ],
)
def test_new(vat: Bench, what: str, columns: dict[str, Decimal]) -> None:
    number = coupled(vat, 3, 7, **columns)
    _equal(vat, number)
    vat.agreed()
    assert what


@scenario(
    "a VAT company, and an order on both sides",
    "the clerk changes a price, then the seller a quantity",
    "after each run both systems show the same total",
)
def test_both_change(vat: Bench) -> None:
    number = coupled(vat, 3, 7)
    change_back_line(vat, number, unitPrice=Decimal("0.37"))
    vat.sync()
    _equal(vat, number)
    edit_line(vat, number, 1, quantity=11)
    vat.sync()
    _equal(vat, number)
    vat.agreed()


@scenario(
    "a VAT company, and lines so small that each rounds its tax away from the document's",
    "a run carries the tax to Sales",
    "what the document rounds differently stands on the largest line",
)
def test_rounding_per_document(vat: Bench) -> None:
    number = coupled(vat, 1, 1, 1)
    for at, price in enumerate(("0.11", "0.17", "0.23")):
        change_back_line(vat, number, at, unitPrice=Decimal(price))
    vat.sync()
    _equal(vat, number)
    vat.agreed()
