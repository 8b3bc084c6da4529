"""The tables of one environment, from its `$metadata`, else from what every API v2.0 has."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace

from syncengine.connectors.business_central import standard
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import metadata
from syncengine.connectors.odata.published import Published
from syncengine.connectors.settings import Cache
from syncengine.mapping.filters import STATE
from syncengine.records.document import ColumnSchema
from syncengine.records.document import TableSchema
from syncengine.records.traits import TableTraits


@dataclass(frozen=True)
class Table:
    name: str
    key: str
    columns: Mapping[str, ColumnSchema]
    collections: Mapping[str, str]  # line table -> navigation property
    published: bool

    def property(self, column: str) -> str:
        return "status" if column == STATE else column


class Schema:
    """One root of the service. `prefix` stands before the names of its tables, wherever they are named outside."""

    def __init__(self, http: HttpClient, root: str, cache: Cache, prefix: str = "", *, optional: bool = False) -> None:
        self.http = http
        self.root = root
        self.cache = cache
        self.prefix = prefix
        name = f"back-office-{prefix.replace('/', '-')}metadata"
        self.published = Published(http, f"{root}/$metadata", cache, name, optional=optional)
        self._generation = 0
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        self.model()
        if self._generation != self.published.generation:
            self._tables, self._generation = {}, self.published.generation
        if name not in self._tables:
            self._tables[name] = self._build(name)
        return self._tables[name]

    def own(self, name: str) -> str:
        """A table as this root itself calls it."""
        return name.removeprefix(self.prefix)

    def forget(self) -> None:
        """What is known of the system may be out of date."""
        self.published.forget()

    def schemas(self, tables: Iterable[str]) -> dict[str, TableSchema]:
        return {name: TableSchema(name, table.columns) for name in tables if (table := self.table(name)).published}

    def traits(self, name: str) -> TableTraits:
        """How a table takes writes; of the places where a key may stand, those this environment has."""
        found = standard.TRAITS.get(name, TableTraits())
        sets = self.model().sets
        has = self.table(name).collections
        belongings = tuple(one for one in found.belongings if one.table in has)
        lost = (*found.lost_on_copy, *(one.words for one in found.belongings if one not in belongings))
        found = replace(found, belongings=belongings, lost_on_copy=lost)
        if not sets:
            return replace(found, filed=None, key_tables=tuple(one for one in found.key_tables if one == name))
        return replace(
            found,
            key_tables=tuple(one for one in found.key_tables if one in sets),
            posted=tuple(one for one in found.posted if one.table in sets),
            filed=found.filed if found.filed and found.filed.table in sets else None,
        )

    def model(self) -> metadata.Model:
        return self.published.model()

    def _build(self, name: str) -> Table:
        entity = self.model().entity(self.own(name))
        read_only = standard.READ_ONLY.get(name, frozenset({"id", "lastModifiedDateTime"}))
        key = standard.KEYS.get(name, "id")
        if entity is None:
            columns = {
                column: ColumnSchema(column, kind, creatable=column not in read_only, updatable=column not in read_only)
                for column, kind in standard.COLUMN_TYPES.items()
            }
            return Table(name, key, columns, dict(standard.LINES_NAVIGATION), published=False)
        columns = {
            one.name: ColumnSchema(
                one.name, one.type, one.length, creatable=one.name not in read_only, updatable=one.name not in read_only
            )
            for one in entity.properties.values()
        }
        collections = {
            self.prefix + self.model().set_of(one.target): one.name
            for one in entity.navigation.values()
            if one.collection
        }
        return Table(name, key, columns, {**standard.LINES_NAVIGATION, **collections}, published=True)
