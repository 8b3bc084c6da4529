"""No write while a one-way integration is active, wherever it is seen and whenever it is turned on."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from syncengine.engine.run import Asked
from syncengine.errors import ConfigurationError
from syncengine.service.check import check
from syncengine.service.lease import hold
from syncengine.service.runs import perform
from tests.bench.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


def _flag(bench: Bench, *, on: bool) -> None:
    bench.admin.switch_order_processing(on=on)


def _own(bench: Bench, **switches: bool) -> None:
    bench.running.back_office.environment.change_switches(switches)


def _one_way(bench: Bench) -> None:
    """Our one-way mode, with the setting that it needs."""
    _flag(bench, on=True)
    bench.configure(integration={"mode": "one-way"})


def _bidirectional(bench: Bench) -> None:
    """As the bench is."""


@dataclass(frozen=True)
class Condition:
    """Something that excludes a mode: how it is turned on and off again, and what the refusal says of it."""

    name: str
    begin: Callable[[Bench], None]  # the mode, set up
    on: Callable[[Bench], None]
    off: Callable[[Bench], None]
    code: str
    system: str
    told: tuple[str, ...]  # what is active, where, how to turn it off


def _with_companion(begin: Callable[[Bench], None]) -> Callable[[Bench], None]:
    def begun(bench: Bench) -> None:
        begin(bench)
        _own(bench, has_companion=True)

    return begun


CONDITIONS = (
    Condition(
        "bidirectional, order processing turned on in Sales",
        _bidirectional,
        lambda bench: _flag(bench, on=True),
        lambda bench: _flag(bench, on=False),
        "sop-enabled",
        "sales",
        ("Sales order processing", "Dynamics 365 Sales", "sop disable"),
    ),
    Condition(
        "bidirectional, Business Central's own bidirectional integration by its job",
        _bidirectional,
        lambda bench: _own(bench, bidirectional=True),
        lambda bench: _own(bench, bidirectional=False),
        "archived-orders-job",
        "back_office",
        ("Business Central's own", "5366", "Dynamics 365 Connection Setup", "ignore_competitors"),
    ),
    Condition(
        "bidirectional, Business Central's own one-way integration by its jobs",
        _bidirectional,
        lambda bench: _own(bench, legacy=True),
        lambda bench: _own(bench, legacy=False),
        "submitted-orders-job",
        "back_office",
        ("Business Central's own", "5349", "5352", "Dynamics 365 Connection Setup", "ignore_competitors"),
    ),
    Condition(
        "bidirectional, Business Central's own bidirectional integration by the companion",
        _with_companion(_bidirectional),
        lambda bench: _own(bench, bidirectional=True),
        lambda bench: _own(bench, bidirectional=False),
        "own-bidirectional-integration",
        "back_office",
        ("Business Central's own", "Bidirectional", "Dynamics 365 Connection Setup"),
    ),
    Condition(
        "bidirectional, Business Central's own one-way integration by the companion",
        _with_companion(_bidirectional),
        lambda bench: _own(bench, legacy=True),
        lambda bench: _own(bench, legacy=False),
        "own-one-way-integration",
        "back_office",
        ("Business Central's own", "one way", "Dynamics 365 Connection Setup"),
    ),
    Condition(
        "one-way, order processing turned off in Sales",
        _one_way,
        lambda bench: _flag(bench, on=False),
        lambda bench: _flag(bench, on=True),
        "sop-disabled",
        "sales",
        ("one-way", "Dynamics 365 Sales", "sop enable"),
    ),
    Condition(
        "one-way, Business Central's own bidirectional integration by its job",
        _one_way,
        lambda bench: _own(bench, bidirectional=True),
        lambda bench: _own(bench, bidirectional=False),
        "archived-orders-job",
        "back_office",
        ("Business Central's own", "5366", "Dynamics 365 Connection Setup"),
    ),
    Condition(
        "one-way, Business Central's own one-way integration by the companion",
        _with_companion(_one_way),
        lambda bench: _own(bench, legacy=True),
        lambda bench: _own(bench, legacy=False),
        "own-one-way-integration",
        "back_office",
        ("Business Central's own", "one way", "Dynamics 365 Connection Setup"),
    ),
)

each_condition = pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: one.name)
# What each condition is told by is shown as a run begins; amid a run it is asked in the same way.
each_condition_in_time = pytest.mark.parametrize(
    "condition",
    [
        pytest.param(one, marks=() if at % 3 == 0 else pytest.mark.long, id=one.name)
        for at, one in enumerate(CONDITIONS)
    ],
)


def _refused(result: dict[str, Any], condition: Condition) -> None:
    assert (result["status"], result["exit_code"]) == ("refused", 3)
    refusal = result["refusal"]
    assert (refusal["code"], refusal["system"]) == (condition.code, condition.system)
    for words in condition.told:
        assert words in f"{refusal['what']} {refusal['remedy']}"


@contextmanager
def _between_planning_and_writing(bench: Bench, flip: Callable[[], None]) -> Iterator[None]:
    """The switch is flipped while the run reads what it is going to plan: after its reading of the guard."""
    original, flipped = bench.company.sales.read, []

    def reading(*arguments: Any, **named: Any) -> Any:
        if not flipped:
            flipped.append(True)
            flip()
        return original(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.company.sales, "read", reading)
        yield
    assert flipped


@each_condition
@pytest.mark.loaded(False)
def test_given_a_competitor_when_a_run_begins_then_nothing_is_written(bench: Bench, condition: Condition) -> None:
    """Run, plan and load alike; and once it is off again, the same order goes on its way by itself."""
    condition.begin(bench)
    bench.sync()
    bench.sales_order(1)
    condition.on(bench)
    bench.mark()
    for result in (bench.sync(expect=3), bench.plan(), bench.full_sync(expect=3)):
        _refused(result, condition)
    assert bench.writes() == []
    condition.off(bench)
    bench.sync()
    assert [write.method for write in bench.writes("back_office")][:1] == ["POST"]


@each_condition_in_time
@pytest.mark.loaded(False)
def test_given_a_plan_when_a_competitor_comes_up_before_the_first_write_then_nothing_is_written(
    bench: Bench, condition: Condition
) -> None:
    """The reading at the start of the run was favourable and is not old: it is taken again all the same."""
    condition.begin(bench)
    bench.sync()
    bench.sales_order(1)
    bench.mark()
    with _between_planning_and_writing(bench, lambda: condition.on(bench)):
        _refused(bench.sync(expect=3), condition)
    assert bench.writes() == []
    condition.off(bench)
    bench.sync()
    assert [write.method for write in bench.writes("back_office")][:1] == ["POST"]


def test_given_a_recreate_under_way_when_the_flag_is_flipped_then_no_further_round_goes_out(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After more than 10 s the reading is taken again, between the steps of one operation too; later it goes on."""
    number = bench.sales_order(1)
    bench.sync()
    order = bench.seller.order(number)
    bench.seller.edit(order["salesorderid"], lines={order["order_details"][0]["salesorderdetailid"]: {"quantity": 7}})
    bench.mark()
    original = bench.company.back_office.write

    def slow(*arguments: Any, **named: Any) -> Any:
        yield from original(*arguments, **named)
        _flag(bench, on=True)
        bench.company.sales.organization._read_at -= 11

    monkeypatch.setattr(bench.company.back_office, "write", slow)
    assert bench.sync(expect=3)["refusal"]["code"] == "sop-enabled"
    assert [write.method for write in bench.writes()] == ["POST"]
    monkeypatch.undo()
    _flag(bench, on=False)
    bench.sync()
    assert [line["quantity"] for line in bench.clerk.order(number)["salesOrderLines"]] == [7]
    assert len(bench.live_documents(number)) == 1
    bench.agreed()


