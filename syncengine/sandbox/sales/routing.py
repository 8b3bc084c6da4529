"""From method and path to what answers it. Unknown resources and wrong verbs are refused before anything
else.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.odata import Named
from syncengine.sandbox.odata import ODataSyntaxError
from syncengine.sandbox.odata import parse_filter
from syncengine.sandbox.sales import reading
from syncengine.sandbox.sales import writing_requests
from syncengine.sandbox.sales.addresses import Segment
from syncengine.sandbox.sales.addresses import find_row
from syncengine.sandbox.sales.addresses import parse_key
from syncengine.sandbox.sales.addresses import reference
from syncengine.sandbox.sales.addresses import segments
from syncengine.sandbox.sales.conditions import Conditions
from syncengine.sandbox.sales.csdl import metadata
from syncengine.sandbox.sales.csdl import service_document
from syncengine.sandbox.sales.definition_requests import respond
from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.errors import bad_query
from syncengine.sandbox.sales.errors import not_emulated
from syncengine.sandbox.sales.errors import row_not_found
from syncengine.sandbox.sales.errors import unknown_segment
from syncengine.sandbox.sales.errors import wrong_verb
from syncengine.sandbox.sales.messages import Bound
from syncengine.sandbox.sales.messages import Message
from syncengine.sandbox.sales.operation import Operation
from syncengine.sandbox.sales.operation import answer
from syncengine.sandbox.sales.operation import no_content
from syncengine.sandbox.sales.operation import origin_of
from syncengine.sandbox.sales.query_options import QueryOptions
from syncengine.sandbox.sales.query_options import pairs

if TYPE_CHECKING:
    from syncengine.sandbox.sales.model import Collection
    from syncengine.sandbox.sales.model import Model
    from syncengine.sandbox.sales.model import Table

Handler = Callable[[Operation, QueryOptions], Response]
BOUND = "Microsoft.Dynamics.CRM."
_NOT_EMULATED = (
    "RelationshipDefinitions",
    "GlobalOptionSetDefinitions",
    "RetrieveMetadataChanges",
    "CreateEntities",
)


@dataclass(frozen=True)
class Router:
    model: Model
    messages: Mapping[str, Message]

    def find(self, request: Request) -> Handler:
        """Raises DataverseError 404 or 405."""
        path = segments(request.path)
        method = request.method
        if not path:
            return self._get(method, lambda op, _: answer(200, service_document(op.base, self.model)))
        head = path[0]
        if head.name == "$metadata":
            return self._get(method, self._metadata)
        if head.name == "EntityDefinitions":
            return lambda op, _: respond(op, path)
        table = self.model.by_set.get(head.name)
        if table is None:
            return self._unbound(request, head)
        if head.key is None:
            return self._of_set(request, table, path[1:])
        return self._of_row(request, table, head.key, path[1:])

    def _get(self, method: str, handler: Handler) -> Handler:
        if method != "GET":
            raise wrong_verb(method)
        return handler

    def _metadata(self, op: Operation, _: QueryOptions) -> Response:
        annotated = dict(pairs(op.request.target)).get("annotations", "").lower() == "true"
        body = metadata(op.session, list(self.messages.values()), annotated=annotated)
        return Response(200, body, {"content-type": "application/xml", "odata-version": "4.0"})

    def _unbound(self, request: Request, head: Segment) -> Handler:
        if head.name in _NOT_EMULATED:
            raise not_emulated(head.name)
        message = self.messages.get(head.name)
        if message is None or message.binding:
            raise unknown_segment(head.name)
        if (request.method == "GET") is not message.is_function:
            text = "No HTTP resource was found that matches the request URI "
            raise DataverseError(404, "", f"{text}'{origin_of(request)}{request.target}'.")
        return partial(self._call, message, head.key or "", None)

    def _call(
        self, message: Message, inside: str, bound: Bound | None, op: Operation, options: QueryOptions
    ) -> Response:
        if message.is_function:
            return message.handler(op, _arguments(op, message, inside, options), bound)
        return message.handler(op, message.read(op.request.body), bound)

    def _bound(self, name: str, binding: str, table: Table) -> Message:
        message = self.messages.get(name.removeprefix(BOUND))
        fits = message is not None and message.binding == binding
        if message is None or not fits or (message.tables and table.name not in message.tables):
            raise unknown_segment(name)
        return message

    def _of_set(self, request: Request, table: Table, rest: list[Segment]) -> Handler:
        method = request.method
        if not rest:
            if method == "GET":
                return lambda op, options: reading.list_rows(op, table, options)
            if method == "POST":
                return lambda op, options: writing_requests.post_row(op, table, options)
            raise wrong_verb(method)
        tail = rest[0]
        if tail.name == "$count" and len(rest) == 1:
            return self._get(method, lambda op, options: reading.count_rows(op, table, options))
        if tail.name.startswith(BOUND) and len(rest) == 1:
            message = self._bound(tail.name, "collection", table)
            if method != "POST":
                raise wrong_verb(method)
            return partial(self._call, message, "", Bound(table))
        raise unknown_segment(tail.name)

    def _of_row(self, request: Request, table: Table, key: str, rest: list[Segment]) -> Handler:
        method = request.method
        if not rest:
            handlers: dict[str, Handler] = {
                "GET": partial(_get_row, table, key),
                "PATCH": lambda op, o: writing_requests.patch_row(op, table, parse_key(table, key, o.aliases), key, o),
                "DELETE": lambda op, o: writing_requests.delete_row(op, table, parse_key(table, key, o.aliases)),
            }
            return _pick(handlers, method)
        tail = rest[0]
        if tail.name.startswith(BOUND):
            message = self._bound(tail.name, "row", table)
            if (method == "GET") is not message.is_function:
                raise wrong_verb(method)
            return partial(self._call_on_row, message, table, key, tail)
        if tail.name in table.collections:
            return _of_collection(request, table, key, table.collections[tail.name], rest)
        if tail.name in table.navigations:
            return _of_navigation(request, table, key, rest)
        if tail.name in table.properties or tail.name in table.writable:
            return _of_property(request, table, key, rest)
        raise unknown_segment(tail.name)

    def _call_on_row(
        self, message: Message, table: Table, key: str, tail: Segment, op: Operation, options: QueryOptions
    ) -> Response:
        row = find_row(op.session.db, table, parse_key(table, key, options.aliases))
        return self._call(message, tail.key or "", Bound(table, row), op, options)


def _pick(handlers: Mapping[str, Handler], method: str) -> Handler:
    if method not in handlers:
        raise wrong_verb(method)
    return handlers[method]


def _get_row(table: Table, key: str, op: Operation, options: QueryOptions) -> Response:
    row = find_row(op.session.db, table, parse_key(table, key, options.aliases))
    return reading.unchanged(op, row, options) or reading.one_row(op, table, row, options)


def _of_property(request: Request, table: Table, key: str, rest: list[Segment]) -> Handler:
    name = rest[0].name
    if len(rest) == 2 and rest[1].name == "$value" and request.method == "GET":
        return lambda op, o: _raw(table, find_row(op.session.db, table, parse_key(table, key, o.aliases)), name)
    if len(rest) > 1:
        raise unknown_segment(rest[1].name)
    handlers: dict[str, Handler] = {
        "GET": lambda op, o: reading.one_value(
            op, table, find_row(op.session.db, table, parse_key(table, key, o.aliases)), name
        ),
        "PUT": lambda op, o: writing_requests.put_value(op, table, parse_key(table, key, o.aliases), name),
        "DELETE": lambda op, o: writing_requests.delete_value(op, table, parse_key(table, key, o.aliases), name),
    }
    return _pick(handlers, request.method)


def _raw(table: Table, row: dict[str, Any], name: str) -> Response:
    value = row.get(table.properties[name].name) if name in table.properties else None
    if value is None:
        return no_content()
    return Response(200, str(value).encode(), {"content-type": "text/plain", "odata-version": "4.0"})


def _of_navigation(request: Request, table: Table, key: str, rest: list[Segment]) -> Handler:
    navigation = table.navigations[rest[0].name]

    def row_of(op: Operation, options: QueryOptions) -> dict[str, Any]:
        return find_row(op.session.db, table, parse_key(table, key, options.aliases))

    if len(rest) == 2 and rest[1].name == "$ref":
        handlers: dict[str, Handler] = {
            "GET": lambda op, o: _reference(op, table, row_of(op, o), navigation.name),
            "PUT": lambda op, o: writing_requests.put_reference(op, table, row_of(op, o), navigation),
            "DELETE": lambda op, o: writing_requests.delete_reference(op, table, row_of(op, o), navigation),
        }
        return _pick(handlers, request.method)
    if len(rest) > 1:
        raise unknown_segment(rest[1].name)

    def get(op: Operation, options: QueryOptions) -> Response:
        found = reading.related_row(op, table, row_of(op, options), navigation.name)
        return reading.one_row(op, *found, options) if found else no_content()

    return _pick({"GET": get}, request.method)


def _reference(op: Operation, table: Table, row: dict[str, Any], name: str) -> Response:
    found = reading.related_row(op, table, row, name)
    if found is None:
        return no_content()
    target, other = found
    where = f"{op.base}/{target.entity_set}({other[target.primary_id]})"
    return answer(200, {"@odata.context": f"{op.base}/$metadata#$ref", "@odata.id": where})


def _of_collection(request: Request, table: Table, key: str, collection: Collection, rest: list[Segment]) -> Handler:
    inner, tail = rest[0].key, [one.name for one in rest[1:]]

    def row_of(op: Operation, options: QueryOptions) -> dict[str, Any]:
        return find_row(op.session.db, table, parse_key(table, key, options.aliases))

    def child_of(op: Operation) -> Table:
        return op.session.table(collection.table)

    def rows_of(op: Operation, options: QueryOptions) -> list[dict[str, Any]]:
        row = row_of(op, options)
        found = op.session.db.find(collection.table, collection.lookup, row[table.primary_id])
        if options.filter is None:
            return found
        test = Conditions(op.session, child_of(op), options.aliases).compile(options.filter)
        return [one for one in found if test(one)]

    def remove(op: Operation, options: QueryOptions, address: str) -> Response:
        row, child = row_of(op, options), child_of(op)
        found = (
            parse_key(child, address, options.aliases) if inner is not None else reference(op.session.model, address)[1]
        )
        return writing_requests.remove_from_collection(op, table, row, collection, found)

    def one(op: Operation, options: QueryOptions) -> Response:
        child = child_of(op)
        row = find_row(op.session.db, child, parse_key(child, inner or "", options.aliases))
        if row.get(collection.lookup) != row_of(op, options)[table.primary_id]:
            raise row_not_found(child.name, inner or "")
        return reading.one_row(op, child, row, options)

    handlers: dict[str, Handler]
    if tail == [] and inner is None:
        handlers = {
            "GET": lambda op, o: reading.list_rows(op, child_of(op), o, (table, row_of(op, o), collection)),
        }
    elif tail == [] and inner is not None:
        handlers = {"GET": one}
    elif tail == ["$count"] and inner is None:
        handlers = {"GET": lambda op, o: reading.count_rows(op, child_of(op), o, (table, row_of(op, o), collection))}
    elif tail == ["$ref"] and inner is None:
        handlers = {
            "GET": lambda op, o: reading.references(op, child_of(op), rows_of(op, o)),
            "POST": lambda op, o: writing_requests.post_reference(op, table, row_of(op, o), collection),
            "DELETE": lambda op, o: remove(op, o, o.id),
        }
    elif tail == ["$ref"]:
        handlers = {"DELETE": lambda op, o: remove(op, o, inner or "")}
    else:
        raise unknown_segment(tail[0])
    return _pick(handlers, request.method)


def _arguments(op: Operation, message: Message, inside: str, options: QueryOptions) -> dict[str, Any]:
    """Of a function call: `Name=value` pairs, values or parameter aliases. Raises DataverseError."""
    if not inside:
        return {}
    try:
        call = parse_filter(f"{message.name}({inside})")
    except ODataSyntaxError as error:
        raise bad_query(str(error)) from None
    conditions = Conditions(op.session, next(iter(op.session.model.tables.values())), options.aliases)
    found = {}
    for one in getattr(call, "arguments", ()):
        if not isinstance(one, Named):
            raise bad_query(f"The parameters of '{message.name}' are given by name.")
        value = conditions.value_of(one.value)
        found[one.name] = str(value) if not isinstance(value, int | str | list) else value
    known = {parameter.name for parameter in message.parameters}
    if not found.keys() <= known:
        raise bad_query(f"'{message.name}' has no parameter '{min(found.keys() - known)}'.")
    return found
