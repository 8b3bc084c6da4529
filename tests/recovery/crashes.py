"""Dying at a chosen moment: before or after any call of a port, and in the middle of any commit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import pytest

from syncengine.engine.run import Asked
from syncengine.service.runs import perform
from syncengine.service.wiring import Company
from syncengine.store.session import Session
from tests.bench.bench import Bench


class Killed(BaseException):
    """The process is gone; nothing may catch this but the test."""


@dataclass
class Countdown:
    """Counts the moments at which a process may die, and dies at one of them. `at` None: only counts."""

    at: int | None = None
    count: int = 0
    moments: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def moment(self, name: str, verbs: Collection[str] = ()) -> None:
        """`verbs`: of the steps that are written."""
        with self.lock:
            self.count += 1
            self.moments.append(name)
            dead = self.at is not None and self.count >= self.at
        if dead:
            raise Killed(name)


@dataclass
class Lasting(Countdown):
    """Of the moments only those at which something that outlives a process has just changed: a system after a write,
    the store after a commit that changed it. To die at any moment is to leave what the last of these left.
    """

    def moment(self, name: str, verbs: Collection[str] = ()) -> None:
        if name == "after commit" or (name.startswith("after ") and name.endswith(".write")):
            super().moment(name, verbs)


@dataclass
class Interruption(Countdown):
    """At a moment of a run, by number or by name, somebody acts instead of the process dying."""

    act: Callable[[], None] = lambda: None
    named: str = ""
    verb: str = ""  # only where a step of this verb, or of this role, is written
    acted: bool = False

    def moment(self, name: str, verbs: Collection[str] = ()) -> None:
        with self.lock:
            self.count += 1
            due = name == self.named and (not self.verb or self.verb in verbs)
            due = due or (self.at is not None and self.count >= self.at)
            due, self.acted = due and not self.acted, self.acted or due
        if due:
            self.act()


@dataclass
class Pause(Interruption):
    """An interruption of a process that sleeps and holds nothing that others need: never amid a commit, and never
    between the last look at the lease and the sending. There no process sleeps for as long as `settle_after_s`, in
    which a service ends what it was asked.
    """

    def moment(self, name: str, verbs: Collection[str] = ()) -> None:
        if name != "before commit" and not (name.startswith("before ") and name.endswith(".write")):
            super().moment(name, verbs)


@dataclass
class Death(Countdown):
    """Dies the first time a moment of this name comes."""

    named: str = ""

    def moment(self, name: str, verbs: Collection[str] = ()) -> None:
        with self.lock:
            self.count += 1
            self.moments.append(name)
        if name == self.named:
            raise Killed(name)


def run_until(bench: Bench, countdown: Countdown, **asked: Any) -> None:
    """A run in a process of its own, which dies where the countdown says; the next one finds what it left."""
    company = bench.new_process()
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed), threads_ended():
        install(countdown, company, patch)
        perform(company, Asked("sync", **asked))
    company.close()
    bench.restart()


@contextlib.contextmanager
def threads_ended() -> Iterator[None]:
    """What dies here is one thread of a process. The others, which write to the other side, have ended before anything
    is closed under them: a connection that one of them made after that would stay open.
    """
    before = set(threading.enumerate())
    try:
        yield
    finally:
        for thread in set(threading.enumerate()) - before:
            if "write" not in thread.name:
                continue  # the sandbox lives on in this process
            thread.join(60)
            assert not thread.is_alive(), f"{thread.name} outlives its process"


@contextlib.contextmanager
def somebody_acts(bench: Bench, named: str, act: Callable[[], None], verb: str = "") -> Iterator[None]:
    """Within this block somebody acts, once, the first time this moment of a run comes; and it must come."""
    interruption = Interruption(act=act, named=named, verb=verb)
    with pytest.MonkeyPatch.context() as patch:
        install(interruption, bench.company, patch)
        yield
    assert interruption.acted, f"{named} never came"


def install(countdown: Countdown, company: Company, patch: pytest.MonkeyPatch) -> None:
    """Every call of a system's port, and every commit, becomes two moments: just before and just after."""
    for system in company.systems().values():
        for name in ("write", "read", "find", "poll", "scan", "begin", "guard"):
            patch.setattr(system, name, _around(countdown, f"{system.side}.{name}", getattr(system, name)))
    original = Session.transaction

    @contextlib.contextmanager
    def transaction(self: Session) -> Iterator[None]:
        outermost = self._depth == 0
        changes = _changes(self)
        with original(self):
            yield
            if outermost:
                countdown.moment("before commit")
        if outermost:
            countdown.moment("after commit" if changes is None or _changes(self) != changes else "after looking")

    patch.setattr(Session, "transaction", transaction)


def _changes(session: Session) -> int | None:
    """How many rows this connection has changed; None where the driver does not count."""
    if session.engine.dialect.name != "sqlite":
        return None  # asked for its driver, a connection that was cut off would connect again
    found: int | None = getattr(session.connection.connection.driver_connection, "total_changes", None)
    return found


def _around(countdown: Countdown, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def called(*arguments: Any, **named: Any) -> Any:
        steps = [step for some in arguments[0] for step in some] if name.endswith(".write") else []
        verbs = {step.verb for step in steps} | {step.role for step in steps}
        countdown.moment(f"before {name}", verbs)
        answer = call(*arguments, **named)
        if name.endswith(".write"):
            answer = iter(list(answer))  # sent and answered before we die
        countdown.moment(f"after {name}", verbs)
        return answer

    return called
