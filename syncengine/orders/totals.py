"""After both sides have settled, the totals that each has computed by itself are compared, to the cent.

A difference is explained line by line and listed. It is never written: each system's total is its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from syncengine.errors import FailureClass
from syncengine.mapping.transforms import number
from syncengine.orders import states
from syncengine.planner.build import Builder
from syncengine.planner.steps import Problem
from syncengine.records.record import LineRecord
from syncengine.records.values import Ref
from syncengine.records.values import rounded

CENTS = 2


def difference(builder: Builder) -> Problem | None:
    """The problem of totals that differ; None where they agree, or are not compared."""
    pair, mapping = builder.pair, builder.mapping
    sales, order = pair.record("sales"), pair.record("back_office")
    decimals = _decimals(builder)
    for row in mapping.rows.values():
        if row.check != "equal" or row.name not in sales.fields or row.name not in order.fields:
            continue
        here, there = (
            rounded(number(sales.fields[row.name]), decimals),
            rounded(number(order.fields[row.name]), decimals),
        )
        if here != there:
            causes = list(_causes(builder, decimals)) or ["no line differs: the discount, the freight, or the rounding"]
            return Problem(
                FailureClass.PERSON,
                "totals-differ",
                f"the {row.name} differs by {abs(here - there)}: {here} in Sales, {there} in the back office; "
                + "; ".join(causes),
                "Prices with more decimals than Sales keeps are the usual cause. Nothing is written back and forth.",
            )
    return None


def _decimals(builder: Builder) -> int:
    """What the order's currency is rounded to."""
    currency = builder.pair.record("sales").fields.get(states.CURRENCY)
    known = builder.refs.fact(currency, states.DECIMALS) if isinstance(currency, Ref) else None
    return known if isinstance(known, int) and not isinstance(known, bool) else CENTS


def _causes(builder: Builder, decimals: int) -> Iterator[str]:
    """Each line whose amounts differ, with the prices behind them."""
    pair = builder.pair
    sales, order = pair.record("sales"), pair.record("back_office")
    for one in pair.line_pairs:
        here, there = sales.lines.get(one.sales), order.lines.get(one.back_office)
        if here is None or there is None:
            continue
        net = rounded(number(here.fields.get(states.AMOUNT)) - number(here.fields.get(states.TAX)), decimals)
        other = rounded(number(there.fields.get(states.NET_AMOUNT)), decimals)
        taxes = [rounded(number(line.fields.get(states.TAX)), decimals) for line in (here, there)]
        if net != other and states.AMOUNT in here.fields and states.NET_AMOUNT in there.fields:
            prices = " and ".join(_plain(number(line.fields.get(states.UNIT_PRICE))) for line in (here, there))
            yield f"{_named(there)}: net {net} and {other}, at unit prices {prices}"
        if taxes[0] != taxes[1]:
            yield f"{_named(there)}: tax {taxes[0]} and {taxes[1]}"


def _named(line: LineRecord) -> str:
    return str(line.fields.get("description") or line.fields.get(states.PLACE) or line.id)


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
