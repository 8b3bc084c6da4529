"""Subscriptions of both systems: made, validated, renewed, removed, and what they say is understood."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

import pytest

from syncengine.engine.webhooks import drop
from syncengine.engine.webhooks import keep
from syncengine.errors import SyncError
from syncengine.ports import Hint
from tests.bench.bench import Bench
from tests.bench.bench import eventually
from tests.contracts.receiving import Receiver

SECRET = 'correct horse <battery> & "staple"'
TABLES = {"sales": ["salesorders", "salesorderdetails"], "back_office": ["salesOrders", "salesOrderLines"]}
NOW = datetime.now(UTC)


@pytest.fixture
def impatient(bench: Bench) -> Bench:
    """Business Central waits 30 s before it tells; here it does not."""
    bench.setup("back_office", webhook_delay_s=0.01)
    return bench


@pytest.fixture(params=["sales", "back_office"])
def side(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def webhooks(impatient: Bench, side: str) -> Any:
    return impatient.company.systems()[side].webhooks  # type: ignore[index]


@pytest.fixture
def receiver(webhooks: Any) -> Iterator[Receiver]:
    made = Receiver(webhooks, SECRET)
    yield made
    drop(webhooks, made.url)
    made.stop()


def kept(webhooks: Any, receiver: Receiver, side: str, **more: Any) -> list[str]:
    return [one.table for one in keep(webhooks, TABLES[side], receiver.url, SECRET, NOW, **more)]


def test_a_change_is_told_with_its_table_and_id(impatient: Bench, webhooks: Any, receiver: Receiver, side: str) -> None:
    """A person's new order arrives as a hint at that order, and carries our secret."""
    kept(webhooks, receiver, side)
    if side == "sales":
        number = impatient.sales_order(2)
        order = Hint("salesorders", impatient.seller.order(number)["salesorderid"])
    else:
        order = Hint("salesOrders", impatient.back_office_order(2)["id"])
    eventually(lambda: any(order in heard.hints for heard in receiver.heard))
    assert all(heard.genuine for heard in receiver.heard)


def test_what_does_not_carry_the_secret_is_not_genuine(
    impatient: Bench, webhooks: Any, receiver: Receiver, side: str
) -> None:
    """A real delivery, heard by somebody with another secret, or none, says nothing."""
    kept(webhooks, receiver, side)
    if side == "sales":
        impatient.sales_order(2)
    else:
        impatient.back_office_order(2)
    eventually(lambda: bool(receiver.deliveries))
    for wrong in ("", "another"):
        heard = webhooks.hear(receiver.deliveries[0], wrong)
        assert (heard.genuine, heard.hints) == (False, ())


def test_lines_can_be_told_of_in_sales_only(webhooks: Any, receiver: Receiver, side: str) -> None:
    """Lines of Business Central are temporary tables: no subscription, and no failure."""
    expected = {"sales": ["salesorders", "salesorderdetails"], "back_office": ["salesOrders"]}
    assert kept(webhooks, receiver, side) == expected[side]


def test_what_cannot_be_told_of_stops_nothing_else(bench: Bench) -> None:
    """A table that the service says it cannot tell of, or does not have, is left to the schedule; others are not."""
    for system, tables, told in (
        (bench.company.back_office.webhooks, ["taxGroups", "nosuchtables", "salesOrders"], ["salesOrders"]),
        (bench.company.sales.webhooks, ["nosuchtables", "salesorders"], ["salesorders"]),
    ):
        receiver = Receiver(system, SECRET)
        assert [one.table for one in keep(system, tables, receiver.url, SECRET, NOW)] == told
        drop(system, receiver.url)
        receiver.stop()


def test_keeping_twice_makes_nothing_twice(webhooks: Any, receiver: Receiver, side: str) -> None:
    """One subscription for a table, however often it is looked at."""
    first = keep(webhooks, TABLES[side], receiver.url, SECRET, NOW)
    assert keep(webhooks, TABLES[side], receiver.url, SECRET, NOW) == first
    assert sorted(one.id for one in webhooks.subscriptions(receiver.url)) == sorted(one.id for one in first)


def test_a_table_no_longer_wanted_is_not_told_of(webhooks: Any, receiver: Receiver, side: str) -> None:
    """A mapping that is gone takes its subscription along; the others stay."""
    kept(webhooks, receiver, side)
    keep(webhooks, TABLES[side][1:], receiver.url, SECRET, NOW)
    assert TABLES[side][0] not in [one.table for one in webhooks.subscriptions(receiver.url)]


