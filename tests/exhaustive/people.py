"""The model's edits made on the real thing, and what both systems and the store show afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncengine.records.values import Side
from tests.bench.bench import Bench
from tests.exhaustive import model
from tests.exhaustive.model import Edits
from tests.exhaustive.model import Expected
from tests.exhaustive.model import Held


def prices(bench: Bench) -> Mapping[int, Decimal]:
    return {at: Decimal(product.price) for at, product in enumerate(bench.products)}


def edit(bench: Bench, number: str, side: Side, edits: Edits) -> None:
    if edits:
        (_as_seller if side == "sales" else _as_clerk)(bench, number, edits)


def _as_seller(bench: Bench, number: str, edits: Edits) -> None:
    """Reactivate, edit, submit."""
    order = bench.seller.order(number)
    order_id = order["salesorderid"]
    lines = [line["salesorderdetailid"] for line in order["order_details"]]
    seller = bench.seller
    seller.reactivate(order_id)
    for one in edits:
        match one:
            case "city":
                seller.change(order_id, shipto_city=model.CITY["sales"])
            case "day":
                seller.change(order_id, requestdeliveryby=f"{model.DAY['sales']}T12:00:00Z")
            case "quantity":
                seller.change_line(lines[0], {"quantity": model.QUANTITY["sales"]})
            case "common quantity":
                seller.change_line(lines[0], {"quantity": model.COMMON_QUANTITY})
            case "price":
                seller.change_line(lines[0], {"priceperunit": Decimal(model.PRICE["sales"])})
            case "quantity of 2":
                seller.change_line(lines[1], {"quantity": model.QUANTITY_2["sales"]})
            case "remove 2":
                seller.remove_line(lines[1])
            case "add":
                product = bench.products[model.ADDED["sales"]]
                seller.add_line(order_id, product.sales_id, product.units[0].sales_id, 4, product.price)
    seller.submit(order_id)


def _as_clerk(bench: Bench, number: str, edits: Edits) -> None:
    clerk, order = bench.clerk, bench.clerk.order(number)
    lines = order["salesOrderLines"]
    for one in edits:
        match one:
            case "city":
                clerk.change(order, shipToCity=model.CITY["back_office"])
            case "day":
                clerk.change(order, requestedDeliveryDate=model.DAY["back_office"])
            case "quantity":
                clerk.change_line(order, lines[0], quantity=model.QUANTITY["back_office"])
            case "common quantity":
                clerk.change_line(order, lines[0], quantity=model.COMMON_QUANTITY)
            case "price":
                clerk.change_line(order, lines[0], unitPrice=Decimal(model.PRICE["back_office"]))
            case "quantity of 2":
                clerk.change_line(order, lines[1], quantity=model.QUANTITY_2["back_office"])
            case "remove 2":
                clerk.remove_line(order, lines[1])
            case "add":
                product = bench.products[model.ADDED["back_office"]]
                clerk.add_line(
                    order, lineType="Item", itemId=product.back_office_id, quantity=4, unitPrice=product.price
                )


def held_by_sales(bench: Bench, number: str) -> Held:
    order = bench.seller.order(number)
    at = {product.sales_id: place for place, product in enumerate(bench.products)}
    lines = {
        place: (place, _amount(line["quantity"]), _amount(line["priceperunit"]))
        for line in order["order_details"]
        for place in [at[line["_productid_value"]]]
    }
    assert len(lines) == len(order["order_details"]), "a line stands there twice"
    return Held(order["shipto_city"] or None, (order["requestdeliveryby"] or "")[:10] or None, lines)


def held_by_back_office(bench: Bench, number: str) -> Held:
    (order,) = [one for one in bench.live_documents(number) if one["externalDocumentNumber"] == number]
    at = {product.number: place for place, product in enumerate(bench.products)}
    lines = {
        place: (place, _amount(line["quantity"]), _amount(line["unitPrice"]))
        for line in order["salesOrderLines"]
        for place in [at[line["lineObjectNumber"]]]
    }
    assert len(lines) == len(order["salesOrderLines"]), "a line stands there twice"
    day = order["requestedDeliveryDate"]
    return Held(order["shipToCity"] or None, None if day == "0001-01-01" else day, lines)


@dataclass(frozen=True)
class Picture:
    """What one side holds of an order at some moment; nothing that is certain while there is not one document."""

    ids: tuple[str, ...]
    held: Held | None


def pictures(bench: Bench, numbers: Sequence[str]) -> dict[tuple[str, str], Picture]:
    found: dict[tuple[str, str], Picture] = {}
    for number in numbers:
        found[number, "sales"] = Picture((bench.seller.order(number)["salesorderid"],), held_by_sales(bench, number))
        ids = tuple(one["id"] for one in bench.clerk.orders(f"externalDocumentNumber eq '{number}'"))
        found[number, "back_office"] = Picture(ids, held_by_back_office(bench, number) if len(ids) == 1 else None)
    return found


def _amount(value: Any) -> Decimal:
    return Decimal(value).quantize(Decimal("0.00001"))


def conflicts(bench: Bench, number: str) -> frozenset[tuple[str, int | None]]:
    """The open conflicts of an order, as the store lists them: the group, and the product of the line."""
    with bench.company.store() as store, store.transaction():
        found = store.conflicts.open()
        couplings = store.couplings.get([one.coupling for one in found])
        mine = [one for one in found if couplings[one.coupling].sales_number == number]
        return frozenset((one.group, _product(bench, couplings[one.coupling], one.line)) for one in mine)


def _product(bench: Bench, coupling: Any, line: int | None) -> int | None:
    """The place of a line's product, by the picture that the base keeps of it."""
    if line is None:
        return None
    pair = next(one for one in coupling.line_pairs if one.coupling == line)
    picture = coupling.base.sales.lines.get(pair.sales) or coupling.base.back_office.lines[pair.back_office]
    product = picture.fields["product"]
    ids = {one.sales_id: at for at, one in enumerate(bench.products)}
    ids |= {one.back_office_id: at for at, one in enumerate(bench.products)}
    return ids[product.remote_id]


def check(bench: Bench, number: str, wanted: Expected) -> None:
    """Both sides hold what the table says, one document is live, and every conflict is listed, and no other."""
    found = Expected(held_by_sales(bench, number), held_by_back_office(bench, number), conflicts(bench, number))
    exact = Expected(_rounded(wanted.sales), _rounded(wanted.back_office), wanted.conflicts)
    assert exact == found, f"expected {exact}, found {found}"
    assert len(bench.live_documents(number)) == 1


def _rounded(held: Held) -> Held:
    return Held(held.city, held.day, {p: (p, _amount(q), _amount(c)) for p, (_, q, c) in held.lines.items()})
