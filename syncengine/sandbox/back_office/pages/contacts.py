"""Contacts, the company contact that belongs to each customer, and who is related to whom.
[AL: pages 30071 and 30072, table 5050, codeunit 5056 "CustCont-Update"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.documents.contact_data import check_country
from syncengine.sandbox.back_office.documents.contact_data import check_email
from syncengine.sandbox.back_office.documents.contact_data import check_phone
from syncengine.sandbox.back_office.pages.base import Page
from syncengine.sandbox.back_office.pages.master import MasterPage
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.values import NO_GUID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syncengine.sandbox.back_office.pages.base import Parent
    from syncengine.sandbox.back_office.protocol.conditions import Condition
    from syncengine.sandbox.back_office.store.session import Session
    from syncengine.sandbox.back_office.store.tables import Row

# What a customer and its contact have in common: the contact follows the customer.
_COMMON = (
    "displayName", "addressLine1", "addressLine2", "city", "state", "country", "postalCode", "phoneNumber", "email",
    "website",
)  # fmt: skip


class ContactPage(MasterPage):
    series = "contact"

    def create(self, session: Session, parent: Parent | None, values: Row) -> Row:
        row = super().create(session, parent, values)
        return _settled(session, row)

    def modify(self, session: Session, row: Row, values: Row) -> Row:
        changed = _settled(session, super().modify(session, row, values))
        if changed["type"] == "Company":
            for person in session.table("contact").find("companyNumber", changed["number"]):
                if person["id"] != changed["id"]:
                    _settled(session, person)
        return changed

    def delete(self, session: Session, row: Row) -> None:
        shown = session.table("contactInformation").get(row["id"])
        if shown is not None:
            session.delete("contactInformation", shown)
        super().delete(session, row)

    def check(self, session: Session, row: Row) -> None:
        for name, caption in (("phoneNumber", "Phone No."), ("mobilePhoneNumber", "Mobile Phone No.")):
            check_phone(row[name], caption, f"Contact No.='{row['number']}'")
        check_email(row["email"])
        check_country(session.company, row["country"], "Country/Region Code", "Contact")
        if row["companyNumber"] and row["companyNumber"] != row["number"]:
            company = self.table(session).first("number", row["companyNumber"])
            if company is None:
                raise dialog('The "companyNumber" does not match to a Contact.')


def _settled(session: Session, row: Row) -> Row:
    """With the company it belongs to, and the business relation it has through that company."""
    company = row if row["type"] == "Company" else session.table("contact").first("number", row["companyNumber"])
    customer = company["_customerId"] if company else NO_GUID
    changes: Row = {"contactBusinessRelation": "None" if customer == NO_GUID else "Customer"}
    if company is not None:
        changes |= {"companyNumber": company["number"], "companyName": company["displayName"]}
    row = session.modify("contact", row, changes)
    _show_relation(session, row, customer)
    return row


def _show_relation(session: Session, row: Row, customer: str) -> None:
    table = session.table("contactInformation")
    shown = table.get(row["id"])
    if customer == NO_GUID:
        if shown is not None:
            session.delete("contactInformation", shown)
        return
    wanted: Row = {
        "contactId": row["id"],
        "contactNumber": row["number"],
        "contactName": row["displayName"],
        "contactType": row["type"],
        "relatedId": customer,
        "relatedType": "Customer",
    }
    if shown is None:
        session.insert("contactInformation", blank("contactInformation") | wanted)
    else:
        session.modify("contactInformation", shown, wanted)


def make_for(session: Session, customer: Row) -> None:
    """The company contact that a new customer gets, where the marketing setup says so."""
    if not session.switches.customer_contacts:
        return
    row = blank("contact")
    row.update({name: customer[name] for name in _COMMON})
    row.update(id=session.new_id(), number=session.next_number("contact"), type="Company", _customerId=customer["id"])
    _settled(session, session.insert("contact", row))


def follow(session: Session, customer: Row) -> None:
    """After a change of the customer."""
    for row in session.table("contact").find("_customerId", customer["id"]):
        _settled(session, session.modify("contact", row, {name: customer[name] for name in _COMMON}))


def leave(session: Session, customer: Row) -> None:
    """A deleted customer's contact stays, without the relation."""
    for row in session.table("contact").find("_customerId", customer["id"]):
        people = session.table("contact").find("companyNumber", row["number"])
        session.modify("contact", row, {"_customerId": NO_GUID})
        for one in people:
            _settled(session, session.table("contact").rows[one["id"]])


class ContactInformationPage(Page):
    """Filled for what a contact is related to: without that there is nothing to list."""

    def candidates(self, session: Session, parent: Parent | None, condition: Condition | None) -> Iterable[Row]:
        related = (condition.equal if condition else {}).get("relatedId", ())
        if parent is None and not related:
            raise dialog("id type not specified.")
        if parent is not None:
            return self.below(session, parent)
        return [row for key in related for row in self.table(session).find("relatedId", key)]
