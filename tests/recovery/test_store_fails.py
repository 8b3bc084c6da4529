"""A store on SQLite that takes no more: the run ends with 7, and with space again everything is set right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncengine.engine.run import Asked
from syncengine.sandbox import world
from syncengine.service.runs import perform
from syncengine.store.session import Session
from tests.recovery.crashes import Countdown
from tests.recovery.crashes import install
from tests.recovery.situations import SITUATIONS
from tests.recovery.situations import creates

pytestmark = pytest.mark.slow

RECREATED = SITUATIONS[2]
FULL = "max_page_count = 1"  # SQLite takes it as: not one page more than there is
READ_ONLY = "query_only = ON"


def test_the_store_takes_no_more_from_some_moment_on(running: world.Sandbox, tmp_path: Path) -> None:
    moments, _ = _fail_at(running, tmp_path / "undisturbed", None, "")
    for pragma, code, share in (
        (FULL, "store-full", 0.4),
        (FULL, "store-full", 0.6),
        (READ_ONLY, "store-read-only", 0.7),
    ):
        _, result = _fail_at(running, tmp_path / f"{code} {share}", int(moments * share), pragma)
        assert (result["exit_code"], result["error"]["code"]) == (7, code)
        assert result["error"]["remedy"]


def _fail_at(running: world.Sandbox, folder: Path, at: int | None, pragma: str) -> tuple[int, dict[str, Any]]:
    """A recreate whose store fails from moment `at` on; afterwards the store is well and a new process goes on."""
    bench, given = RECREATED.begun(running, folder)
    try:
        bench.mark()
        company = bench.new_process()
        countdown = Countdown(None)
        broken = False

        def moment(_name: str, _verbs: object = ()) -> None:
            nonlocal broken
            countdown.count += 1
            broken = broken or (at is not None and countdown.count >= at)

        countdown.moment = moment  # type: ignore[method-assign]
        run = Session.run

        def failing(self: Session, *arguments: object) -> object:
            if broken:
                self.connection.exec_driver_sql(f"PRAGMA {pragma}")
            return run(self, *arguments)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            install(countdown, company, patch)
            patch.setattr(Session, "run", failing)
            result = perform(company, Asked("sync"))
        company.close()
        bench.restart()
        bench.sync()
        assert creates(bench) == RECREATED.created
        RECREATED.check(bench, given)
        bench.agreed()
    finally:
        bench.restart()
    return countdown.count, result