def test_given_a_fresh_reading_when_rounds_follow_each_other_then_it_is_not_taken_again(bench: Bench) -> None:
    """The first round asks each side once more; the rounds after it within 10 s do not."""
    bench.sync()
    bench.sales_order(1)
    bench.sales_order(2)
    bench.mark()
    bench.sync()
    asked = [one["path"] for one in bench.requests("sales") if one["path"].startswith("/api/data/v9.2/organizations")]
    assert len(asked) == 1


def test_given_a_leftover_job_when_configuration_overrules_the_hint_by_name_then_the_run_goes_on(bench: Bench) -> None:
    bench.sales_order(1)
    _own(bench, bidirectional=True)
    bench.configure(back_office={"ignore_competitors": ["submitted-orders-job"]})
    assert bench.sync(expect=3)["refusal"]["code"] == "archived-orders-job"
    bench.configure(back_office={"ignore_competitors": ["archived-orders-job"]})
    bench.sync()
    assert bench.writes("back_office") != []


@pytest.mark.loaded(False)
def test_given_the_companion_when_configuration_overrules_the_hint_then_its_word_still_counts(bench: Bench) -> None:
    """What the companion reads is no hint."""
    _own(bench, bidirectional=True, has_companion=True)
    bench.configure(back_office={"ignore_competitors": ["archived-orders-job", "own-bidirectional-integration"]})
    assert bench.sync(expect=3)["refusal"]["code"] == "own-bidirectional-integration"


