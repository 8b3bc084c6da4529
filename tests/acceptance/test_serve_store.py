"""A daemon whose store goes away: it stays, says so, and goes on by itself when the store is back."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from syncengine.sandbox import world
from syncengine.sandbox.promise import broken
from tests.acceptance.shell import Shell
from tests.acceptance.test_serve import ended
from tests.acceptance.test_serve import eventually
from tests.acceptance.test_serve import idle
from tests.acceptance.test_serve import serving
from tests.acceptance.test_serve_killed import NO_LIMIT
from tests.acceptance.test_serve_killed import SCHEDULE
from tests.acceptance.test_serve_killed import People
from tests.acceptance.test_serve_killed import environment
from tests.acceptance.test_serve_killed import evidence
from tests.bench.postgres import Server

PATIENCE_S = 240  # with a machine that has much else to do


def _unreachable_for(seconds: float, folder: Path, postgres: Server) -> None:
    """People go on meanwhile; a real server ends every connection and takes none."""
    running = world.start(orders=0)
    try:
        url, config = postgres.database(), folder / "syncengine.toml"
        config.write_text(running.configuration(url).replace(*NO_LIMIT) + SCHEDULE, encoding="utf-8")
        shell = Shell(config, running.printed(None), environment())
        people = People(running, random.Random(1))  # noqa: S311  chance, no secret
        with serving(shell) as daemon:
            for _ in range(5):
                people.act()
            eventually(lambda: idle(daemon), PATIENCE_S)
            postgres.allow(url, connections=False)
            postgres.cut_off(url)
            gone_at = time.monotonic()
            for _ in range(5):
                people.act()
            eventually(lambda: daemon.standing()["state"] == "failing", PATIENCE_S)
            eventually(lambda: time.monotonic() - gone_at > seconds, seconds + PATIENCE_S)
            assert daemon.get("/healthz")[0] == 200
            postgres.allow(url, connections=True)
            eventually(lambda: daemon.standing()["state"] == "scheduling", PATIENCE_S)
            ended(daemon)
        assert broken(evidence(shell, people, running)) == []
    finally:
        running.host.stop()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_store_that_is_unreachable_for_a_moment(tmp_path: Path, postgres: Server) -> None:
    _unreachable_for(0, tmp_path, postgres)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_store_that_is_unreachable_for_a_minute(tmp_path: Path, postgres: Server) -> None:
    _unreachable_for(60, tmp_path, postgres)
