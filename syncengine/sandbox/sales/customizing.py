"""What an administrator adds to tables through the metadata API: columns, alternate keys, change tracking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.definitions import metadata_id
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_payload
from syncengine.sandbox.sales.errors import invalid_argument
from syncengine.sandbox.sales.errors import not_emulated
from syncengine.sandbox.sales.model import Column
from syncengine.sandbox.sales.model import Option
from syncengine.sandbox.sales.model import Table
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.payload import decode
from syncengine.sandbox.sales.privileges import require_named

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.world import World

_EDM = {
    "String": "Edm.String",
    "Memo": "Edm.String",
    "Integer": "Edm.Int32",
    "Decimal": "Edm.Decimal",
    "Boolean": "Edm.Boolean",
    "DateTime": "Edm.DateTimeOffset",
    "Picklist": "Edm.Int32",
}


def add_column(world: World, table: str, column: Column) -> None:
    """Rows keep their versions, but delta tokens of the table may expire by it. Raises DataverseError."""
    if column.name in world.model[table].columns:
        text = f"An attribute with the specified name {column.name} already exists for entity {table}."
        raise DataverseError(400, "0x80044150", text)
    world.model.extend(table, column=column)
    if world.switches.metadata_change_expires_tokens:
        world.token_floor[table] = world.db.next_version()


def add_key(world: World, table: str, name: str, columns: tuple[str, ...]) -> None:
    """Raises DataverseError for a column that there is not."""
    known = world.model[table]
    for one in columns:
        if one not in known.columns:
            raise invalid_argument(f"Attribute {one} not found for {table}.")
    world.model.extend(table, key=(name, columns))
    world.db.reindex(table, world.model.indexed(world.model[table]))


def custom_column(name: str, kind: str = "String", **more: Any) -> Column:
    """A column as an administrator would make it: readable and writable, optional."""
    edm = _EDM[kind]
    column = Column(name.lower(), kind, edm, name.lower(), name, create=True, update=True, read=True)
    if kind in ("String", "Memo") and "max_length" not in more:
        more["max_length"] = 100 if kind == "String" else 2000
    return replace(column, **more)


def post_attribute(op: Operation, table: Table) -> Response:
    """POST EntityDefinitions(…)/Attributes. Raises DataverseError."""
    require_named(op.session, "prvCustomization")
    body = decode(op.request.body, "EntityDefinitions")
    if not isinstance(body, dict) or not isinstance(body.get("SchemaName"), str):
        raise bad_payload("EntityDefinitions", "The SchemaName of the attribute is missing.")
    kind = str(body.get("@odata.type", "")).rpartition(".")[2].removesuffix("AttributeMetadata")
    if kind not in _EDM:
        raise not_emulated(f"columns of type '{kind}'")
    name = body["SchemaName"]
    if "_" not in name:
        raise invalid_argument(f"The prefix of '{name}' is not a publisher's.")
    column = custom_column(name, kind, **_details(kind, body))
    add_column(op.session.world, table.name, column)
    made = metadata_id(table.name, column.name)
    where = f"{op.base}/EntityDefinitions({metadata_id(table.name)})/Attributes({made})"
    return no_content(odata_entityid=where)


def _details(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if kind in ("String", "Memo") and body.get("MaxLength"):
        more["max_length"] = int(body["MaxLength"])
    if kind in ("Integer", "Decimal"):
        more["minimum"], more["maximum"] = body.get("MinValue", -(2**31)), body.get("MaxValue", 2**31 - 1)
        more["precision"] = body.get("Precision", 2) if kind == "Decimal" else None
    if kind == "DateTime":
        behavior = (body.get("DateTimeBehavior") or {}).get("Value", "UserLocal")
        more |= {"behavior": behavior, "format": body.get("Format", "DateAndTime")}
        if behavior == "DateOnly":
            more["edm"] = "Edm.Date"
    if kind == "Picklist":
        options = (body.get("OptionSet") or {}).get("Options", ())
        more["options"] = {int(o["Value"]): Option(int(o["Value"]), _label(o)) for o in options}
    return more


def _label(option: dict[str, Any]) -> str:
    labels = (option.get("Label") or {}).get("LocalizedLabels") or [{}]
    return str(labels[0].get("Label", ""))


def post_key(op: Operation, table: Table) -> Response:
    """POST EntityDefinitions(…)/Keys. Raises DataverseError."""
    require_named(op.session, "prvCustomization")
    body = decode(op.request.body, "EntityDefinitions")
    names = body.get("KeyAttributes") if isinstance(body, dict) else None
    if not isinstance(names, list) or not names or not isinstance(body.get("SchemaName"), str):
        raise bad_payload("EntityDefinitions", "SchemaName and KeyAttributes are needed.")
    add_key(op.session.world, table.name, body["SchemaName"].lower(), tuple(names))
    made = metadata_id(table.name, "key", body["SchemaName"].lower())
    where = f"{op.base}/EntityDefinitions({metadata_id(table.name)})/Keys({made})"
    return no_content(odata_entityid=where)


def delete_key(op: Operation, table: Table, made: str) -> Response:
    """Raises DataverseError."""
    require_named(op.session, "prvCustomization")
    for name in table.keys:
        if made in (metadata_id(table.name, "key", name), f"LogicalName='{name}'"):
            op.session.model.without_key(table.name, name)
            return no_content()
    raise DataverseError(404, "0x80060891", f"Could not find an entity key with id {made}.")


def put_entity(op: Operation, table: Table) -> Response:
    """PUT EntityDefinitions(…): change tracking can be turned on, and never off again. Raises
    DataverseError.
    """
    require_named(op.session, "prvCustomization")
    body = decode(op.request.body, "EntityDefinitions")
    wanted = body.get("ChangeTrackingEnabled") if isinstance(body, dict) else None
    world = op.session.world
    tracked = world.switches.tracked_tables
    if wanted is True and table.name in world.switches.untrackable_tables:
        raise invalid_argument(f"Change tracking cannot be enabled for {table.name}.")
    if wanted is True and table.name not in tracked:
        world.switches = world.switches.changed({"tracked_tables": [*tracked, table.name]})
    if wanted is False and table.name in tracked:
        raise invalid_argument(f"Change tracking cannot be disabled for {table.name}.")
    return no_content()
