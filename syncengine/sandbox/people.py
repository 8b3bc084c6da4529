"""A seller, an administrator and a clerk: people who act over HTTP, for stories and tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json

CANCELED, COMPLETE = 4, 100001  # what closes an order: status reasons of Sales


class Refused(Exception):
    """The service said no; `status` and its words."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass
class Person:
    """Somebody with a client of one service. `root` is where paths are relative to."""

    root: str
    token_url: str
    client_id: str
    client_secret: str
    scope: str
    _token: str = ""

    def _authorization(self) -> str:
        if not self._token:
            form = urllib.parse.urlencode(
                {
                    "grant_type": "client_credentials",
                    "client_id": self.client_id,
                    "client_secret": self.client_secret,
                    "scope": self.scope,
                }
            ).encode()
            with urllib.request.urlopen(self.token_url, form, timeout=20) as answer:  # noqa: S310  loopback
                self._token = json.load(answer)["access_token"]
        return f"Bearer {self._token}"

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON answer, None where there is none. A body of bytes is sent as it is. Raises Refused."""
        text = self._exchange(method, path, body, headers)
        return from_json(text) if text else None

    def content(self, path: str) -> bytes:
        """A file. Raises Refused."""
        return self._exchange("GET", path, None, {})

    def _exchange(self, method: str, path: str, body: Any, headers: dict[str, str]) -> bytes:
        url = path if path.startswith("http") else self.root + urllib.parse.quote(path, safe="/()$=&?,':@*%")
        sent = {
            "authorization": self._authorization(),
            "accept": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else to_json(body)
            sent["content-type"] = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode("utf-8", "replace")) from None

    def get(self, path: str) -> Any:
        return self.request("GET", path)

    def sign_in_again(self) -> None:
        self._token = ""


@dataclass
class Seller:
    """Works in Dynamics 365 Sales; also as administrator, where `person` is one."""

    person: Person

    def order(self, number_or_id: str) -> dict[str, Any]:
        """An order with its lines."""
        if number_or_id.count("-") == 4:
            found = self.person.get(f"salesorders({number_or_id})?$expand=order_details")
        else:
            rows = self.person.get(f"salesorders?$filter=ordernumber eq '{number_or_id}'")["value"]
            found = self.person.get(f"salesorders({rows[0]['salesorderid']})?$expand=order_details")
        found["order_details"].sort(key=lambda line: line["lineitemnumber"] or 0)
        return dict(found)

    def enter(self, account: str, price_list: str, currency: str, lines: list[dict[str, Any]], **columns: Any) -> str:
        """A new order, not submitted; gives its id. Lines: product, unit, quantity, price."""
        body = {
            "name": "Order from the phone",
            "customerid_account@odata.bind": f"/accounts({account})",
            "pricelevelid@odata.bind": f"/pricelevels({price_list})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency})",
            "order_details": [
                {
                    "productid@odata.bind": f"/products({line['product']})",
                    "uomid@odata.bind": f"/uoms({line['unit']})",
                    "quantity": line["quantity"],
                    "ispriceoverridden": True,
                    "priceperunit": line["price"],
                    "lineitemnumber": place,
                }
                for place, line in enumerate(lines, start=1)
            ],
            **columns,
        }
        made = self.person.request("POST", "salesorders", body, prefer="return=representation")
        return str(made["salesorderid"])

    def submit(self, order: str) -> None:
        self.person.request("PATCH", f"salesorders({order})", {"statecode": 1, "statuscode": 3})

    def reactivate(self, order: str) -> None:
        self.person.request("PATCH", f"salesorders({order})", {"statecode": 0, "statuscode": 2})

    def change(self, order: str, **columns: Any) -> None:
        """Header columns of an order that is Active."""
        self.person.request("PATCH", f"salesorders({order})", columns)

    def change_line(self, line: str, body: dict[str, Any]) -> None:
        self.person.request("PATCH", f"salesorderdetails({line})", body)

    def add_line(self, order: str, product: str, unit: str, quantity: Any, price: Any, **columns: Any) -> None:
        """To an order that is Active."""
        body = {
            "salesorderid@odata.bind": f"/salesorders({order})",
            "productid@odata.bind": f"/products({product})",
            "uomid@odata.bind": f"/uoms({unit})",
            "quantity": quantity,
            "ispriceoverridden": True,
            "priceperunit": price,
            **columns,
        }
        self.person.request("POST", "salesorderdetails", body)

    def remove_line(self, line: str) -> None:
        self.person.request("DELETE", f"salesorderdetails({line})")

    def cancel(self, order: str, subject: str = "not wanted any more") -> None:
        self.person.request("POST", "CancelSalesOrder", {"OrderClose": _close(order, subject), "Status": CANCELED})

    def fulfil(self, order: str) -> None:
        action = "salesorders/Microsoft.Dynamics.CRM.FulfillSalesOrder"
        self.person.request("POST", action, {"OrderClose": _close(order, "delivered"), "Status": COMPLETE})

    def delete(self, order: str) -> None:
        self.person.request("DELETE", f"salesorders({order})")

    def edit(self, order: str, *, lines: dict[str, dict[str, Any]] | None = None, **columns: Any) -> None:
        """As a seller does it: reactivate, edit, submit."""
        self.reactivate(order)
        for line, body in (lines or {}).items():
            self.change_line(line, body)
        if columns:
            self.change(order, **columns)
        self.submit(order)

    def switch_order_processing(self, *, on: bool) -> None:
        organization = self.person.get("organizations?$select=organizationid")["value"][0]["organizationid"]
        self.person.request("PATCH", f"organizations({organization})", {"issopintegrationenabled": on})


def _close(order: str, subject: str) -> dict[str, str]:
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.orderclose",
        "subject": subject,
        "salesorderid@odata.bind": f"/salesorders({order})",
    }


@dataclass
class Clerk:
    """Works in Business Central: edits over the API, acts through the back doors that stand for its pages."""

    person: Person
    origin: str
    company: str  # id

    def _path(self, rest: str) -> str:
        return f"companies({self.company})/{rest}"

    def orders(self, condition: str) -> list[dict[str, Any]]:
        found = self.person.get(self._path(f"salesOrders?$filter={condition}&$expand=salesOrderLines"))
        return list(found["value"])

    def order(self, number_or_key: str) -> dict[str, Any]:
        """By its number, or by the Sales order number it carries."""
        for column in ("number", "externalDocumentNumber"):
            found = self.orders(f"{column} eq '{number_or_key}'")
            if found:
                return found[0]
        raise LookupError(number_or_key)

    def change(self, order: dict[str, Any], **columns: Any) -> None:
        fresh = self.person.get(self._path(f"salesOrders({order['id']})"))
        self.person.request("PATCH", self._path(f"salesOrders({order['id']})"), columns, if_match=fresh["@odata.etag"])

    def change_line(self, order: dict[str, Any], line: dict[str, Any], **columns: Any) -> None:
        path = self._path(f"salesOrders({order['id']})/salesOrderLines({line['id']})")
        self.person.request("PATCH", path, columns, if_match="*")

    def add_line(self, order: dict[str, Any], **columns: Any) -> None:
        self.person.request("POST", self._path(f"salesOrders({order['id']})/salesOrderLines"), columns)

    def remove_line(self, order: dict[str, Any], line: dict[str, Any]) -> None:
        path = self._path(f"salesOrders({order['id']})/salesOrderLines({line['id']})")
        self.person.request("DELETE", path, if_match="*")

    def delete(self, order: dict[str, Any]) -> None:
        self.person.request("DELETE", self._path(f"salesOrders({order['id']})"), if_match="*")

    def attach(self, order: dict[str, Any], name: str, content: bytes, entity_set: str = "documentAttachments") -> None:
        """A file on an order."""
        made = self.person.request("POST", self._path(f"salesOrders({order['id']})/{entity_set}"), {"fileName": name})
        path = self._path(f"{entity_set}({made['id']})/attachmentContent")
        self.person.request("PATCH", path, content, if_match="*")

    def files(self, order: dict[str, Any], entity_set: str = "documentAttachments") -> dict[str, bytes]:
        """The files on an order, by name."""
        rows = self.person.get(self._path(f"salesOrders({order['id']})/{entity_set}"))["value"]
        return {
            one["fileName"]: self.person.content(self._path(f"{entity_set}({one['id']})/attachmentContent"))
            for one in rows
        }

    def set_dimension(self, owner: str, code: str, value: str) -> None:
        """On a document or a line, `salesOrders(…)` or `salesOrderLines(…)`; it must not have one of that code yet."""
        self.person.request("POST", self._path(f"{owner}/dimensionSetLines"), {"code": code, "valueCode": value})

    def drop_dimension(self, owner: str, code: str) -> None:
        """Take it off a document or a line."""
        rows = self.person.get(self._path(f"{owner}/dimensionSetLines"))["value"]
        (row,) = (one for one in rows if one["code"] == code)
        self.person.request("DELETE", self._path(f"{owner}/dimensionSetLines({row['id']})"), if_match="*")

    def dimensions(self, owner: str) -> dict[str, str]:
        """The dimension values of a document or a line, by dimension."""
        rows = self.person.get(self._path(f"{owner}/dimensionSetLines"))["value"]
        return {one["code"]: one["valueCode"] for one in rows}

    def create(self, entity_set: str, **columns: Any) -> dict[str, Any]:
        return dict(self.person.request("POST", self._path(entity_set), columns))

    def through_companion(self, method: str, rest: str, body: Any = None, **headers: str) -> Any:
        """What people do in the client's own screens with what only the companion extension shows to programs."""
        root = self.person.root.replace("api/v2.0/", "api/syncengine/companion/v1.0/")
        return self.person.request(method, root + self._path(rest).replace(" ", "%20"), body, **headers)

    def find(self, entity_set: str, condition: str) -> dict[str, Any]:
        return dict(self.person.get(self._path(f"{entity_set}?$filter={condition}"))["value"][0])

    def act(self, order: dict[str, Any], action: str, **posted: Any) -> None:
        """release, reopen, ship, invoice, archive: what the pages offer and the API does not."""
        url = f"{self.origin}/sandbox/orders/{order['id']}/{action}"
        request = urllib.request.Request(  # noqa: S310
            url, to_json(posted), {"content-type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=20):  # noqa: S310
                return
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode("utf-8", "replace")) from None


def outstanding(line: dict[str, Any]) -> Decimal:
    return Decimal(line["quantity"]) - Decimal(line["shippedQuantity"])
