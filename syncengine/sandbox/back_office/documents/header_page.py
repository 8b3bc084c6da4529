"""The pages over documents: which table fields a sent property sets, and what the page itself refuses.

All page triggers run first, in the order of the properties; only then are the table's fields validated,
one after the other. [AL: pages 30028 "APIV2 - Sales Orders", 30012 "APIV2 - Sales Invoices", 30037 "APIV2
- Sales Quotes"]
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.documents.headers import VALIDATORS
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

_NO_CUSTOMER = 'A "customerNumber" or a "customerId" must be provided.'


@dataclass
class HeaderPage:
    """The page's own variables during one request."""

    document: SalesDocument
    sell_to: Row | None = None
    bill_to: Row | None = None
    currency: str | None = None
    discount: Decimal | None = None
    transfers: list[tuple[str, Any]] = field(default_factory=list)

    def set(self, name: str, value: Any) -> None:
        trigger = _TRIGGERS.get(name)
        if trigger:
            trigger(self, name, value)
        else:
            self.register(name, value)

    def register(self, column: str, value: Any) -> None:
        self.transfers.append((column, value))

    def apply(self) -> None:
        """TransferFieldsWithValidate: in the order noted, skipping values that are there already."""
        document = self.document
        for column, value in self.transfers:
            if document.header[column] != value:
                validate = VALIDATORS.get(column)
                if validate:
                    validate(document, value)
                else:
                    document.header[column] = value


def check_customer_given(values: Row) -> None:
    if not values.get("customerNumber") and values.get("customerId", NO_GUID) == NO_GUID:
        raise dialog(_NO_CUSTOMER)


def _customer_id(page: HeaderPage, name: str, value: Any) -> None:
    side, column = _SIDES[name]
    row = page.document.company["customer"].get(value)
    if row is None:
        raise dialog(f"The {_words(side)} customer cannot be found.")
    setattr(page, side, row)
    page.register(column, row["number"])


def _customer_number(page: HeaderPage, name: str, value: Any) -> None:
    side, column = _SIDES[name]
    known: Row | None = getattr(page, side)
    if known is not None:
        if known["number"] != value:
            raise dialog(f"The {_words(side)} customer values do not match to a specific Customer.")
        return
    row = page.document.company.by_number("customer", value)
    if row is None:
        raise dialog(f"The {_words(side)} customer cannot be found.")
    setattr(page, side, row)
    page.register(column, row["number"])


_SIDES = {
    "customerId": ("sell_to", "customerNumber"),
    "customerNumber": ("sell_to", "customerNumber"),
    "billToCustomerId": ("bill_to", "billToCustomerNumber"),
    "billToCustomerNumber": ("bill_to", "billToCustomerNumber"),
}


def _words(side: str) -> str:
    return side.replace("_", "-")


def _ship_to(page: HeaderPage, name: str, value: Any) -> None:
    """Name and contact drop the Ship-to Code only when they differ; the address does so always."""
    if name in ("shipToName", "shipToContact") and page.document.header[name] == value:
        return
    page.register("_shipToCode", "")
    page.register(name, value)


def _currency_id(page: HeaderPage, _: str, value: Any) -> None:
    code = ""
    if value != NO_GUID:
        row = page.document.company["currency"].get(value)
        if row is None:
            raise dialog('The "currencyId" does not match to a Currency.')
        code = page.currency = row["code"]
    page.register("_currencyCode", code)


def _currency_code(page: HeaderPage, _: str, value: Any) -> None:
    company = page.document.company
    code = "" if value.upper() == company.local_currency else value.upper()
    if page.currency:
        if page.currency != code:
            raise dialog("The currency values do not match to a specific Currency.")
        return
    if code and company.by_code("currency", code) is None:
        raise dialog('The "currencyCode" does not match to a Currency.')
    page.register("_currencyCode", code)


def _payment_terms(page: HeaderPage, _: str, value: Any) -> None:
    code = _code_of(page, "paymentTerm", value, 'The "paymentTermsId" does not match to a Payment Terms.')
    page.register("_paymentTermsCode", code)


def _shipment_method(page: HeaderPage, _: str, value: Any) -> None:
    problem = 'The "shipmentMethodId" does not match to a Shipment Method.'
    page.register("_shipmentMethodCode", _code_of(page, "shipmentMethod", value, problem))


def _code_of(page: HeaderPage, table: str, value: str, problem: str) -> str:
    if value == NO_GUID:
        return ""
    row = page.document.company[table].get(value)
    if row is None:
        raise dialog(problem)
    code: str = row["code"]
    return code


def _prices_include_tax(page: HeaderPage, _: str, value: Any) -> None:
    if value and page.document.sales_tax:
        raise dialog('The "pricesIncludeTax" cannot be set to true if VAT Calculation Type is Sales Tax.')
    page.register("pricesIncludeTax", value)


def _partial_shipping(page: HeaderPage, _: str, value: Any) -> None:
    page.register("_shippingAdvice", "Partial" if value else "Complete")


def _discount_amount(page: HeaderPage, _: str, value: Any) -> None:
    page.discount = value


def _no_effect(page: HeaderPage, name: str, value: Any) -> None:
    """fullyShipped: the target is a FlowField, which no transfer writes."""


_TRIGGERS: dict[str, Callable[[HeaderPage, str, Any], None]] = {
    "customerId": _customer_id,
    "customerNumber": _customer_number,
    "billToCustomerId": _customer_id,
    "billToCustomerNumber": _customer_number,
    "currencyId": _currency_id,
    "currencyCode": _currency_code,
    "paymentTermsId": _payment_terms,
    "shipmentMethodId": _shipment_method,
    "pricesIncludeTax": _prices_include_tax,
    "partialShipping": _partial_shipping,
    "discountAmount": _discount_amount,
    "fullyShipped": _no_effect,
    **dict.fromkeys(
        (
            "shipToName",
            "shipToContact",
            "shipToAddressLine1",
            "shipToAddressLine2",
            "shipToCity",
            "shipToCountry",
            "shipToState",
            "shipToPostCode",
        ),
        _ship_to,
    ),
}
