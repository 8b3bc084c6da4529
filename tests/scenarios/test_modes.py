"""The setting and the mode: what may be turned on and off when, and that a switch carries every coupling over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.config.loading import load
from syncengine.errors import ConfigurationError
from syncengine.errors import CredentialsRefused
from syncengine.errors import Refused
from syncengine.errors import SyncError
from syncengine.errors import UsageError
from syncengine.service import order_processing
from syncengine.service.check import check
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def _one_way(bench: Bench) -> None:
    bench.configure(integration={"mode": "one-way"})
    order_processing.enable(bench.company)


def _flag(bench: Bench) -> bool:
    (row,) = bench.admin.person.get("organizations?$select=issopintegrationenabled")["value"]
    return bool(row["issopintegrationenabled"])


def _as_admin(bench: Bench) -> None:
    """Somebody signs in as an administrator of the environment instead of as the application user."""
    admin = bench.running.sales.clients["admin"]
    bench.configure(**{"sales.auth": {"client_id": admin.client_id, "client_secret": admin.client_secret}})


def _integration_user(bench: Bench) -> str:
    found = bench.admin.person.get("systemusers?$select=isintegrationuser")["value"]
    return str(next(one["systemuserid"] for one in found if one["isintegrationuser"]))


# the setting


def test_given_a_new_set_up_when_the_setting_is_asked_for_then_it_is_off_and_not_offered(bench: Bench) -> None:
    """Off by default; what is off cannot be turned off, and Sales does not show it then either."""
    found = order_processing.setting(bench.company)
    assert (found.enabled, found.fits, found.handed_over) == (False, True, 0)
    with pytest.raises(UsageError, match="off already"):
        order_processing.disable(bench.company, switch_mode=False)


def test_given_bidirectional_mode_when_the_setting_is_to_be_enabled_then_it_is_refused(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        order_processing.enable(bench.company)
    assert (refused.value.exit_code, refused.value.code) == (3, "mode-excludes-setting")
    assert not _flag(bench)


def test_given_bidirectional_mode_when_the_setting_is_on_then_disabling_is_never_refused(bench: Bench) -> None:
    """Whatever was handed over by whomever: the mode does not need the setting."""
    number = bench.sales_order(2)
    bench.sync()
    assert bench.seller.order(number)["lastbackofficesubmit"] is not None
    bench.admin.switch_order_processing(on=True)
    assert order_processing.setting(bench.company).handed_over == 1
    assert order_processing.disable(bench.company, switch_mode=False) is False
    assert not _flag(bench)
    bench.sync()
    bench.agreed()


def test_given_one_way_mode_when_nothing_is_open_then_the_setting_may_be_disabled(bench: Bench) -> None:
    _one_way(bench)
    order_processing.disable(bench.company, switch_mode=False)
    assert not _flag(bench)
    assert bench.sync(expect=3)["refusal"]["code"] == "sop-disabled"


def test_given_orders_handed_over_when_the_setting_is_to_be_disabled_then_it_is_refused(bench: Bench) -> None:
    """Refused with their number and the way out; nothing has changed."""
    _one_way(bench)
    bench.sales_order(2)
    bench.sales_order(3)
    bench.sync()
    with pytest.raises(Refused, match="2 submitted orders") as refused:
        order_processing.disable(bench.company, switch_mode=False)
    assert (refused.value.exit_code, refused.value.code) == (3, "orders-handed-over")
    assert "--switch-mode" in refused.value.remedy
    assert _flag(bench)
    bench.sync()


def test_given_a_change_that_does_not_take_when_it_is_read_back_then_that_is_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sales answers as if it had changed it and goes on showing the old value, as it does with columns it drops."""
    bench.configure(integration={"mode": "one-way"})
    organization = bench.company.sales.organization
    original = organization.row

    def stale(max_age_s: float) -> Any:
        return {**original(max_age_s), "issopintegrationenabled": False}

    monkeypatch.setattr(organization, "row", stale)
    with pytest.raises(SyncError, match="still shows the old setting") as failed:
        order_processing.enable(bench.company)
    assert failed.value.code == "sop-refused"


def test_given_no_right_to_change_it_when_the_setting_is_to_be_enabled_then_the_privilege_is_named(
    bench: Bench,
) -> None:
    bench.configure(integration={"mode": "one-way"})
    bench.running.sales.switch(denied=["integration:prvWriteOrganization"])
    with pytest.raises(CredentialsRefused) as refused:
        order_processing.enable(bench.company)
    assert (refused.value.exit_code, "Organization" in refused.value.remedy) == (4, True)
    assert not _flag(bench)


# our user


def test_given_an_administrator_when_our_user_is_to_be_marked_then_it_is_and_the_flag_stays(bench: Bench) -> None:
    """The mark decides the lock and the totals. An older release turned the setting on along with it: put back."""
    user = _integration_user(bench)
    bench.admin.person.request("PATCH", f"systemusers({user})", {"isintegrationuser": False})
    assert order_processing.setting(bench.company).integration_user is False
    with pytest.raises(CredentialsRefused, match="integration user"):
        order_processing.mark_user(bench.company, None)
    before = bench.config.read_text(encoding="utf-8")
    bench.running.sales.switch(integration_user_sets_flag=True)
    _as_admin(bench)
    assert order_processing.mark_user(bench.company, user) == user
    bench.config.write_text(before, encoding="utf-8")
    bench.restart()
    assert order_processing.setting(bench.company).integration_user is True
    assert not _flag(bench)
    bench.sync()


# archiving


