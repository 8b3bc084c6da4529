"""The first load: matched first, ambiguous ones never created, resumed where it stopped."""

from __future__ import annotations

import pytest

from syncengine.config.mapping_files import shipped_folder
from syncengine.errors import FailureClass
from syncengine.store.queries import couplings
from syncengine.store.queries import parked
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def _orders(result: dict) -> dict:  # type: ignore[type-arg]
    return next(one for one in result["mappings"] if one["mapping"] == "SALESORDER-ORDER")


def test_orders_entered_on_both_sides_are_coupled_not_created(bench: Bench) -> None:
    """By the Sales number that the clerk wrote on the document."""
    number = bench.sales_order(2)
    bench.running.world  # noqa: B018
    seeded = bench.running.world
    bench.clerk.create(
        "salesOrders",
        customerId=seeded.customers[0].back_office_id,
        externalDocumentNumber=number,
        salesOrderLines=[
            {
                "lineType": "Item",
                "itemId": seeded.products[0].back_office_id,
                "quantity": 2,
                "unitPrice": seeded.products[0].price,
            }
        ],
    )
    result = bench.full_sync()
    assert (_orders(result)["coupled"], _orders(result)["inserted"]) == (1, {"sales": 0, "back_office": 0})
    bench.agreed()


def test_an_ambiguous_match_is_reported_with_ids_and_never_created(bench: Bench) -> None:
    """Two customers of the back office have the same name and post code; neither is coupled to the account."""
    bench.admin.person.request(
        "POST", "accounts", {"name": "Twin", "address1_postalcode": "12345"}, prefer="return=representation"
    )
    ids = [bench.clerk.create("customers", displayName="Twin", postalCode="12345")["id"] for _ in range(2)]
    bench.full_sync(expect=1)
    with bench.company.session() as session:
        rows = parked(session, (FailureClass.PERSON,))
    assert {row["code"] for row in rows} == {"ambiguous"}
    assert all(one in next(row for row in rows if row["record"]["sales"])["message"] for one in ids)


def test_an_ambiguous_match_by_poll_is_reported_too(bench: Bench) -> None:
    bench.sync()
    for _ in range(2):
        bench.clerk.create("customers", displayName="Twin", postalCode="12345")
    bench.sync()
    bench.admin.person.request("POST", "accounts", {"name": "Twin", "address1_postalcode": "12345"})
    result = bench.sync(expect=1)
    assert [error["code"] for error in result["errors"]] == ["ambiguous"]


def test_no_match_is_refused_where_both_sides_hold_records(bench: Bench) -> None:
    result = bench.full_sync(expect=2, matching=False)
    assert "--no-match" in result["error"]["message"]


def test_couple_couples_and_writes_nothing(bench: Bench) -> None:
    bench.sales_order(2)
    result = bench.run("couple")
    assert next(one for one in result["mappings"] if one["mapping"] == "CUSTOMER")["coupled"] == 3
    assert bench.writes() == []


def test_matched_orders_that_differ_are_conflicts_not_overwrites(bench: Bench) -> None:
    """Without a base neither side may overwrite the other."""
    number = bench.sales_order(2)
    seeded = bench.running.world
    bench.clerk.create(
        "salesOrders",
        customerId=seeded.customers[0].back_office_id,
        externalDocumentNumber=number,
        salesOrderLines=[
            {
                "lineType": "Item",
                "itemId": seeded.products[0].back_office_id,
                "quantity": 5,
                "unitPrice": seeded.products[0].price,
            }
        ],
    )
    bench.full_sync(expect=1)
    with bench.company.store() as store, store.transaction():
        (conflict,) = store.conflicts.open()
    assert (conflict.sales["quantity"], conflict.back_office["quantity"]) == (2, 5)
    assert bench.clerk.order(number)["salesOrderLines"][0]["quantity"] == 5


