"""SIGKILL, as the kernel or a cleaner's plug pull gives it: the next process sets everything right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.acceptance.shell import sandbox

pytestmark = pytest.mark.slow


def test_killed_again_and_again_in_a_first_load(tmp_path: Path) -> None:
    """Each process is killed somewhat later than the last; in the end each order is on both sides once."""
    process, shell = sandbox(tmp_path, "--orders", "60")
    try:
        for delay in (1.2, 1.9, 2.6, 3.3, 4.0, 4.7, 5.4):
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
