"""Price and line discount of a line, as the price calculation finds them.

Price list lines beat the item's own unit price; among several the lowest price and the highest discount win.
[AL: codeunit "Sales Line - Price", best price calculation]
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.store.company import UNIT_AMOUNT
from syncengine.sandbox.back_office.values import NO_DATE

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.company import Company
    from syncengine.sandbox.back_office.store.tables import Row

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def reprice(document: SalesDocument, line: Row) -> None:
    """UpdateUnitPrice: writes `unitPrice` and `discountPercent`; a negotiated price or discount is lost."""
    if line["lineType"] == "Item":
        item = document.company.by_number("item", line["lineObjectNumber"])
        if item is not None:
            line["unitPrice"], line["discountPercent"] = _item_price(document, line, item)
    elif line["lineType"] == "Resource":
        resource = document.company.by_number("resource", line["lineObjectNumber"])
        if resource is not None:
            line["unitPrice"] = document.rounded(
                resource["unitPrice"] * document.header["_currencyFactor"], UNIT_AMOUNT
            )


def _item_price(document: SalesDocument, line: Row, item: Row) -> tuple[Decimal, Decimal]:
    header, factor = document.header, document.header["_currencyFactor"]
    applicable = [
        one
        for one in document.company["priceListLine"].find("itemNumber", item["number"])
        if _applies(one, document, line)
    ]
    prices = [
        one["unitPrice"]
        * (factor if not one["currencyCode"] else 1)
        * (line["_quantityPerUnit"] if not one["unitOfMeasureCode"] else 1)
        for one in applicable
        if one["unitPrice"]
    ]
    if prices:
        price = min(prices)
    else:
        price = item["unitPrice"] * line["_quantityPerUnit"] * factor
        percent = document.company.rate(header["_taxArea"], line["_taxGroup"]).percent
        if item["priceIncludesTax"] and not header["pricesIncludeTax"]:
            price = price * HUNDRED / (HUNDRED + percent)
        elif header["pricesIncludeTax"] and not item["priceIncludesTax"]:
            price = price * (HUNDRED + percent) / HUNDRED
    discount = max((one["discountPercent"] for one in applicable), default=ZERO)
    return document.rounded(price, UNIT_AMOUNT).normalize() + ZERO, discount


def _applies(one: Row, document: SalesDocument, line: Row) -> bool:
    header = document.header
    day = header[document.kind.document_date]
    return bool(
        one["customerNumber"] in ("", header["billToCustomerNumber"])
        and one["unitOfMeasureCode"] in ("", line["unitOfMeasureCode"])
        and one["currencyCode"] in ("", header["_currencyCode"])
        and one["minimumQuantity"] <= line["quantity"]
        and one["startingDate"] <= day
        and (one["endingDate"] == NO_DATE or day <= one["endingDate"])
    )


def currency_factor(company: Company, code: str, day: object) -> Decimal | None:
    """Units of the currency for one of the local currency on that day; None without an exchange rate."""
    if not code:
        return Decimal(1)
    rates = company["currencyExchangeRate"].find("currencyCode", code)
    started = [rate for rate in rates if rate["startingDate"] <= day]
    if not started:
        return None
    last: Row = started[-1]
    factor: Decimal = last["exchangeRateAmount"] / last["relationalExchangeRateAmount"]
    return factor
