"""How many operations go into one batch: more while the service is quick, fewer where it is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from syncengine.connectors.batching import COMFORTABLE_S
from syncengine.connectors.batching import BatchSize
from syncengine.connectors.batching import Group
from syncengine.connectors.batching import Sent
from syncengine.connectors.batching import send_all
from syncengine.planner.steps import Step


def _sent(groups: int, steps: int, size: BatchSize) -> list[int]:
    """How many operations each batch had, where every group has `steps` of them."""
    step = Step(no=0, side="sales", verb="update", table="salesorders")
    batches: list[int] = []

    def send(batch: Sequence[Group]) -> Sent:
        batches.append(sum(len(some) for _, some in batch))
        return Sent([(number, []) for number, _ in batch])

    received = list(send_all([[step] * steps] * groups, size, 1, "test", send))
    assert [number for number, _ in received] == list(range(groups))
    return batches


@pytest.mark.parametrize(
    ("steps", "expected"), [(1, [10, 20, 40, 80, 100, 50]), (3, [9, 18, 39, 78, 99, 57]), (6, [6, 18, 36, 78, 96, 66])]
)
def test_batches_double_while_the_service_is_quick(steps: int, expected: list[int]) -> None:
    """However many operations stand in one change set: those go whole."""
    assert _sent(300 // steps, steps, BatchSize(10, 100)) == expected


def test_a_change_set_larger_than_a_batch_goes_alone() -> None:
    assert _sent(3, 15, BatchSize(10, 10)) == [15, 15, 15]


def test_a_small_batch_says_nothing_of_larger_ones() -> None:
    size = BatchSize(10, 100)
    for _ in range(20):
        size.took(5, 0.1)
    assert size.now == 10


def test_a_batch_shrinks_to_what_fits_into_the_time() -> None:
    size = BatchSize(40, 100)
    size.took(40, COMFORTABLE_S / 2)
    assert size.now == 40, "neither quick nor slow"
    size.took(40, COMFORTABLE_S * 4)
    assert size.now == 10
    size.too_many(10)
    assert size.now == 5
    size.took(1, COMFORTABLE_S * 10)
    assert size.now == 1
