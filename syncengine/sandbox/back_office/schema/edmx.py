"""`$metadata`: the EDMX document, generated from the tables that validate."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from syncengine.sandbox.back_office.schema.entities import NAMESPACE

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.schema.entities import Api
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.schema.entities import Enumeration
    from syncengine.sandbox.back_office.schema.entities import Navigation

EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
EDM = "http://docs.oasis-open.org/odata/ns/edm"
CAPABILITIES = "Org.OData.Capabilities.V1"


def metadata_document(api: Api) -> bytes:
    root = ET.Element("edmx:Edmx", {"Version": "4.0", "xmlns:edmx": EDMX})
    services = ET.SubElement(root, "edmx:DataServices")
    schema = ET.SubElement(services, "Schema", {"Namespace": NAMESPACE, "xmlns": EDM})
    for enumeration in _enumerations(api):
        element = ET.SubElement(schema, "EnumType", {"Name": enumeration.name})
        for member in enumeration.members:
            ET.SubElement(element, "Member", {"Name": member.name, "Value": str(member.value)})
    for kind in api.types.values():
        _entity_type(schema, api, kind)
    for kind in api.types.values():
        for action in kind.actions:
            element = ET.SubElement(schema, "Action", {"Name": action, "IsBound": "true"})
            parameter = {"Name": "bindingParameter", "Type": f"{NAMESPACE}.{kind.edm_name}"}
            ET.SubElement(element, "Parameter", parameter)
    container = ET.SubElement(schema, "EntityContainer", {"Name": "NAV"})
    for kind in api.types.values():
        _entity_set(container, kind)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def _enumerations(api: Api) -> list[Enumeration]:
    found = {
        column.enumeration.name: column.enumeration
        for kind in api.types.values()
        for column in kind.properties.values()
        if column.enumeration
    }
    return [found[name] for name in sorted(found)]


def _entity_type(schema: ET.Element, api: Api, kind: EntityType) -> None:
    element = ET.SubElement(schema, "EntityType", {"Name": kind.edm_name})
    ET.SubElement(ET.SubElement(element, "Key"), "PropertyRef", {"Name": kind.key})
    for column in kind.properties.values():
        described = {"Name": column.name, "Type": column.type}
        if not column.nullable:
            described["Nullable"] = "false"
        if column.type == "Edm.Decimal":
            described["Scale"] = "Variable"
        if column.max_length:
            described["MaxLength"] = str(column.max_length)
        ET.SubElement(element, "Property", described)
    for navigation in kind.navigation.values():
        target = f"{NAMESPACE}.{api.types[navigation.target].edm_name}"
        described = {
            "Name": navigation.name,
            "Type": f"Collection({target})" if navigation.collection else target,
        }
        partner = _partner(api, kind, navigation)
        if partner:
            described["Partner"] = partner
        described["ContainsTarget"] = "true"
        found = ET.SubElement(element, "NavigationProperty", described)
        for here, there in navigation.on:
            ET.SubElement(found, "ReferentialConstraint", {"Property": here, "ReferencedProperty": there})


def _partner(api: Api, kind: EntityType, navigation: Navigation) -> str:
    """The navigation property that leads back: same columns, other way round."""
    back = tuple((there, here) for here, there in navigation.on)
    for other in api.types[navigation.target].navigation.values():
        if other.target == kind.name and other.on == back and back:
            return other.name
    return ""


def _entity_set(container: ET.Element, kind: EntityType) -> None:
    described = {"Name": kind.entity_set, "EntityType": f"{NAMESPACE}.{kind.edm_name}"}
    element = ET.SubElement(container, "EntitySet", described)
    for term, name, value in (
        # Delta links were removed in version 24: "Deprecated features in the platform".
        ("ChangeTracking", "Supported", False),
        ("DeleteRestrictions", "Deletable", kind.deletable),
        ("InsertRestrictions", "Insertable", kind.insertable),
        ("UpdateRestrictions", "Updatable", kind.updatable),
        ("SortRestrictions", "Sortable", True),
    ):
        annotation = ET.SubElement(element, "Annotation", {"Term": f"{CAPABILITIES}.{term}"})
        record = ET.SubElement(annotation, "Record")
        ET.SubElement(record, "PropertyValue", {"Property": name, "Bool": str(value).lower()})
