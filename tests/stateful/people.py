"""What people do to orders while the machine runs, and the memory of it: each edit with a value of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import Any
from typing import Literal

from syncengine.records.values import Side
from syncengine.sandbox.people import Refused
from syncengine.store.queries import story
from tests.bench.bench import Bench

Group = Literal["city", "day", "quantity", "price"]
GROUPS: tuple[Group, ...] = ("city", "day", "quantity", "price")


@dataclass
class Edit:
    """One edit that a system accepted. `value` stands in no other edit."""

    order: int
    side: Side
    group: Group
    value: str


@dataclass
class Order:
    """Where an order began, and how each side can be asked for it."""

    began_in: Side
    key: str  # the Sales number, or the back-office number it began with


@dataclass
class People:
    bench: Bench
    orders: list[Order] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    refused: int = 0
    _values: int = 100

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """What goes wrong on the network goes wrong for the engine; people have their own line."""
        services = (self.bench.running.sales, self.bench.running.back_office)
        kept = [list(service.faults.active) for service in services]
        for service in services:
            service.faults.active[:] = []
        try:
            yield
        finally:
            for service, faults in zip(services, kept, strict=True):
                service.faults.active[:] = faults

    def enters(self, side: Side) -> None:
        with self._undisturbed():
            self._enters(side)

    def _enters(self, side: Side) -> None:
        if side == "sales":
            self.orders.append(Order("sales", self.bench.sales_order(2, 3)))
        else:
            self.orders.append(Order("back_office", str(self.bench.back_office_order(2, 3)["number"])))

    def edits_something(self, at: int, side: Side, group: Group) -> None:
        """An edit by the seller or the clerk; a system that refuses it (a released order) has had no edit."""
        number = at % len(self.orders)
        self._values += 1
        value = {"city": f"City{self._values}", "day": f"20{27 + self._values // 300}-{1 + self._values % 12:02}-11",
                 "quantity": str(self._values), "price": f"{self._values}.25"}[group]  # fmt: skip
        try:
            with self._undisturbed():
                done = (self._sales if side == "sales" else self._back_office)(self.orders[number], group, value)
        except Refused:
            self.refused += 1
            return
        if done:
            self.edits.append(Edit(number, side, group, value))

    def acts(self, at: int, action: str) -> None:
        """The clerk releases or reopens."""
        try:
            with self._undisturbed():
                order = self.back_office(self.orders[at % len(self.orders)])
                if order is not None:
                    self.bench.clerk.act(order, action)
        except Refused:
            self.refused += 1

    # where an order is

    def sales(self, order: Order) -> dict[str, Any] | None:
        if order.began_in == "sales":
            return self.bench.seller.order(order.key)
        coupling = self._coupling(order)
        if coupling is None:
            return None
        found = self.bench.admin.person.get(f"salesorders?$filter=salesorderid eq {coupling['sales']['id']}")["value"]
        return self.bench.seller.order(found[0]["salesorderid"]) if found else None

    def back_office(self, order: Order) -> dict[str, Any] | None:
        if order.began_in == "sales":
            found = self.bench.clerk.orders(f"externalDocumentNumber eq '{order.key}'")
            return found[0] if found else None
        coupling = self._coupling(order)
        if coupling is not None:
            found = self.bench.clerk.orders(f"id eq {coupling['back_office']['id']}")
        else:
            found = self.bench.clerk.orders(f"number eq '{order.key}'")
        return found[0] if found else None

    def _coupling(self, order: Order) -> dict[str, Any] | None:
        story = self.story(order)
        found: dict[str, Any] | None = story["coupling"] if story else None
        return found

    def story(self, order: Order) -> dict[str, Any] | None:
        with self.bench.company.session() as session:
            return story(session, order.key)

    # the edits themselves

    def _sales(self, order: Order, group: Group, value: str) -> bool:
        found = self.sales(order)
        if found is None or found["statecode"] not in (0, 1):
            return False
        seller, order_id = self.bench.seller, found["salesorderid"]
        line = found["order_details"][0]["salesorderdetailid"]
        seller.reactivate(order_id)
        match group:
            case "city":
                seller.change(order_id, shipto_city=value)
            case "day":
                seller.change(order_id, requestdeliveryby=f"{value}T12:00:00Z")
            case "quantity":
                seller.change_line(line, {"quantity": int(value)})
            case "price":
                seller.change_line(line, {"priceperunit": Decimal(value)})
        seller.submit(order_id)
        return True

    def _back_office(self, order: Order, group: Group, value: str) -> bool:
        found = self.back_office(order)
        if found is None:
            return False
        clerk, line = self.bench.clerk, found["salesOrderLines"][0]
        match group:
            case "city":
                clerk.change(found, shipToCity=value)
            case "day":
                clerk.change(found, requestedDeliveryDate=value)
            case "quantity":
                clerk.change_line(found, line, quantity=int(value))
            case "price":
                clerk.change_line(found, line, unitPrice=Decimal(value))
        return True


def shown(document: dict[str, Any] | None, side: Side, group: Group) -> str:
    """What a side shows of a group, in the words of `Edit.value`."""
    if document is None:
        return ""
    lines = document["order_details"] if side == "sales" else document["salesOrderLines"]
    line = lines[0] if lines else {}
    match group, side:
        case "city", _:
            return str(document["shipto_city" if side == "sales" else "shipToCity"])
        case "day", _:
            return str(document["requestdeliveryby" if side == "sales" else "requestedDeliveryDate"])[:10]
        case "quantity", _:
            return str(int(line.get("quantity", 0)))
        case _:
            return f"{Decimal(line.get('priceperunit' if side == 'sales' else 'unitPrice', 0)):.2f}"
