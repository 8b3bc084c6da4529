"""The customers page. [AL: page 30009 "APIV2 - Customers"]"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.contact_data import check_country
from syncengine.sandbox.back_office.documents.contact_data import check_email
from syncengine.sandbox.back_office.documents.contact_data import check_phone
from syncengine.sandbox.back_office.pages import contacts
from syncengine.sandbox.back_office.pages.master import MasterPage
from syncengine.sandbox.back_office.pages.master import Relation
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import not_related
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

_DOCUMENTS = ("salesOrder", "salesQuote", "salesInvoice", "salesShipment")


class CustomerPage(MasterPage):
    caption = "Customer"
    series = "customer"
    relations = (
        Relation("paymentTermsId", None, "paymentTerm", "Payment Terms"),
        Relation("shipmentMethodId", None, "shipmentMethod", "Shipment Method"),
        Relation("paymentMethodId", None, "paymentMethod", "Payment Method"),
        Relation("taxAreaId", "_taxAreaCode", "taxArea", "Tax Area"),
    )

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        row = super().create(session, parent, values)
        contacts.make_for(session, row)
        return row

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        changed = super().modify(session, row, values)
        contacts.follow(session, changed)
        return changed

    def delete(self, session: Session, row: Row) -> None:
        super().delete(session, row)
        contacts.leave(session, row)

    def required(self) -> list[str]:
        return ["displayName"]

    def check_required(self, values: Row) -> None:
        if not values.get("displayName"):
            known = "displayName" in values
            raise dialog('The blank "displayName" is not allowed.' if known else 'A "displayName" must be provided.')

    def fill(self, session: Session, row: Row) -> None:
        """The configuration template gives the posting groups."""
        row["currencyCode"] = session.company.local_currency
        template = session.company.customer_template
        if template is None:
            return
        row["_generalBusinessGroup"] = template.general_business_group
        row["_pricesIncludeTax"] = template.prices_include_tax
        row["_taxAreaCode"] = template.tax_area
        area = session.company.by_code("taxArea", template.tax_area)
        if area is not None:
            row["taxAreaId"] = area["id"]
            row["taxAreaDisplayName"] = area["displayName"]

    def changes(self, session: Session, row: Row, values: Row) -> Row:
        changes = super().changes(session, row, values)
        changes.update(self._currency(session, values))
        if "taxAreaId" in changes:
            area = session.table("taxArea").get(changes["taxAreaId"])
            changes["taxAreaDisplayName"] = area["displayName"] if area else ""
        return changes

    @staticmethod
    def _currency(session: Session, values: Row) -> Row:
        """The local currency is no record: its own code or a blank stand for it."""
        local = session.company.local_currency
        sent = dict(values)
        if sent.get("currencyCode", "").upper() == local:
            sent["currencyCode"] = ""
        if "currencyId" not in sent and "currencyCode" not in sent:
            return {}
        row = None
        if sent.get("currencyId", NO_GUID) != NO_GUID:
            row = session.table("currency").get(sent["currencyId"])
            if row is None:
                raise dialog('The "currencyId" does not match to a Currency.')
        if sent.get("currencyCode"):
            coded = session.company.by_code("currency", sent["currencyCode"])
            if coded is None:
                raise dialog('The "currencyCode" does not match to a Currency.')
            if row is not None and row["id"] != coded["id"]:
                raise dialog("The currency values do not match to a specific Currency.")
            row = coded
        return {"currencyId": row["id"] if row else NO_GUID, "currencyCode": row["code"] if row else local}

    def check(self, session: Session, row: Row) -> None:
        check_phone(row["phoneNumber"], "Phone No.", f"Customer No.='{row['number']}'")
        check_email(row["email"])
        check_country(session.company, row["country"], "Country/Region Code", "Customer")
        code = row["salespersonCode"]
        if code and session.company.by_code("salespersonPurchaser", code) is None:
            raise not_related("Salesperson Code", "Customer", code, "Salesperson/Purchaser")

    def renamed(self, session: Session, row: Row, wanted: str) -> None:
        """Documents, posted ones too, follow the renamed customer."""
        was = row["number"]
        for name in _DOCUMENTS:
            for document in list(session.table(name).rows.values()):
                changes = {
                    column: wanted for column in ("customerNumber", "billToCustomerNumber") if document[column] == was
                }
                if changes:
                    session.modify(name, document, changes)
        for line in list(session.table("priceListLine").rows.values()):
            if line["customerNumber"] == was:
                session.modify("priceListLine", line, {"customerNumber": wanted})

    def check_unused(self, session: Session, row: Row) -> None:
        for name, words in (("salesOrder", "Sales Order"), ("salesQuote", "Sales Quote")):
            if session.table(name).count("customerId", row["id"]):
                raise dialog(
                    f"You cannot delete Customer {row['number']} because there is at least one outstanding "
                    f"{words} for this customer."
                )
