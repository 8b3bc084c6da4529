"""Table definitions as `EntityDefinitions` shows them, made from the model when asked for."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.sales.change_tracking import is_enabled

if TYPE_CHECKING:
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

_SPACE = uuid.UUID("5f6d8a52-2a0b-4f43-9a3e-0d6c1f5a7b11")
_TYPES = {
    "String": "String",
    "Memo": "Memo",
    "Integer": "Integer",
    "BigInt": "BigInt",
    "Money": "Money",
    "Decimal": "Decimal",
    "Double": "Double",
    "Boolean": "Boolean",
    "Picklist": "Picklist",
    "State": "State",
    "Status": "Status",
    "DateTime": "DateTime",
    "Lookup": "Lookup",
    "Customer": "Lookup",
    "Owner": "Lookup",
    "Uniqueidentifier": "UniqueIdentifier",
    "Image": "Image",
}
# What every attribute has; the rest belongs to the derived type and needs a cast in the address.
COMMON = frozenset(
    [
        "MetadataId",
        "LogicalName",
        "SchemaName",
        "EntityLogicalName",
        "AttributeType",
        "AttributeTypeName",
        "IsValidForCreate",
        "IsValidForUpdate",
        "IsValidForRead",
        "IsPrimaryId",
        "IsPrimaryName",
        "IsCustomAttribute",
        "RequiredLevel",
        "DisplayName",
        "Description",
        "IsLogical",
        "AttributeOf",
    ]
)


def metadata_id(*names: str) -> str:
    return str(uuid.uuid5(_SPACE, "/".join(names)))


def label(text: str, *names: str) -> dict[str, Any]:
    one = {
        "Label": text,
        "LanguageCode": 1033,
        "IsManaged": True,
        "MetadataId": metadata_id("label", text, *names),
    }
    return {"LocalizedLabels": [one], "UserLocalizedLabel": one}


def managed(value: object) -> dict[str, Any]:
    return {"Value": value, "CanBeChanged": True, "ManagedPropertyLogicalName": "canmodifyadditionalsettings"}


def entity(session: Session, table: Table) -> dict[str, Any]:
    trackable = table.name not in session.switches.untrackable_tables
    return {
        "MetadataId": metadata_id(table.name),
        "LogicalName": table.name,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "CollectionSchemaName": table.schema_name + "s",
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
        "OwnershipType": table.ownership,
        "ChangeTrackingEnabled": is_enabled(session, table.name),
        "CanChangeTrackingBeEnabled": managed(trackable),
        "IsOptimisticConcurrencyEnabled": True,
        "IsCustomEntity": False,
        "IsActivity": table.primary_id == "activityid",
        "IsIntersect": False,
        "IsPrivate": False,
        "IsValidForAdvancedFind": True,
        "DisplayName": label(table.schema_name, table.name),
        "DisplayCollectionName": label(table.schema_name + "s", table.name),
    }


def attribute(table: Table, column: Column) -> dict[str, Any]:
    """All members, derived ones too, with the derived type."""
    kind = _TYPES[column.kind]
    found: dict[str, Any] = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{kind}AttributeMetadata",
        "MetadataId": metadata_id(table.name, column.name),
        "LogicalName": column.name,
        "SchemaName": column.schema,
        "EntityLogicalName": table.name,
        "AttributeType": column.kind if column.kind != "Image" else "Virtual",
        "AttributeTypeName": {"Value": f"{column.kind}Type"},
        "IsValidForCreate": column.create,
        "IsValidForUpdate": column.update,
        "IsValidForRead": column.read,
        "IsPrimaryId": column.name == table.primary_id,
        "IsPrimaryName": column.name == table.primary_name,
        "IsCustomAttribute": column.name in table.custom,
        "RequiredLevel": managed(column.required),
        "DisplayName": label(column.schema, table.name, column.name),
        "Description": label("", table.name, column.name),
        "IsLogical": False,
        "AttributeOf": None,
    }
    return found | _derived(table, column, kind)


def _derived(table: Table, column: Column, kind: str) -> dict[str, Any]:
    if kind in ("String", "Memo"):
        return {"MaxLength": column.max_length, "Format": "Text" if kind == "String" else "TextArea"}
    if kind in ("Integer", "Decimal", "Double", "Money", "BigInt"):
        found: dict[str, Any] = {"MinValue": column.minimum, "MaxValue": column.maximum}
        if kind in ("Decimal", "Double", "Money"):
            found["Precision"] = column.precision
        if kind == "Money":
            found["PrecisionSource"] = column.precision_source
            found["IsBaseCurrency"] = column.name.endswith("_base")
        return found
    if kind in ("Picklist", "State", "Status"):
        return {
            "DefaultFormValue": column.default,
            "OptionSet": option_set(table, column),
            "GlobalOptionSet": None,
        }
    if kind == "Boolean":
        return {"DefaultValue": column.default, "OptionSet": _two_options(table, column)}
    rest: dict[str, dict[str, Any]] = {
        "DateTime": {"Format": column.format, "DateTimeBehavior": {"Value": column.behavior}},
        "Lookup": {"Targets": list(column.targets)},
    }
    return rest.get(kind, {})


def option_set(table: Table, column: Column) -> dict[str, Any]:
    options = []
    for option in column.options.values():
        one: dict[str, Any] = {"Value": option.value, "Label": label(option.label, table.name, column.name)}
        if column.kind == "Status":
            one |= {"@odata.type": "#Microsoft.Dynamics.CRM.StatusOptionMetadata", "State": option.state}
        if column.kind == "State":
            one |= {
                "@odata.type": "#Microsoft.Dynamics.CRM.StateOptionMetadata",
                "DefaultStatus": option.default_status,
                "InvariantName": option.label,
            }
        options.append(one)
    return {
        "MetadataId": metadata_id("optionset", table.name, column.name),
        "Name": f"{table.name}_{column.name}",
        "IsGlobal": False,
        "OptionSetType": column.kind,
        "Options": options,
    }


def _two_options(table: Table, column: Column) -> dict[str, Any]:
    def one(value: int, otherwise: str) -> dict[str, Any]:
        option = column.options.get(value)
        return {
            "Value": value,
            "Label": label(option.label if option else otherwise, table.name, column.name),
        }

    return {
        "MetadataId": metadata_id("optionset", table.name, column.name),
        "OptionSetType": "Boolean",
        "TrueOption": one(1, "Yes"),
        "FalseOption": one(0, "No"),
    }


def key(table: Table, name: str) -> dict[str, Any]:
    return {
        "MetadataId": metadata_id(table.name, "key", name),
        "LogicalName": name.lower(),
        "SchemaName": name,
        "EntityLogicalName": table.name,
        "KeyAttributes": list(table.keys[name]),
        "EntityKeyIndexStatus": "Active",
        "IsManaged": False,
        "DisplayName": label(name, table.name),
    }


def many_to_one(session: Session, table: Table) -> list[dict[str, Any]]:
    found = []
    for navigation in table.navigations.values():
        target = session.table(navigation.target)
        found.append(_relationship(target, table, navigation.column, navigation.name, "NoCascade"))
    return found


def one_to_many(session: Session, table: Table) -> list[dict[str, Any]]:
    found = []
    for collection in table.collections.values():
        child = session.table(collection.table)
        column = child.columns.get(collection.lookup)
        if column is not None and table.name in column.navigation:
            name = column.navigation[table.name]
            found.append(
                _relationship(table, child, column, name, collection.on_delete)
                | {"SchemaName": collection.name, "ReferencedEntityNavigationPropertyName": collection.name}
            )
    return found


def _relationship(parent: Table, child: Table, column: Column, name: str, on_delete: str) -> dict[str, Any]:
    return {
        "MetadataId": metadata_id("relationship", child.name, column.name, parent.name),
        "SchemaName": f"{parent.name}_{child.name}_{column.name}",
        "RelationshipType": "OneToManyRelationship",
        "ReferencedEntity": parent.name,
        "ReferencedAttribute": parent.primary_id,
        "ReferencingEntity": child.name,
        "ReferencingAttribute": column.name,
        "ReferencingEntityNavigationPropertyName": name,
        "CascadeConfiguration": {"Delete": on_delete},
    }
