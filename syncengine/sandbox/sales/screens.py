"""The seller's pages: orders as somebody enters, edits, submits and cancels them in Dynamics 365 Sales."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

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
    from syncengine.sandbox.exchange import Request
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.screens import Served

ROOT = "/api/data/v9.2/"
STATES = ("Active", "Submitted", "Canceled", "Fulfilled", "Invoiced")
TEXTS = (
    ("name", "Name"),
    ("description", "Description"),
    ("shipto_name", "Ship to"),
    ("shipto_line1", "Street"),
    ("shipto_postalcode", "Postal code"),
    ("shipto_city", "City"),
    ("shipto_country", "Country"),
)
NUMBERS = (("discountpercentage", "Discount %"), ("freightamount", "Freight"))
_LINKS = (link(HOME, "Orders"), link(f"{BELOW}new", "New order"))


def respond(service: Served, request: Request) -> Response | None:
    """None for an address that there is not."""
    screens = _Screens(Hand(service, "seller", ROOT, request.origin), Hand(service, "admin", ROOT, request.origin))
    path = request.path.removeprefix(BELOW) if request.path != HOME else ""
    given, query = posted(request) if request.method == "POST" else {}, dict(request.query)
    if path == "":
        return screens.change_organization(given) if given else screens.orders(query)
    if path == "new":
        return screens.create(given) if given else screens.new()
    if path.startswith("orders/"):
        key = path.removeprefix("orders/")
        return screens.act(key, given) if given else screens.order(key, done=query.get("done", ""))
    return None


class _Screens:
    def __init__(self, seller: Hand, admin: Hand) -> None:
        self.seller = seller
        self.admin = admin

    def orders(self, query: dict[str, str], refused: str = "") -> Response:
        wanted = query.get("q", "").replace("'", "''")
        condition = f"&$filter=contains(ordernumber,'{wanted}') or contains(name,'{wanted}')" if wanted else ""
        columns = "ordernumber,name,statecode,totalamount,submitstatusdescription"
        found = self.seller.list(f"salesorders?$select={columns}&$orderby=modifiedon desc&$top=50{condition}")
        rows = [
            (
                link(f"{BELOW}orders/{one['salesorderid']}", one["ordernumber"]),
                one["name"],
                STATES[one["statecode"]],
                one["totalamount"],
                one["submitstatusdescription"],
            )
            for one in found
        ]
        organization = self.seller.list("organizations?$select=issopintegrationenabled")[0]
        on = organization["issopintegrationenabled"]
        search = Html(f'<form><label>Number or name <input name="q" value="{html(query.get("q", ""))}"></label></form>')
        pieces = [
            search,
            table("The orders changed last", ("Number", "Name", "State", "Total", "Back office"), rows),
            Html(f"<p>Sales order processing is {'on' if on else 'off'}.</p>"),
            button(HOME, "Turn it off" if on else "Turn it on", on=int(not on), id=organization["organizationid"]),
        ]
        return page("Sales orders", _LINKS, pieces, refused=refused, done=query.get("done", ""))

    def change_organization(self, given: dict[str, str]) -> Response:
        on = given.get("on") == "1"
        self.admin.send("PATCH", f"organizations({given['id']})", {"issopintegrationenabled": on})
        return seen(HOME, f"Sales order processing is {'on' if on else 'off'}.")

    def new(self, refused: str = "") -> Response:
        accounts = self.seller.list("accounts?$select=name&$orderby=name&$top=200")
        lists = self.seller.list("pricelevels?$select=name,_transactioncurrencyid_value")
        fields = [
            choice("account", "Account", [(one["accountid"], one["name"]) for one in accounts]),
            choice("prices", "Price list", [(one["pricelevelid"], one["name"]) for one in lists]),
            self._products(),
            field("quantity", "Quantity", 1),
        ]
        path = f"{BELOW}new"
        return page("New order", _LINKS, [form(path, "Order", fields, "Create", do="create")], refused=refused)

    def _products(self) -> Html:
        found = self.seller.list("products?$select=name,productnumber&$filter=statecode eq 0&$orderby=name&$top=200")
        return choice(
            "product", "Product", [(one["productid"], f"{one['productnumber']} {one['name']}") for one in found]
        )

    def create(self, given: dict[str, str]) -> Response:
        try:
            prices = self.seller.send("GET", f"pricelevels({given['prices']})?$select=_transactioncurrencyid_value")
            currency = prices["_transactioncurrencyid_value"]
            body = {
                "name": "Order from the page",
                "customerid_account@odata.bind": f"/accounts({given['account']})",
                "pricelevelid@odata.bind": f"/pricelevels({given['prices']})",
                "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})",
                "order_details": [self._line(given)],
            }
            made = self.seller.send("POST", "salesorders", body, prefer="return=representation")
        except (RefusedError, ValueError) as refused:
            return self.new(str(refused))
        return seen(f"{BELOW}orders/{made['salesorderid']}", "The order has been created.")

    def _line(self, given: dict[str, str]) -> dict[str, Any]:
        product = self.seller.send("GET", f"products({given['product']})?$select=_defaultuomid_value")
        return {
            "productid@odata.bind": f"/products({given['product']})",
            "uomid@odata.bind": f"/uoms({product['_defaultuomid_value']})",
            "quantity": number(given["quantity"]),
        }

    def order(self, key: str, *, refused: str = "", done: str = "") -> Response:
        try:
            one = self.seller.send("GET", f"salesorders({key})?$expand=order_details")
        except RefusedError as missing:
            return self.orders({}, str(missing))
        path = f"{BELOW}orders/{key}"
        lines = sorted(one["order_details"], key=lambda line: line["lineitemnumber"] or 0)
        actions = [
            button(path, words, do=do)
            for do, words in (
                ("submit", "Submit"),
                ("reactivate", "Reactivate"),
                ("cancel", "Cancel the order"),
                ("delete", "Delete"),
            )
        ]
        header = [field(name, label, one[name]) for name, label in (*TEXTS, *NUMBERS)]
        add = [self._products(), field("quantity", "Quantity", 1)]
        shown = [
            Html(f"<p>{STATES[one['statecode']]} · total {html(one['totalamount'])}</p>"),
            Html(f"<p>Back office: {html(one['submitstatusdescription'])}</p>"),
            *actions,
            form(path, "Header", header, "Save", do="save"),
            table(
                "Lines", ("Product", "Quantity, price, discount", "Amount", "Shipped", ""), map(self._row(path), lines)
            ),
            form(path, "Another line", add, "Add", do="add"),
        ]
        return page(f"Order {one['ordernumber']}", _LINKS, shown, refused=refused, done=done)

    @staticmethod
    def _row(path: str) -> Any:
        def row(line: dict[str, Any]) -> tuple[Any, ...]:
            fields = [
                field("quantity", "Quantity", line["quantity"]),
                field("priceperunit", "Price", line["priceperunit"]),
                field("manualdiscountamount", "Discount", line["manualdiscountamount"]),
            ]
            key = line["salesorderdetailid"]
            name = line["productname"] or line["productdescription"]
            change = form(path, f"Line {line['lineitemnumber'] or ''}", fields, "Change", do="line", line=key)
            return (
                name,
                change,
                line["extendedamount"],
                line["quantityshipped"],
                button(path, "Remove", do="drop", line=key),
            )

        return row

    def act(self, key: str, given: dict[str, str]) -> Response:
        try:
            done = self._acted(key, given)
        except (RefusedError, ValueError) as refused:
            return self.order(key, refused=str(refused))
        return seen(HOME if given["do"] == "delete" else f"{BELOW}orders/{key}", done)

    def _acted(self, key: str, given: dict[str, str]) -> str:
        path, what = f"salesorders({key})", given["do"]
        if what in ("submit", "reactivate"):
            state = {"submit": (1, 3), "reactivate": (0, 2)}[what]
            self.seller.send("PATCH", path, {"statecode": state[0], "statuscode": state[1]})
        elif what == "cancel":
            close = {"subject": "Canceled", "salesorderid@odata.bind": f"/{path}"}
            self.seller.send("POST", "CancelSalesOrder", {"OrderClose": close, "Status": -1})
        elif what == "delete":
            self.seller.send("DELETE", path)
        elif what == "save":
            body: dict[str, Any] = {name: given[name] or None for name, _ in TEXTS if name in given}
            body |= {name: number(given[name]) if given[name] else None for name, _ in NUMBERS if name in given}
            self.seller.send("PATCH", path, body)
        elif what == "add":
            line = self._line(given) | {"salesorderid@odata.bind": f"/{path}"}
            self.seller.send("POST", "salesorderdetails", line)
        elif what == "line":
            body = {name: number(given[name]) for name in ("quantity", "priceperunit") if given.get(name)}
            body |= {
                "ispriceoverridden": True,
                "manualdiscountamount": number(given.get("manualdiscountamount") or "0"),
            }
            self.seller.send("PATCH", f"salesorderdetails({given['line']})", body)
        elif what == "drop":
            self.seller.send("DELETE", f"salesorderdetails({given['line']})")
        else:
            raise ValueError(f"{what!r} is nothing that a seller does")
        return "Done."
