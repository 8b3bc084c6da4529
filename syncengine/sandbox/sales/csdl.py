"""The service document and `$metadata`, written from the tables that check every value."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any
from xml.sax.saxutils import quoteattr

from syncengine.sandbox.sales.change_tracking import is_enabled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncengine.sandbox.sales.messages import Message
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.model import Model
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

NAMESPACE = "Microsoft.Dynamics.CRM"
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">'
    '<edmx:Reference Uri="http://vocabularies.odata.org/OData.Community.Keys.V1.xml">'
    '<edmx:Include Namespace="OData.Community.Keys.V1" Alias="Keys" /></edmx:Reference>'
    "<edmx:DataServices>"
    f'<Schema Namespace="{NAMESPACE}" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
_TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"
_RESPONSES = {
    "WhoAmIResponse": (
        ("BusinessUnitId", "Edm.Guid"),
        ("UserId", "Edm.Guid"),
        ("OrganizationId", "Edm.Guid"),
    ),
    "RetrieveVersionResponse": (("Version", "Edm.String"),),
    "GetQuantityDecimalResponse": (("Quantity", "Edm.Int32"),),
    "CreateMultipleResponse": (("Ids", "Collection(Edm.Guid)"),),
    "BulkDeleteResponse": (("JobId", "Edm.Guid"),),
    "EntityRecordCountCollection": (
        ("Count", "Edm.Int32"),
        ("IsReadOnly", "Edm.Boolean"),
        ("Keys", "Collection(Edm.String)"),
        ("Values", "Collection(Edm.Int64)"),
    ),
    "RetrieveTotalRecordCountResponse": (("EntityRecordCountCollection", "mscrm.EntityRecordCountCollection"),),
    "ColumnSet": (("AllColumns", "Edm.Boolean"), ("Columns", "Collection(Edm.String)")),
    "QueryExpression": (("EntityName", "Edm.String"),),
}


def service_document(base: str, model: Model) -> dict[str, Any]:
    sets = [{"name": table.entity_set, "kind": "EntitySet", "url": table.entity_set} for table in model.tables.values()]
    return {"@odata.context": f"{base}/$metadata", "value": sets}


def metadata(session: Session, messages: Sequence[Message], *, annotated: bool) -> bytes:
    """`annotated` adds what `?annotations=true` asks for: computed columns and change tracking."""
    tables = list(session.model.tables.values())
    pieces = [_HEAD, _base_types()]
    pieces += [_entity(table, session.model, annotated=annotated) for table in tables]
    pieces += [_complex(name, fields) for name, fields in _RESPONSES.items()]
    pieces += [_operation(session.model, message) for message in messages]
    pieces.append(_container(session, tables, messages, annotated=annotated))
    pieces.append(_TAIL)
    return "".join(pieces).encode()


def _base_types() -> str:
    return (
        '<EntityType Name="crmbaseentity" Abstract="true" />'
        '<EntityType Name="principal" BaseType="mscrm.crmbaseentity" Abstract="true"><Key>'
        '<PropertyRef Name="ownerid" /></Key><Property Name="ownerid" Type="Edm.Guid" /></EntityType>'
        '<EntityType Name="activityparty" BaseType="mscrm.crmbaseentity" Abstract="true" />'
    )


def _entity(table: Table, model: Model, *, annotated: bool) -> str:
    principal = table.name in ("systemuser", "team")
    base = "principal" if principal else "crmbaseentity"
    pieces = [f'<EntityType Name="{table.name}" BaseType="mscrm.{base}">']
    if not principal:
        pieces.append(f'<Key><PropertyRef Name="{table.primary_id}" /></Key>')
    pieces += [_property(column, annotated=annotated) for column in _declared(table)]
    pieces += _navigations(table, model)
    for name, columns in table.keys.items():
        pieces.append(_alternate_key(table, name, columns))
    pieces.append("</EntityType>")
    return "".join(pieces)


def _declared(table: Table) -> list[Column]:
    """Write-only columns are declared too: a client must be able to send them."""
    return [c for c in table.columns.values() if c.read or not c.is_lookup]


def _property(column: Column, *, annotated: bool) -> str:
    scale = ' Scale="Variable"' if column.edm == "Edm.Decimal" else ""
    head = f'<Property Name="{column.property}" Type="{column.edm}"{scale}'
    notes = ""
    if annotated and not column.create and not column.update:
        notes = (
            '<Annotation Term="Org.OData.Core.V1.Computed" Bool="true" />'
            '<Annotation Term="Org.OData.Core.V1.Permissions">'
            "<EnumMember>Org.OData.Core.V1.PermissionType/Read</EnumMember></Annotation>"
        )
    return f"{head}>{notes}</Property>" if notes else f"{head} />"


def _navigations(table: Table, model: Model) -> list[str]:
    pieces = []
    for navigation in table.navigations.values():
        shared = len([t for t, n in navigation.column.navigation.items() if n == navigation.name]) > 1
        target = "principal" if shared else navigation.target
        partner = next(
            (
                c.name
                for c in model[navigation.target].collections.values()
                if c.table == table.name and c.lookup == navigation.column.name
            ),
            "",
        )
        back = f' Partner="{partner}"' if partner and not shared else ""
        pieces.append(
            f'<NavigationProperty Name="{navigation.name}" Type="mscrm.{target}" Nullable="true"{back}>'
            f'<ReferentialConstraint Property="{navigation.column.property}" '
            f'ReferencedProperty="{"ownerid" if shared else model[navigation.target].primary_id}" />'
            "</NavigationProperty>"
        )
    for collection in table.collections.values():
        lookup = model[collection.table].columns.get(collection.lookup)
        partner = lookup.navigation.get(table.name, "") if lookup else ""
        back = f' Partner="{partner}"' if partner else ""
        kind = f"Collection(mscrm.{collection.table})"
        pieces.append(f'<NavigationProperty Name="{collection.name}" Type="{kind}"{back} />')
    return pieces


def _alternate_key(table: Table, name: str, columns: Sequence[str]) -> str:
    refs = "".join(
        '<Record Type="Keys.PropertyRef"><PropertyValue Property="Alias" '
        f'String="{table.columns[c].property}" /><PropertyValue Property="Name" '
        f'PropertyPath="{table.columns[c].property}" /></Record>'
        for c in columns
    )
    return (
        f'<Annotation Term="Keys.AlternateKeys" Qualifier={quoteattr(name)}><Collection><Record '
        'Type="Keys.AlternateKey"><PropertyValue Property="Key"><Collection>'
        f"{refs}</Collection></PropertyValue></Record></Collection></Annotation>"
    )


def _complex(name: str, fields: Sequence[tuple[str, str]]) -> str:
    inside = "".join(f'<Property Name="{field}" Type="{kind}" />' for field, kind in fields)
    return f'<ComplexType Name="{name}">{inside}</ComplexType>'


def _operation(model: Model, message: Message) -> str:
    if not message.binding:
        return _overload(message, "")
    bound_to = message.tables or tuple(model.tables)
    kind = "Collection(mscrm.{0})" if message.binding == "collection" else "mscrm.{0}"
    return "".join(_overload(message, kind.format(table)) for table in bound_to)


def _overload(message: Message, bound_to: str) -> str:
    tag = "Function" if message.is_function else "Action"
    pieces = [f'<{tag} Name="{message.name}"' + (' IsBound="true">' if bound_to else ">")]
    if bound_to:
        name = "entityset" if bound_to.startswith("Collection") else "entity"
        pieces.append(f'<Parameter Name="{name}" Type="{bound_to}" Nullable="false" />')
    for one in message.parameters:
        nullable = ' Nullable="false"' if one.required else ""
        pieces.append(f'<Parameter Name="{one.name}" Type="{one.type}"{nullable} />')
    if message.returns:
        pieces.append(f'<ReturnType Type="{message.returns}" Nullable="false" />')
    pieces.append(f"</{tag}>")
    return "".join(pieces)


def _container(session: Session, tables: Sequence[Table], messages: Sequence[Message], *, annotated: bool) -> str:
    pieces = ['<EntityContainer Name="System">']
    for table in tables:
        pieces.append(f'<EntitySet Name="{table.entity_set}" EntityType="{NAMESPACE}.{table.name}">')
        for navigation in table.navigations.values():
            target = session.model[navigation.target].entity_set
            pieces.append(f'<NavigationPropertyBinding Path="{navigation.name}" Target="{target}" />')
        for collection in table.collections.values():
            target = session.model[collection.table].entity_set
            pieces.append(f'<NavigationPropertyBinding Path="{collection.name}" Target="{target}" />')
        if annotated and is_enabled(session, table.name):
            pieces.append(
                '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record>'
                '<PropertyValue Property="Supported" Bool="true" /></Record></Annotation>'
            )
        pieces.append("</EntitySet>")
    for message in messages:
        if not message.binding:
            tag = "FunctionImport" if message.is_function else "ActionImport"
            attribute = "Function" if message.is_function else "Action"
            pieces.append(f'<{tag} Name="{message.name}" {attribute}="{NAMESPACE}.{message.name}" />')
    pieces.append("</EntityContainer>")
    return "".join(pieces)
