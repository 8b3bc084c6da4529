"""The tables as the service knows them: what `$metadata` is written from is what every value is checked
against.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import cached_property
from functools import lru_cache
from importlib import resources
from typing import Any

# The notes of columns whose create and update flags no source prints.
_ASSUMED = ("current page; create/update flags assumed", "inferred from the shared global choice name", "CDM")

STAMPED_PARENTS = frozenset({"systemuser", "team", "businessunit", "organization", "transactioncurrency"})

# Text columns by which clients look rows up; rows are found by them without a walk over the table.
SEARCHED = {
    "salesorder": ("ordernumber", "name"),
    "quote": ("quotenumber",),
    "invoice": ("invoicenumber",),
    "product": ("productnumber", "name"),
    "account": ("accountnumber", "name"),
    "contact": ("fullname", "emailaddress1"),
    "uom": ("name",),
    "uomschedule": ("name",),
    "pricelevel": ("name",),
    "transactioncurrency": ("isocurrencycode",),
    "systemuser": ("applicationid", "internalemailaddress"),
    "sdkmessage": ("name",),
    "sdkmessagefilter": ("primaryobjecttypecode",),
}


@dataclass(frozen=True, slots=True)
class Option:
    value: int
    label: str
    state: int | None = None  # of a status: the state it belongs to
    default_status: int | None = None  # of a state: the status it gets


@dataclass(frozen=True)
class Column:
    """`name` is the logical name, `property` what the wire calls it (`_x_value` for lookups)."""

    name: str
    kind: str
    edm: str
    property: str
    schema: str
    create: bool
    update: bool
    read: bool
    required: str = "None"
    max_length: int | None = None
    precision: int | None = None
    precision_source: int | None = None
    minimum: Any = None
    maximum: Any = None
    targets: tuple[str, ...] = ()
    navigation: dict[str, str] = field(default_factory=dict)
    options: dict[int, Option] = field(default_factory=dict)
    default: Any = None
    behavior: str = ""
    format: str = ""
    assumed: bool = False  # newer than the last page that says what may be written

    @cached_property
    def is_lookup(self) -> bool:
        return self.kind in ("Lookup", "Owner", "Customer")

    @cached_property
    def polymorphic(self) -> bool:
        return self.is_lookup and len(self.targets) > 1

    @cached_property
    def type_key(self) -> str:
        """Where a row keeps the table of a polymorphic lookup: the SDK's companion, e.g. `customeridtype`."""
        return self.name + "type"


