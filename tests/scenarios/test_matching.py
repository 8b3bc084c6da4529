"""Which record is which: the match groups of a mapping, in their order, by load and by poll alike."""

from __future__ import annotations

import pytest

from syncengine.engine import load
from syncengine.errors import FailureClass
from syncengine.service.decisions import couple_record
from syncengine.store.queries import couplings
from syncengine.store.queries import parked
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow

THREE = "name: CUSTOMER\nmatch: [[name, city], [post_code], [email]]\n"


def _account(bench: Bench, **columns: str) -> str:
    names = {"city": "address1_city", "post_code": "address1_postalcode", "email": "emailaddress1"}
    body = {names.get(name, name): value for name, value in columns.items()}
    return str(bench.admin.person.request("POST", "accounts", body, prefer="return=representation")["accountid"])


def _customer(bench: Bench, name: str, **columns: str) -> str:
    return str(bench.clerk.create("customers", displayName=name, **columns)["id"])


def _pairs(bench: Bench) -> dict[str, str]:
    with bench.company.session() as session:
        return {one["sales"]: one["back_office"] for one in couplings(session, mapping="CUSTOMER")}


@pytest.mark.parametrize("loaded", [False, True], ids=["load", "poll"])
def test_groups_in_their_order_each_by_itself(bench: Bench, loaded: bool) -> None:
    bench.overlay(THREE)
    if loaded:
        bench.sync(expect=None)
    # All rows of a group must match; a blank one is no criterion.
    other_city = _customer(bench, "Adatum", city="Paris")
    adatum = _account(bench, name="Adatum", city="Rome")
    blank_city = _customer(bench, "Litware")
    litware = _account(bench, name="Litware")
    # Two by the first group, one of them by the second: a group starts afresh, it does not narrow the one before.
    twin = _account(bench, name="Twin", city="Oslo", post_code="0150")
    twins = [_customer(bench, "Twin", city="Oslo", postalCode=code) for code in ("0150", "0151")]
    # By the first group, though the second one says another.
    fabrikam = _account(bench, name="Fabrikam", city="Bern", post_code="3000")
    by_name = _customer(bench, "FABRIKAM", city="bern", postalCode="3001")
    by_code = _customer(bench, "Somebody else", city="Bern", postalCode="3000")
    # Two here for one there, by every group.
    several = [_account(bench, name="Same", city="Kyiv", email="same@example.com") for _ in range(2)]
    same = _customer(bench, "Same", city="Kyiv", email="same@example.com")
    bench.sync(expect=1)
    pairs = _pairs(bench)
    assert {one: pairs.get(one) for one in (adatum, litware, twin, fabrikam, *several)} == {
        adatum: None,
        litware: None,
        twin: twins[0],
        fabrikam: by_name,
        several[0]: None,
        several[1]: None,
    }
    assert not {other_city, blank_city, twins[1], by_code, same} & set(pairs.values())
    with bench.company.session() as session:
        told = {row["record"]["sales"]: row["message"] for row in parked(session, (FailureClass.PERSON,))}
    assert {one for one in told if one} == set(several)
    assert all(same in told[one] for one in several)
    # One of the two is decided by hand; the other has no uncoupled candidate left, and is told no more.
    couple_record(bench.company, "CUSTOMER", several[0], same)
    bench.clerk.create("customers", displayName="Same", city="Kyiv", email="same@example.com")
    bench.sync()
    assert several[1] in _pairs(bench)


def test_a_group_that_is_done_is_not_done_again_after_a_kill(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was ambiguous by the first group looks unique once the second one has coupled one of the two."""
    bench.overlay("name: CUSTOMER\nmatch: [[name], [post_code]]\n")
    twin = _account(bench, name="Twin")
    other = _account(bench, name="Other", post_code="0150")
    twins = [_customer(bench, "Twin", postalCode=code) for code in ("0150", "0151")]
    original = load._park_ambiguous

    def dying(run, mapping, number, group):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if mapping.name == "CUSTOMER" and number == 1:
            raise KeyboardInterrupt
        original(run, mapping, number, group)

    monkeypatch.setattr(load, "_park_ambiguous", dying)
    with pytest.raises(KeyboardInterrupt):
        bench.full_sync()
    monkeypatch.undo()
    bench.restart()
    bench.full_sync(expect=1)
    pairs = _pairs(bench)
    assert (pairs.get(other), pairs.get(twin)) == (twins[0], None)


def test_orders_are_known_by_the_configured_number_column_first(bench: Bench) -> None:
    """As Microsoft's own integration leaves them: the document's number on the order, and none of ours on it."""
    bench.configure(sales={"number_column": "description"})
    theirs = bench.back_office_order(2)
    decoy = bench.sales_order(2)
    bench.clerk.change(theirs, externalDocumentNumber=decoy)
    order = bench.sales_order(2, description=theirs["number"])
    bench.sync(expect=None)
    with bench.company.session() as session:
        pairs = {one["sales"]: one["back_office"] for one in couplings(session, mapping="SALESORDER-ORDER")}
    assert pairs.get(bench.seller.order(order)["salesorderid"]) == theirs["id"]
