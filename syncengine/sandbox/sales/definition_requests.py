"""Requests to `EntityDefinitions` and what lies under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.odata import Expand
from syncengine.sandbox.odata import ODataSyntaxError
from syncengine.sandbox.odata import evaluate
from syncengine.sandbox.odata import names
from syncengine.sandbox.sales import customizing
from syncengine.sandbox.sales import definitions
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import not_emulated
from syncengine.sandbox.sales.errors import unknown_property
from syncengine.sandbox.sales.errors import unknown_segment
from syncengine.sandbox.sales.errors import wrong_verb
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.query_options import QueryOptions
from syncengine.sandbox.sales.query_options import expand_options
from syncengine.sandbox.sales.query_options import parse_options

if TYPE_CHECKING:
    from syncengine.sandbox.exchange import Response
    from syncengine.sandbox.sales.addresses import Segment
    from syncengine.sandbox.sales.model import Table

Item = dict[str, Any]
Parts = dict[str, Callable[[], list[Item]]]


def respond(op: Operation, path: list[Segment]) -> Response:
    """Raises DataverseError."""
    method = op.request.method
    options = parse_options(op.request)
    if path[0].key is None:
        _only(method, "GET")
        found = [definitions.entity(op.session, one) for one in op.session.model.tables.values()]
        return _many(op, "EntityDefinitions", found, options, lambda item: _parts(op, item["LogicalName"]))
    table = _table(op, path[0].key)
    if len(path) == 1:
        if method in ("PUT", "PATCH"):
            return customizing.put_entity(op, table)
        _only(method, "GET")
        item = definitions.entity(op.session, table)
        return _one(op, "EntityDefinitions", item, options, _parts(op, table.name))
    return _below(op, table, path[1:], options)


def _below(op: Operation, table: Table, path: list[Segment], options: QueryOptions) -> Response:
    method, head = op.request.method, path[0]
    if head.name == "Attributes" and head.key is None and method == "POST":
        return customizing.post_attribute(op, table)
    if head.name == "Keys" and head.key is None and method == "POST":
        return customizing.post_key(op, table)
    if head.name == "Keys" and head.key is not None and method == "DELETE":
        return customizing.delete_key(op, table, head.key)
    parts = _parts(op, table.name)
    if head.name not in parts:
        raise unknown_segment(head.name)
    if head.name == "Attributes" and method in ("PUT", "DELETE"):
        raise not_emulated("changing and deleting columns")
    _only(method, "GET")
    items = parts[head.name]()
    cast = path[-1].name if path[-1].name.startswith("Microsoft.Dynamics.CRM.") else ""
    if cast:
        items = [item for item in items if item.get("@odata.type") == f"#{cast}"]
    where = f"EntityDefinitions('{table.name}')/{head.name}"
    if head.key is None:
        return _many(op, where, items, options, lambda _: {}, cast=cast)
    found = next((item for item in items if _matches(item, head.key or "")), None)
    if found is None:
        text = f"Could not find an attribute with specified name: {head.key}"
        raise DataverseError(404, "0x80060888", text)
    return _one(op, where, found, options, {})


def _table(op: Operation, key: str) -> Table:
    for table in op.session.model.tables.values():
        if key in (f"LogicalName='{table.name}'", definitions.metadata_id(table.name)):
            return table
    name = key.partition("'")[2].rstrip("'") or key
    text = f"The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache."
    raise DataverseError(404, "0x80060888", text)


def _matches(item: Item, key: str) -> bool:
    return key in (f"LogicalName='{item.get('LogicalName')}'", item.get("MetadataId"))


def _parts(op: Operation, name: str) -> Parts:
    table = op.session.model[name]
    return {
        "Attributes": lambda: [definitions.attribute(table, column) for column in table.columns.values()],
        "Keys": lambda: [definitions.key(table, one) for one in table.keys],
        "ManyToOneRelationships": lambda: definitions.many_to_one(op.session, table),
        "OneToManyRelationships": lambda: definitions.one_to_many(op.session, table),
        "ManyToManyRelationships": list,
    }


def _only(method: str, allowed: str) -> None:
    if method != allowed:
        raise wrong_verb(method)


def _many(
    op: Operation,
    where: str,
    items: list[Item],
    options: QueryOptions,
    parts: Callable[[Item], Parts],
    *,
    cast: str = "",
) -> Response:
    items = _filtered(items, options)
    if where.endswith("/Attributes") and not cast:
        for name in options.select or ():
            if name not in definitions.COMMON:
                raise unknown_property(name, "AttributeMetadata")
    value = [_shown(item, options, parts(item)) for item in items]
    return answer(200, {"@odata.context": f"{op.base}/$metadata#{where}", "value": value})


def _filtered(items: list[Item], options: QueryOptions) -> list[Item]:
    node = options.filter
    if node is None:
        return items
    if items:
        for path in names(node):
            if path.partition("/")[0] not in items[0]:
                raise unknown_property(path, "EntityMetadata")
    try:
        return [item for item in items if evaluate(node, _reader(item), _no_call, fold=False)]
    except ODataSyntaxError as error:
        raise bad_query(str(error)) from None


def _reader(item: Item) -> Callable[[str], Any]:
    def read(path: str) -> Any:
        found: Any = item
        for step in path.split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        return found

    return read


def _no_call(name: str, _: list[Any]) -> Any:
    raise bad_query(f"The function '{name}' is not supported for metadata.")


def _one(op: Operation, where: str, item: Item, options: QueryOptions, parts: Parts) -> Response:
    shown = _shown(item, options, parts)
    return answer(200, {"@odata.context": f"{op.base}/$metadata#{where}/$entity", **shown})


def _shown(item: Item, options: QueryOptions, parts: Parts) -> Item:
    shown = dict(item)
    if options.select is not None:
        for name in options.select:
            if name not in item:
                raise unknown_property(name, "EntityMetadata")
        kept = {*options.select, "MetadataId", "@odata.type"}
        shown = {name: value for name, value in item.items() if name in kept}
    elif "OptionSet" in item:
        # Option sets are related entities: they come when expanded.
        shown = {n: v for n, v in shown.items() if n not in ("OptionSet", "GlobalOptionSet")}
    for expand in options.expand:
        shown[expand.name] = _expanded(item, expand, parts)
    return shown


def _expanded(item: Item, expand: Expand, parts: Parts) -> Any:
    inner = expand_options(expand)
    if expand.name in parts:
        items = _filtered(parts[expand.name](), inner)
        return [_shown(one, inner, {}) for one in items]
    if expand.name not in item:
        raise unknown_property(expand.name, "EntityMetadata")
    value = item[expand.name]
    return _shown(value, inner, {}) if isinstance(value, dict) else value
