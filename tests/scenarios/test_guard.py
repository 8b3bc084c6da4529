"""No write while a one-way integration is active, wherever it is seen and whenever it is turned on."""

from __future__ import annotations

import pytest

from syncengine.errors import ConfigurationError
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def test_order_processing_turned_on_refuses_the_run(bench: Bench) -> None:
    bench.sales_order(1)
    bench.admin.switch_order_processing(on=True)
    result = bench.sync(expect=3)
    assert (result["status"], result["refusal"]["system"]) == ("refused", "sales")
    assert "sop disable" in result["refusal"]["remedy"]
    assert bench.writes() == []
    bench.admin.switch_order_processing(on=False)
    bench.sync()
    bench.agreed()


def test_business_centrals_own_integration_refuses_the_run(bench: Bench) -> None:
    bench.sales_order(1)
    bench.running.back_office.environment.change_switches({"bidirectional": True})
    result = bench.sync(expect=3)
    assert result["refusal"]["code"] == "archived-orders-job"
    assert bench.writes() == []


def test_a_hint_that_configuration_overrules_by_name_is_ignored(bench: Bench) -> None:
    bench.sales_order(1)
    bench.running.back_office.environment.change_switches({"bidirectional": True})
    bench.configure(back_office={"ignore_competitors": ["archived-orders-job"]})
    bench.sync()
    assert bench.writes("back_office") != []


def test_a_flag_flipped_between_planning_and_writing_stops_the_writes(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reading was 11 s old when the first round was to go out: it is taken again, and refuses."""
    bench.sync()
    bench.sales_order(1)
    bench.mark()
    original = bench.company.sales.read

    def flipped(*arguments, **named):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202
        bench.admin.switch_order_processing(on=True)
        bench.company.sales.organization._read_at -= 11
        return original(*arguments, **named)

    monkeypatch.setattr(bench.company.sales, "read", flipped)
    bench.sync(expect=3)
    assert bench.writes() == []


def test_a_mode_that_nobody_chose_touches_no_orders(bench: Bench) -> None:
    text = bench.config.read_text(encoding="utf-8").replace('mode = "bidirectional"', "")
    bench.config.write_text(text, encoding="utf-8")
    bench.restart()
    with pytest.raises(ConfigurationError, match="mode is not set"):
        bench.sync()
