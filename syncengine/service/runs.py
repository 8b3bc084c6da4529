"""One run from the outside: lease, store and guard wired together, and what is remembered of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from typing import Final

from syncengine.engine import guard
from syncengine.engine.context import Run
from syncengine.engine.counts import RunCounts
from syncengine.engine.pausing import paused_mappings
from syncengine.engine.references import StoredReferences
from syncengine.engine.run import Asked
from syncengine.engine.run import Result
from syncengine.engine.run import execute
from syncengine.errors import FailureClass
from syncengine.errors import Refused
from syncengine.errors import SyncError
from syncengine.observe import tracing
from syncengine.observe.logging import bind
from syncengine.observe.logging import get_logger
from syncengine.ports import Counts
from syncengine.records.encoding import dumps
from syncengine.records.values import Side
from syncengine.service.lease import Lease
from syncengine.service.lease import hold
from syncengine.service.results import as_file
from syncengine.service.results import as_json
from syncengine.service.results import moved
from syncengine.service.retention import prune_daily
from syncengine.service.wiring import Company
from syncengine.service.wiring import Live
from syncengine.store.queries import parked
from syncengine.store.session import stamp
from syncengine.store.store import SqlStore
from syncengine.store.temporary import shadow

LISTED = (FailureClass.PERSON, FailureClass.TRANSIENT, FailureClass.THROTTLED, FailureClass.BUG)

VERIFIED: Final = "verified"
"""Under this name the store remembers what the last verify found."""

KEPT: Final = 20

log = get_logger()

Progress = Callable[[str, Mapping[str, Any]], None]


def unwatched(_event: str, _data: Mapping[str, Any]) -> None:
    """Nobody looks."""


def perform(
    company: Company,
    asked: Asked,
    *,
    dry_run: bool = False,
    wait_s: float = 0,
    on_progress: Progress = unwatched,
    stop_asked: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Run, and give the run's JSON. Raises SyncError only where no run could begin (configuration, store, lease)."""
    mode = company.require_mode()
    run_id = f"{company.clock.now():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    bind(run=run_id, company=company.name)
    looking = asked.kind == "verify"
    with company.store(run_id=run_id, writes=asked.repair if looking else not dry_run) as store:
        try:
            if dry_run or looking:
                if dry_run and not looking:
                    with store.transaction():
                        guard.other_mode(store.lease.holder(), mode, company.clock.now())
                    shadow(store.session)
                found = _performed(company, store, asked, run_id, mode, None, dry_run, on_progress, stop_asked)
                if looking:
                    _remember_verify(company, found)
                return found
            limits = company.loaded.configuration.limits
            with hold(
                company.engine, store.session, mode=mode, run_id=run_id, lease_s=limits.lease_s, wait_s=wait_s
            ) as lease:
                return _performed(company, store, asked, run_id, mode, lease, dry_run, on_progress, stop_asked)
        except Refused as refused:
            # Not begun: a run in the other mode holds the lease. What is refused later is a result already.
            return _not_begun(company, asked, run_id, mode, refused, dry_run=dry_run)


def _not_begun(
    company: Company, asked: Asked, run_id: str, mode: str, refused: Refused, *, dry_run: bool
) -> dict[str, Any]:
    result = Result("refused", refused.exit_code, refused)
    found = as_json(company, None, result, asked, run_id, mode, {}, dry_run=dry_run)
    now = stamp(company.clock.now())
    return found | {"started_at": now, "finished_at": now}


