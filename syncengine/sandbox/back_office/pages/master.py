"""The pages over master data: codes, relations between id and code, numbers, renaming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.documents.due_dates import due_date
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.refusals import already_exists
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.schema.entities import EntityType
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row


@dataclass(frozen=True)
class Relation:
    """A property with the id of another record, and the one with its code, if the page has both."""

    id_property: str
    code_property: str | None
    table: str
    caption: str
    code: str = "code"


class MasterPage(Page):
    """Records with a code or number of their own."""

    caption = ""
    series: str | None = None
    relations: tuple[Relation, ...] = ()

    def __init__(self, kind: EntityType) -> None:
        super().__init__(kind)
        self.caption = self.caption or _caption(kind.name)
        self.identity = "number" if "number" in kind.properties else "code"

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        values = self.with_parent(parent, values)
        self.check_required(values)
        row = blank(self.kind.name)
        row["id"] = values.get("id", NO_GUID)
        if row["id"] == NO_GUID:
            row["id"] = session.new_id()
        elif self.table(session).get(row["id"]) is not None:
            raise self.duplicate(session, f"Id='{row['id']}'")
        self.assign_identity(session, row, values)
        self.fill(session, row)
        row.update(self.changes(session, row, values))
        self.check(session, row)
        return session.insert(self.table_name, row)

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        for name in self.required():
            if name in values and not values[name]:
                raise dialog(f'The blank "{name}" is not allowed.')
        wanted = {**row, **values}[self.identity]
        changes = self.changes(session, row, values)
        if wanted != row[self.identity]:
            if self.taken(session, {**row, **values}):
                raise self.duplicate(session, self.identification({**row, **values}))
            self.renamed(session, row, wanted)
        self.check(session, {**row, **changes})
        return session.modify(self.table_name, row, changes)

    def delete(self, session: Session, row: Row) -> None:
        self.check_unused(session, row)
        session.delete(self.table_name, row)

    # What subclasses refine

    def with_parent(self, parent: Parent | None, values: Row) -> Row:
        return values if parent is None else {"itemId": parent[1]["id"], **values}

    def required(self) -> list[str]:
        return [column.name for column in self.kind.properties.values() if column.required]

    def check_required(self, values: Row) -> None:
        for name in self.required():
            if name not in values:
                raise bad_request(f'A "{name}" must be provided.', "BadRequest_RequiredParamNotProvided")
            if not values[name]:
                raise dialog(f'The blank "{name}" is not allowed.')

    def assign_identity(self, session: Session, row: Row, values: Row) -> None:
        number = values.get(self.identity, "")
        if not number and self.series:
            number = session.next_number(self.series)
        row[self.identity] = number
        if self.taken(session, {**values, self.identity: number}):
            raise self.duplicate(session, self.identification({**values, self.identity: number}))

    def taken(self, session: Session, values: Row) -> bool:
        return self.table(session).first(self.identity, values[self.identity]) is not None

    def identification(self, values: Row) -> str:
        return f"{'No.' if self.identity == 'number' else 'Code'}='{values[self.identity]}'"

    def duplicate(self, session: Session, identification: str) -> Exception:
        return already_exists(session.switches.duplicate_key_status, self.caption, identification)

    def fill(self, session: Session, row: Row) -> None:
        """Defaults of a new record."""

    def changes(self, session: Session, row: Row, values: Row) -> Row:
        """What to store for what was sent: ids and codes brought to agree."""
        changes = {name: value for name, value in values.items() if name != "id"}
        for relation in self.relations:
            changes.update(related(session, relation, values))
        return changes

    def check(self, session: Session, row: Row) -> None:
        """Of the finished record."""

    def renamed(self, session: Session, row: Row, wanted: str) -> None:
        """The record's number changed: whatever repeats it follows."""

    def check_unused(self, session: Session, row: Row) -> None:
        """Before deletion."""


def related(session: Session, relation: Relation, values: Row) -> Row:
    by_id, by_code = values.get(relation.id_property), values.get(relation.code_property or "")
    if by_id is None and by_code is None:
        return {}
    table = session.table(relation.table)
    row = None
    if by_id is not None and by_id != NO_GUID:
        row = table.get(by_id)
        if row is None:
            raise dialog(f'The "{relation.id_property}" does not match to a {relation.caption}.')
    if by_code:
        coded = table.first(relation.code, by_code)
        if coded is None:
            raise dialog(f'The "{relation.code_property}" does not match to a {relation.caption}.')
        if row is not None and coded["id"] != row["id"]:
            words = relation.caption[:1].lower() + relation.caption[1:]
            raise dialog(f"The {words} values do not match to a specific {relation.caption}.")
        row = coded
    found = {relation.id_property: row["id"] if row else NO_GUID}
    if relation.code_property:
        found[relation.code_property] = row[relation.code] if row else ""
    return found


def _caption(name: str) -> str:
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name)
    return words[:1].upper() + words[1:]


class VariantPage(MasterPage):
    """Variants are unique within their item."""

    relations = (Relation("itemId", "itemNumber", "item", "Item", code="number"),)

    def check_required(self, values: Row) -> None:
        super().check_required(values)
        if not values.get("itemNumber") and values.get("itemId", NO_GUID) == NO_GUID:
            raise dialog('The "itemId" or "itemNumber" must be provided.')

    def taken(self, session: Session, values: Row) -> bool:
        item = related(session, self.relations[0], values)
        same = self.table(session).find("code", values["code"])
        return any(one["itemNumber"] == item.get("itemNumber") for one in same)


class UnitPage(MasterPage):
    caption = "Unit of Measure"

    def fill(self, session: Session, row: Row) -> None:
        row["displayName"] = row["displayName"] or row["code"]


class CurrencyPage(MasterPage):
    def fill(self, session: Session, row: Row) -> None:
        row["amountDecimalPlaces"] = "2:2"
        row["amountRoundingPrecision"] = session.company.rounding("")

    def check(self, session: Session, row: Row) -> None:
        if row["code"] == session.company.local_currency:
            raise dialog(f"{row['code']} is the local currency, which has no currency record of its own.")


class PaymentTermPage(MasterPage):
    def check(self, session: Session, row: Row) -> None:
        for name in ("dueDateCalculation", "discountDateCalculation"):
            try:
                due_date(session.today, row[name])
            except (ValueError, OverflowError):
                raise bad_request(
                    f'The value "{row[name]}" can\'t be evaluated into type DateFormula.',
                    "Application_EvaluateException",
                ) from None