def test_removed_ones_are_made_again(webhooks: Any, receiver: Receiver, side: str) -> None:
    """A service deletes what was answered wrongly; the next look finds and replaces it."""
    (first, *_) = keep(webhooks, TABLES[side], receiver.url, SECRET, NOW)
    webhooks.unsubscribe(first)
    webhooks.unsubscribe(first)  # gone is gone
    assert webhooks.renew(first, SECRET) is None
    assert TABLES[side][0] in kept(webhooks, receiver, side)


def test_a_new_secret_reaches_what_goes_on(impatient: Bench, webhooks: Any, receiver: Receiver, side: str) -> None:
    """After a rotation deliveries carry the new secret."""
    kept(webhooks, receiver, side)
    receiver.secret = "the new one"
    keep(webhooks, TABLES[side], receiver.url, "the new one", NOW, new_secret=True)
    if side == "sales":
        impatient.sales_order(2)
    else:
        impatient.back_office_order(2)
    eventually(lambda: bool(receiver.heard))
    assert all(heard.genuine for heard in receiver.heard)


def test_other_addresses_are_left_alone(webhooks: Any, receiver: Receiver, side: str) -> None:
    """What another program has subscribed to is not ours to remove."""
    other = Receiver(webhooks, SECRET)
    kept(webhooks, other, side)
    kept(webhooks, receiver, side)
    drop(webhooks, receiver.url)
    assert webhooks.subscriptions(receiver.url) == []
    assert TABLES[side][0] in [one.table for one in webhooks.subscriptions(other.url)]
    drop(webhooks, other.url)
    other.stop()


def test_one_that_ends_soon_is_renewed(bench: Bench) -> None:
    """Business Central's end after three days; a day before it they get three more."""
    system = bench.company.back_office.webhooks
    receiver = Receiver(system, SECRET)
    (first,) = keep(system, ["salesOrders"], receiver.url, SECRET, NOW)
    assert first.expires_at is not None
    assert timedelta(days=2, hours=23) < first.expires_at - NOW < timedelta(days=3, minutes=5)
    bench.later("back_office", 3600)
    (same,) = keep(system, ["salesOrders"], receiver.url, SECRET, NOW + timedelta(days=1))
    assert same == first
    (renewed,) = keep(system, ["salesOrders"], receiver.url, SECRET, NOW + timedelta(days=2, hours=1))
    assert renewed.id == first.id
    assert renewed.expires_at is not None
    assert renewed.expires_at > first.expires_at + timedelta(minutes=50)
    drop(system, receiver.url)
    receiver.stop()


@pytest.mark.parametrize("status", [400, 422])
def test_an_address_that_does_not_answer_is_refused(bench: Bench, status: int) -> None:
    """Business Central calls the address before it registers: its words, and what to do."""
    bench.setup("back_office", handshake_failure_status=status)
    with pytest.raises(SyncError) as refused:
        keep(bench.company.back_office.webhooks, ["salesOrders"], "http://127.0.0.1:9/webhooks", SECRET, NOW)
    assert refused.value.code == "webhook-refused"
    assert "public_url" in refused.value.remedy


def test_a_step_that_somebody_disabled_works_again(bench: Bench) -> None:
    """A half registration is no subscription; keeping completes it without making a second endpoint."""
    system = bench.company.sales.webhooks
    receiver = Receiver(system, SECRET)
    (made,) = keep(system, ["salesorders"], receiver.url, SECRET, NOW)
    admin = bench.admin.person
    (step, *_) = admin.get("sdkmessageprocessingsteps?$select=name")["value"]
    disabled = {"statecode": 1, "statuscode": 2}
    admin.request("PATCH", f"sdkmessageprocessingsteps({step['sdkmessageprocessingstepid']})", disabled)
    assert system.subscriptions(receiver.url) == []
    assert keep(system, ["salesorders"], receiver.url, SECRET, NOW) == [made]
    assert len(admin.get("sdkmessageprocessingsteps?$select=name")["value"]) == 3
    drop(system, receiver.url)
    assert admin.get("serviceendpoints?$select=name")["value"] == []
    receiver.stop()
