"""One run, from the guard to the count: incremental sync, full sync, or match-based coupling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from syncengine.engine import guard
from syncengine.engine import limits
from syncengine.engine.apply import Applier
from syncengine.engine.context import Run
from syncengine.engine.detect import detect
from syncengine.engine.detect import loaded
from syncengine.engine.detect import open_polls
from syncengine.engine.doubled import park_doubled
from syncengine.engine.load import begin_only
from syncengine.engine.load import load
from syncengine.engine.naming import take_in
from syncengine.engine.operations import Operations
from syncengine.engine.pausing import paused_mappings
from syncengine.engine.resume import Resumer
from syncengine.engine.scripted import Script
from syncengine.engine.still_there import still_there
from syncengine.engine.sweep import sweep
from syncengine.engine.sweep import sweep_unmet
from syncengine.engine.verify import Verified
from syncengine.engine.verify import verify
from syncengine.errors import FailureClass
from syncengine.errors import Refused
from syncengine.errors import SyncError
from syncengine.errors import WritingStopped
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import TableMapping
from syncengine.observe.logging import get_logger
from syncengine.ports import Subject

log = get_logger()

IN_USE = "mappings-in-use"

Kind = Literal["full-sync", "couple", "sync", "apply", "verify"]
Status = Literal["completed", "completed-with-errors", "refused", "interrupted", "failed"]


@dataclass(frozen=True)
class Asked:
    """What the caller wants of a run. `sweep_interval_s` 0: no sweep but on request."""

    kind: Kind
    mappings: tuple[str, ...] = ()
    matching: bool = True
    restart: bool = False
    sweep_all: bool = False
    sweep_interval_s: float = 0
    repair: bool = False
    orders: tuple[str, ...] = ()  # numbers or ids: these orders and no others
    script: Script | None = None  # what an `apply` may do


@dataclass
class Result:
    status: Status
    exit_code: int
    error: SyncError | None = None
    verified: Verified | None = None


def execute(run: Run, asked: Asked) -> Result:
    """Run to the end; what stops a run becomes its result, and only a bug is raised."""
    try:
        if asked.kind == "verify":
            return _verify(run, asked)
        if asked.script is not None:
            _apply(run, asked, asked.script)
        elif asked.orders:
            _sync_orders(run, asked)
        elif asked.kind == "sync":
            _sync(run, asked)
        else:
            _load_all(run, asked)
    except SyncError as error:
        status: Status = "refused" if isinstance(error, Refused) else "failed"
        _count(run)
        return Result(status, error.exit_code, error)
    _count(run)
    if run.stop_asked():
        return Result("interrupted", 130)
    bad = any(counts.failed or counts.conflicts for counts in run.counts.by_name.values())
    bad = bad or bool(asked.script is not None and asked.script.moved)
    whole = asked.kind in ("sync", "full-sync") and not (asked.mappings or asked.orders)
    with run.store.transaction():
        if limits.still_holding(run, whole=whole):
            return Result("completed-with-errors", WritingStopped.exit_code)
    return Result("completed-with-errors", 1) if bad else Result("completed", 0)


def _verify(run: Run, asked: Asked) -> Result:
    """Reads both systems and writes to neither; whatever the guard would say of writing does not matter."""
    found = Verified()
    for mapping in _chosen(run, asked):
        verify(run, mapping, found, repair=asked.repair)
    found.settled()
    _count(run)
    if any(difference.counts for difference in found.differences):
        return Result("completed-with-errors", 1, verified=found)
    return Result("completed", 0, verified=found)


def _chosen(run: Run, asked: Asked) -> Sequence[TableMapping]:
    """The mappings of this run, in the order of their lookups."""
    return [one for one in run.mappings.values() if not asked.mappings or one.name in asked.mappings]


def _at_work(run: Run, asked: Asked) -> Sequence[TableMapping]:
    """Those of them that are not paused."""
    held = paused_mappings(run)
    return [one for one in _chosen(run, asked) if one.name not in held]


def _apply(run: Run, asked: Asked, script: Script) -> None:
    """What a plan's file says: its records are read anew, and no cursor moves."""
    operations, resumer = Operations(run), Resumer(run)
    guard.at_the_start(run)
    guard.same_systems(run)
    resumer.resume(operations)
    applier = Applier(run, operations, script.only, script)
    mappings = [one for one in _at_work(run, asked) if one.name in script.only]
    held = _loaded(run)
    for mapping in mappings:
        if mapping.name not in held:
            load(run, mapping)
        script.take_in(run, mapping)
        applier.work_through(mapping)
    resumer.wait_out(operations)
    applier.work_through_all(mappings)


