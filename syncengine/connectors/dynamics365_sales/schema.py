"""The tables of one environment: column types and lookups, from its `$metadata`, else from what every one has."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from syncengine.connectors.dynamics365_sales import standard
from syncengine.connectors.http import HttpClient
from syncengine.connectors.odata import metadata
from syncengine.connectors.odata.published import Published
from syncengine.connectors.settings import Cache
from syncengine.mapping.filters import STATE
from syncengine.records.document import ColumnSchema
from syncengine.records.document import TableSchema

DAY_S: Final = 24 * 3600
MANY: Final = 100


@dataclass(frozen=True)
class Table:
    """One entity set. `binds`: lookup column -> target set -> navigation property, case kept."""

    name: str
    key: str
    columns: Mapping[str, ColumnSchema]
    binds: Mapping[str, Mapping[str, str]]
    collections: Mapping[str, str]  # line table -> collection-valued navigation property
    published: bool

    def property(self, column: str) -> str:
        """The name under which a column is read: `_x_value` for lookups, `statecode` for the state word."""
        if column == STATE:
            return "statecode"
        return f"_{column}_value" if column in self.binds else column

    def column(self, name: str) -> str:
        """The column behind a property that was read."""
        return name[1:-6] if name.startswith("_") and name.endswith("_value") else name


class Schema:
    def __init__(self, http: HttpClient, root: str, cache: Cache) -> None:
        self.http = http
        self.root = root
        self.cache = cache
        self.published = Published(http, f"{root}$metadata", cache, "sales-metadata", _worth_keeping)
        self._generation = 0
        self._tables: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        self.model()
        if self._generation != self.published.generation:
            self._tables, self._generation = {}, self.published.generation
        if name not in self._tables:
            self._tables[name] = self._build(name)
        return self._tables[name]

    def forget(self) -> None:
        """What is known of the system may be out of date."""
        self.published.forget()

    def schemas(self, tables: Iterable[str]) -> dict[str, TableSchema]:
        """The schemas of those tables that the environment publishes."""
        found = {}
        for name in tables:
            if "/" in name:
                continue
            table = self.table(name)
            if table.published:
                found[name] = TableSchema(name, table.columns)
        return found

    def logical_name(self, entity_set: str) -> str:
        return self.model().sets.get(entity_set) or standard.LOGICAL.get(entity_set, entity_set)

    def set_of(self, logical_name: str) -> str:
        found = self.model().set_of(logical_name)
        return found or next((s for s, name in standard.LOGICAL.items() if name == logical_name), logical_name)

    def binding(self, entity_set: str, action: str) -> str | None:
        """What an action is bound to: "many", "one" or "" for nothing; None where the environment does not say."""
        actions, entity = self.model().actions, self.logical_name(entity_set)
        forms = {f"{entity}[]/{action}": "many", f"{entity}/{action}": "one", action: ""}
        return next((bound for form, bound in forms.items() if form in actions), None)

    def model(self) -> metadata.Model:
        return self.published.model()

    def _build(self, name: str) -> Table:
        entity = self.model().entity(name)
        if entity is None:
            return _standard(name)
        binds: dict[str, dict[str, str]] = {}
        collections: dict[str, str] = {}
        for navigation in entity.navigation.values():
            target = self.set_of(navigation.target)
            if navigation.collection:
                collections.setdefault(target, navigation.name)
            elif navigation.constraint:
                column = navigation.constraint.removeprefix("_").removesuffix("_value")
                binds.setdefault(column, {})[target] = navigation.name
        collections |= {
            line_table: navigation_name
            for line_table, navigation_name in standard.LINES_NAVIGATION.items()
            if navigation_name in entity.navigation
        }
        columns = {}
        for one in entity.properties.values():
            column = one.name[1:-6] if one.name.startswith("_") and one.name.endswith("_value") else one.name
            kind = "lookup" if column in binds else one.type
            columns[column] = ColumnSchema(column, kind, one.length, targets=tuple(binds.get(column, {})))
        # Users and teams inherit the key of `principal`, which is no column of theirs.
        own = f"{entity.name}id"
        key = own if own in entity.properties or not entity.key else entity.key[0]
        return Table(name, key, columns, binds, collections, published=True)


def _worth_keeping(model: metadata.Model) -> set[str]:
    """A real environment publishes thousands of tables; kept are those that orders have to do with."""
    return {*standard.LOGICAL, *model.sets} if len(model.sets) < MANY else {*standard.LOGICAL}


def _standard(name: str) -> Table:
    logical = standard.LOGICAL.get(name, name.removesuffix("s"))
    binds = standard.LOOKUPS.get(name, {})
    columns = {column: ColumnSchema(column, kind) for column, kind in standard.COLUMN_TYPES.items()}
    columns |= {column: ColumnSchema(column, "lookup", targets=tuple(targets)) for column, targets in binds.items()}
    return Table(name, f"{logical}id", columns, binds, dict(standard.LINES_NAVIGATION), published=False)
