"""Whatever is sent, the service answers, keeps nothing of what it refused, and its indexes stay true."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from syncengine.sandbox.exchange import Caller
from syncengine.sandbox.exchange import Request

ROOT = "/v2.0/production/api/v2.0"
VALUES = (
    "",
    None,
    0,
    1,
    -2.25,
    True,
    "10000",
    "1896-S",
    "BOX",
    "EUR",
    "2026-03-01",
    "nonsense",
    "x" * 40,
    "Item",
    "Comment",
    [],
    {},
    99999999999999999,
)
ACTIONS = ("release", "reopen", "ship", "invoice", "archive", "send-for-approval", "approve", "reject")
FILTERS = (
    "{0} eq '{2}'",
    "{0} gt {2}",
    "contains({0},'a')",
    "length({0}) gt 1",
    "{0} eq null",
    "{0} eq {1}",
    "round({0}) eq 1",
    "{0} ge 2026-01-01T00:00:00Z and {1} eq 'x'",
    "not ({0} eq 1)",
    "{0}",
    "(((",
    "{0} add 1 eq 2",
)


class Monkey:
    def __init__(self, lab: Any, seed: Any) -> None:
        self.service, self.company = lab.service, lab.company
        self.caller = Caller(lab.service.clients["integration"])
        self.random = random.Random(seed)  # noqa: S311  no secret
        api = lab.service.environment.api("api/v2.0")
        self.kinds = [kind for kind in api.types.values() if kind.name not in ("company", "subscription")]
        self.often = [api.types[name] for name in ("salesOrder", "salesOrderLine", "customer", "item")]

    def send(self, method: Any, path: Any, body: Any = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "if-match": "*"}
        url = f"{ROOT}/companies({self.company.id})/{path}"
        return self.service.answer(Request(method, url, headers, content, "http://x"), self.caller).status

    def act(self, order: Any) -> Any:
        path = f"/sandbox/orders/{order}/{self.random.choice(ACTIONS)}"
        return self.service.back_door(Request("POST", path, {}, b"{}", "http://x")).status

    def body(self, kind: Any) -> Any:
        pick = self.random.choice
        body = {}
        if "customerNumber" in kind.properties and pick((True, True, False)):
            body["customerNumber"] = pick(("10000", "20000"))
        if kind.name.endswith("Line") and pick((True, True, False)):
            body |= {"lineType": "Item", "lineObjectNumber": "1896-S", "quantity": pick((0, 1, 2.5, -3))}
        for column in self.random.sample(list(kind.properties.values()), k=pick((0, 1, 2, 3))):
            if not column.read_only:
                body[column.name] = pick(VALUES)
        for navigation in kind.navigation.values():
            if navigation.collection and self.random.random() < 0.1:
                body[navigation.name] = [{"lineType": "Item", "lineObjectNumber": "1900-S", "quantity": 1}]
        return body

    def step(self) -> Any:
        pick = self.random.choice
        kind = pick(pick((self.kinds, self.often)))
        rows = [*self.company[kind.name].rows.values()]
        key = pick(rows)[kind.key] if rows else self.company.id
        orders = [*self.company["salesOrder"].rows]
        match pick(("POST", "POST", "PATCH", "DELETE", "GET", "GET", "act", "below")):
            case "POST":
                return self.send("POST", kind.entity_set, self.body(kind))
            case "PATCH":
                return self.send("PATCH", f"{kind.entity_set}({key})", self.body(kind))
            case "DELETE" if self.random.random() < 0.2:
                return self.send("DELETE", f"{kind.entity_set}({key})")
            case "act" if orders:
                return self.act(pick(orders))
            case "below" if kind.navigation:
                return self.send(pick(("GET", "POST")), f"{kind.entity_set}({key})/{pick([*kind.navigation])}", {})
            case _:
                names = [*kind.properties]
                condition = pick(FILTERS).format(pick(names), pick(names), pick(VALUES))
                options = f"$filter={quote(condition)}&$orderby={pick(names)}&$skiptoken={key}"
                return self.send("GET", f"{kind.entity_set}?{options}")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("company", ["lab", "vat"])
def test_random_requests_leave_the_tables_sound(request: Any, company: Any, seed: Any) -> None:
    """Whatever is sent, indexes, orders of keys and totals of documents agree with the rows."""
    lab = request.getfixturevalue(company)
    lab.switch(rate_limit=10**9, archive_orders=True)
    monkey = Monkey(lab, seed)
    for _ in range(600):
        assert monkey.step() in {200, 201, 204, 400, 404, 405}
        assert not lab.service.environment.journal.mark()[1]
    for table in lab.company.tables.values():
        rows = sorted(table.rows.values(), key=table.position)
        assert table.all() == rows
        if table.stamped:
            stamps = [row["lastModifiedDateTime"] for row in table.stamped_between(None, None)]
            assert stamps == sorted(row["lastModifiedDateTime"] for row in rows)
        for column in ("customerId", "documentId", "parentId", "number", "code"):
            if table.has_index(column):
                assert all(row in table.find(column, row[column]) for row in rows)
    for order in lab.company["salesOrder"].all():
        lines = lab.company["salesOrderLine"].find("documentId", order["id"])
        assert sum((line["netAmount"] for line in lines), Decimal(0)) == order["totalAmountExcludingTax"]