def _sync_orders(run: Run, asked: Asked) -> None:
    """Certain orders, read singly: no poll, and no cursor moves."""
    operations, resumer = Operations(run), Resumer(run)
    guard.at_the_start(run)
    guard.same_systems(run)
    if not run.dry_run:
        resumer.resume(operations)
    mappings = [one for one in _chosen(run, asked) if one.kind == "order"]
    applier = Applier(run, operations, take_in(run, mappings, asked.orders))
    applier.work_through_all(mappings)
    if not run.dry_run:
        resumer.wait_out(operations)
        applier.work_through_all(mappings)


def _sync(run: Run, asked: Asked) -> None:
    operations, resumer = Operations(run), Resumer(run)
    with run.store.transaction():
        unfinished = bool(run.store.journal.unfinished())
        _mappings_changed(run)
        _mode_changed(run)
    if unfinished:
        # What is found is settled first: creation is planned only from a poll made after that.
        guard.at_the_start(run)
        guard.same_systems(run)
        if not run.dry_run:
            resumer.resume(operations)
    polled = open_polls(run)
    guard.at_the_start(run)
    guard.same_systems(run)
    expired = detect(run, polled)
    applier = Applier(run, operations)
    mappings, held = _at_work(run, asked), _loaded(run) - expired
    if held.issuperset(mapping.name for mapping in mappings):
        applier.work_through_all(mappings)
    else:  # in turn: what is loaded later looks up what was coupled before
        for mapping in mappings:
            if mapping.name not in held:
                _load(run, mapping, again=mapping.name in expired)
            applier.work_through(mapping)
    for mapping in _at_work(run, asked):
        if asked.sweep_all or mapping.kind == "order" or mapping.deleted.get("back_office") == FOLLOW:
            sweep(run, mapping, interval_s=asked.sweep_interval_s, everything=asked.sweep_all)
            if asked.sweep_all:
                sweep_unmet(run, mapping)
                park_doubled(run, mapping)
            applier.work_through_all([mapping])
    if still_there(run, mappings, interval_s=asked.sweep_interval_s, everything=asked.sweep_all):
        applier.work_through_all(mappings)
    if not run.dry_run:
        resumer.wait_out(operations)
        applier.work_through_all(_at_work(run, asked))
        _ask_again(run, asked, applier)


def _ask_again(run: Run, asked: Asked, applier: Applier) -> None:
    """What was not found is asked for once more in this run, where that is soon enough."""
    while run.again_at is not None and not run.stop_asked():
        wait_s = (run.again_at - run.clock.now()).total_seconds()
        run.again_at = None
        if wait_s > run.limits.patience_s:
            return
        run.clock.sleep(max(0.0, wait_s))
        applier.work_through_all(_chosen(run, asked))


