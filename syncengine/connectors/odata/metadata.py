"""`$metadata` (CSDL XML) as plain data: entity sets, properties with their facets, navigation."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Final
from xml.etree import ElementTree

EDM: Final = "{http://docs.oasis-open.org/odata/ns/edm}"

TYPES: Final[Mapping[str, str]] = {
    "Edm.String": "text",
    "Edm.Guid": "guid",
    "Edm.Boolean": "boolean",
    "Edm.Int16": "integer",
    "Edm.Int32": "integer",
    "Edm.Int64": "integer",
    "Edm.Byte": "integer",
    "Edm.Decimal": "decimal",
    "Edm.Double": "decimal",
    "Edm.Date": "date",
    "Edm.DateTimeOffset": "datetime",
}


@dataclass(frozen=True)
class Property:
    name: str
    type: str  # one of TYPES' values, or "choice" for enumerations
    length: int | None = None
    choices: tuple[str, ...] = ()  # the member names of an enumeration


@dataclass(frozen=True)
class Navigation:
    """`constraint` is the property that holds the key of the other entity, where there is one."""

    name: str
    target: str  # entity type, without namespace
    collection: bool
    constraint: str = ""


@dataclass(frozen=True)
class Entity:
    name: str
    key: tuple[str, ...]
    properties: Mapping[str, Property]
    navigation: Mapping[str, Navigation]


@dataclass(frozen=True)
class Model:
    entities: Mapping[str, Entity] = field(default_factory=dict)
    sets: Mapping[str, str] = field(default_factory=dict)  # entity set -> entity type
    actions: frozenset[str] = frozenset()  # "name" unbound, "type/name" bound to one, "type[]/name" to many

    def entity(self, entity_set: str) -> Entity | None:
        return self.entities.get(self.sets.get(entity_set, ""))

    def set_of(self, entity_type: str) -> str:
        return next((name for name, of in self.sets.items() if of == entity_type), "")


class NotMetadata(ValueError):
    """The text is no CSDL document."""


def parse(text: bytes) -> Model:
    """Raises NotMetadata."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  bounded in size; expat refuses entity bombs
    except ElementTree.ParseError as error:
        raise NotMetadata(str(error)) from error
    bases: dict[str, str] = {}
    own: dict[str, Entity] = {}
    enums = {
        one.get("Name", ""): tuple(member.get("Name", "") for member in one.iter(f"{EDM}Member"))
        for one in root.iter(f"{EDM}EnumType")
    }
    for element in root.iter(f"{EDM}EntityType"):
        entity = _entity(element, enums)
        own[entity.name] = entity
        bases[entity.name] = _short(element.get("BaseType", ""))
    entities = {name: _inherited(name, own, bases) for name in own}
    sets = {one.get("Name", ""): _short(one.get("EntityType", "")) for one in root.iter(f"{EDM}EntitySet")}
    if not sets:
        raise NotMetadata("it names no entity sets")
    return Model(entities, sets, frozenset(_actions(root)))


def to_plain(model: Model, sets: set[str]) -> dict[str, Any]:
    """The part of a model that concerns these entity sets, as JSON can hold it."""
    kept = dict(model.sets)
    types = {kept[name] for name in sets if name in kept}
    return {
        "sets": kept,
        "actions": sorted(model.actions),
        "entities": {
            entity.name: {
                "key": list(entity.key),
                "properties": [[p.name, p.type, p.length, list(p.choices)] for p in entity.properties.values()],
                "navigation": [[n.name, n.target, n.collection, n.constraint] for n in entity.navigation.values()],
            }
            for entity in model.entities.values()
            if entity.name in types
        },
    }


def from_plain(kept: Mapping[str, Any]) -> Model:
    entities = {
        name: Entity(
            name,
            tuple(one["key"]),
            {p[0]: Property(p[0], p[1], p[2], tuple(*p[3:])) for p in one["properties"]},
            {n[0]: Navigation(*n) for n in one["navigation"]},
        )
        for name, one in kept["entities"].items()
    }
    return Model(entities, kept["sets"], frozenset(kept["actions"]))


def _entity(element: ElementTree.Element, enums: Mapping[str, tuple[str, ...]]) -> Entity:
    key = tuple(one.get("Name", "") for one in element.iter(f"{EDM}PropertyRef"))
    properties = {}
    for one in element.findall(f"{EDM}Property"):
        length = one.get("MaxLength", "")
        name = one.get("Name", "")
        kind = one.get("Type", "")
        known = TYPES.get(kind, "text" if kind.startswith("Edm.") else "choice")
        properties[name] = Property(name, known, int(length) if length.isdigit() else None, enums.get(_short(kind), ()))
    navigation = {}
    for one in element.findall(f"{EDM}NavigationProperty"):
        target = one.get("Type", "")
        collection = target.startswith("Collection(")
        constraint = one.find(f"{EDM}ReferentialConstraint")
        name = one.get("Name", "")
        navigation[name] = Navigation(
            name,
            _short(target.removeprefix("Collection(").removesuffix(")")),
            collection,
            constraint.get("Property", "") if constraint is not None else "",
        )
    return Entity(element.get("Name", ""), key, properties, navigation)


def _inherited(name: str, own: Mapping[str, Entity], bases: Mapping[str, str]) -> Entity:
    """An entity with what its base types give it."""
    entity, base = own[name], bases.get(name, "")
    if base not in own or base == name:
        return entity
    above = _inherited(base, own, bases)
    return Entity(
        name,
        entity.key or above.key,
        {**above.properties, **entity.properties},
        {**above.navigation, **entity.navigation},
    )


def _actions(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter(f"{EDM}Action"):
        name = element.get("Name", "")
        if element.get("IsBound") != "true":
            yield name
            continue
        first = element.find(f"{EDM}Parameter")
        bound = first.get("Type", "") if first is not None else ""
        many = "[]" if bound.startswith("Collection(") else ""
        yield f"{_short(bound.removeprefix('Collection(').removesuffix(')'))}{many}/{name}"


def _short(qualified: str) -> str:
    return qualified.rpartition(".")[2]
