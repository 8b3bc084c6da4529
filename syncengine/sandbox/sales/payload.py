"""A JSON body read against the model: columns, binds, nested rows. Types are checked here, limits are not."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any

import msgspec

from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.sales.addresses import RowKey
from syncengine.sandbox.sales.addresses import reference
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.model import Collection
from syncengine.sandbox.sales.model import Model
from syncengine.sandbox.sales.model import Navigation
from syncengine.sandbox.sales.model import Table
from syncengine.sandbox.sales.values import LiteralError
from syncengine.sandbox.sales.values import parse


@dataclass
class Payload:
    """What a body asks for. `binds` point at rows that need not exist; None clears the lookup."""

    values: dict[str, Any] = field(default_factory=dict)
    binds: dict[str, tuple[Navigation, RowKey] | None] = field(default_factory=dict)
    children: list[tuple[Collection, list[Payload]]] = field(default_factory=list)
    parents: list[tuple[Navigation, Payload]] = field(default_factory=list)
    odata_id: str = ""
    odata_type: str = ""


def decode(body: bytes, entity_set: str) -> Any:
    """JSON, or the refusal of what is not. A byte order mark is tolerated."""
    try:
        return from_json(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise bad_payload(entity_set, f"Invalid JSON. {error}") from None


@dataclass(frozen=True)
class Reader:
    """Reads bodies for one model. `deep` allows nested rows, which only a POST may have."""

    model: Model
    unknown_code: str = "0x80048d19"

    def read(self, table: Table, body: Any, *, deep: bool) -> Payload:
        if not isinstance(body, dict):
            raise bad_payload(
                table.entity_set,
                "An unexpected 'StartArray' node was found for property; expected 'StartObject'.",
            )
        found = Payload()
        for name, value in body.items():
            self._member(table, found, name, value, deep=deep)
        return found

    def _member(self, table: Table, found: Payload, name: str, value: Any, *, deep: bool) -> None:
        base, at, annotation = name.partition("@")
        if at:
            self._annotation(table, found, base, annotation, value)
        elif base in table.writable:
            column = table.writable[base]
            try:
                found.values[column.name] = parse(column, value)
            except LiteralError as error:
                raise bad_payload(table.entity_set, str(error)) from None
        elif base in table.navigations:
            self._nested_one(table, found, table.navigations[base], value, deep=deep)
        elif base in table.collections:
            self._nested_many(table, found, table.collections[base], value, deep=deep)
        elif base in table.properties:
            text = "CRM do not support direct update of Entity Reference properties, Use Navigation properties instead."
            raise bad_payload(table.entity_set, text)
        else:
            raise self._unknown(table, base)

    def _annotation(self, table: Table, found: Payload, base: str, annotation: str, value: Any) -> None:
        if not base:
            if annotation == "odata.type":
                found.odata_type = str(value).lstrip("#")
            elif annotation == "odata.id":
                found.odata_id = str(value)
            return
        if annotation != "odata.bind":
            if base not in table.properties and base not in table.navigations and base not in table.collections:
                raise self._undeclared(table, base)
            return
        if base in table.collections and isinstance(value, list):
            raise DataverseError(
                501,
                "0x80040800",
                "Binding existing rows to a collection is not emulated; bind from their side.",
            )
        navigation = table.navigations.get(base)
        if navigation is None:
            raise self._undeclared(table, base)
        found.binds[navigation.column.name] = None if value is None else self._bind(table, navigation, value)

    def _bind(self, table: Table, navigation: Navigation, value: Any) -> tuple[Navigation, RowKey]:
        if not isinstance(value, str):
            raise bad_payload(
                table.entity_set, f"Cannot convert the literal '{value}' to the expected type 'Edm.String'."
            )
        target, key = reference(self.model, value)
        sharing = [n for n in navigation.column.navigation.items() if n[1] == navigation.name]
        if target.name not in dict(sharing):
            text = f"'{value}' does not refer to a row of type 'Microsoft.Dynamics.CRM.{navigation.target}'."
            raise bad_payload(
                table.entity_set,
                f"{text} An entity with name = '{target.name}' cannot be bound to '{navigation.name}'.",
            )
        return Navigation(navigation.name, navigation.column, target.name), key

    def _nested_one(self, table: Table, found: Payload, navigation: Navigation, value: Any, *, deep: bool) -> None:
        if value is None:
            found.binds[navigation.column.name] = None
        elif isinstance(value, dict):
            self._only_deep(table, navigation.name, deep=deep)
            found.parents.append((navigation, self.read(self.model[navigation.target], value, deep=True)))
        else:
            raise bad_payload(
                table.entity_set,
                f"A 'PrimitiveValue' node with non-null value was found when trying to read the value "
                "of a navigation "
                f"property '{navigation.name}'; however, a 'StartArray' node, a 'StartObject' node, or a "
                f"'PrimitiveValue' node with null value was expected.",
            )

    def _nested_many(self, table: Table, found: Payload, collection: Collection, value: Any, *, deep: bool) -> None:
        if not isinstance(value, list):
            raise bad_payload(
                table.entity_set, f"A collection was expected for navigation property '{collection.name}'."
            )
        self._only_deep(table, collection.name, deep=deep)
        child = self.model[collection.table]
        found.children.append((collection, [self.read(child, one, deep=True) for one in value]))

    def _only_deep(self, table: Table, name: str, *, deep: bool) -> None:
        if not deep:
            raise bad_payload(table.entity_set, f"Deep update of navigation property '{name}' is not supported.")

    def _unknown(self, table: Table, name: str) -> DataverseError:
        kind = f"Microsoft.Dynamics.CRM.{table.name}"
        if self.unknown_code == "0x0":
            return bad_query(
                "An error occurred while validating input parameters: Microsoft.Crm.CrmException: "
                f"Invalid property '{name}' was found in entity '{kind}'. ---> "
                "Microsoft.OData.ODataException: "
                "Does not support untyped value in non-open type.",
                "0x0",
            )
        return bad_payload(
            table.entity_set,
            f"The property '{name}' does not exist on type '{kind}'. Make sure to only use property "
            "names that are "
            f"defined by the type.",
            self.unknown_code,
        )

    def _undeclared(self, table: Table, name: str) -> DataverseError:
        return bad_payload(
            table.entity_set,
            f"An undeclared property '{name}' which only has property annotations in the payload but "
            "no property value "
            f"was found in the payload. In OData, only declared navigation properties and declared "
            "named streams can be "
            f"represented as properties without values.",
        )
