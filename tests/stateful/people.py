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
from syncengine.sandbox.promise import Edit
from syncengine.store.queries import story
from tests.bench.bench import Bench

Group = Literal["city", "day", "quantity", "price", "second line", "added by the seller", "added by the clerk"]
GROUPS: tuple[Group, ...] = (
    "city", "day", "quantity", "price", "second line", "added by the seller", "added by the clerk",
)  # fmt: skip
ADDED: dict[Side, Group] = {"sales": "added by the seller", "back_office": "added by the clerk"}
LINE_GROUPS = ("second line", *ADDED.values())  # what a line is there for, or gone
PRODUCTS: dict[Group, int] = {
    "quantity": 0, "price": 0, "second line": 1, "added by the seller": 5, "added by the clerk": 6,
}  # fmt: skip
"""Which product (of the bench) the line has that a group is about; each order has one line of each at most."""
REMOVED = "removed"
NEW_CUSTOMER = "90210"


@dataclass
class Order:
    """Where an order began, and how each side can be asked for it."""

    began_in: Side
    key: str  # the Sales number, or the back-office number it began with
    removed: bool = False  # a clerk has deleted its document, or it was canceled: it may have come again since
    deleted: bool = False  # in Sales, or by the clerk before it came there
    waits: bool = False  # its customer is not in the back office yet


@dataclass
class People:
    bench: Bench
    orders: list[Order] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    said: list[Edit] = field(default_factory=list)  # all that was ever said, also what the same person replaced
    refused: int = 0
    passed_s: float = 0
    _values: int = 100

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
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
        with self.undisturbed():
            self._enters(side)

    def _enters(self, side: Side) -> None:
        if side == "sales":
            self.orders.append(Order("sales", self.bench.sales_order(2, 3)))
        else:
            self.orders.append(Order("back_office", str(self.bench.back_office_order(2, 3)["number"])))

    def edits_something(self, at: int, side: Side, group: Group) -> None:
        """An edit by the seller or the clerk; a system that refuses it (a released order) has had no edit."""
        order = self.orders[at % len(self.orders)]
        self._values += 1
        group = ADDED[side] if group in ADDED.values() else group
        value = {"city": f"City{self._values}", "day": f"{2027 + self._values // 12}-{1 + self._values % 12:02}-11",
                 "price": f"{self._values}.25", "second line": REMOVED}.get(group, str(self._values))  # fmt: skip
        self._time_passes()
        try:
            with self.undisturbed():
                done = (self._sales if side == "sales" else self._back_office)(order, group, value)
        except Refused:
            self.refused += 1
            return
        if done:
            edit = Edit(order.key, side, group, value)
            self.edits.append(edit)
            self.said.append(edit)

    def _time_passes(self) -> None:
        """Stamps of Sales are whole seconds, and a day is longer than the few seconds of a test."""
        self.passed_s += 2
        for service in (self.bench.running.sales, self.bench.running.back_office):
            service.clock.move(2)

    def renumbers(self, at: int) -> None:
        """The clerk changes the customer: Business Central makes every line anew, with an id of its own.

        What the clerk had edited before and nobody has read yet is gone by the clerk's own hand.
        """
        order = self.orders[at % len(self.orders)]
        self._time_passes()
        try:
            with self.undisturbed():
                found = self.back_office(order)
                if found is None:
                    return
                others = [one.back_office_id for one in self.bench.running.world.customers]
                customer = next(one for one in others if one != found["customerId"])
                self.bench.clerk.change(found, customerId=customer)
        except Refused:
            self.refused += 1
            return
        self._forget(order, "back_office")

    def removes(self, at: int) -> None:
        """The clerk deletes a document that is not released."""
        order = self.orders[at % len(self.orders)]
        try:
            with self.undisturbed():
                found = self.back_office(order)
                if found is None:
                    return
                self.bench.clerk.delete(found)
                order.deleted = self.sales(order) is None
        except Refused:
            self.refused += 1
            return
        order.removed = True
        self._forget(order, "back_office")

    def cancels(self, at: int) -> None:
        """The seller cancels an order; what stands in the back office may be archived and removed."""
        order = self.orders[at % len(self.orders)]
        with self.undisturbed():
            found = self.sales(order)
        if found is None or found["statecode"] not in (0, 1) or order.waits:
            return
        with self.undisturbed():
            self.bench.admin.cancel(found["salesorderid"])
        order.removed = True

    def deletes(self, at: int) -> None:
        """An administrator deletes an order in Sales; not the last one, for a side that is empty stops all writing."""
        order = self.orders[at % len(self.orders)]
        with self.undisturbed():
            found = self.sales(order)
            others = [one for one in self.orders if one is not order and self.sales(one) is not None]
        if found is None or order.waits or not others:
            return
        with self.undisturbed():
            self.bench.admin.delete(found["salesorderid"])
        order.removed = order.deleted = True
        self._forget(order, "sales")
        self._forget(order, "back_office")

    def _forget(self, order: Order, side: Side) -> None:
        self.edits = [one for one in self.edits if (one.order, one.side) != (order.key, side)]

    def enters_for_somebody_new(self) -> None:
        """An order in Sales for a customer whom the back office does not know yet."""
        with self.undisturbed():
            account = {"name": "Tailspin Toys Ltd.", "accountnumber": NEW_CUSTOMER}
            made = self.bench.admin.person.request("POST", "accounts", account, prefer="return=representation")
            self.orders.append(Order("sales", self.bench.sales_order(2, 3, account=str(made["accountid"])), waits=True))

    def knows_the_new_customer(self) -> None:
        with self.undisturbed():
            self.bench.clerk.create("customers", number=NEW_CUSTOMER, displayName="Tailspin Toys Ltd.")

    def acts(self, at: int, action: str) -> None:
        """The clerk releases or reopens."""
        try:
            with self.undisturbed():
                order = self.back_office(self.orders[at % len(self.orders)])
                if order is not None:
                    self.bench.clerk.act(order, action)
        except Refused:
            self.refused += 1

    # where an order is

    def sales(self, order: Order) -> dict[str, Any] | None:
        if order.deleted:
            return None
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

    def is_a_draft(self, order: Order) -> bool:
        """A clerk's own that is not released: none of ours yet."""
        document = self.back_office(order) if order.began_in == "back_office" and self.sales(order) is None else None
        return document is not None and document["status"] == "Draft"

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
        line = line_of(self.bench, found, "sales", group)
        if not _is_possible(group, line):
            return False
        seller.reactivate(order_id)
        match group:
            case "city":
                seller.change(order_id, shipto_city=f"{value} beyond the seven mountains and rivers")  # keeps 30 there
            case "day":
                seller.change(order_id, requestdeliveryby=f"{value}T12:00:00Z")
            case "quantity":
                seller.change_line(line["salesorderdetailid"], {"quantity": int(value)})
            case "price":
                seller.change_line(line["salesorderdetailid"], {"priceperunit": Decimal(value)})
            case "second line":
                seller.remove_line(line["salesorderdetailid"])
            case _:
                product = self.bench.products[PRODUCTS[group]]
                seller.add_line(order_id, product.sales_id, product.units[0].sales_id, int(value), product.price)
        seller.submit(order_id)
        return True

    def _back_office(self, order: Order, group: Group, value: str) -> bool:
        found = self.back_office(order)
        if found is None:
            return False
        clerk, line = self.bench.clerk, line_of(self.bench, found, "back_office", group)
        if not _is_possible(group, line):
            return False
        match group:
            case "city":
                clerk.change(found, shipToCity=value)
            case "day":
                clerk.change(found, requestedDeliveryDate=value)
            case "quantity":
                clerk.change_line(found, line, quantity=int(value))
            case "price":
                clerk.change_line(found, line, unitPrice=Decimal(f"{value}432"))  # Sales rounds to cents
            case "second line":
                clerk.remove_line(found, line)
            case _:
                product = self.bench.products[PRODUCTS[group]]
                clerk.add_line(
                    found, lineType="Item", itemId=product.back_office_id, quantity=int(value), unitPrice=product.price
                )
        return True


