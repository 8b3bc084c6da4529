"""One budget for all threads of a side: it starts narrow, widens, halves, and makes everybody wait together."""

from __future__ import annotations

import threading

import pytest

from syncengine.connectors.http import NotSent
from syncengine.connectors.throttle import Budget
from syncengine.connectors.throttle import Busy
from syncengine.errors import Unreachable
from tests.unit.connectors.serving import URL
from tests.unit.connectors.serving import Service
from tests.unit.connectors.serving import client
from tests.unit.connectors.serving import ok
from tests.unit.connectors.serving import status


class Time:
    """Waiting costs nothing: it moves this time on."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float | None = None) -> bool:
        self.waited.append(seconds or 0.0)
        self.now += seconds or 0.0
        return True


def budget(time: Time, *, ceiling: int = 52, rate: int = 6000, patience_s: float = 30) -> Budget:
    made = Budget(ceiling, rate, patience_s, time, lambda: 1.0)
    made._changed.wait = time.wait  # type: ignore[method-assign]
    return made


def use(one: Budget, times: int = 1) -> None:
    for _ in range(times):
        with one.place():
            pass
        one.went_well()


def test_it_starts_low_and_grows_to_the_ceiling() -> None:
    """One more after as many good answers as run at once; never more than the service allows."""
    one = budget(Time(), ceiling=5)
    widths = [one.width]
    for _ in range(20):
        use(one)
        widths.append(one.width)
    assert widths[0] == 2
    assert widths == sorted(widths)
    assert widths[-1] == 5
    assert widths.index(3) == 2 + 1  # after two good answers at width two, give or take the fraction


def test_a_ceiling_of_one_is_kept() -> None:
    """A service that takes one request at a time gets one."""
    one = budget(Time(), ceiling=1)
    use(one, 10)
    assert one.width == 1


def test_pushed_back_it_halves_and_grows_again() -> None:
    """429: half as many from now on, then one by one."""
    one = budget(time := Time())
    use(one, 200)
    before = one.width
    assert before > 8
    one.pushed_back(3)
    assert one.width == before // 2
    time.now += 3
    use(one, before)
    assert before // 2 < one.width <= before


def test_those_under_way_together_count_once() -> None:
    """Five answers of 429 to one burst are one overload, not five."""
    one = budget(Time())
    use(one, 200)
    before = one.width
    for _ in range(5):
        one.pushed_back(2)
    assert one.width == before // 2


def test_everybody_waits_what_the_service_asks() -> None:
    """Retry-After holds for the next request of any thread, and the longest one counts."""
    one = budget(time := Time())
    one.pushed_back(7)
    one.pushed_back(4)
    use(one)
    assert sum(time.waited) == 7


def test_without_retry_after_the_waits_double_up_to_a_minute() -> None:
    """Business Central need not say how long: from a second on, with jitter, at most 60 s; a good answer ends it."""
    one = budget(time := Time(), patience_s=100)
    waits = []
    for _ in range(9):
        one.pushed_back(None)
        waits.append(one._still_until - time.now)
        time.now = one._still_until
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    use(one)
    one.pushed_back(None)
    assert one._still_until - time.now == 1


def test_nobody_sleeps_out_a_long_wait() -> None:
    """Beyond our patience the work goes back, with the time after which it may be tried."""
    one = budget(Time(), patience_s=30)
    one.pushed_back(90)
    with pytest.raises(Busy) as told, one.place():
        raise AssertionError("nobody may be let in")
    assert told.value.seconds == 90


def test_the_rate_within_five_minutes_is_kept() -> None:
    """The next request waits until the first of the last five minutes is five minutes old."""
    one = budget(time := Time(), rate=10, patience_s=400)
    use(one, 10)
    time.now += 100
    use(one)
    assert time.waited == [200]
    assert budget(Time(), rate=10).width == 2


def test_no_more_than_the_width_run_at_once() -> None:
    """A third request waits until one of the two is done."""
    one = Budget(8, 6000, 30)
    inside, leave, third = threading.Semaphore(0), threading.Event(), threading.Event()

    def hold() -> None:
        with one.place():
            inside.release()
            leave.wait(10)

    def late() -> None:
        with one.place():
            third.set()

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert inside.acquire(timeout=10)
    waiting = threading.Thread(target=late)
    waiting.start()
    assert not third.wait(0.05)
    leave.set()
    assert third.wait(10)
    for thread in (*threads, waiting):
        thread.join(10)


def test_a_write_that_should_wait_for_long_is_not_sent() -> None:
    """Whoever sends gets back how long; nothing went out."""
    service = Service(status(429, retry_after="60"), ok())
    http = client(service)
    assert http.once("POST", URL, {}, b"{}").status == 429
    with pytest.raises(NotSent) as told:
        http.once("POST", URL, {}, b"{}")
    assert told.value.retry_after_s is not None
    assert 59 < told.value.retry_after_s <= 60
    assert len(service.requests) == 1


def test_a_read_that_should_wait_for_long_says_so_at_once() -> None:
    """No thread sleeps a minute: the run ends, the next one goes on."""
    service = Service(status(503, retry_after="600"), ok())
    with pytest.raises(Unreachable, match="asks to wait 600 s"):
        client(service).get(URL)
    assert len(service.requests) == 1


def test_a_storm_shorter_than_our_patience_is_sat_out() -> None:
    """Where the service pushes back, tries are bounded by time, not by number."""
    service = Service(*[status(429, retry_after="0.01") for _ in range(12)], ok())
    assert client(service, attempts=3, patience_s=10).get(URL).status == 200


def test_a_part_that_was_turned_away_narrows_too() -> None:
    """429 inside a batch whose envelope is 200."""
    http = client(Service(ok()), concurrency=8)
    for _ in range(40):
        http.get(URL)
    before = http.budget.width
    http.throttled(0)
    assert http.budget.width == before // 2
    assert http.counts.throttled == 1
