"""The body of a write: each property checked against the metadata, in the order of validation."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents.operations import manual_number
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import read_only
from syncengine.sandbox.back_office.refusals import unknown_body_property
from syncengine.sandbox.back_office.store.numbers import SERIES
from syncengine.sandbox.back_office.values import read_value

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Nested
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.schema.entities import Property
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.switches import Switches

SYSTEM_KEPT = ("shippedQuantity", "invoicedQuantity")
_DOCUMENTS = ("salesOrder", "salesQuote", "salesInvoice")


class BodyReader:
    def __init__(self, pages: dict[str, Page], switches: Switches) -> None:
        self.pages = pages
        self.switches = switches

    def read(self, page: Page, body: Any, *, creating: bool) -> tuple[Row, Nested]:
        """(values, records of a deep insert by navigation property). Raises RefusedError."""
        if not isinstance(body, dict):
            raise bad_request("The request body is not a valid JSON object.")
        values: Row = {}
        nested: Nested = {}
        for name, raw in body.items():
            if name.startswith("@odata."):
                continue
            column = page.kind.properties.get(name)
            if column is not None:
                if self._writable(page, column, creating=creating):
                    values[name] = read_value(column, raw, self.switches)
            elif name in page.kind.navigation:
                nested[name] = self._nested(page, name, raw, creating=creating)
            else:
                raise unknown_body_property(name, page.kind.edm_name)
        return self._ordered(page, values), nested

    def _ordered(self, page: Page, values: Row) -> Row:
        if self.switches.validation_order == "payload":
            return values
        return {name: values[name] for name in page.kind.properties if name in values}

    def _nested(self, page: Page, name: str, raw: Any, *, creating: bool) -> list[tuple[Row, Nested]]:
        """Deep insert only: "Business Central doesn't support deep patching" (Known OData limitations)."""
        navigation = page.kind.navigation[name]
        below = self.pages[navigation.target]
        if not creating or not navigation.collection or not below.kind.insertable:
            raise bad_request(f"The property '{name}' cannot be written with its parent. Deep patch is not supported.")
        if not isinstance(raw, list):
            raise bad_request(f"The value of '{name}' must be an array.")
        return [self.read(below, one, creating=True) for one in raw]

    def _writable(self, page: Page, column: Property, *, creating: bool) -> bool:
        name = column.name
        if name in SYSTEM_KEPT:
            return self._allowed(name, self.switches.system_kept_quantities)
        if not column.read_only:
            return True
        if name == "id" and creating and page.kind.name not in _DOCUMENTS and not _is_line(page):
            return True
        if name == "number" and creating and self.switches.number_in_body == "manual-numbers":
            raise manual_number(SERIES[page.kind.name][0])
        return self._allowed(name, self.switches.read_only_properties)

    @staticmethod
    def _allowed(name: str, policy: str) -> bool:
        if policy == "refused":
            raise read_only(name)
        return False


def _is_line(page: Page) -> bool:
    return "documentId" in page.kind.properties
