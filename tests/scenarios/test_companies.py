"""Two companies of the back office, one Sales: each order is one company's, and never reaches the other."""

from __future__ import annotations

from typing import Any

import pytest

from syncengine.config.loading import load
from syncengine.config.mapping_files import shipped_folder
from syncengine.engine.run import Asked
from syncengine.errors import FailureClass
from syncengine.sandbox.people import Clerk
from syncengine.sandbox.seed import World
from syncengine.sandbox.seed import second_company
from syncengine.service.runs import perform
from syncengine.service.wiring import Company
from syncengine.service.wiring import company
from syncengine.store.queries import couplings
from syncengine.store.queries import parked
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow

ORDERS = "SALESORDER-ORDER"
WHOSE = """
name: SALESORDER-ORDER
sales: {considered_when: {$state: [active, submitted], new_company: "setting:sales_company"}}
fields:
  company: {sales: new_company, constant: "setting:sales_company", to: sales, only_create: true}
"""
PHONE = """
name: SALESORDER-ORDER
fields:
  clerk_phone: {sales: billto_telephone, back_office: phoneNumber, transform: {fits: 30}}
"""
COLUMN = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    "SchemaName": "new_Company",
    "MaxLength": 20,
}


class Two:
    """East is the bench's own company; West has an overlay of its own beside the one that says whose an order is."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        bench.admin.person.request("POST", "EntityDefinitions(LogicalName='salesorder')/Attributes", COLUMN)
        self.west: World = second_company(bench.running.back_office, bench.running.world, "West Ltd.")
        clerk = bench.clerk
        self.clerks = {"East": clerk, "West": Clerk(clerk.person, clerk.origin, self.west.company.id)}
        for name, text in (("whose", WHOSE), ("west", PHONE)):
            folder = bench.folder / name
            folder.mkdir()
            (folder / "overlay.yaml").write_text(text, encoding="utf-8")
        east = bench.running.company
        bench.configure(mappings={"paths": [str(shipped_folder()), str(bench.folder / "whose")]})
        with bench.config.open("a", encoding="utf-8") as file:
            file.write(
                f'[[companies]]\nname = "East"\nsales_company = "EAST"\nback_office_company = "{east}"\n'
                '[[companies]]\nname = "West"\nsales_company = "WEST"\nback_office_company = "West Ltd."\n'
                f'mappings = ["{bench.folder / "west"}"]\n'
            )
        self.companies: dict[str, Company] = {}

    def of(self, name: str) -> Company:
        if name not in self.companies:
            self.companies[name] = company(load(str(self.bench.config), {}), name)
            self.companies[name].clock = self.bench.clock
        return self.companies[name]

    def sync(self, *names: str, expect: int = 0) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name in names or ("East", "West"):
            result = perform(self.of(name), Asked("sync"))
            assert result["exit_code"] == expect, (name, result["errors"], result.get("error"))
        return result

    def numbers(self, name: str) -> set[str]:
        """The Sales order numbers that this company's documents carry."""
        return {one["externalDocumentNumber"] for one in self.clerks[name].orders("number ne ''")} - {""}

    def agreed(self) -> None:
        self.bench.mark()
        self.sync()
        assert self.bench.writes() == []
        for name in ("East", "West"):
            verified = perform(self.of(name), Asked("verify"))
            assert (verified["exit_code"], verified["differences"]) == (0, [])

    def close(self) -> None:
        for one in self.companies.values():
            one.close()


@pytest.fixture
def two(bench: Bench) -> Any:
    made = Two(bench)
    yield made
    made.close()


def test_each_order_reaches_its_own_company_only(two: Two) -> None:
    bench = two.bench
    east, west = bench.sales_order(1, new_company="EAST"), bench.sales_order(2, new_company="WEST")
    bench.sales_order(3)
    two.sync()
    assert (two.numbers("East"), two.numbers("West")) == ({east}, {west})
    two.agreed()


def test_each_has_its_couplings_cursors_and_overlay(two: Two) -> None:
    """A customer is coupled in both companies; a phone flows where the company's own mapping has it."""
    bench = two.bench
    for name in ("EAST", "WEST"):
        bench.sales_order(1, new_company=name, billto_telephone="555-0100")
    two.sync()
    for name, phone in (("East", ""), ("West", "555-0100")):
        (order,) = two.clerks[name].orders("externalDocumentNumber ne ''")
        assert order["phoneNumber"] == phone
        with two.of(name).session() as session:
            customers = [one["back_office"] for one in couplings(session, mapping="CUSTOMER")]
        there = bench.running.world if name == "East" else two.west
        assert sorted(customers) == sorted(one.back_office_id for one in there.customers)
    with two.of("East").session() as east, two.of("West").session() as west:
        sales = [{one["sales"] for one in couplings(session, mapping=ORDERS)} for session in (east, west)]
    assert len(sales[0] | sales[1]) == 2
    two.agreed()


def test_an_edit_reaches_its_own_company_only(two: Two) -> None:
    bench = two.bench
    east, west = bench.sales_order(1, new_company="EAST"), bench.sales_order(2, new_company="WEST")
    two.sync()
    bench.seller.edit(bench.seller.order(west)["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland")
    bench.mark()
    two.sync("East")
    assert bench.writes() == []
    two.sync("West")
    assert two.clerks["West"].order(west)["shipToCity"] == "Portland"
    assert two.clerks["East"].order(east)["shipToCity"] != "Portland"
    two.agreed()


def test_a_clerks_order_arrives_marked_with_its_company(two: Two) -> None:
    clerk, customer = two.clerks["West"], two.west.customers[1]
    product = two.west.products[0]
    two.sync()
    line = {"lineType": "Item", "itemId": product.back_office_id, "quantity": 2, "unitPrice": product.price}
    made = clerk.create("salesOrders", customerId=customer.back_office_id, salesOrderLines=[line])
    clerk.act(made, "release")
    two.sync("West")
    assert two.bench.sales_order_of(made["number"])["new_company"] == "WEST"
    two.sync("East")
    assert two.numbers("East") == set()
    two.agreed()


def test_an_order_that_one_company_has_is_not_taken_by_the_other(two: Two) -> None:
    """Somebody changes the company of an order that East has: West lists it, and makes no second document."""
    bench = two.bench
    number = bench.sales_order(1, new_company="EAST")
    two.sync()
    bench.seller.edit(bench.seller.order(number)["salesorderid"], new_company="WEST")
    two.sync("East")
    two.sync("West", expect=1)
    assert (two.numbers("East"), two.numbers("West")) == ({number}, set())
    with two.of("West").session() as session:
        assert [one["code"] for one in parked(session, list(FailureClass))] == ["of-another-company"]
