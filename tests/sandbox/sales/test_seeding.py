from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncengine.sandbox.sales import Dataverse
from syncengine.sandbox.sales.errors import DataverseError


def test_the_same_seed_gives_the_same_ids() -> None:
    """Runs are repeatable; another seed gives others."""

    def made(seed: int) -> tuple[str, ...]:
        service = Dataverse(seed=seed)
        account = service.insert("account", {"name": "One"})
        order = service.insert("salesorder", {"name": "x"})
        number = service.row("salesorder", order)["ordernumber"]
        return account, order, number, service.clients["seller"].client_id

    assert made(3) == made(3)
    assert made(3) != made(4)


def test_insert_runs_defaults_numbering_and_pricing(sales: Any, catalog: Any) -> None:
    """Seed data is entered as a POST of that user would enter it."""
    line = {"productid": catalog.bike, "uomid": catalog.piece, "quantity": 2}
    values = {
        "name": "Seeded",
        "customerid": ("account", catalog.account),
        "pricelevelid": catalog.prices,
        "requestdeliveryby": date(2026, 3, 1),
        "order_details": [line],
    }
    order = sales.service.insert("salesorder", values, as_role="seller")
    row = sales.admin.read(f"salesorders({order})")
    assert (row["totalamount"], row["_createdby_value"]) == (Decimal(2000), sales.user("seller"))
    assert row["requestdeliveryby"] == "2026-03-01T00:00:00Z"
    assert row["_accountid_value"] == catalog.account


def test_insert_and_patch_raise_on_refusal_and_leave_nothing(sales: Any, catalog: Any) -> None:
    """What the service would refuse is refused here."""
    with pytest.raises(DataverseError) as refused:
        sales.service.insert("account", {"name": "x" * 161})
    assert refused.value.code == "0x80044331"
    assert len(sales.service.rows("account")) == 1
    with pytest.raises(DataverseError):
        sales.service.patch("salesorder", catalog.order(), {"statecode": 2})


def test_patch_and_remove_act_as_a_user(sales: Any, catalog: Any) -> None:
    """The stamp is that of the role."""
    sales.service.patch("account", catalog.account, {"name": "Renamed"}, as_role="integration")
    assert sales.service.row("account", catalog.account)["modifiedby"] == sales.user("integration")
    sales.service.remove("account", catalog.account)
    assert sales.service.rows("account") == []


def test_the_base_currency_is_an_argument() -> None:
    """An environment in euro has euro as its only currency."""
    service = Dataverse(base_currency="EUR")
    rows = service.rows("transactioncurrency")
    assert [(row["isocurrencycode"], row["currencyname"]) for row in rows] == [("EUR", "Euro")]


def test_a_new_environment_has_nothing_but_its_own_rows() -> None:
    """One organization, one business unit, one currency, three users with their settings; no business data."""
    service = Dataverse()
    counts = {name: len(service.rows(name)) for name in service.world.model.tables if service.rows(name)}
    platform = {name for name in counts if name.startswith("sdkmessage")}
    expected = {"organization": 1, "businessunit": 1, "transactioncurrency": 1, "systemuser": 3, "usersettings": 3}
    assert {name: n for name, n in counts.items() if name not in platform} == expected
