"""What a document takes from its customers: sell-to, bill-to, ship-to. [AL: table 36 Sales Header]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.due_dates import due_date
from syncengine.sandbox.back_office.documents.prices import currency_factor
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import must_have_value
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

# Columns of a customer or ship-to address, in the order of the six address columns of a document.
ADDRESS = ("addressLine1", "addressLine2", "city", "country", "state", "postalCode")
BLOCKS = ("AddressLine1", "AddressLine2", "City", "Country", "State", "PostCode")


def address(prefix: str, source: Row) -> Row:
    return {f"{prefix}{to}": source[of] for to, of in zip(BLOCKS, ADDRESS, strict=True)}


def copy_address(header: Row, source: str, target: str) -> None:
    for part in BLOCKS:
        header[f"{target}{part}"] = header[f"{source}{part}"]


def check_usable(customer: Row) -> None:
    """CheckBlockedCustOnDocs: any block refuses a new order. Then the posting group."""
    if customer["blocked"] != "_x0020_":
        raise dialog(
            f"You cannot create this type of document when Customer {customer['number']} is blocked "
            f"with type {customer['blocked']}"
        )
    if not customer["_generalBusinessGroup"]:
        raise must_have_value("Gen. Bus. Posting Group", f"Customer: No.={customer['number']}")


def take_sell_to(document: SalesDocument, customer: Row) -> None:
    check_usable(customer)
    header = document.header
    header.update(
        customerId=customer["id"],
        customerNumber=customer["number"],
        customerName=customer["displayName"],
        phoneNumber=customer["phoneNumber"],
        email=customer["email"],
        _sellToContact=customer["_contact"],
        _sellToContactNumber=customer["_contactNumber"],
        _shippingAdvice=customer["_shippingAdvice"],
        _locationCode=customer["_locationCode"],
        _generalBusinessGroup=customer["_generalBusinessGroup"],
    )
    header.update(address("sellTo", customer))
    document.take_dimensions(customer)
    set_shipping_advice(header)
    bill_to = document.company.by_number("customer", customer["_billToNumber"]) or customer
    take_bill_to(document, bill_to)
    take_ship_to(document, customer, customer["_shipToCode"])


def take_bill_to(document: SalesDocument, customer: Row) -> None:
    check_usable(customer)
    header = document.header
    header.update(
        billToCustomerId=customer["id"],
        billToCustomerNumber=customer["number"],
        billToName=customer["displayName"],
        salesperson=customer["salespersonCode"],
        pricesIncludeTax=customer["_pricesIncludeTax"] and not document.sales_tax,
        _billToContact=customer["_contact"],
    )
    header.update(address("billTo", customer))
    currency = document.company["currency"].get(customer["currencyId"])
    set_currency(document, currency["code"] if currency else "")
    terms = document.company["paymentTerm"].get(customer["paymentTermsId"])
    set_payment_terms(document, terms["code"] if terms else "")
    _take_tax_area(document, customer)


def _take_tax_area(document: SalesDocument, customer: Row) -> None:
    """US: the tax area counts only for customers liable to tax; VAT: the VAT business posting group."""
    liable = customer["taxLiable"] or not document.sales_tax
    document.header["_taxArea"] = customer["_taxAreaCode"] if liable else ""


def take_ship_to(document: SalesDocument, customer: Row, code: str) -> None:
    """Validate "Ship-to Code": the address of that code, or the customer's own for a blank one."""
    header = document.header
    header["_shipToCode"] = code
    source = None
    if code:
        addresses = document.company["shipToAddress"].find("_customerId", customer["id"])
        source = next((one for one in addresses if one["code"] == code), None)
        if source is None:
            raise not_related("Ship-to Code", "Sales Header", code, "Ship-to Address")
    chosen = source or customer
    header.update(address("shipTo", chosen))
    header["shipToName"] = chosen["displayName"]
    header["shipToContact"] = source["contact"] if source else customer["_contact"]
    method = (source or {}).get("shipmentMethodCode") or _method_code(document, customer)
    set_shipment_method(document, method)
    header["_shippingAgentCode"] = customer["_shippingAgentCode"]
    header["_shippingAgentServiceCode"] = customer["_shippingAgentServiceCode"]
    header["_locationCode"] = (source or {}).get("locationCode") or customer["_locationCode"]


def _method_code(document: SalesDocument, customer: Row) -> str:
    method = document.company["shipmentMethod"].get(customer["shipmentMethodId"])
    return method["code"] if method else ""


def set_shipping_advice(header: Row) -> None:
    if "partialShipping" in header:
        header["partialShipping"] = header["_shippingAdvice"] == "Partial"


def set_currency(document: SalesDocument, code: str) -> None:
    """The local currency is stored blank and read as zero GUID with its real code."""
    company, header = document.company, document.header
    row = company.by_code("currency", code) if code else None
    if code and row is None:
        raise not_related("Currency Code", "Sales Header", code, "Currency")
    factor = currency_factor(company, code, header["postingDate"])
    if factor is None:
        raise bad_request(
            "There is no Currency Exchange Rate within the filter.  Filters: "
            f"Currency Code: {code}, Starting Date: ..{header['postingDate']:%m/%d/%y}",
            "Internal_DataNotFoundFilter",
        )
    header["_currencyCode"] = code
    header["_currencyFactor"] = factor
    header["currencyId"] = row["id"] if row else NO_GUID
    header["currencyCode"] = code or company.local_currency


def set_payment_terms(document: SalesDocument, code: str) -> None:
    header = document.header
    terms = document.company.by_code("paymentTerm", code) if code else None
    header["_paymentTermsCode"] = code
    header["paymentTermsId"] = terms["id"] if terms else NO_GUID
    formula = terms["dueDateCalculation"] if terms else ""
    header["dueDate"] = due_date(header[document.kind.document_date], formula)


def set_shipment_method(document: SalesDocument, code: str) -> None:
    method = document.company.by_code("shipmentMethod", code) if code else None
    document.header["_shipmentMethodCode"] = code
    document.header["shipmentMethodId"] = method["id"] if method else NO_GUID