def _load_all(run: Run, asked: Asked) -> None:
    operations, resumer = Operations(run), Resumer(run)
    guard.at_the_start(run)
    guard.same_systems(run)
    if not run.dry_run:
        resumer.resume(operations)
    with run.store.transaction():
        _mappings_changed(run)
        _mode_changed(run)
        if asked.restart:
            for mapping in _at_work(run, asked):
                run.store.cursors.drop(mapping.name, "load")
                run.store.matching.clear(mapping.name)
    applier = Applier(run, operations)
    for mapping in _at_work(run, asked):
        _load(run, mapping, matching=asked.matching, again=asked.kind == "couple")
        if asked.kind == "full-sync":
            applier.work_through(mapping)
    if not run.dry_run and asked.kind == "full-sync":
        resumer.wait_out(operations)
        applier.work_through_all(_at_work(run, asked))


def _load(run: Run, mapping: TableMapping, *, matching: bool = True, again: bool = False) -> None:
    """As the mapping recommends. `again`: both sides are to be read whatever it says."""
    if mapping.full_sync == "nothing" and not again:
        begin_only(run, mapping)
        return
    if mapping.full_sync in ("couple", "nothing"):
        run.couple_only.add(mapping.name)
    load(run, mapping, matching=matching)


def _loaded(run: Run) -> set[str]:
    with run.store.transaction():
        return loaded(run)


def _mappings_changed(run: Run) -> None:
    """A mapping that was edited gives every record that waits for a person another chance.

    One that is no longer in use has nobody to plan its records: they are set aside until it is in use again.
    """
    digests = {f"mapping:{name}": run.digests.get(name, "") for name in run.mappings}
    before = run.store.remembered.some([*digests, IN_USE])
    used = before.get(IN_USE)
    if used != sorted(run.mappings):
        run.store.remembered.put(IN_USE, sorted(run.mappings))
        _out_of_use(run, set(used) if isinstance(used, list) else set(run.mappings))
    for mapping, (name, now) in zip(run.mappings, digests.items(), strict=True):
        if before.get(name) != now:
            run.store.remembered.put(name, now)
            if name in before:
                run.store.work.retry_mapping(mapping)


def _out_of_use(run: Run, before: set[str]) -> None:
    gone, back = sorted(before - run.mappings.keys()), sorted(run.mappings.keys() - before)
    for name in gone:
        run.store.work.lay_by(name)
        run.store.conflicts.close(name)
    for name in back:
        run.store.work.take_up(name)
    if gone or back:
        log.info("mappings_in_use", gone=gone, back=back)


def _mode_changed(run: Run) -> None:
    """Coupled orders are carried over into the other mode: each is planned again, from the base that it has.

    What one mode kept as it was, the other one may carry across.
    """
    before = run.store.remembered.get("mode")
    if before == run.mode:
        return
    run.store.remembered.put("mode", run.mode)
    if before is None:
        return
    log.info("mode_switched", before=before, now=run.mode)
    for mapping in [one for one in run.mappings.values() if one.kind == "order"]:
        after = 0
        while some := run.store.couplings.after(mapping.name, after, run.limits.chunk):
            after = some[-1].id
            for coupling in some:
                subject = Subject(mapping.name, coupling.id)
                run.store.work.add(subject)
                run.store.history.note(subject, "mode-switched", {"from": before, "to": run.mode})


def _count(run: Run) -> None:
    """What is parked when the run ends, by what it waits for."""
    try:
        with run.store.transaction():
            parked, conflicts = run.store.work.parked(), run.store.conflicts.counts()
            busy = Counter(subject.mapping for subject in run.store.journal.busy())
            for name in run.mappings:
                counts = run.counts.of(name)
                counts.waiting = counts.failed = counts.in_progress = 0
                for (failure, code), number in parked.get(name, {}).items():
                    if failure is FailureClass.WAITING:
                        counts.waiting += number
                    elif code == "conflict":
                        continue  # counted by themselves, one for each group
                    elif code == "in-progress":
                        continue  # counted below, with the operation that is under way
                    else:
                        counts.failed += number
                counts.in_progress += busy[name]
                counts.conflicts = conflicts.get(name, 0)
    except SyncError as error:
        # The run has failed already, most likely for the same reason; its own error is the one to tell.
        log.warning("not_counted", error=error.message)
