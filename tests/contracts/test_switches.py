"""The contract with each thing that the fact sheets leave open flipped alone.

The switches are those that the services themselves describe, so none is forgotten. A slice of them runs in
`make test`, all of them in `make test-long`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.back_office.switches import Switches as CentralSwitches
from syncengine.sandbox.sales.switches import Switches as SalesSwitches
from tests.bench.bench import Bench
from tests.contracts.beds import CentralBed
from tests.contracts.beds import SalesBed
from tests.contracts.beds import over
from tests.contracts.contract import SystemContract

EVERY = 30
"""One in so many is in `make test`."""

# Switches that hold a number or names: what else they may be. Every other switch has its choices.
OTHERWISE: dict[str, tuple[Any, ...]] = {
    "org_level_read": (["admin"],),
    "denied": (["integration:prvReadQuote"],),
    "duplicate_rules": (["salesorder:name"],),
    "tracked_tables": (["account"],),
    "untrackable_tables": (["salesorder", "salesorderdetail"],),
    "limit_requests": (40,),
    "limit_execution_s": (2,),
    "limit_concurrent": (1,),
    "limit_window_s": (2,),
    "execution_factor": (3,),
    "max_body_bytes": (8000,),
    "webhook_timeout_s": (1,),
    "webhook_delay_s": (0, 1),
    "webhook_duplicates": (0.5,),
    "webhook_losses": (0.5,),
    "disabled_clients": ("clerk2",),
    "unpermitted_clients": ("clerk2",),
    "replica_lag_s": (30.0,),
    "max_page_size": (2,),
    "rate_limit": (60,),
    "rate_window_s": (2.0,),
    "running_limit": (1,),
    "queue_limit": (0,),
    "operation_s": (0.02,),
    "queue_timeout_s": (0.5,),
    "operation_timeout_s": (5.0,),
    "gateway_timeout_s": (5.0,),
    "webhook_retry_scale": (0.1,),
    "webhook_collection_over": (2,),
    "webhook_limit": (1,),
    "subscription_s": (60.0,),
    "handshake_timeout_s": (1.0,),
}
# What only means something together with another switch: a window that is over before a test is, a limit within it.
ALONG: dict[str, dict[str, Any]] = {
    "limit_requests": {"limit_window_s": 1},
    "limit_execution_s": {"limit_window_s": 1},
    "rate_limit": {"rate_window_s": 1.0},
    "throttling_code": {"limit_requests": 40, "limit_window_s": 1},
    "too_many_body": {"rate_limit": 60, "rate_window_s": 1.0},
    "record_not_found_status": {"missing_key_code": "Internal_RecordNotFound"},
}


def described(kind: type[SalesSwitches | CentralSwitches]) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """By name: the default, and what else it may be."""
    found = {}
    for one in dataclasses.fields(kind):
        default = one.default if one.default is not dataclasses.MISSING else None
        choices = one.metadata["choices"] or (True, False) * isinstance(default, bool)
        if choices and str(choices[0]).startswith("a "):
            choices = ()  # "a number from 0", "a list of names": which, is said here
        choices = OTHERWISE.get(one.name, choices)
        found[one.name] = (default, tuple(choice for choice in choices if choice != default))
    return found


def flips(kind: type[SalesSwitches | CentralSwitches]) -> list[Any]:
    every = [(name, value) for name, (_, values) in described(kind).items() for value in values]
    return [
        pytest.param(
            (name, value),
            id=f"{name}={value if not isinstance(value, list) else '+'.join(value)}",
            marks=() if place % EVERY == 0 else pytest.mark.long,
        )
        for place, (name, value) in enumerate(every)
    ]


@pytest.mark.parametrize("kind", [SalesSwitches, CentralSwitches])
def test_no_switch_is_forgotten(kind: type[SalesSwitches | CentralSwitches]) -> None:
    """Each one that the service describes has another value here."""
    assert [name for name, (_, values) in described(kind).items() if not values] == []
    assert {one["name"] if isinstance(one, dict) else one for one in kind().described()} == set(described(kind))


@pytest.fixture(scope="class")
def company(running: world.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(running, tmp_path_factory.mktemp("switched"))
    yield made
    made.restart()


def flipped(bench: Bench, side: str, switch: tuple[str, Any]) -> Iterator[SalesBed | CentralBed]:
    """A bed on a fresh company with one switch set otherwise."""
    fresh = Bench(bench.running, bench.folder / f"{switch[0]}-{abs(hash(str(switch)))}")
    name, value = switch
    fresh.setup(side, **{name: value}, **ALONG.get(name, {}))
    bed = over(fresh, side)
    bed.restless = switch == ("get_redistributes", "always")
    yield bed
    fresh.restart()


class TestDynamicsSalesSwitched(SystemContract):
    @pytest.fixture(scope="class", params=flips(SalesSwitches))
    @classmethod
    def bed(cls, request: pytest.FixtureRequest, company: Bench) -> Iterator[SalesBed | CentralBed]:
        yield from flipped(company, "sales", request.param)


class TestBusinessCentralSwitched(SystemContract):
    @pytest.fixture(scope="class", params=flips(CentralSwitches))
    @classmethod
    def bed(cls, request: pytest.FixtureRequest, company: Bench) -> Iterator[SalesBed | CentralBed]:
        yield from flipped(company, "back_office", request.param)