@dataclass(frozen=True, slots=True)
class Navigation:
    """A single-valued navigation property."""

    name: str
    column: Column
    target: str


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection-valued navigation property."""

    name: str
    table: str
    lookup: str
    on_delete: str


@dataclass(frozen=True)
class Table:
    name: str
    entity_set: str
    primary_id: str
    primary_name: str
    ownership: str
    columns: dict[str, Column]
    collections: dict[str, Collection]
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # alternate keys, by name
    custom: frozenset[str] = frozenset()  # columns an administrator has added

    @cached_property
    def properties(self) -> dict[str, Column]:
        """Readable columns by wire name, in the order they are answered."""
        return {c.property: c for c in self.columns.values() if c.read}

    @cached_property
    def writable(self) -> dict[str, Column]:
        """Columns a body may name as properties, by wire name: write-only ones included, lookups not."""
        return {c.property: c for c in self.columns.values() if not c.is_lookup}

    @cached_property
    def navigations(self) -> dict[str, Navigation]:
        found: dict[str, Navigation] = {}
        for column in self.columns.values():
            for target, name in column.navigation.items():
                found.setdefault(name, Navigation(name, column, target))
        return found

    @cached_property
    def money(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns.values() if c.kind == "Money" and not c.name.endswith("_base"))

    @cached_property
    def schema_name(self) -> str:
        """The table's own schema name: that of its key without `Id`; activities share the key of all
        activities.
        """
        key = self.columns[self.primary_id].schema
        if self.primary_id == "activityid":
            return {
                "orderclose": "OrderClose",
                "quoteclose": "QuoteClose",
                "opportunityclose": "OpportunityClose",
            }[self.name]
        return key.removesuffix("Id") if key.lower().removesuffix("id") == self.name else self.name

    def has(self, column: str) -> bool:
        return column in self.columns


class Model:
    """All tables of one environment. Administrators add columns and keys; tables themselves are replaced
    whole.
    """

    def __init__(self, tables: dict[str, Table]) -> None:
        self.tables = tables
        self.by_set = {table.entity_set: table for table in tables.values()}
        self.version = 1

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def extend(
        self, name: str, *, column: Column | None = None, key: tuple[str, tuple[str, ...]] | None = None
    ) -> None:
        table = self.tables[name]
        if column is not None:
            columns = {**table.columns, column.name: column}
            table = replace(table, columns=columns, custom=table.custom | {column.name})
        if key is not None:
            table = replace(table, keys={**table.keys, key[0]: key[1]})
        self._put(table)

    def without_key(self, name: str, key: str) -> None:
        table = self.tables[name]
        self._put(replace(table, keys={k: v for k, v in table.keys.items() if k != key}))

    def _put(self, table: Table) -> None:
        self.tables = {**self.tables, table.name: table}
        self.by_set = {**self.by_set, table.entity_set: table}
        self.version += 1

    def indexed(self, table: Table) -> tuple[str, ...]:
        """Columns by whose value rows are found directly."""
        names = list(SEARCHED.get(table.name, ()))
        names += [c.name for c in table.columns.values() if c.navigation and not set(c.targets) <= STAMPED_PARENTS]
        names += [key[0] for key in table.keys.values()]
        return tuple(dict.fromkeys(names))


def load_model() -> Model:
    return Model(dict(_load()))


@lru_cache(maxsize=1)
def _load() -> dict[str, Table]:
    raw = json.loads(resources.files("syncengine.sandbox.metadata").joinpath("dataverse.json").read_text("utf-8"))
    platform = json.loads(
        resources.files("syncengine.sandbox.sales").joinpath("platform_tables.json").read_text("utf-8")
    )
    raw |= platform["tables"]
    for name, more in platform["collections"].items():
        raw[name]["collections"] |= more
    return {name: _table(name, one, set(raw)) for name, one in raw.items()}


def _table(name: str, raw: dict[str, Any], known: set[str]) -> Table:
    return Table(
        name=name,
        entity_set=raw["entityset"],
        primary_id=raw["primaryid"],
        primary_name=raw["primaryname"],
        ownership=raw["ownership"],
        columns={c: _column(c, one, known) for c, one in raw["columns"].items() if _exists(one)},
        collections={
            c: Collection(c, one["entity"], one["lookup"], one["ondelete"])
            for c, one in raw["collections"].items()
            if one["entity"] in known
        },
    )


def _exists(raw: dict[str, Any]) -> bool:
    return bool(raw["create"] or raw["update"] or raw["read"])


def _column(name: str, raw: dict[str, Any], known: set[str]) -> Column:
    targets = tuple(raw.get("targets", ()))
    if raw["attributetype"] in ("Lookup", "Owner", "Customer") and not targets:
        targets = {"owninguser": ("systemuser",), "owningbusinessunit": ("businessunit",)}.get(name, ())
    return Column(
        name=name,
        kind=raw["attributetype"],
        edm=raw["type"],
        property=raw.get("property") or name,
        schema=raw["schema"],
        create=raw["create"],
        update=raw["update"],
        read=raw["read"],
        required=raw["required"],
        max_length=raw["maxlength"],
        precision=raw["precision"],
        precision_source=raw.get("precisionsource"),
        minimum=raw.get("min"),
        maximum=raw.get("max"),
        targets=targets,
        navigation={t: n for t, n in raw.get("navigation", {}).items() if t in known},
        options=_options(raw),
        default=raw.get("default"),
        behavior=raw.get("behavior", ""),
        format=raw.get("format", ""),
        assumed=raw.get("note", "").startswith(_ASSUMED),
    )


def _options(raw: dict[str, Any]) -> dict[int, Option]:
    found = {}
    for value, one in (raw.get("options") or {}).items():
        if isinstance(one, str):
            found[int(value)] = Option(int(value), one)
        else:
            found[int(value)] = Option(int(value), one["label"], one.get("state"), one.get("defaultstatus"))
    return found
