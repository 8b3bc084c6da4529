"""The small model: an order of two lines, every edit a person can make on either side, and what must come of it.

What must come of it is worked out from the three-way table alone, group by group; nothing here asks the engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import Literal

from syncengine.records.values import Side

CITY_AT_FIRST = "Denver"
CITY, DAY = {"sales": "Portland", "back_office": "Salem"}, {"sales": "2027-03-16", "back_office": "2027-04-20"}
QUANTITY, PRICE = {"sales": 7, "back_office": 8}, {"sales": "7.77", "back_office": "8.88"}
QUANTITY_2 = {"sales": 17, "back_office": 18}
ADDED = {"sales": 5, "back_office": 6}  # which product of the bench
COMMON_QUANTITY = 6

Edit = Literal["city", "day", "quantity", "common quantity", "price", "quantity of 2", "remove 2", "add"]
EDITS: tuple[Edit, ...] = ("city", "day", "quantity", "common quantity", "price", "quantity of 2", "remove 2", "add")
EXCLUDE = ({"quantity", "common quantity"}, {"quantity of 2", "remove 2"})  # one person cannot do both

Edits = tuple[Edit, ...]


def sets_of_edits(most: int) -> list[Edits]:
    """Nothing, each edit alone, and every two that one person can make together."""
    found: list[Edits] = [()]
    for size in range(1, most + 1):
        found += [some for some in itertools.combinations(EDITS, size) if not any(x <= set(some) for x in EXCLUDE)]
    return found


Line = tuple[int, Decimal, Decimal]  # product (of the bench), quantity, price


@dataclass
class Held:
    """What one side holds of the groups that people edit."""

    city: str | None = None
    day: str | None = None
    lines: dict[int, Line] = field(default_factory=dict)  # by product: each line has one of its own


@dataclass(frozen=True)
class Expected:
    sales: Held
    back_office: Held
    conflicts: frozenset[tuple[str, int | None]]  # (group, product of the line)


def start(prices: Mapping[int, Decimal]) -> Held:
    """As it was entered: to Denver, no day asked for; 2 of the first product, 3 of the second."""
    return Held(CITY_AT_FIRST, None, {0: (0, Decimal(2), prices[0]), 1: (1, Decimal(3), prices[1])})


def edited(held: Held, side: Side, edits: Edits, prices: Mapping[int, Decimal]) -> Held:
    """What this side holds after its person's edits."""
    after = Held(held.city, held.day, dict(held.lines))
    for edit in edits:
        product, quantity, price = after.lines[0]
        match edit:
            case "city":
                after.city = CITY[side]
            case "day":
                after.day = DAY[side]
            case "quantity":
                after.lines[0] = (product, Decimal(QUANTITY[side]), price)
            case "common quantity":
                after.lines[0] = (product, Decimal(COMMON_QUANTITY), price)
            case "price":
                after.lines[0] = (product, quantity, Decimal(PRICE[side]))
            case "quantity of 2":
                after.lines[1] = (1, Decimal(QUANTITY_2[side]), after.lines[1][2])
            case "remove 2":
                del after.lines[1]
            case "add":
                added = ADDED[side]
                after.lines[added] = (added, Decimal(4), prices[added])
    return after


def expected(sales_edits: Edits, back_office_edits: Edits, prices: Mapping[int, Decimal]) -> Expected:
    """The three-way table, applied by hand to each group. Draft order: goods are a person's, the rest the seller's."""
    base = start(prices)
    sales, back_office = (
        edited(base, "sales", sales_edits, prices), edited(base, "back_office", back_office_edits, prices),
    )  # fmt: skip
    then = {"sales": Held(), "back_office": Held()}
    conflicts: set[tuple[str, int | None]] = set()
    for name in ("city", "day"):
        was, one, two = getattr(base, name), getattr(sales, name), getattr(back_office, name)
        agreed = two if one == was else one  # changed on one side: that one; on both: the seller's, by policy
        for held in then.values():
            setattr(held, name, agreed)
    blocked: set[str] = set()  # sides whose removal is in conflict
    for product in (0, 1):
        was, one, two = (held.lines.get(product) for held in (base, sales, back_office))
        if one == two:
            kept = (one, two)
        elif one == was:
            kept = (two, two)
        elif two == was:
            kept = (one, one)
        else:
            kept = (one, two)
            conflicts.add(("set" if one is None or two is None else "goods", product))
            blocked |= {"sales"} if one is None else {"back_office"} if two is None else set()
        for side, line in zip(("sales", "back_office"), kept, strict=True):
            if line is not None:
                then[side].lines[product] = line
    for side, held in (("sales", sales), ("back_office", back_office)):
        added = ADDED[side]
        if added in held.lines:
            for there in ("sales", "back_office") if side not in blocked else (side,):
                then[there].lines[added] = held.lines[added]
    return Expected(then["sales"], then["back_office"], frozenset(conflicts))
