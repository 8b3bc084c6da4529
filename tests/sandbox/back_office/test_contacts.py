"""Contacts, whom they are related to, and files on documents: what quotes, invoices and notes lean on."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_new_customer_gets_a_company_contact(lab: Any) -> None:
    """Where the marketing setup has a relation code for customers, a contact is made and follows the customer."""
    customer = lab.made("customers", {"displayName": "Coho Winery", "email": "office@coho.example"})
    found = lab.list("contacts?$filter=displayName eq 'Coho Winery'")
    assert [(one["type"], one["email"], one["contactBusinessRelation"]) for one in found] == [
        ("Company", "office@coho.example", "Customer")
    ]
    assert (found[0]["companyNumber"], found[0]["companyName"]) == (found[0]["number"], "Coho Winery")
    lab.changed(f"customers({customer['id']})", {"displayName": "Coho Vineyard"})
    assert lab.read(f"contacts({found[0]['id']})")["displayName"] == "Coho Vineyard"
    lab.switch(customer_contacts=False)
    lab.made("customers", {"displayName": "Fabrikam"})
    assert lab.list("contacts?$filter=displayName eq 'Fabrikam'") == []


def test_people_belong_to_the_company_of_their_number(lab: Any) -> None:
    """A person takes the company's name and business relation; an unknown company is refused."""
    company = _company_contact(lab, "Coho Winery")
    person = lab.made("contacts", {"displayName": "Jo Berry", "type": "Person", "companyNumber": company["number"]})
    assert (person["companyName"], person["contactBusinessRelation"]) == ("Coho Winery", "Customer")
    refused = lab.post("contacts", {"displayName": "X", "type": "Person", "companyNumber": "NOPE"})
    assert lab.refused(refused, 400, "Application_DialogException")
    alone = lab.made("contacts", {"displayName": "Nobody's", "type": "Person"})
    assert (alone["companyName"], alone["contactBusinessRelation"]) == ("", "None")


def test_a_customer_lists_the_contacts_related_to_it(lab: Any) -> None:
    """The buffer of contacts is filled for one customer: without one there is nothing to list."""
    company = _company_contact(lab, "Coho Winery")
    customer = lab.list("customers?$filter=displayName eq 'Coho Winery'")[0]
    person = lab.made("contacts", {"displayName": "Jo Berry", "type": "Person", "companyNumber": company["number"]})
    below = lab.list(f"customers({customer['id']})/contactsInformation")
    assert {(one["contactId"], one["contactType"], one["relatedType"]) for one in below} == {
        (company["id"], "Company", "Customer"),
        (person["id"], "Person", "Customer"),
    }
    assert lab.list(f"contactsInformation?$filter=relatedId eq {customer['id']}") == below
    assert lab.refused(lab.get("contactsInformation"), 400, "Application_DialogException") == "id type not specified."
    expanded = lab.read(f"contacts({person['id']})?$expand=contactInformation")
    assert expanded["contactInformation"]["relatedId"] == customer["id"]


def test_a_deleted_customers_contact_stays_without_relation(lab: Any) -> None:
    """The contact is not the customer's own record."""
    company = _company_contact(lab, "Coho Winery")
    customer = lab.list("customers?$filter=displayName eq 'Coho Winery'")[0]
    assert lab.delete(f"customers({customer['id']})", if_match="*").status_code == 204
    left = lab.read(f"contacts({company['id']})")
    assert left["contactBusinessRelation"] == "None"
    assert lab.list(f"contactsInformation?$filter=relatedId eq {customer['id']}") == []


def _company_contact(lab: Any, name: str) -> Any:
    lab.made("customers", {"displayName": name})
    return lab.list(f"contacts?$filter=displayName eq '{name}'")[0]


@pytest.mark.parametrize("entity_set", ["attachments", "documentAttachments"])
def test_a_file_is_made_then_filled_and_read_back(lab: Any, entity_set: str) -> None:
    """The record first, its content by PATCH of the stream; the size follows, the parent is fixed."""
    order = lab.order(lab.item_line())
    made = lab.made(entity_set, {"fileName": "note.txt", "parentId": order["id"], "parentType": "Sales_x0020_Order"})
    assert (made["byteSize"], made["parentType"]) == (0, "Sales_x0020_Order")
    path = f"{entity_set}({made['id']})"
    sent = lab.http.patch(
        lab.url(f"{path}/attachmentContent"),
        content=b"hello",
        headers={"if-match": "*", "content-type": "application/octet-stream"},
    )
    assert sent.status_code == 204
    assert lab.get(f"{path}/attachmentContent").content == b"hello"
    listed = lab.list(f"{entity_set}?$filter=parentId eq {order['id']} and parentType eq 'Sales_x0020_Order'")
    assert [(one["fileName"], one["byteSize"]) for one in listed] == [("note.txt", 5)]
    moved = lab.patch(path, {"parentId": order["salesOrderLines"][0]["id"]}, if_match="*")
    assert lab.refused(moved, 400, "Application_DialogException") == (
        "You cannot change the value of the key field parentId."
    )
    assert lab.delete(path, if_match="*").status_code == 204


def test_files_of_master_data_are_document_attachments_only(lab: Any) -> None:
    """`attachments` refuses customers and items and names the other entity."""
    customer = lab.list("customers")[0]
    body = {"fileName": "a.txt", "parentId": customer["id"], "parentType": "Customer"}
    assert lab.refused(lab.post("attachments", body), 400, "Application_DialogException") == (
        "Parent type Customer is not supported. Use documentAttachments API instead."
    )
    assert lab.made("documentAttachments", body)["parentType"] == "Customer"


def test_a_file_without_a_name_gets_one(lab: Any) -> None:
    """An invalid file name becomes filename.txt."""
    order = lab.order()
    assert lab.made(f"salesOrders({order['id']})/attachments", {})["fileName"] == "filename.txt"


@pytest.mark.parametrize("entity_set", ["salesOrders", "salesQuotes", "salesInvoices"])
def test_documents_are_printed_when_read(lab: Any, entity_set: str) -> None:
    """A `pdfDocument` below a document is a record with the PDF as its stream; alone it wants its parent."""
    made = lab.made(entity_set, {"customerNumber": "10000"})
    shown = lab.read(f"{entity_set}({made['id']})/pdfDocument")
    assert (shown["id"], shown["parentId"]) == (made["id"], made["id"])
    content = lab.get(f"{entity_set}({made['id']})/pdfDocument/pdfDocumentContent").content
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert lab.get("pdfDocument").status_code == 400
    listed = lab.list(f"pdfDocument?$filter=parentId eq {made['id']} and parentType eq '{shown['parentType']}'")
    assert [one["id"] for one in listed] == [made["id"]]