def test_given_bidirectional_mode_when_archiving_is_to_be_turned_off_then_the_configuration_is_refused(
    bench: Bench,
) -> None:
    bench.configure(integration={"archive_orders": False})
    with pytest.raises(ConfigurationError, match="archive_orders"):
        load(str(bench.config))


def test_given_no_companion_when_archive_orders_is_asked_for_then_check_and_command_say_where_to_tick_it(
    bench: Bench,
) -> None:
    found = next(one for one in check(bench.company) if one.id == "back_office.archive-orders")
    assert (found.level, "Sales & Receivables Setup" in found.remedy) == ("warning", True)
    with pytest.raises(UsageError) as refused:
        bench.company.back_office.companion.turn_archiving_on()
    assert "Sales & Receivables Setup" in refused.value.remedy


def test_given_the_companion_when_archive_orders_is_asked_for_then_it_is_on_and_read_back(bench: Bench) -> None:
    bench.running.back_office.environment.change_switches({"has_companion": True, "archive_orders": False})
    found = next(one for one in check(bench.company) if one.id == "back_office.archive-orders")
    assert (found.level, "archive enable" in found.remedy) == ("warning", True)
    bench.company.back_office.companion.turn_archiving_on()
    assert bench.running.back_office.environment.switches.archive_orders is True
    found = next(one for one in check(bench.company) if one.id == "back_office.archive-orders")
    assert found.level == "ok"


# switching


def test_given_orders_handed_over_when_the_mode_is_switched_to_both_ways_then_they_are_carried_over(
    bench: Bench,
) -> None:
    """No second document; what one-way mode kept as it was flows now: the clerk's edits of lines, from the base."""
    _one_way(bench)
    numbers = [bench.sales_order(2, 3), bench.sales_order(1)]
    bench.sync()
    order = bench.clerk.order(numbers[0])
    bench.clerk.change_line(order, order["salesOrderLines"][0], quantity=7)
    bench.clerk.add_line(order, lineType="Item", itemId=bench.products[7].back_office_id, quantity=5, unitPrice=2)
    bench.sync(sweep_all=True)
    assert [line["quantity"] for line in bench.seller.order(numbers[0])["order_details"]] == [2, 3]
    assert order_processing.disable(bench.company, switch_mode=True) is True
    assert load(str(bench.config)).configuration.integration.mode == "bidirectional"
    bench.restart()
    bench.mark()
    bench.sync()
    assert [write for write in bench.writes("back_office") if write.method == "POST"] == []
    assert [line["quantity"] for line in bench.seller.order(numbers[0])["order_details"]] == [7, 3, 5]
    assert [len(bench.live_documents(number)) for number in numbers] == [1, 1]
    bench.agreed()
    line = bench.seller.order(numbers[1])["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(bench.seller.order(numbers[1])["salesorderid"], lines={line: {"quantity": 9}})
    bench.sync()
    assert bench.clerk.order(numbers[1])["salesOrderLines"][0]["quantity"] == 9
    bench.agreed()


def test_given_coupled_orders_when_the_mode_is_switched_to_one_way_then_none_is_handed_over_again(
    bench: Bench,
) -> None:
    """From either side; the totals that Sales computes no more are the back office's from then on."""
    number, theirs = bench.sales_order(2, 3), bench.back_office_order(4)
    bench.sync()
    _one_way(bench)
    bench.sync()
    order = bench.clerk.order(number)
    bench.clerk.change_line(order, order["salesOrderLines"][0], unitPrice=Decimal(1))
    fresh = bench.sales_order(5)
    bench.sync(sweep_all=True)
    assert len(bench.live_documents(number)) == 1
    assert len(bench.live_documents(fresh)) == 1
    assert bench.seller.order(number)["totalamount"] == bench.clerk.order(number)["totalAmountIncludingTax"]
    assert len(bench.admin.person.get("salesorders?$select=name")["value"]) == 3
    assert bench.sales_order_of(theirs["number"])["statecode"] == 1
    bench.agreed()


def test_given_the_mode_switched_there_and_back_when_runs_come_then_both_sides_agree_and_nothing_is_doubled(
    bench: Bench,
) -> None:
    number = bench.sales_order(2)
    bench.sync()
    _one_way(bench)
    bench.sync()
    order_processing.disable(bench.company, switch_mode=True)
    bench.restart()
    bench.sync()
    assert len(bench.live_documents(number)) == 1
    bench.agreed()


def test_given_a_mode_from_the_environment_when_it_is_switched_then_the_file_is_left_alone(bench: Bench) -> None:
    """The file does not name the mode: the setting is turned off, and whoever configured the mode is told."""
    text = bench.config.read_text(encoding="utf-8").replace('mode = "bidirectional"\n', "")
    bench.config.write_text(text, encoding="utf-8")
    environment = {"SYNCENGINE__INTEGRATION__MODE": "one-way"}
    bench.restart()
    bench.admin.switch_order_processing(on=True)
    company = bench.new_process()
    company.loaded = load(str(bench.config), environment)
    assert order_processing.disable(company, switch_mode=True) is False
    company.close()
    assert bench.config.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(("ready", "said"), [(["submitted"], "no Submit"), (["submitted", "active"], "none is held")])
def test_given_bidirectional_mode_when_check_runs_then_it_says_how_sellers_submit(
    bench: Bench, ready: list[str], said: str
) -> None:
    """And that Create Invoice is best taken from them; in one-way mode Sales sees to both."""
    bench.configure(integration={"sales_ready": ready})
    (found,) = (one for one in check(bench.company) if one.id == "sales.sellers")
    assert (found.level, said in found.message, "Create Invoice" in found.message) == ("ok", True, True)
    _one_way(bench)
    assert not [one for one in check(bench.company) if one.id == "sales.sellers"]