def _performed(
    company: Company,
    store: SqlStore,
    asked: Asked,
    run_id: str,
    mode: str,
    lease: Lease | None,
    dry_run: bool,
    on_progress: Progress,
    stop_asked: Callable[[], bool],
) -> dict[str, Any]:
    started_at = company.clock.now()
    before = {side: replace(system.counts) for side, system in company.opened_systems().items()}
    if lease is not None:
        with store.transaction():
            store.runs.abandoned()
            store.runs.started(run_id, asked.kind, mode)
    run: Run | None = None
    with tracing.span("run", id=run_id, company=company.name, kind=asked.kind, dry_run=dry_run) as trace:
        try:
            live = company.live(asked.mappings)
            run = _run(
                company,
                store,
                asked,
                run_id,
                mode,
                lease=lease,
                dry_run=dry_run,
                live=live,
                on_progress=on_progress,
                stop_asked=stop_asked,
            )
            if asked.script is not None:
                asked.script.show = partial(as_file, run)
            result = execute(run, asked)
        except SyncError as error:
            result = Result("failed", error.exit_code, error)
        trace.note(status=result.status, exit_code=result.exit_code)
    counts = _counts_since(company, before) if run is not None else {}
    found = as_json(company, run, result, asked, run_id, mode, counts, dry_run=dry_run)
    found |= {"started_at": stamp(started_at), "finished_at": stamp(company.clock.now())}
    if result.exit_code != 7:  # noqa: PLR2004  the store answers
        found["errors"] = _errors(store, run) + moved(asked)
        found["paused"] = paused_mappings(run) if run is not None else []
    if lease is not None and result.exit_code != 7:  # noqa: PLR2004
        with store.transaction():
            store.runs.finished(run_id, result.status, result.exit_code, dumps(_kept(found)))
        prune_daily(company, store)
    return found


def _kept(found: Mapping[str, Any]) -> dict[str, Any]:
    """What is remembered of a run: its counts whole; of the problems, which have listings of their own, the first."""
    return {
        name: list(value)[:KEPT] if name in ("errors", "differences", "actions") else value
        for name, value in found.items()
    }


def _remember_verify(company: Company, found: Mapping[str, Any]) -> None:
    """For `status`, metrics and alerts. A store that takes no writes does not spoil what was found."""
    if "differences" not in found:
        return
    reasons = [one["reason"] for one in found["differences"]]
    told = {"unexplained": reasons.count("unexplained"), "differences": len(reasons), "at": found["finished_at"]}
    try:
        with company.store(writes=True) as store, store.transaction():
            store.remembered.put(VERIFIED, told)
            store.runs.started(found["run_id"], "verify", found["mode"], at=found["started_at"])
            store.runs.finished(found["run_id"], found["status"], found["exit_code"], dumps(_kept(found)))
    except SyncError as error:
        log.warning("verify_not_remembered", error=error.message)


def _run(
    company: Company,
    store: SqlStore,
    asked: Asked,
    run_id: str,
    mode: str,
    *,
    lease: Lease | None,
    dry_run: bool,
    live: Live,
    on_progress: Progress,
    stop_asked: Callable[[], bool],
) -> Run:
    systems = company.systems()
    guarded = guard.before_writing(systems, mode)

    def before_writing() -> None:
        if lease is not None:
            lease.check()
        guarded()

    return Run(
        id=run_id,
        kind=asked.kind,
        company=company.name,
        mode=mode,
        store=store,
        systems=systems,
        mappings=live.mappings,
        rules=live.rules,
        facts=replace(live.facts, now=asked.script.planned_at if asked.script else company.clock.now()),
        clock=company.clock,
        limits=company.limits,
        counts=RunCounts(live.mappings),
        references=StoredReferences(store.couplings, live.mappings),
        dry_run=dry_run,
        digests=live.digests,
        before_writing=before_writing,
        on_progress=on_progress,
        watched=on_progress is not unwatched,
        stop_asked=stop_asked,
    )


def _errors(store: SqlStore, run: Run | None) -> list[dict[str, Any]]:
    with store.transaction():
        names = list(run.mappings) if run is not None else []
        found = parked(store.session, LISTED, mappings=names)
    return [
        {name: one[name] for name in ("id", "mapping", "record", "side", "class", "code", "message", "remedy")}
        for one in found
        if one["code"] not in ("conflict", "in-progress")
    ]


def _counts_since(company: Company, before: Mapping[Side, Counts]) -> dict[Side, Counts]:
    """What this run asked of each system; a daemon's connections have a past."""
    found = {}
    for side, system in company.opened_systems().items():
        then, now = before.get(side, Counts()), system.counts
        found[side] = Counts(
            requests=now.requests - then.requests,
            operations=now.operations - then.operations,
            retries=now.retries - then.retries,
            throttled=now.throttled - then.throttled,
        )
    return found
