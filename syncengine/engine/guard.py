"""The guard: no run writes while a competing one-way integration is active, or while the setting excludes the mode."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Mapping
from datetime import datetime

from syncengine.engine.context import Run
from syncengine.engine.limits import stop
from syncengine.errors import Refused
from syncengine.ports import Guard
from syncengine.ports import System
from syncengine.records.values import SIDES
from syncengine.records.values import Side

MAX_AGE_S = 10.0


def check(systems: Mapping[Side, System], mode: str, max_age_s: float = MAX_AGE_S) -> None:
    """Raises Refused, with what is active, where, and how to turn it off."""
    for side in SIDES:
        _judge(systems[side], systems[side].guard(max_age_s), mode)


def at_the_start(run: Run) -> None:
    """As `check`, by readings of this run: in a daemon the run before it has left some behind."""
    check(run.systems, run.mode, time.monotonic() - run.began_at)


def _judge(system: System, reading: Guard, mode: str) -> None:
    side = system.side
    if mode == "bidirectional" and reading.one_way:
        raise Refused(
            f"Sales order processing integration (one-way) is turned on in {system.name}; "
            "the two modes are mutually exclusive",
            remedy="Turn it off with `syncengine sop disable --switch-mode`, or in the app settings of Sales Hub.",
            side=side,
            code="sop-enabled",
        )
    if mode == "one-way" and reading.one_way is False:
        raise Refused(
            f"the one-way mode needs sales order processing integration, and it is off in {system.name}",
            remedy='Turn it on with `syncengine sop enable`, or set [integration] mode = "bidirectional".',
            side=side,
            code="sop-disabled",
        )
    for competitor in reading.competitors:
        seen = "is active" if competitor.certain else "looks active"
        raise Refused(
            f"{competitor.what} {seen} in {system.name}; two integrations would write the same orders",
            remedy=competitor.remedy,
            side=side,
            code=competitor.code,
        )


def same_systems(run: Run) -> None:
    """Raises WritingStopped where another company or organization answers behind a URL than before.

    A person may say that it is the same one all the same (a copy that took its place): then it is remembered instead.
    """
    for side in SIDES:
        identity = run.systems[side].identity()
        name = f"identity:{side}"
        with run.store.transaction():
            before = run.store.remembered.get(name)
            if before is None:
                run.store.remembered.put(name, identity.id)
        if before is not None and before != identity.id:
            with run.store.transaction():
                coupled = sum(run.store.couplings.count(mapping) for mapping in run.mappings)
            stop(
                run,
                f"another-system:{side}:{identity.id}",
                f"{run.systems[side].name} is another one than before: {identity.name} ({identity.id}), not {before}; "
                f"{coupled} "
                "records are coupled with the old one",
                coupled,
                side,
            )
            with run.store.transaction():
                run.store.remembered.put(name, identity.id)


def other_mode(holder: Mapping[str, object] | None, mode: str, now: datetime) -> None:
    """Raises Refused while a run of this company in the other mode holds the lease. `holder` is the lease's row."""
    if holder is None or not holder["holder"] or holder["mode"] in ("", mode):
        return
    if datetime.fromisoformat(str(holder["expires_at"])) <= now:
        return
    raise Refused(
        f"another syncengine ({holder['holder']}) is at work on this company in {holder['mode']} mode; "
        "the two modes are mutually exclusive",
        remedy=f'Stop that process, or give both the same [integration] mode; this one has mode = "{mode}".',
        code="other-mode",
    )


def before_writing(systems: Mapping[Side, System], mode: str) -> Callable[[], None]:
    """Asked before each round of writes: anew before the first one, then when the answer is older than MAX_AGE_S.

    Somebody may flip the switch while a run plans what the reading at its start allowed.
    """
    asked = False

    def checked() -> None:
        nonlocal asked
        check(systems, mode, MAX_AGE_S if asked else 0.0)
        asked = True

    return checked
