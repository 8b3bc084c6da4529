"""One daemon for two companies: each has its own orders and runs, one at a time, whoever else runs beside."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from syncengine.engine.run import Asked
from syncengine.service.runs import perform
from tests.acceptance.shell import Shell
from tests.acceptance.test_serve import ended
from tests.acceptance.test_serve import eventually
from tests.acceptance.test_serve import serving
from tests.bench.bench import Bench
from tests.scenarios.test_companies import Two

pytestmark = pytest.mark.slow

BOTH = {"East", "West"}
OFTEN = '[schedule]\nincremental = "every 1s"\nsweep = "every 2s"\nverify = ""\n'


def _jobs(two: Two, name: str) -> list[dict[str, Any]]:
    company = two.of(name)
    with company.store() as store, store.transaction():
        return [one for one in store.runs.newest(1000, None) if one["kind"] == "sync"]


def test_each_company_is_served_and_never_by_two_runs_at_once(bench: Bench) -> None:
    two = Two(bench)
    shell = Shell(bench.config, bench.running.printed(None), {})
    east, west = bench.sales_order(1, new_company="EAST"), bench.sales_order(2, new_company="WEST")
    with serving(shell, OFTEN) as daemon:
        eventually(lambda: two.numbers("East") == {east} and two.numbers("West") == {west})
        eventually(lambda: daemon.get("/readyz")[0] == 200)
        told = json.loads(daemon.get("/readyz")[1])["companies"]
        assert {one["company"] for one in told} == BOTH
        assert {one["state"] for one in told} == {"scheduling"}
        for _ in range(3):
            assert perform(two.of("East"), Asked("sync"), wait_s=60)["exit_code"] == 0
        for name in BOTH:
            labels = f'company="{name}",mapping="SALESORDER-ORDER"'
            eventually(lambda of=labels: daemon.metric(f"syncengine_coupled_records{{{of}}}") == 1)
        eventually(lambda: len(_jobs(two, "West")) >= 3)
        ended(daemon)
    for name in BOTH:
        times = sorted((one["started_at"], one["finished_at"]) for one in _jobs(two, name))
        assert len(times) >= 3
        for (_, before), (after, _) in pairwise(times):
            assert datetime.fromisoformat(before) <= datetime.fromisoformat(after), f"two runs of {name} at once"
    two.close()