def test_a_load_that_was_interrupted_goes_on_at_its_page(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pages of 5, the process dies after the second page of orders; the next one does not read it again."""
    bench.configure(limits={"page_with_lines": 5})
    numbers = [bench.sales_order(1) for _ in range(12)]
    bench.run(
        "couple",
        mappings=("CURRENCY", "CUSTOMER", "ITEM-PRODUCT", "UNIT OF MEASURE", "PAYMENT TERMS", "SHIPMENT METHOD"),
    )
    original = bench.company.sales.scan
    pages = 0

    def dying(view, *arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202
        nonlocal pages
        for page in original(view, *arguments):
            if view.table == "salesorders":
                pages += 1
                if pages == 3:
                    raise KeyboardInterrupt
            yield page

    monkeypatch.setattr(bench.company.sales, "scan", dying)
    with pytest.raises(KeyboardInterrupt):
        bench.full_sync()
    monkeypatch.undo()
    bench.restart()
    bench.mark()
    bench.full_sync(mappings=("SALESORDER-ORDER",))
    pages_read = [
        one for one in bench.requests("sales") if "/salesorders?" in one["path"] and "order_details" in one["path"]
    ]
    assert len(pages_read) == 1
    assert sorted(order["externalDocumentNumber"] for order in bench.clerk.orders("number ne ''")) == sorted(numbers)
    bench.agreed()


def test_orders_before_the_start_date_stay_out(bench: Bench) -> None:
    bench.sales_order(1)
    text = bench.config.read_text(encoding="utf-8").replace(
        'mode = "bidirectional"', 'mode = "bidirectional"\nstart_date = 2099-01-01'
    )
    bench.config.write_text(text, encoding="utf-8")
    bench.restart()
    bench.sync()
    assert bench.writes() == []
    assert bench.verify()["filtered"] == 1


def test_an_expired_delta_token_is_followed_by_a_full_compare(bench: Bench) -> None:
    number = bench.sales_order(1)
    bench.sync()
    order = bench.seller.order(number)
    bench.seller.edit(order["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland")
    for door in ("salesorder", "salesorderdetail"):
        bench.running.sales.world.change_tracking_expired = door  # type: ignore[attr-defined]
    bench.running.sales.clock.move(400 * 86_400)
    bench.sync()
    assert bench.clerk.order(number)["shipToCity"] == "Portland"
    bench.agreed()


def test_a_dry_run_of_couple_lists_pairs_groups_and_what_is_ambiguous(bench: Bench) -> None:
    """By number where there is one, by name and post code where not; twins with the ids they could be."""
    account = bench.admin.person.request(
        "POST", "accounts", {"name": "Adatum", "address1_postalcode": "98052"}, prefer="return=representation"
    )["accountid"]
    customer = bench.clerk.create("customers", displayName="ADATUM", postalCode="98052")["id"]
    bench.admin.person.request("POST", "accounts", {"name": "Twin", "address1_postalcode": "12345"})
    twins = [bench.clerk.create("customers", displayName="Twin", postalCode="12345")["id"] for _ in range(2)]
    result = bench.run("couple", dry_run=True, mappings=("CUSTOMER",), expect=None)
    found = [(one["action"], one["reason"], one["record"]) for one in result["actions"]]
    coupled = [(reason, record) for action, reason, record in found if action == "couple"]
    by_name = [record for reason, record in coupled if reason == "coupled by match of name + post_code"]
    assert [(one["sales"], one["back_office"]) for one in by_name] == [(account, customer)]
    assert len([reason for reason, _ in coupled if reason == "coupled by match of number"]) == 3
    told = [reason for action, reason, record in found if action == "ambiguous" and record["sales"]]
    assert len(told) == 1
    assert all(one in told[0] for one in twins)
    assert result["dry_run"]
    with bench.company.store() as store, store.transaction():
        assert store.couplings.count("CUSTOMER") == 0


EXACT = """
name: CUSTOMER
match: [{fields: [name, post_code], case_sensitive: true}]
"""


def _coupled_customers(bench: Bench) -> set[str]:
    with bench.company.session() as session:
        return {one["back_office"] for one in couplings(session, mapping="CUSTOMER")}


@pytest.mark.parametrize("loaded", [False, True])
def test_a_group_may_ask_for_exact_case(bench: Bench, loaded: bool) -> None:
    """By load and by poll alike: servers compare as they like, so what they find is compared again."""
    folder = bench.folder / "ours"
    folder.mkdir()
    (folder / "customer.yaml").write_text(EXACT)
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})
    if loaded:
        bench.sync(expect=None)
    ids = [bench.clerk.create("customers", displayName=name, postalCode="9")["id"] for name in ("Adatum", "Litware")]
    for name in ("ADATUM", "Litware"):
        bench.admin.person.request("POST", "accounts", {"name": name, "address1_postalcode": "9"})
    bench.sync(expect=None)
    assert _coupled_customers(bench) & set(ids) == {ids[1]}


def test_case_is_no_matter_else_by_poll_too(bench: Bench) -> None:
    bench.sync()
    made = bench.clerk.create("customers", displayName="Adatum & Søn", postalCode="9")["id"]
    bench.sync()
    bench.admin.person.request("POST", "accounts", {"name": "ADATUM & SØN", "address1_postalcode": "9"})
    bench.sync()
    assert made in _coupled_customers(bench)
