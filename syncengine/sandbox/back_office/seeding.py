"""Filling companies before the sockets open: through the same validation a clerk's POST meets, in process.

`insert` takes what a POST takes; the other methods set up what API v2.0 has no entity for, or shows read-
only.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.pages.items import ensure_unit
from syncengine.sandbox.back_office.protocol.bodies import BodyReader
from syncengine.sandbox.back_office.store.company import SALES_TAX
from syncengine.sandbox.back_office.store.company import VAT
from syncengine.sandbox.back_office.store.company import CustomerTemplate
from syncengine.sandbox.back_office.store.company import ItemTemplate
from syncengine.sandbox.back_office.store.company import Rate
from syncengine.sandbox.back_office.values import NO_DATE
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncengine.sandbox.back_office.environment import Environment
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.store.company import Company
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

# (tax area or VAT business group, its name), (tax group or VAT product group), rates with VAT identifiers.
_US_AREAS = {"ATLANTA, GA": "Atlanta, GA", "CHICAGO, IL": "Chicago, IL"}
_US_RATES = {
    ("ATLANTA, GA", "FURNITURE"): ("7", ""),
    ("CHICAGO, IL", "FURNITURE"): ("8.25", ""),
    ("ATLANTA, GA", "SUPPLIES"): ("4", ""),
}
_US_GROUPS = {"FURNITURE": "Taxable furniture", "SUPPLIES": "Taxable supplies", "NONTAXABLE": "Not taxable"}
_VAT_AREAS = {"DOMESTIC": "Domestic customers", "EU": "Customers in EU", "EXPORT": "Other customers"}
_VAT_RATES = {
    ("DOMESTIC", "VAT25"): ("25", "VAT25"),
    ("DOMESTIC", "VAT10"): ("10", "VAT10"),
    ("EU", "VAT25"): ("0", "EU0"),
}
_VAT_GROUPS = {"VAT25": "Standard rate", "VAT10": "Reduced rate", "NOVAT": "No VAT"}


class Seeding:
    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def create_company(
        self,
        name: str,
        *,
        local_currency: str = "USD",
        tax: str = SALES_TAX,
        customer_template: bool = True,
        item_template: bool = True,
    ) -> Company:
        """`tax`: "sales-tax" or "vat". Without a template, records made over the API lack posting groups."""
        if tax not in (SALES_TAX, VAT):
            raise ValueError(f"tax is {SALES_TAX!r} or {VAT!r}, not {tax!r}")
        company = self.environment.add_company(name, local_currency, tax)
        vat = tax == VAT
        self._add_codes(company, "taxArea", _VAT_AREAS if vat else _US_AREAS)
        self._add_codes(company, "taxGroup", _VAT_GROUPS if vat else _US_GROUPS)
        for (area, group), (percent, identifier) in (_VAT_RATES if vat else _US_RATES).items():
            self.set_tax_rate(company, area, group, Decimal(percent), identifier)
        self._add_codes(company, "generalProductPostingGroup", {"RETAIL": "Retail", "SERVICES": "Services"})
        self._add_codes(company, "inventoryPostingGroup", {"RESALE": "Resale items"})
        company.customer_template = CustomerTemplate(tax_area="DOMESTIC" if vat else "") if customer_template else None
        company.item_template = ItemTemplate(tax_group="VAT25" if vat else "FURNITURE") if item_template else None
        self.environment.journal.commit()
        return company

    def _add_codes(self, company: Company, table: str, codes: dict[str, str]) -> None:
        session = self._session(company)
        for code, name in codes.items():
            row = blank(table)
            row.update(id=session.new_id(), code=code)
            row["displayName" if "displayName" in row else "description"] = name
            if table in ("taxArea", "taxGroup"):
                row["taxType"] = "VAT" if company.tax == VAT else "Sales_x0020_Tax"
            session.insert(table, row)

    def _session(self, company: Company) -> Session:
        return self.environment.session(company, "clerk")

    def _page(self, entity_set: str) -> tuple[Page, dict[str, Page]]:
        for pages in self.environment.pages.values():
            for page in pages.values():
                if page.kind.entity_set == entity_set:
                    return page, pages
        raise ValueError(f"there is no entity set {entity_set!r}")

    def insert(self, company: Company, entity_set: str, values: Mapping[str, Any]) -> str:
        """Like a POST by the clerk, deep inserts included; gives back the id. Raises RefusedError."""
        page, pages = self._page(entity_set)
        journal = self.environment.journal
        session = self._session(company)
        try:
            row_values, nested = BodyReader(pages, session.switches).read(page, _as_json(values), creating=True)
            row = page.create_deep(session, None, row_values, nested)
        except BaseException:
            journal.roll_back()
            raise
        journal.commit()
        key: str = row[page.kind.key]
        return key

    def _add(self, company: Company, table: str, **columns: Any) -> str:
        session = self._session(company)
        row = blank(table)
        row.update(columns)
        row["id"] = session.new_id()
        session.insert(table, row)
        self.environment.journal.commit()
        key: str = row["id"]
        return key

    def _change(self, company: Company, table: str, row: Row, **columns: Any) -> None:
        self._session(company).modify(table, row, columns)
        self.environment.journal.commit()

    def set_tax_rate(self, company: Company, area: str, group: str, percent: Decimal, identifier: str = "") -> None:
        """`area`: tax area or VAT business posting group; `group`: tax group or VAT product posting group."""
        company.rates[area, group] = Rate(percent, identifier or (group if company.tax == VAT else ""))

    def add_item_unit(
        self,
        company: Company,
        item_number: str,
        unit: str,
        quantity_per_unit: Decimal,
        unit_price: Decimal | None = None,
    ) -> None:
        """A further unit of an item; `unit_price` is its own price, else base price times quantity."""
        item = _known(company, "item", item_number)
        ensure_unit(self._session(company), item, unit, quantity_per_unit)
        self.environment.journal.commit()
        if unit_price is not None:
            self.add_price(company, item_number, unit_price, unit=unit)

    def add_price(
        self,
        company: Company,
        item_number: str,
        unit_price: Decimal,
        *,
        customer_number: str = "",
        unit: str = "",
        currency: str = "",
        minimum_quantity: Decimal = Decimal(0),
        discount_percent: Decimal = Decimal(0),
        starting: date = NO_DATE,
        ending: date = NO_DATE,
    ) -> str:
        """A price list line; blank customer, unit or currency means all, a price of 0 a discount alone."""
        item = _known(company, "item", item_number)
        unit_shown = company.by_code("unitOfMeasure", unit or item["baseUnitOfMeasureCode"])
        return self._add(
            company,
            "priceListLine",
            priceListCode="S00001",
            customerNumber=customer_number,
            itemId=item["id"],
            itemNumber=item_number,
            unitOfMeasureId=unit_shown["id"] if unit_shown is not None else NO_GUID,
            unitOfMeasureCode=unit,
            currencyCode=currency,
            _shownCurrencyCode=currency or company.local_currency,
            minimumQuantity=minimum_quantity,
            startingDate=starting,
            endingDate=ending,
            unitPrice=unit_price,
            discountPercent=discount_percent,
        )

    def add_exchange_rate(
        self,
        company: Company,
        currency: str,
        starting: date,
        amount: Decimal,
        relational: Decimal = Decimal(1),
    ) -> str:
        """`amount` of the currency for `relational` of the local currency, from that day on."""
        return self._add(
            company,
            "currencyExchangeRate",
            currencyCode=currency,
            startingDate=starting,
            exchangeRateAmount=amount,
            relationalExchangeRateAmount=relational,
        )

    def add_account(
        self,
        company: Company,
        number: str,
        name: str,
        *,
        general_product_group: str = "SERVICES",
        tax_group: str = "",
        direct_posting: bool = True,
        account_type: str = "Posting",
    ) -> str:
        """A G/L account; without a general product posting group it is refused on sales lines."""
        return self._add(
            company,
            "account",
            number=number,
            displayName=name,
            category="Income",
            accountType=account_type,
            directPosting=direct_posting,
            _generalProductGroup=general_product_group,
            _taxGroupCode=tax_group,
        )

    def add_dimension(
        self, company: Company, code: str, name: str, values: dict[str, str], *, global_number: int = 0
    ) -> str:
        """`global_number`: 1 or 2 for the dimensions shown as shortcut codes."""
        dimension = self._add(company, "dimension", code=code, displayName=name)
        for value, words in values.items():
            self._add(
                company,
                "dimensionValue",
                code=value,
                dimensionId=dimension,
                displayName=words,
                _dimensionCode=code,
            )
        if global_number:
            setup = company["generalLedgerSetup"].all()[0]
            column = f"shortcutDimension{global_number}Code"
            self._change(company, "generalLedgerSetup", setup, **{column: code})
        return dimension

    def add_default_dimension(self, company: Company, table: str, number: str, code: str, value: str) -> None:
        """What documents get from a `customer`, lines from an `item`."""
        dimension = company.by_code("dimension", code)
        values = company["dimensionValue"].find("code", value)
        chosen = next(one for one in values if one["_dimensionCode"] == code)
        self._add(
            company,
            "defaultDimension",
            parentType=table.capitalize(),
            parentId=_known(company, table, number)["id"],
            dimensionId=chosen["dimensionId"],
            dimensionCode=dimension["code"] if dimension else code,
            dimensionValueId=chosen["id"],
            dimensionValueCode=value,
        )

    def add_ship_to_address(
        self, company: Company, customer_number: str, code: str, *, default: bool = False, **columns: str
    ) -> None:
        """`columns`: displayName, contact, addressLine1, …, postalCode, shipmentMethodCode, locationCode."""
        customer = _known(company, "customer", customer_number)
        parts = (
            "displayName",
            "contact",
            "addressLine1",
            "addressLine2",
            "city",
            "country",
            "state",
            "postalCode",
        )
        session = self._session(company)
        session.insert(
            "shipToAddress",
            {
                "id": session.new_id(),
                "_customerId": customer["id"],
                "code": code,
                "shipmentMethodCode": "",
                "locationCode": "",
                **dict.fromkeys(parts, ""),
                **columns,
            },
        )
        if default:
            session.modify("customer", customer, {"_shipToCode": code})
        self.environment.journal.commit()

    def set_customer(self, company: Company, number: str, **columns: Any) -> None:
        """Fields of the customer card that the API lacks: `bill_to_number`, `ship_to_code`, `contact`,
        `prices_include_tax`, `tax_area_code`, `general_business_group`, `shipping_advice`, `location_code`,
        `shipping_agent_code`, `invoice_discount_percent`, `invoice_discount_minimum`.
        """
        customer = _known(company, "customer", number)
        named = {f"_{_camel(name)}": value for name, value in columns.items()}
        unknown = named.keys() - customer.keys()
        if unknown:
            raise ValueError(f"customers have no {', '.join(sorted(unknown))}")
        self._change(company, "customer", customer, **named)

    def set_item(self, company: Company, number: str, **columns: Any) -> None:
        """`inventory`, `sales_blocked`, `sales_unit`, `allow_invoice_discount`, posting groups by code."""
        item = _known(company, "item", number)
        named = {}
        for name, value in columns.items():
            camel = _camel(name)
            named[camel if camel in item else f"_{camel}"] = value
        unknown = named.keys() - item.keys()
        if unknown:
            raise ValueError(f"items have no {', '.join(sorted(unknown))}")
        self._change(company, "item", item, **named)

    def start_numbers(self, company: Company, kind: str, number: str) -> None:
        """The next number of "salesOrder", "salesQuote", "postedInvoice", "postedShipment", "customer", …"""
        company.numbers.start(kind, number)


def _known(company: Company, table: str, number: str) -> Row:
    row = company.by_number(table, number)
    if row is None:
        raise ValueError(f"there is no {table} {number!r} in {company.name!r}")
    return row


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _as_json(value: Any) -> Any:
    """Dates as a POST would carry them."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return value
