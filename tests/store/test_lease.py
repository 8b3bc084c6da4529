"""The lease of a run: one holder, freed with its process, and noticed by whoever has lost it."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Engine

from syncengine.errors import LeaseHeld
from syncengine.errors import LeaseLost
from syncengine.service import lease as leases
from syncengine.service.lease import Lease
from syncengine.service.lease import hold
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.store import SqlStore
from tests.bench.bench import eventually
from tests.bench.postgres import Server
from tests.store.clock import StillClock
from tests.store.conftest import Open

ORDERS = "SALESORDER-ORDER"

HOLDER = """
import sys
from syncengine.service.clock import SystemClock
from syncengine.service.lease import hold
from syncengine.store.database import open_engine
from syncengine.store.database import open_engine
from syncengine.store.database import prepare
from syncengine.store.store import SqlStore

engine = open_engine(sys.argv[1])
store = SqlStore(engine, "CRONUS", SystemClock())
with hold(engine, store.session, mode="bidirectional", run_id="run of another process", lease_s=600):
    print("held", flush=True)
    sys.stdin.readline()
"""


def _holds(
    engine: Engine, store: SqlStore, *, run_id: str = "run-1", wait_s: float = 0
) -> AbstractContextManager[Lease]:
    return hold(engine, store.session, mode="bidirectional", run_id=run_id, lease_s=30, wait_s=wait_s)


def _other_process(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_of_the_company_is_refused(engine: Engine, open_store: Open) -> None:
    first, second = open_store(), open_store()
    with _holds(engine, first), pytest.raises(LeaseHeld) as refused, _holds(engine, second):
        pass
    assert refused.value.exit_code == 5
    with _holds(engine, second):
        pass


def test_another_company_has_a_lease_of_its_own(engine: Engine, open_store: Open) -> None:
    with _holds(engine, open_store("CRONUS")), _holds(engine, open_store("Fabrikam")) as theirs:
        theirs.check()


def test_a_second_run_may_wait_for_the_first(engine: Engine, open_store: Open) -> None:
    first, second = open_store(), open_store()
    with _holds(engine, first) as lease:
        leaving = threading.Event()
        waited: list[Lease] = []

        def wait() -> None:
            leaving.set()
            with _holds(engine, second, wait_s=20) as got:
                waited.append(got)

        thread = threading.Thread(target=wait)
        thread.start()
        leaving.wait()
        lease.check()
        assert waited == []
    thread.join(25)
    assert len(waited) == 1


def test_who_holds_it_can_be_read(engine: Engine, open_store: Open) -> None:
    """Each next holder has a higher fence; a freed lease names nobody."""
    store, looking = open_store(), open_store(writes=False)
    fences = []
    for run_id in ("run-1", "run-2"):
        with _holds(engine, store, run_id=run_id), looking.transaction():
            holder = looking.lease.holder()
            assert holder is not None
            assert (holder["run_id"], holder["mode"]) == (run_id, "bidirectional")
            assert holder["holder"]
            fences.append(holder["fence"])
    assert fences[0] < fences[1]
    with looking.transaction():
        holder = looking.lease.holder()
    assert holder is not None
    assert holder["holder"] == ""


def test_a_dead_holder_is_known_at_once(url: str, engine: Engine, store: SqlStore) -> None:
    """SIGKILL, and its lease had ten minutes left: the next run begins without waiting."""
    process = _other_process(url)
    with pytest.raises(LeaseHeld), _holds(engine, store):
        pass
    process.kill()
    process.communicate(timeout=20)
    with _holds(engine, store, wait_s=5) as lease:
        lease.check()


def test_a_holder_that_was_overtaken_notices_before_it_sends(
    engine: Engine, open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 0.05)
    store, other = open_store(), open_store()
    with _holds(engine, store) as lease:
        lease.check()
        with other.transaction():
            other.lease.take("another", "bidirectional", "run-2", 30, freed=True)
        eventually(lambda: _lost(lease))
        with pytest.raises(LeaseLost), store.transaction():
            store.cursors.put(ORDERS, "sales", "poll", "too late")
    with other.transaction():
        assert other.cursors.get(ORDERS, "sales", "poll") is None


def test_nothing_is_sent_with_less_than_ten_seconds_left(engine: Engine, store: SqlStore) -> None:
    """Where renewing fails the lease runs out by itself: the store may be out of reach for this process alone."""
    with hold(engine, store.session, mode="bidirectional", run_id="run-1", lease_s=9) as lease:
        assert _lost(lease)


def test_a_renewed_lease_goes_on(engine: Engine, store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 0.05)
    with _holds(engine, store) as lease:
        before = lease._until
        eventually(lambda: lease._until > before)
        lease.check()


def test_a_lost_session_lock_is_noticed_before_anything_is_sent(postgres: Server, clock: StillClock) -> None:
    """A restarted server has forgotten the lock: another instance may hold it already. (PostgreSQL alone: a file lock
    ends with its process only.)
    """
    url = postgres.database()
    engine = open_engine(url)
    prepare(engine)
    store = SqlStore(engine, "CRONUS", clock)
    with _holds(engine, store) as lease:
        lease.check()
        postgres.cut_off(url)
        assert _lost(lease)
    store.close()


def _lost(lease: Lease) -> bool:
    try:
        lease.check()
    except LeaseLost:
        return True
    return False


def test_a_busy_run_renews_along_with_its_own_commits(
    engine: Engine, open_store: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One commit follows the other so closely that the renewal in the background never gets its turn."""
    monkeypatch.setattr(leases, "RENEW_S", 1e9)  # the background never comes to it
    store = open_store("CRONUS")
    with _holds(engine, store) as lease:
        lease._until -= 25  # five seconds are left
        with pytest.raises(LeaseLost):
            lease.check()
        monkeypatch.setattr(leases, "RENEW_S", 0.0)
        with store.transaction():
            store.cursors.put(ORDERS, "sales", "poll", "token")
        lease.check()


def test_a_commit_that_fails_renews_nothing(engine: Engine, open_store: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 1e9)
    store = open_store("CRONUS")
    with _holds(engine, store) as lease:
        lease._until -= 25
        monkeypatch.setattr(leases, "RENEW_S", 0.0)
        with pytest.raises(KeyError), store.transaction():
            raise KeyError
        with pytest.raises(LeaseLost):
            lease.check()