def test_given_the_companion_when_only_an_old_job_is_left_then_the_run_goes_on(bench: Bench) -> None:
    """The companion says that the integration is off: a job that was left over does not count."""
    environment = bench.running.back_office.environment
    company = environment.company(bench.running.world.company.name)
    assert company is not None
    for companion, expected in ((True, 0), (False, 3)):
        _own(bench, has_companion=companion)  # which also tidies the jobs up
        environment._add_job(environment.session(company, "setup"), 5366, "Archived Sales Orders", 30)
        environment.journal.commit()
        bench.company.back_office.cache.put("back-office-companion-metadata", None)
        bench.restart()
        bench.sync(expect=expected)


def test_given_a_job_on_hold_when_a_run_begins_then_it_is_no_competitor(bench: Bench) -> None:
    _own(bench, bidirectional=True)
    environment = bench.running.back_office.environment
    company = environment.company(bench.running.world.company.name)
    assert company is not None
    for job in company["jobQueueEntry"].all():
        environment.session(company, "setup").modify("jobQueueEntry", job, {"status": "On Hold"})
    environment.journal.commit()
    bench.sync()


@pytest.mark.parametrize("mode", ["bidirectional", "one-way"])
def test_given_no_right_to_read_the_flag_when_a_run_begins_then_it_ends_4_and_names_the_privilege(
    bench: Bench, mode: str
) -> None:
    """Without the flag nobody can tell which integration is active."""
    bench.sync()
    if mode == "one-way":
        _one_way(bench)
    bench.sales_order(1)
    bench.running.sales.switch(denied=["integration:prvReadOrganization"])
    bench.mark()
    result = bench.sync(expect=4)
    assert "prvReadOrganization" in result["error"]["remedy"]
    assert result["error"]["side"] == "sales"
    assert bench.writes() == []


def test_given_no_right_to_read_the_jobs_when_a_run_begins_then_it_goes_on_and_check_warns(bench: Bench) -> None:
    bench.sales_order(1)
    bench.fault(
        "back_office", kind="refuse", probability=1, status=403, code="Unknown", message="no permission",
        match={"path": "jobQueueEntries"},
    )  # fmt: skip
    bench.sync()
    assert bench.writes("back_office") != []
    found = next(one for one in check(bench.company) if one.id == "back_office.competitor")
    assert (found.level, "job queue" in found.message) == ("warning", True)


@pytest.mark.parametrize(("ours", "theirs"), [("bidirectional", "one-way"), ("one-way", "bidirectional")])
def test_given_a_run_in_the_other_mode_when_ours_begins_then_it_is_refused(
    bench: Bench, ours: str, theirs: str
) -> None:
    """Refused, not only told to wait: two processes are set up against each other."""
    if ours == "one-way":
        _one_way(bench)
    other = bench.new_process()
    with (
        other.store(run_id="other", writes=True) as store,
        hold(other.engine, store.session, mode=theirs, run_id="other", lease_s=30),
    ):
        for result in (bench.sync(expect=3), bench.plan()):
            assert result["refusal"]["code"] == "other-mode"
            assert theirs in result["refusal"]["what"]
            assert "mode" in result["refusal"]["remedy"]
        assert bench.writes() == []
    other.close()
    bench.sync()


def test_given_a_mode_that_nobody_chose_when_a_run_begins_then_no_order_is_touched(bench: Bench) -> None:
    text = bench.config.read_text(encoding="utf-8").replace('mode = "bidirectional"', "")
    bench.config.write_text(text, encoding="utf-8")
    bench.restart()
    with pytest.raises(ConfigurationError, match="mode is not set"):
        perform(bench.company, Asked("sync"))
