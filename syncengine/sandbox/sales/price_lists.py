"""The price and the volume discount that a price list gives for a product, a unit and a quantity.

From "Product pricing methods" and "Product discounting methods" (Customer Engagement developer guide).
"""

from __future__ import annotations

from decimal import ROUND_CEILING
from decimal import ROUND_DOWN
from decimal import ROUND_FLOOR
from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.sales.values import rounded

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.world import Session

HUNDRED = Decimal(100)


class PricingError(Exception):
    """Why a price cannot be computed: a value of the `pricingerrorcode` choice."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


DETAIL_ERROR, MISSING_PRICE_LEVEL, INACTIVE_PRICE_LEVEL, MISSING_QUANTITY, MISSING_UNIT_PRICE = 1, 2, 3, 4, 5
MISSING_PRODUCT, INVALID_PRODUCT, MISSING_UOM, NOT_IN_PRICE_LEVEL, MISSING_AMOUNT = 6, 7, 10, 11, 12
MISSING_PERCENTAGE, MISSING_PRICE, MISSING_CURRENT_COST, MISSING_STANDARD_COST = 13, 14, 15, 16
CALCULATION_ERROR, INVALID_QUANTITY, INACTIVE_DISCOUNT_TYPE, INVALID_CURRENCY = 25, 29, 33, 34


def entry_for(session: Session, header: Row, line: Row) -> Row:
    """The price list item for the line. Raises PricingError."""
    key = header.get("pricelevelid")
    price_list = session.db.get("pricelevel", key) if key else None
    if price_list is None:
        raise PricingError(MISSING_PRICE_LEVEL)
    if price_list.get("statecode") == 1:
        raise PricingError(INACTIVE_PRICE_LEVEL)
    if price_list.get("transactioncurrencyid") != header.get("transactioncurrencyid"):
        raise PricingError(INVALID_CURRENCY)
    if line.get("productid") is None:
        raise PricingError(MISSING_PRODUCT)
    if line.get("uomid") is None:
        raise PricingError(MISSING_UOM)
    for entry in session.db.find("productpricelevel", "productid", line["productid"]):
        if entry.get("pricelevelid") == key and entry.get("uomid") == line["uomid"]:
            return entry
    raise PricingError(NOT_IN_PRICE_LEVEL)


def list_price(session: Session, entry: Row, digits: int) -> Decimal:
    """By the entry's pricing method and rounding policy. Raises PricingError."""
    product = session.db.get("product", entry.get("productid") or "") or {}
    method = entry.get("pricingmethodcode") or 1
    if method == 1:
        if entry.get("amount") is None:
            raise PricingError(MISSING_AMOUNT)
        return rounded(entry["amount"], digits, session.midpoint)
    percentage = entry.get("percentage")
    if percentage is None:
        raise PricingError(MISSING_PERCENTAGE)
    if method == 2:
        if product.get("price") is None:
            raise PricingError(MISSING_PRICE)
        return _by_policy(product["price"] * percentage / HUNDRED, entry, digits, session.midpoint)
    current = method in (3, 4)
    cost = product.get("currentcost" if current else "standardcost")
    if cost is None:
        raise PricingError(MISSING_CURRENT_COST if current else MISSING_STANDARD_COST)
    if method in (3, 5):
        return _by_policy(cost * (HUNDRED + percentage) / HUNDRED, entry, digits, session.midpoint)
    if percentage >= HUNDRED:
        raise PricingError(CALCULATION_ERROR)
    return _by_policy(cost + cost * percentage / (HUNDRED - percentage), entry, digits, session.midpoint)


def _by_policy(price: Decimal, entry: Row, digits: int, midpoint: str) -> Decimal:
    policy, amount = entry.get("roundingpolicycode") or 1, entry.get("roundingoptionamount")
    if policy == 1 or not amount:
        return rounded(price, digits, midpoint)
    direction = {2: ROUND_CEILING, 3: ROUND_FLOOR, 4: midpoint}[policy]
    if entry.get("roundingoptioncode") == 1:
        # "Ends in 0.99" steps by 1, "ends in 9.95" by 10: the ending repeats at the next power of ten.
        whole = int(amount.to_integral_value(ROUND_DOWN))
        step = Decimal(10) ** (len(str(whole)) if whole else 0)
        return rounded(((price - amount) / step).to_integral_value(direction) * step + amount, digits)
    return rounded((price / amount).to_integral_value(direction) * amount, digits)


def check_selling(entry: Row, quantity: Decimal) -> None:
    """An item sold whole takes whole quantities only. Raises PricingError."""
    if entry.get("quantitysellingcode") == 2 and quantity != quantity.to_integral_value():
        raise PricingError(INVALID_QUANTITY)


def volume_discount(session: Session, entry: Row, price: Decimal, quantity: Decimal, digits: int) -> Decimal:
    """Per unit, from the bracket of the discount list in which the quantity lies. Raises PricingError."""
    key = entry.get("discounttypeid")
    discount_list = session.db.get("discounttype", key) if key else None
    if discount_list is None:
        return Decimal(0)
    if discount_list.get("statecode") == 1:
        raise PricingError(INACTIVE_DISCOUNT_TYPE)
    for bracket in session.db.find("discount", "discounttypeid", key):
        if bracket["lowquantity"] <= quantity <= bracket["highquantity"]:
            if discount_list.get("isamounttype"):
                return rounded(bracket.get("amount") or Decimal(0), digits, session.midpoint)
            return rounded(price * (bracket.get("percentage") or Decimal(0)) / HUNDRED, digits, session.midpoint)
    return Decimal(0)
