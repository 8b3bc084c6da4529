"""What people type into orders is data: in SQL, in filters, in URLs, on a terminal, in JSON."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from syncengine.cli.main import cli
from tests.bench.bench import Bench

pytestmark = pytest.mark.loaded

HOSTILE = (
    "'); DROP TABLE couplings; --",
    "O'Brien & Sons <x>",
    '"},{"$ref":1}',
    "{{ 7 * 7 }} ${7*7} %s%n %(x)s",
    "\u202egnirts\u202c Ωmega 数 🚚",
    "a/b?c=d&e#f%27 eq '",
    "\x1b[31mred\x1b[2J",
)


@pytest.fixture
def orders(bench: Bench) -> list[tuple[str, str]]:
    """One order for each text, with the text as its city."""
    made = [(bench.sales_order(2, shipto_city=text[:30]), text[:30]) for text in HOSTILE]
    bench.sync()
    return made


@pytest.mark.slow
def test_it_arrives_as_it_was_typed_and_comes_back(bench: Bench, orders: list[tuple[str, str]]) -> None:
    """Both ways; the store keeps its tables, and finds each order by what was typed."""
    for number, text in orders:
        assert bench.clerk.order(number)["shipToCity"] == text
        bench.clerk.change(bench.clerk.order(number), shipToCity=text[::-1])
    bench.sync()
    for number, text in orders:
        assert bench.seller.order(number)["shipto_city"] == text[::-1]
    bench.agreed()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("couplings",), ("waiting",), ("errors",), ("conflicts",)])
def test_no_listing_sends_control_characters_to_a_terminal(
    bench: Bench, orders: list[tuple[str, str]], arguments: tuple[str, ...]
) -> None:
    """An escape sequence in an order would let whoever types it paint on the operator's screen."""
    for number, text in orders:
        bench.clerk.change(bench.clerk.order(number), shipToCity=f"{text[:10]} 2")
        bench.seller.edit(bench.seller.order(number)["salesorderid"], requestdeliveryby="2027-03-16T12:00:00Z")
    bench.sync(expect=None)
    bench.restart()
    said = CliRunner().invoke(cli, ["--config", str(bench.config), *arguments], color=True)
    assert _control_characters(said.output) == set()


@pytest.mark.slow
def test_no_story_does_either(bench: Bench, orders: list[tuple[str, str]]) -> None:
    bench.restart()
    for number, _ in orders:
        said = CliRunner().invoke(cli, ["--config", str(bench.config), "explain", number], color=True)
        assert said.exit_code == 0
        assert _control_characters(said.output) == set()


def _control_characters(text: str) -> set[str]:
    return {character for character in text if ord(character) < 32 and character not in "\n\t"}


@pytest.mark.slow
@pytest.mark.parametrize("order", ["' OR 1=1 --", "../../etc/passwd", "%", "\x00", "x" * 10_000])
def test_an_order_that_does_not_exist_is_just_that(bench: Bench, order: str) -> None:
    bench.sync()
    bench.restart()
    said = CliRunner().invoke(cli, ["--config", str(bench.config), "explain", order])
    assert said.exit_code == 2, said.output
