"""The clerk's pages: orders as somebody enters, edits, releases, ships and invoices them in Business Central."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.clerk import Clerk
from syncengine.sandbox.back_office.refusals import RefusedError as RefusedByPage
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.screens import BELOW
from syncengine.sandbox.screens import HOME
from syncengine.sandbox.screens import Hand
from syncengine.sandbox.screens import Html
from syncengine.sandbox.screens import RefusedError
from syncengine.sandbox.screens import button
from syncengine.sandbox.screens import choice
from syncengine.sandbox.screens import field
from syncengine.sandbox.screens import form
from syncengine.sandbox.screens import html
from syncengine.sandbox.screens import link
from syncengine.sandbox.screens import number
from syncengine.sandbox.screens import page
from syncengine.sandbox.screens import posted
from syncengine.sandbox.screens import seen
from syncengine.sandbox.screens import table

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.service import BusinessCentral
    from syncengine.sandbox.exchange import Request
    from syncengine.sandbox.exchange import Response

GATEWAY = "/v2.0/sandbox-tenant/production/api/v2.0"
FIELDS = (
    ("externalDocumentNumber", "External document no."),
    ("requestedDeliveryDate", "Requested delivery"),
    ("shipToName", "Ship to"),
    ("shipToAddressLine1", "Street"),
    ("shipToPostCode", "Postal code"),
    ("shipToCity", "City"),
    ("shipToCountry", "Country"),
)
# What only the client offers, in the order of an order's life.
ACTIONS = (
    ("release", "Release"),
    ("reopen", "Reopen"),
    ("ship", "Ship what is outstanding"),
    ("invoice", "Invoice what is shipped"),
    ("archive", "Archive a version"),
    ("send-for-approval", "Send for approval"),
    ("approve", "Approve"),
    ("reject", "Reject"),
)
_LINKS = (link(HOME, "Orders"), link(f"{BELOW}invoices", "Invoices"), link(f"{BELOW}new", "New order"))


def respond(service: BusinessCentral, request: Request) -> Response | None:
    """None for an address that there is not."""
    company = next(iter(service.environment.companies.values()))
    hand = Hand(service, "clerk", f"{GATEWAY}/companies({company.id})/", request.origin)
    screens = _Screens(hand, service)
    path = request.path.removeprefix(BELOW) if request.path != HOME else ""
    given, query = posted(request) if request.method == "POST" else {}, dict(request.query)
    if path == "":
        return screens.orders(query)
    if path == "new":
        return screens.create(given) if given else screens.new()
    if path == "invoices":
        return screens.act_on_invoice(given) if given else screens.invoices(query)
    if path.startswith("orders/"):
        key = path.removeprefix("orders/")
        return screens.act(key, given) if given else screens.order(key, done=query.get("done", ""))
    return None


class _Screens:
    def __init__(self, clerk: Hand, service: BusinessCentral) -> None:
        self.clerk = clerk
        self.service = service

    def orders(self, query: dict[str, str], refused: str = "") -> Response:
        wanted = query.get("q", "").replace("'", "''")
        condition = f"&$filter=contains(number,'{wanted}')" if wanted else ""
        found = self.clerk.list(f"salesOrders?$orderby=lastModifiedDateTime desc&$top=50{condition}")
        rows = [
            (
                link(f"{BELOW}orders/{one['id']}", one["number"]),
                one["customerName"],
                one["externalDocumentNumber"],
                one["status"],
                f"{one['totalAmountIncludingTax']} {one['currencyCode']}",
            )
            for one in found
        ]
        search = Html(f'<form><label>Number <input name="q" value="{html(query.get("q", ""))}"></label></form>')
        shown = table("The orders changed last", ("No.", "Customer", "External no.", "Status", "Total"), rows)
        return page("Sales orders", _LINKS, [search, shown], refused=refused, done=query.get("done", ""))

    def invoices(self, query: dict[str, str], refused: str = "") -> Response:
        found = self.clerk.list("salesInvoices?$orderby=lastModifiedDateTime desc&$top=50")
        path = f"{BELOW}invoices"
        rows = [
            (
                one["number"],
                one["orderNumber"],
                one["customerName"],
                one["status"],
                one["totalAmountIncludingTax"],
                Html(button(path, "Pay", do="pay", id=one["id"]) + button(path, "Cancel", do="cancel", id=one["id"])),
            )
            for one in found
        ]
        shown = table("The invoices changed last", ("No.", "Order", "Customer", "Status", "Total", ""), rows)
        return page("Sales invoices", _LINKS, [shown], refused=refused, done=query.get("done", ""))

    def act_on_invoice(self, given: dict[str, str]) -> Response:
        try:
            self._by_client(lambda clerk: clerk.act_on_invoice(given["id"], given["do"], {}))
        except (RefusedError, ValueError) as refused:
            return self.invoices({}, str(refused))
        return seen(f"{BELOW}invoices", "Done.")

    def new(self, refused: str = "") -> Response:
        customers = self.clerk.list("customers?$select=number,displayName&$orderby=displayName")
        fields = [
            choice("customer", "Customer", [(one["number"], one["displayName"]) for one in customers]),
            self._items(),
            field("quantity", "Quantity", 1),
        ]
        shown = form(f"{BELOW}new", "Order", fields, "Create", do="create")
        return page("New order", _LINKS, [shown], refused=refused)

    def _items(self) -> Html:
        found = self.clerk.list("items?$select=number,displayName&$orderby=number")
        return choice("item", "Item", [(one["number"], f"{one['number']} {one['displayName']}") for one in found])

    def create(self, given: dict[str, str]) -> Response:
        try:
            body = {"customerNumber": given["customer"], "salesOrderLines": [_line(given)]}
            made = self.clerk.send("POST", "salesOrders", body)
        except (RefusedError, ValueError) as refused:
            return self.new(str(refused))
        return seen(f"{BELOW}orders/{made['id']}", "The order has been created.")

    def order(self, key: str, *, refused: str = "", done: str = "") -> Response:
        try:
            one = self.clerk.send("GET", f"salesOrders({key})?$expand=salesOrderLines")
        except RefusedError as missing:
            return self.orders({}, str(missing))
        path = f"{BELOW}orders/{key}"
        header = [field(name, label, one[name]) for name, label in FIELDS]
        add = [self._items(), field("quantity", "Quantity", 1)]
        heads = ("Line", "No.", "Quantity, price, discount", "Amount", "Shipped", "Invoiced", "")
        shown = [
            Html(
                f"<p>{html(one['customerName'])} · {html(one['status'])} · {html(one['totalAmountIncludingTax'])}</p>"
            ),
            *(button(path, words, do=do) for do, words in ACTIONS),
            button(path, "Delete", do="delete"),
            form(path, "Header", header, "Save", do="save"),
            table("Lines", heads, (_row(path, line) for line in one["salesOrderLines"])),
            form(path, "Another line", add, "Add", do="add"),
        ]
        return page(f"Order {one['number']}", _LINKS, shown, refused=refused, done=done)

    def act(self, key: str, given: dict[str, str]) -> Response:
        try:
            self._acted(key, given)
        except (RefusedError, ValueError) as refused:
            return self.order(key, refused=str(refused))
        still_there = self.service.environment.companies
        gone = all(company["salesOrder"].get(key) is None for company in still_there.values())
        return seen(HOME if gone else f"{BELOW}orders/{key}", "Done.")

    def _acted(self, key: str, given: dict[str, str]) -> None:
        path, what = f"salesOrders({key})", given["do"]
        if what in dict(ACTIONS):
            self._by_client(lambda clerk: clerk.act(key, what, {}))
        elif what == "delete":
            self.clerk.send("DELETE", path, if_match="*")
        elif what == "save":
            now = self.clerk.send("GET", path)
            body: dict[str, Any] = {n: given[n] for n, _ in FIELDS if n in given and given[n] != now[n]}
            self.clerk.send("PATCH", path, body, if_match="*")
        elif what == "add":
            self.clerk.send("POST", f"{path}/salesOrderLines", _line(given))
        elif what == "line":
            body = {
                name: number(given[name]) for name in ("quantity", "unitPrice", "discountAmount") if given.get(name)
            }
            self.clerk.send("PATCH", f"{path}/salesOrderLines({given['line']})", body, if_match="*")
        elif what == "drop":
            self.clerk.send("DELETE", f"{path}/salesOrderLines({given['line']})", if_match="*")
        else:
            raise ValueError(f"{what!r} is nothing that a clerk does")

    def _by_client(self, action: Any) -> None:
        """As the doors do it: kept, or undone and refused in the service's own words."""
        journal = self.service.environment.journal
        try:
            action(Clerk(self.service.environment))
        except RefusedByPage as refused:
            journal.roll_back()
            raise RefusedError(from_json(refused.response().body)["error"]["message"]) from None
        except BaseException:
            journal.roll_back()
            raise
        journal.commit()


def _line(given: dict[str, str]) -> dict[str, Any]:
    return {"lineType": "Item", "lineObjectNumber": given["item"], "quantity": number(given["quantity"])}


def _row(path: str, line: dict[str, Any]) -> tuple[Any, ...]:
    fields = [
        field("quantity", "Quantity", line["quantity"]),
        field("unitPrice", "Price", line["unitPrice"]),
        field("discountAmount", "Discount", line["discountAmount"]),
    ]
    change = form(path, line["description"], fields, "Change", do="line", line=line["id"])
    return (
        line["sequence"],
        line["lineObjectNumber"],
        change,
        line["amountIncludingTax"],
        line["shippedQuantity"],
        line["invoicedQuantity"],
        button(path, "Remove", do="drop", line=line["id"]),
    )
