"""The actions and functions there are, with their bindings and parameters: `$metadata` and routing read
them here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import Response
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.payload import decode

if TYPE_CHECKING:
    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Table


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    required: bool = True


@dataclass(frozen=True)
class Bound:
    """What a bound operation is called on: a row, or the set of a table."""

    table: Table
    row: Row | None = None


Handler = Callable[[Operation, dict[str, Any], Bound | None], Response]


@dataclass(frozen=True)
class Message:
    """`binding` is "", "row" or "collection"; `tables` the tables it binds to, empty for all."""

    name: str
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    binding: str = ""
    tables: tuple[str, ...] = ()
    returns: str = ""
    is_function: bool = False

    def read(self, body: bytes) -> dict[str, Any]:
        """The parameters of an action from its JSON body. Raises DataverseError."""
        value = decode(body, self.name) if body.strip() else {}
        if not isinstance(value, dict):
            raise bad_payload(self.name, "An unexpected 'StartArray' node was found; expected 'StartObject'.")
        known = {one.name for one in self.parameters}
        for name in value:
            if name not in known and not name.startswith("@"):
                text = f"The parameter '{name}' in the request payload is not a valid parameter for the operation"
                raise bad_payload(self.name, f"{text} '{self.name}'.")
        for one in self.parameters:
            if one.required and value.get(one.name) is None:
                raise invalid_argument(f"Required field '{one.name}' is missing")
        return value
