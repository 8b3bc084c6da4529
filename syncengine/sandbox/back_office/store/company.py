"""One company: its tables, its number series, its tax setup."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.store.layout import tables
from syncengine.sandbox.back_office.store.numbers import NumberSeries

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.ids import Ids
    from syncengine.sandbox.back_office.store.journal import Journal
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table

CENT = Decimal("0.01")
UNIT_AMOUNT = Decimal("0.00001")
VAT = "vat"
SALES_TAX = "sales-tax"


@dataclass(frozen=True)
class Rate:
    """Tax of a tax area (VAT business posting group) and tax group (VAT product posting group)."""

    percent: Decimal
    identifier: str


@dataclass(frozen=True)
class CustomerTemplate:
    """What a customer created over the API gets; without it the customer cannot be used on documents."""

    general_business_group: str = "DOMESTIC"
    tax_area: str = ""
    prices_include_tax: bool = False


@dataclass(frozen=True)
class ItemTemplate:
    general_product_group: str = "RETAIL"
    inventory_group: str = "RESALE"
    tax_group: str = ""


class Company:
    def __init__(self, company_id: str, name: str, local_currency: str, tax: str, journal: Journal, ids: Ids) -> None:
        self.id = company_id
        self.name = name
        self.local_currency = local_currency
        self.tax = tax
        self.ids = ids
        self.tables = tables(company_id, journal)
        self.numbers = NumberSeries(journal)
        self.rates: dict[tuple[str, str], Rate] = {}
        self.customer_template: CustomerTemplate | None = CustomerTemplate()
        self.item_template: ItemTemplate | None = ItemTemplate()
        self.row: Row = {}

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def by_code(self, table: str, code: str) -> Row | None:
        return self.tables[table].first("code", code)

    def by_number(self, table: str, number: str) -> Row | None:
        return self.tables[table].first("number", number)

    def rate(self, area: str, group: str) -> Rate:
        """No combination set up means no tax."""
        return self.rates.get((area, group), Rate(Decimal(0), ""))

    def rounding(self, currency: str) -> Decimal:
        """Amount rounding precision; the local currency is the empty code."""
        row = self.by_code("currency", currency) if currency else None
        return (row["amountRoundingPrecision"] if row else None) or CENT
