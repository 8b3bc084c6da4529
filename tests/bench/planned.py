"""Steps of a plan and writes on the wire, in words in which they can be compared."""

from __future__ import annotations

from typing import Any

from tests.bench.bench import Write

METHODS = {
    "create": "POST",
    "create-line": "POST",
    "update": "PATCH",
    "update-line": "PATCH",
    "delete": "DELETE",
    "delete-line": "DELETE",
}

Kind = tuple[str, str, str]
"""Side, method, table."""


def of_step(step: dict[str, Any]) -> Kind:
    method = METHODS.get(step["verb"])
    if step["verb"] == "set-state":
        method = "POST" if step["body"]["state"] == "fulfilled" else "PATCH"
    table = "FulfillSalesOrder" if method == "POST" and step["verb"] == "set-state" else step["table"]
    return step["side"], str(method), table


def of_write(write: Write) -> Kind:
    return write.side, write.method, write.table
