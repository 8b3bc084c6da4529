"""A page: what stands behind one entity set. Subclasses add what the AL page does when it writes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any
from typing import TypeAlias

from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import method_not_allowed
from syncengine.sandbox.back_office.refusals import unknown_query_property
from syncengine.sandbox.back_office.refusals import unknown_segment
from syncengine.sandbox.back_office.values import is_guid
from syncengine.sandbox.back_office.values import writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.schema.entities import Navigation
    from syncengine.sandbox.back_office.schema.entities import Property
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table
    from syncengine.sandbox.back_office.switches import Switches

Parent = tuple["Page", "Row"]
# The records of a deep insert, by navigation property; each may have records of its own.
Nested: TypeAlias = "dict[str, list[tuple[Row, Nested]]]"


class Page:
    """Read-only by itself. `columns` maps properties to columns of another name."""

    table_name = ""
    columns: dict[str, str] = {}  # noqa: RUF012  replaced as a whole by subclasses, never changed

    def __init__(self, kind: EntityType) -> None:
        self.kind = kind
        self.table_name = self.table_name or kind.name
        self.others: dict[str, Page] = {}  # all pages of the API, by entity type
        self.writers: list[tuple[str, str, Callable[[Any], Any]]] = [
            (column.name, self.columns.get(column.name, column.name), writer(column))
            for column in kind.properties.values()
            if column.type != "Edm.Stream"
        ]

    # Reading

    def table(self, session: Session) -> Table:
        return session.company.tables[self.table_name]

    def key_of(self, text: str) -> str | None:
        """The key as written in a path; None for what cannot be one."""
        key = text.removeprefix("id=").lower()
        return key if is_guid(key) else None

    def find(self, session: Session, key: str, parent: Parent | None) -> Row | None:
        return self.table(session).get(key)

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        """Rows that may match, in any order; the condition itself is tested by the caller."""
        table = self.table(session)
        if parent is not None:
            return self.below(session, parent)
        found = condition.candidates(table, self.columns) if condition else None
        return table.all() if found is None else found

    def below(self, session: Session, parent: Parent) -> list[Row]:
        above, row = parent
        navigation = above.kind.navigation_set(self.kind.name)
        return self.reached(session, navigation, row) if navigation else []

    def reached(self, session: Session, navigation: Navigation, row: Row) -> list[Row]:
        """The rows of this page that a navigation property of `row` leads to, in the order of their primary key."""
        table = self.table(session)
        pairs = [(here, self.columns.get(there, there)) for here, there in navigation.on]
        if not pairs:
            return []
        indexed = next((pair for pair in pairs if table.has_index(pair[1])), None)
        rows = table.all() if indexed is None else table.find(indexed[1], row[indexed[0]])
        return [one for one in rows if all(one[there] == row[here] for here, there in pairs)]

    def getter(self, name: str) -> Callable[[Row], Any]:
        column = self.columns.get(name, name)
        return lambda row: row[column]

    def check_property(self, path: str, switches: Switches, option: str) -> Property:
        column = self.kind.properties.get(path)
        if column is None or column.type == "Edm.Stream":
            raise unknown_query_property(path, self.kind.edm_name)
        if column.page_variable and switches.page_variable_filters == "refused":
            raise bad_request(f"The property '{path}' cannot be used in the {option} query option.")
        return column

    def before_get(self, session: Session, row: Row) -> Row:
        """OnAfterGetRecord of a single record."""
        return row

    # Writing

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        raise method_not_allowed("POST", self.kind.entity_set, "Collection")

    def create_deep(self, session: Session, parent: Parent | None, values: Row, nested: Nested) -> Row:
        """A deep insert: the record, then those below it in the order sent, all in one transaction."""
        row = self.create(session, parent, values)
        for name, records in nested.items():
            self.create_below(session, row, name, records)
        return self.stored(session, row)

    def create_below(self, session: Session, row: Row, name: str, records: list[tuple[Row, Nested]]) -> None:
        below = self.others[self.kind.navigation[name].target]
        for values, nested in records:
            below.create_deep(session, (self, self.stored(session, row)), values, nested)

    def stored(self, session: Session, row: Row) -> Row:
        """The row as it now is."""
        table = self.table(session)
        return table.rows[row[table.key]]

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        raise method_not_allowed("PATCH", self.kind.entity_set, "Entity")

    def delete(self, session: Session, row: Row) -> None:
        raise method_not_allowed("DELETE", self.kind.entity_set, "Entity")

    def act(self, session: Session, row: Row, action: str) -> None:
        """A bound action. Raises RefusedError for one the page does not have."""
        raise unknown_segment(f"Microsoft.NAV.{action}")
