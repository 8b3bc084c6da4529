"""SIGKILL, as the kernel or a cleaner's plug pull gives it: the next process sets everything right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.acceptance.shell import Shell
from tests.acceptance.shell import sandbox

pytestmark = pytest.mark.slow


def test_killed_again_and_again_in_a_first_load(tmp_path: Path) -> None:
    """Each process is killed somewhat later than the last; in the end each order is on both sides once."""
    process, shell = sandbox(tmp_path, "--orders", "60")
    try:
        for delay in (1.2, 2.6, 4.0, 5.4):
            run = shell.start("full-sync")
            time.sleep(delay)
            run.kill()
            run.communicate(timeout=20)
        shell.run("full-sync")
        shell.run("sync")
        found = shell.json("verify")
        assert (found["exit_code"], found["differences"]) == (0, [])
        documents = shell.door("back_office", "GET", "rows/salesOrder")
        keys = [one["externalDocumentNumber"] for one in documents if one["externalDocumentNumber"]]
        assert len(keys) == len(set(keys))
        couplings = shell.json("couplings", "--mapping", "SALESORDER-ORDER", "--limit", "500")
        assert len(couplings) == len({one["back_office"] for one in couplings}) >= 60
        again = shell.json("sync")
        assert sum(sum(one["inserted"].values()) + sum(one["modified"].values()) for one in again["mappings"]) == 0
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_a_killed_load_goes_on_at_its_page(tmp_path: Path) -> None:
    """What had been read before SIGKILL is not read again; nothing is lost or doubled by that."""
    process, shell = sandbox(tmp_path, "--orders", "60")
    try:
        small = shell.rewritten(tmp_path / "small", ("[limits]\n", "[limits]\npage_with_lines = 5\n"))
        small.run("couple", *_masters(small))
        shell.fault("sales", kind="latency", seconds=0.25, probability=1, match={"path": "order_details"})
        run = small.start("full-sync", "--mapping", "SALESORDER-ORDER")
        deadline = time.monotonic() + 60
        while len(_pages(shell)) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.kill()
        run.communicate(timeout=20)
        shell.calm()
        before = len(_pages(shell))
        small.run("full-sync", "--mapping", "SALESORDER-ORDER", expect=None)
        again = len(_pages(shell)) - before
        assert again <= 60 // 5 - (before - 2)
        documents = shell.door("back_office", "GET", "rows/salesOrder")
        keys = [one["externalDocumentNumber"] for one in documents if one["externalDocumentNumber"]]
        assert len(keys) == len(set(keys))
        assert len([key for key in keys if key.startswith("ORD-")]) == 60
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _masters(shell: Shell) -> list[str]:
    names = [one["id"] for one in shell.json("mappings", "list") if one["kind"] != "order" and not one["requires"]]
    return [part for name in names for part in ("--mapping", name)]


def _pages(shell: Shell) -> list[str]:
    """Pages of orders with their lines that were asked for so far."""
    entries = shell.door("sales", "GET", "requests?since=0")
    return [one["path"] for one in entries if "/salesorders?" in one["path"] and "order_details" in one["path"]]
