"""The daemon: it syncs by itself, answers probes, shares the company with one-shots and stops cleanly."""

from __future__ import annotations

import json
import signal
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.acceptance.shell import Shell

pytestmark = pytest.mark.slow


def _get(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"{address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_syncs_on_schedule_and_ends_cleanly(shell: Shell, tmp_path: Path) -> None:
    daemon = shell.rewritten(tmp_path)
    text = daemon.config.read_text(encoding="utf-8")
    daemon.config.write_text(f'{text}\n[schedule]\nincremental = "every 1s"\nsweep = "every 2s"\n', encoding="utf-8")
    process = daemon.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip().removeprefix("Listening on ")
        assert _get(address, "/healthz")[0] == 200
        until = time.monotonic() + 90
        while time.monotonic() < until and len(daemon.json("couplings", "--mapping", "SALESORDER-ORDER")) < 30:
            time.sleep(0.5)
        assert len(daemon.json("couplings", "--mapping", "SALESORDER-ORDER")) >= 30
        status, body = _get(address, "/readyz")
        assert status == 200, body
        json.loads(body)
        assert _get(address, "/no-such-page")[0] == 404
        beside = daemon.run("sync", "--wait", "60", "--json", expect=None)
        assert beside.code == 0, beside
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err


def test_a_run_beside_a_run_ends_with_5_or_waits(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    shell.fault("sales", kind="latency", next=4, seconds=2.5, match={"path": "api/data"})
    try:
        first = fresh.start("full-sync", "--mapping", "CUSTOMER")
        time.sleep(2)
        second = fresh.run("sync", "--mapping", "CUSTOMER", "--json", expect=5)
        assert second.json["error"]["remedy"]
        third = fresh.run("sync", "--mapping", "CUSTOMER", "--wait", "60")
        assert third.code == 0
        out, err = first.communicate(timeout=60)
        assert first.returncode == 0, out + err
    finally:
        shell.calm()