def _is_possible(group: Group, line: dict[str, Any]) -> bool:
    """What a line holds needs the line; one is added once."""
    return not line if group in ADDED.values() else bool(line) or group not in PRODUCTS


def line_of(bench: Bench, document: dict[str, Any], side: Side, group: Group) -> dict[str, Any]:
    """The line that a group is about; empty where there is none."""
    if group not in PRODUCTS:
        return {}
    product = bench.products[PRODUCTS[group]]
    lines, column, wanted = (
        (document["order_details"], "_productid_value", product.sales_id) if side == "sales"
        else (document["salesOrderLines"], "itemId", product.back_office_id)
    )  # fmt: skip
    return next((dict(one) for one in lines if one[column] == wanted), {})


def shown(bench: Bench, document: dict[str, Any] | None, side: Side, group: Group) -> str:
    """What a side shows of a group, in the words of `Edit.value`."""
    if document is None:
        return ""
    line = line_of(bench, document, side, group)
    match group:
        case "city":
            return spoken(group, document["shipto_city" if side == "sales" else "shipToCity"])
        case "day":
            return spoken(group, document["requestdeliveryby" if side == "sales" else "requestedDeliveryDate"])
        case "price":
            return spoken(group, line.get("priceperunit" if side == "sales" else "unitPrice"))
        case "second line":
            return "there" if line else REMOVED
        case _:
            return spoken(group, line.get("quantity"))


def spoken(group: str, value: Any) -> str:
    """A value as a system or a decision has it, less what the sides lose of it (length, decimals, time of day)."""
    match group:
        case "city":
            return str(value or "").partition(" ")[0]
        case "day":
            return str(value or "")[:10]
        case "price":
            return f"{Decimal(value or 0):.2f}"
        case _:
            return str(int(value or 0))
