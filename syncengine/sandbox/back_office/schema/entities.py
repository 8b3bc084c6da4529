"""The tables of entity types that both validate what clients send and generate `$metadata`.

Read from `metadata/business-central.json` (what the product mainly uses), `supplement.json` (the rest of
API v2.0 that is served) and `companion.json` (the optional extension).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import field
from functools import cache
from importlib import resources
from typing import Any

NAMESPACE = "Microsoft.NAV"


@dataclass(frozen=True)
class Member:
    name: str  # as on the wire: characters outside identifiers are _xHHHH_
    caption: str
    value: int


@dataclass(frozen=True)
class Enumeration:
    name: str
    members: tuple[Member, ...]

    def member(self, text: str, *, captions: bool) -> str | None:
        """The wire name of what a client wrote; None when it is no member."""
        for one in self.members:
            if text == one.name or (captions and text == one.caption):
                return one.name
        return None

    def caption(self, wire: str) -> str:
        return next(one.caption for one in self.members if one.name == wire)


@dataclass(frozen=True)
class Property:
    name: str
    type: str  # "Edm.…", or the enumeration's qualified name
    max_length: int | None
    read_only: bool
    required: bool
    nullable: bool
    locked_when_released: bool
    code: bool  # an AL Code field: upper case, trimmed
    page_variable: bool
    enumeration: Enumeration | None


@dataclass(frozen=True)
class Navigation:
    name: str
    target: str  # entity type name
    collection: bool
    on: tuple[tuple[str, str], ...]  # (here, there)


@dataclass(frozen=True)
class EntityType:
    name: str
    edm_name: str
    entity_set: str
    key: str
    properties: dict[str, Property]
    navigation: dict[str, Navigation]
    actions: tuple[str, ...]
    insertable: bool
    updatable: bool
    deletable: bool
    source: str = ""

    def navigation_set(self, target: str) -> Navigation | None:
        """The collection of `target` below this type."""
        return next((n for n in self.navigation.values() if n.target == target and n.collection), None)


@dataclass(frozen=True)
class Api:
    """One API: a root path and what is served below it."""

    route: str
    types: dict[str, EntityType]
    by_set: dict[str, EntityType] = field(default_factory=dict)

    def without(self, names: frozenset[str]) -> Api:
        """The same API on a service that lacks some types; navigation to them goes with them."""
        if not names & self.types.keys():
            return self
        return _api(self.route, {name: kind for name, kind in self.types.items() if name not in names})


def _api(route: str, types: dict[str, EntityType]) -> Api:
    kept = {
        name: EntityType(
            **{
                **kind.__dict__,
                "navigation": {k: n for k, n in kind.navigation.items() if n.target in types},
            }
        )
        for name, kind in types.items()
    }
    return Api(route, kept, {kind.entity_set: kind for kind in kept.values()})


def _load(folder: str, name: str) -> dict[str, Any]:
    text = (resources.files("syncengine.sandbox") / folder / name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


class _Reader:
    def __init__(self, *documents: dict[str, Any]) -> None:
        self.documents = documents
        self.values: dict[str, dict[str, int]] = {}
        self.codes: frozenset[str] = frozenset()
        self.corrections: dict[str, dict[str, Any]] = {}
        self.page_variables: dict[str, list[str]] = {}
        for document in documents:
            self.values |= document.get("_enum_values", {})
            self.codes |= frozenset(document.get("_codes", {}).get("*", ()))
            self.corrections |= document.get("_corrections", {})
            self.page_variables |= document.get("_page_variables", {})
        self.enumerations = self._enumerations()

    def _enumerations(self) -> dict[str, Enumeration]:
        """Each enumeration once, by its longest list of members: some pages' captures lack newer ones."""
        longest: dict[str, list[tuple[str, str]]] = {}
        for described in self._described().values():
            for column in described["properties"].values():
                if "enum" in column:
                    name = column["type"].removeprefix(f"{NAMESPACE}.")
                    members = list(zip(column["enum_wire"], column["enum"], strict=True))
                    if len(members) > len(longest.get(name, [])):
                        longest[name] = members
        return {
            name: Enumeration(
                name,
                tuple(
                    Member(wire, caption, self.values.get(name, {}).get(wire, position))
                    for position, (wire, caption) in enumerate(members)
                ),
            )
            for name, members in longest.items()
        }

    def _described(self) -> dict[str, Any]:
        return {
            name: described
            for document in self.documents
            for name, described in document.items()
            if not name.startswith("_")
        }

    def types(self, names: set[str] | None = None) -> dict[str, EntityType]:
        found = {n: self._type(n, d) for n, d in self._described().items() if names is None or n in names}
        if "company" in found:
            found["company"] = self._with_every_set(found["company"], found)
        return found

    @staticmethod
    def _with_every_set(company: EntityType, types: dict[str, EntityType]) -> EntityType:
        """In a tenant's EDMX a company's navigation is one collection for each set served below it."""
        sets = {
            kind.entity_set: Navigation(kind.entity_set, name, collection=True, on=())
            for name, kind in types.items()
            if name not in ("company", "subscription")
        }
        return EntityType(**{**company.__dict__, "navigation": sets})

    def _type(self, name: str, described: dict[str, Any]) -> EntityType:
        can = described["capabilities"]
        edm_name = described.get("edm_type", name).removeprefix(f"{NAMESPACE}.")
        return EntityType(
            name=name,
            edm_name=edm_name,
            entity_set=described["entityset"],
            key=described["key"],
            properties={n: self._property(name, n, p) for n, p in described["properties"].items()},
            navigation={
                n: Navigation(
                    n,
                    d["type"].removeprefix("Collection(").removesuffix(")").removeprefix(f"{NAMESPACE}."),
                    collection=d["collection"],
                    on=tuple((here, there) for here, there in d["on"]),
                )
                for n, d in described.get("navigation", {}).items()
            },
            actions=tuple(action.removeprefix(f"{NAMESPACE}.") for action in described["actions"]),
            insertable=can["insertable"],
            updatable=can["updatable"],
            deletable=can["deletable"],
            source=described.get("source", ""),
        )

    def _property(self, entity: str, name: str, described: dict[str, Any]) -> Property:
        corrected = {**described, **self.corrections.get(entity, {}).get(name, {})}
        return Property(
            name=name,
            type=corrected["type"],
            max_length=corrected["maxlength"],
            read_only=corrected["readonly"],
            required=corrected["required_on_create"],
            nullable=corrected.get("nullable", True),
            locked_when_released=corrected.get("refused_when_released", False),
            code=corrected["type"] == "Edm.String" and name in self.codes,
            page_variable=name in self.page_variables.get(entity, ()),
            enumeration=self.enumerations.get(corrected["type"].removeprefix(f"{NAMESPACE}.")),
        )


@cache
def standard_api() -> Api:
    """API v2.0, as far as the sandbox serves it."""
    reader = _Reader(
        _load("metadata", "business-central.json"),
        _load("back_office", "supplement.json"),
    )
    return _api("api/v2.0", reader.types())


@cache
def companion_api() -> Api:
    """The companion extension; its enumerations are those of the base application."""
    companion = _load("back_office", "companion.json")
    reader = _Reader(
        _load("metadata", "business-central.json"),
        _load("back_office", "supplement.json"),
        companion,
    )
    names = {name for name in companion if not name.startswith("_")}
    types = reader.types({*names, "company"})
    company = reader._with_every_set(types["company"], types)  # noqa: SLF001  one module, one reader
    return _api("api/syncengine/companion/v1.0", {**types, "company": company})
