"""Cuts writes and reads into batches of the size that the service takes comfortably, and sends them side by side."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final
from typing import TypeVar

from syncengine.connectors.answers import Answer
from syncengine.planner.steps import Receipt
from syncengine.planner.steps import Step

COMFORTABLE_S: Final = 20.0
"""One batch should not take longer: what is cut off after that is much to look up."""

T = TypeVar("T")

Group = tuple[int, Sequence[Step]]
"""Its number, and its steps: several are one change set."""

Received = list[tuple[int, Sequence[Receipt]]]


@dataclass(frozen=True)
class Sent:
    """Receipts for every group of a batch. `failure`: why nothing more should be sent, to be raised at the end."""

    receipts: Received
    failure: Exception | None = None


class BatchSize:
    """How many operations one batch should have: grows while they are quick, shrinks to what fits into the time."""

    def __init__(self, start: int, most: int) -> None:
        self.most = most
        self._size = min(start, most)
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        return self._size

    def took(self, count: int, seconds: float) -> None:
        """A batch of `count` operations took so long, answered or not."""
        with self._lock:
            if seconds > COMFORTABLE_S:
                self._size = max(1, min(self._size, int(count * COMFORTABLE_S / seconds)))
            elif 2 * count > self._size and seconds < COMFORTABLE_S / 2:
                # Change sets go whole: groups of three never fill a batch of ten to the last place.
                self._size = min(self._size * 2, self.most)

    def too_many(self, count: int) -> None:
        """The service would not take so many at once, or gave more than we take."""
        with self._lock:
            self._size = max(1, min(self._size, count // 2))


def send_all(
    groups: Sequence[Sequence[Step]], size: BatchSize, width: int, name: str, send: Callable[[Sequence[Group]], Sent]
) -> Iterator[tuple[int, Sequence[Receipt]]]:
    """The receipts of all groups as they come back. Raises, after the last, what a batch failed with."""
    left = _Left(groups, size)
    batch = left.take()
    if batch and not left:
        sent = _timed(batch, size, send)
        yield from sent.receipts
        if sent.failure is not None:
            raise sent.failure
        return
    answers: queue.Queue[Sent | BaseException | None] = queue.Queue()

    def work(first: Sequence[Group]) -> None:
        try:
            batch = first or left.take()
            while batch:
                answers.put(_timed(batch, size, send))
                batch = left.take()
        except BaseException as error:  # noqa: BLE001  handed to the caller's thread, which raises it
            answers.put(error)
        finally:
            answers.put(None)

    workers = [
        threading.Thread(
            target=contextvars.copy_context().run,  # the run goes with every event and span of the thread
            args=(work, batch if number == 0 else ()),
            name=f"{name}-{number}",
            daemon=True,
        )
        for number in range(max(1, width) if batch else 0)
    ]
    for worker in workers:
        worker.start()
    failure: BaseException | None = None
    ended = 0
    while ended < len(workers):
        answer = answers.get()
        if answer is None:
            ended += 1
        elif isinstance(answer, BaseException):
            failure = failure or answer
        else:
            yield from answer.receipts
            failure = failure or answer.failure
    if failure is not None:
        raise failure


class _Left:
    """The groups not sent yet; each taker gets a batch of the size that is right at that moment."""

    def __init__(self, groups: Sequence[Sequence[Step]], size: BatchSize) -> None:
        self._groups = list(enumerate(groups))
        self._size = size
        self._at = 0
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._at < len(self._groups)

    def take(self) -> list[Group]:
        with self._lock:
            batch: list[Group] = []
            count = 0
            while self._at < len(self._groups):
                group = self._groups[self._at]
                if batch and count + len(group[1]) > self._size.now:
                    break
                batch.append(group)
                count += len(group[1])
                self._at += 1
            return batch


def _timed(batch: Sequence[Group], size: BatchSize, send: Callable[[Sequence[Group]], Sent]) -> Sent:
    started = time.monotonic()
    sent = send(batch)
    size.took(sum(len(steps) for _, steps in batch), time.monotonic() - started)
    return sent


def ask_all(
    questions: Sequence[T],
    size: BatchSize,
    width: int,
    ask: Callable[[Sequence[T]], list[Answer | None] | None],
) -> list[Answer | None]:
    """The answers in order; None for what was left unanswered. `ask` gives None where it cannot have that many."""
    count = size.now
    chunks = [questions[at : at + count] for at in range(0, len(questions), count)]

    def asked(chunk: Sequence[T]) -> list[Answer | None]:
        started = time.monotonic()
        answers = ask(chunk)
        if answers is None:
            size.too_many(len(chunk))
            middle = len(chunk) // 2
            return asked(chunk[:middle]) + asked(chunk[middle:])
        size.took(len(chunk), time.monotonic() - started)
        return answers

    if len(chunks) <= 1:
        return asked(chunks[0]) if chunks else []
    with ThreadPoolExecutor(min(width, len(chunks)), "read") as pool:
        return [answer for some in pool.map(asked, chunks) for answer in some]
