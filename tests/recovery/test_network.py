"""The network between us and one system is cut in the middle of a run, and comes back: nobody is called."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from syncengine.records.values import Side
from tests.bench.bench import Bench
from tests.fakes.network import Network
from tests.fakes.network import Way

pytestmark = pytest.mark.slow

# Pieces that pass before the cut: at once, in the polls, in the writes.
MOMENTS = (0, 3, 7)
CASES = [(side, way, after) for side in ("sales", "back_office") for way in ("refused", "silent", "deaf", "slow")
         for after in MOMENTS]  # fmt: skip
IMPATIENT = {"request_timeout_s": 1, "connect_timeout_s": 1, "attempts": 2, "patience_s": 2}  # while it is cut
PATIENT = {"request_timeout_s": 4, "connect_timeout_s": 2, "attempts": 5, "patience_s": 30}
OFTEN = 8  # `make test` takes every so manieth


@pytest.fixture
def networks(bench: Bench) -> Iterator[dict[str, Network]]:
    """Both systems are reached through a network of our own."""
    made = {}
    for side, url in (("sales", bench.running.sales_url), ("back_office", bench.running.back_office_url)):
        parts = urlsplit(url)
        made[side] = Network((str(parts.hostname), parts.port or 0))
        text = bench.config.read_text(encoding="utf-8")
        reached = f'url = "http://127.0.0.1:{made[side].port}'
        bench.config.write_text(text.replace(f'\nurl = "{url}', f"\n{reached}"), encoding="utf-8")
    yield made
    bench.restart()
    for network in made.values():
        network.close()


def _comes_back(bench: Bench, network: Network, way: Way, after: int) -> None:
    bench.sync()
    numbers = [bench.sales_order(2, 3) for _ in range(2)]
    bench.sync()
    changed = bench.seller.order(numbers[0])
    bench.seller.edit(
        changed["salesorderid"], lines={changed["order_details"][0]["salesorderdetailid"]: {"quantity": 9}}
    )
    bench.clerk.change(bench.clerk.order(numbers[1]), requestedDeliveryDate="2027-03-16")
    fresh, from_there = bench.sales_order(4), bench.back_office_order(5)["number"]
    bench.configure(limits=IMPATIENT)
    network.cut(way, after=after)
    result = bench.sync(expect=None)
    network.mend()
    bench.configure(limits=PATIENT)
    assert result["exit_code"] in (0, 1, 4), result
    for _ in range(3):
        bench.clock.sleep(4000)  # whatever was put off is due
        bench.sync(expect=None, sweep_all=True)
    for number in (*numbers, fresh):
        assert len(bench.live_documents(number)) == 1
    assert bench.clerk.order(numbers[0])["salesOrderLines"][0]["quantity"] == 9
    assert bench.seller.order(numbers[1])["requestdeliveryby"].startswith("2027-03-16")
    assert [line["quantity"] for line in bench.sales_order_of(from_there)["order_details"]] == [5]
    bench.agreed()


@pytest.mark.parametrize(("side", "way", "after"), CASES[::OFTEN])
def test_some_cuts(bench: Bench, networks: dict[str, Network], side: Side, way: Way, after: int) -> None:
    _comes_back(bench, networks[side], way, after)


@pytest.mark.long
@pytest.mark.parametrize(("side", "way", "after"), CASES)
def test_every_cut(bench: Bench, networks: dict[str, Network], side: Side, way: Way, after: int) -> None:
    _comes_back(bench, networks[side], way, after)
