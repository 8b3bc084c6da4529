"""Release, reopen and approval of an order: what a clerk does in the client, and no standard API offers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.documents.blanks import blank
from syncengine.sandbox.back_office.documents.operations import set_status
from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import test_field

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.documents.model import SalesDocument
    from syncengine.sandbox.back_office.store.tables import Row

SALES_HEADER = 36


def release(document: SalesDocument) -> None:
    """[AL: codeunit 414] Needs a line with a quantity; an order in review must be approved first."""
    status = document.header["_status"]
    if status == "Released":
        return
    if status == "Pending Approval":
        raise dialog("This document can only be released when the approval process is complete.")
    if not any(line["quantity"] for line in document.lines if line["lineType"] != "Comment"):
        raise dialog(
            f"There is nothing to release for the document of type {document.kind.caption} "
            f"with the number {document.header['number']}."
        )
    set_status(document, "Released")


def reopen(document: SalesDocument) -> None:
    status = document.header["_status"]
    if status == "Pending Approval":
        raise dialog("The approval process must be cancelled or completed to reopen this document.")
    set_status(document, "Open")


def send_for_approval(document: SalesDocument) -> None:
    document.test_open()
    session, header = document.session, document.header
    set_status(document, "Pending Approval")
    entry = blank("approvalEntry")
    entry.update(
        id=session.new_id(),
        entryNumber=len(session.table("approvalEntry")) + 1,
        tableId=SALES_HEADER,
        documentType="Order",
        documentNumber=header["number"],
        sequenceNumber=1,
        senderId=session.user.upper(),
        approverId="MANAGER",
        status="Open",
        dateTimeSentForApproval=session.now,
        lastDateTimeModified=session.now,
        dueDate=session.today + timedelta(days=7),
        amount=header["totalAmountExcludingTax"],
        amountLCY=header["totalAmountExcludingTax"] / header["_currencyFactor"],
        currencyCode=header["_currencyCode"],
        recordIdToApprove=f"Sales Header: Order,{header['number']}",
    )
    session.insert("approvalEntry", entry)


def approve(document: SalesDocument) -> None:
    """The last approval releases the document."""
    _decide(document, "Approved")
    set_status(document, "Released")


def reject(document: SalesDocument) -> None:
    """A rejection reopens it."""
    _decide(document, "Rejected")
    set_status(document, "Open")


def _decide(document: SalesDocument, decision: str) -> None:
    header, session = document.header, document.session
    if header["_status"] != "Pending Approval":
        raise test_field("Status", "Pending Approval", header["_status"], document.record)
    for entry in _open_entries(document):
        session.modify("approvalEntry", entry, {"status": decision, "lastDateTimeModified": session.now})


def _open_entries(document: SalesDocument) -> list[Row]:
    entries = document.session.table("approvalEntry").find("documentNumber", document.header["number"])
    return [entry for entry in entries if entry["status"] == "Open"]
