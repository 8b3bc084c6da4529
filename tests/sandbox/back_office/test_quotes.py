"""Quotes, and what becomes of them. (Section 4.4 of the fact sheet.)"""

from __future__ import annotations

from typing import Any


def quote(lab: Any, **more: Any) -> Any:
    body = {"customerNumber": "10000", "salesQuoteLines": [lab.item_line(quantity=2, unitPrice=900)], **more}
    return lab.made("salesQuotes?$expand=salesQuoteLines", body)


def test_a_quote_is_priced_like_an_order(lab: Any) -> None:
    """With its own series, dates and status."""
    made = quote(lab, validUntilDate="2031-01-31")
    assert (made["number"], made["status"], made["validUntilDate"]) == ("S-QUO1001", "Draft", "2031-01-31")
    assert made["totalAmountExcludingTax"] == 1800
    assert made["documentDate"] == lab.service.clock.now().date().isoformat()
    assert made["dueDate"] > made["documentDate"]


def test_a_quote_is_sent_and_accepted(lab: Any) -> None:
    """Send sets the status; so does the date of acceptance."""
    made = quote(lab)
    assert lab.post(f"salesQuotes({made['id']})/Microsoft.NAV.send").status_code == 204
    assert lab.read(f"salesQuotes({made['id']})")["status"] == "Sent"
    changed = lab.changed(f"salesQuotes({made['id']})", {"acceptedDate": "2031-01-15"})
    assert changed["status"] == "Accepted"


def test_make_order_replaces_the_quote_by_an_order_with_another_id(lab: Any) -> None:
    """Lines, prices and terms go along."""
    made = quote(lab, externalDocumentNumber="PO-9")
    assert lab.post(f"salesQuotes({made['id']})/Microsoft.NAV.makeOrder").status_code == 204
    assert lab.get(f"salesQuotes({made['id']})").status_code == 404
    (order,) = lab.list("salesOrders?$expand=salesOrderLines")
    assert (order["number"], order["externalDocumentNumber"], order["status"]) == (
        "S-ORD101001",
        "PO-9",
        "Draft",
    )
    assert order["id"] != made["id"]
    assert order["totalAmountExcludingTax"] == 1800
    line = order["salesOrderLines"][0]
    assert (line["quantity"], line["unitPrice"], line["shipQuantity"]) == (2, 900, 2)
    assert line["id"] != made["salesQuoteLines"][0]["id"]
    assert lab.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice").status_code == 204


def test_make_invoice_makes_a_draft(lab: Any) -> None:
    """Which is posted by itself."""
    made = quote(lab)
    assert lab.post(f"salesQuotes({made['id']})/Microsoft.NAV.makeInvoice").status_code == 204
    (invoice,) = lab.list("salesInvoices")
    assert (invoice["status"], invoice["totalAmountExcludingTax"]) == ("Draft", 1800)
    assert lab.list("salesQuotes") == []


def test_an_expired_quote_makes_no_order(lab: Any) -> None:
    """Valid until a day that has passed."""
    made = quote(lab, validUntilDate="2020-01-01")
    answer = lab.post(f"salesQuotes({made['id']})/Microsoft.NAV.makeOrder")
    lab.refused(answer, 400, "Application_DialogException")
    assert len(lab.list("salesQuotes")) == 1


def test_unknown_actions_are_not_found(lab: Any) -> None:
    """And actions are POST only."""
    made = quote(lab)
    answer = lab.post(f"salesQuotes({made['id']})/Microsoft.NAV.shipAndInvoice")
    lab.refused(answer, 404, "BadRequest_ResourceNotFound")
    answer = lab.get(f"salesQuotes({made['id']})/Microsoft.NAV.send")
    lab.refused(answer, 405, "BadRequest_MethodNotAllowed")
