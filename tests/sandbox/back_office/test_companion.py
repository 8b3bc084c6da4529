"""The optional extension, and Business Central's own connector seen from outside. (Sections 6.2 C and 7.)"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def companion(lab: Any) -> Any:
    """The extension is installed; its pages live under a root of their own."""
    lab.switch(has_companion=True)
    root = f"{lab.origin}/v2.0/sandbox-tenant/production/api/syncengine/companion/v1.0"
    lab.extension = f"{root}/companies({lab.company.id})"
    lab.extension_root = root
    return lab


def test_without_the_extension_its_route_is_unknown(lab: Any) -> None:
    """404, $metadata included: it is found through $metadata, never assumed."""
    root = f"{lab.origin}/v2.0/sandbox-tenant/production/api/syncengine/companion/v1.0"
    for path in ("", "/$metadata", f"/companies({lab.company.id})/setup"):
        assert lab.get(f"{root}{path}").status_code == 404


def test_its_metadata_names_the_actions(companion: Any) -> None:
    """archive, reopen and release are bound to orderDocument."""
    text = companion.get(f"{companion.extension_root}/$metadata").text
    for action in ("archive", "reopen", "release"):
        assert f'<Action Name="{action}" IsBound="true">' in text
    assert 'Type="Microsoft.NAV.orderDocument"' in text
    assert 'Name="salesOrders"' not in text


def test_archive_reopen_and_release_keep_the_orders_identity(companion: Any) -> None:
    """In place: same id, same number."""
    order = companion.order(companion.item_line())
    path = f"{companion.extension}/orderDocuments({order['id']})"
    words = []
    for action in ("release", "archive", "reopen"):
        answer = companion.post(f"{path}/Microsoft.NAV.{action}")
        assert (answer.status_code, answer.content) == (204, b"")
        words.append(companion.read(path)["status"])
    assert words == ["Released", "Released", "Open"]
    document = companion.read(path)
    assert (document["number"], document["archivedVersions"], document["docNoOccurrence"]) == (
        order["number"],
        1,
        1,
    )
    assert companion.read(f"salesOrders({order['id']})")["status"] == "Draft"
    assert len(companion.list(f"salesOrderArchives?$filter=number eq '{order['number']}'")) == 1


def test_archives_read_alike_in_both_apis(companion: Any) -> None:
    """Also when the standard API has none."""
    order = companion.order(companion.item_line())
    companion.post(f"{companion.extension}/orderDocuments({order['id']})/Microsoft.NAV.archive")
    query = f"salesOrderArchives?$filter=number eq '{order['number']}'&$expand=salesOrderArchiveLines"
    standard = companion.list(query)
    assert companion.list(f"{companion.extension}/{query}") == standard
    companion.switch(has_archive_api=False)
    assert companion.get(query).status_code == 404
    assert companion.list(f"{companion.extension}/{query}") == standard


def test_an_order_can_be_created_with_its_correlation(companion: Any) -> None:
    """In one transaction, and found by it."""
    body = {"customerNumber": "10000", "correlation": "3f1c-7", "workDescription": "Second floor"}
    made = companion.made(f"{companion.extension}/orderDocuments", body)
    assert (made["correlation"], made["workDescription"]) == ("3f1c-7", "Second floor")
    assert companion.read(f"salesOrders({made['id']})")["customerName"] == "Adatum Corporation"
    found = companion.list(f"{companion.extension}/orderDocuments?$filter=correlation eq '3f1c-7'")
    assert [one["id"] for one in found] == [made["id"]]


def test_the_extensions_own_fields_are_written_without_touching_the_standard_page(companion: Any) -> None:
    """correlation, workDescription: not in the buffer, so salesOrders keeps its stamp."""
    order = companion.order(companion.item_line())
    path = f"{companion.extension}/orderDocuments({order['id']})"
    before = companion.read(path)
    after = companion.changed(path, {"correlation": "K1", "workDescription": "Gate B"}, token=before["@odata.etag"])
    assert after["correlation"] == "K1"
    assert companion.moment(after) >= companion.moment(before)
    assert companion.read(f"salesOrders({order['id']})")["@odata.etag"] == order["@odata.etag"]
    answer = companion.patch(path, {"shippingAgentCode": "NOBODY"}, if_match="*")
    companion.refused(answer, 400, "Internal_InvalidTableRelation")


def test_setup_shows_the_flags_and_takes_archive_orders(companion: Any) -> None:
    """Read-only but for Archive Orders, which cannot go off in bidirectional mode."""
    (setup,) = companion.list(f"{companion.extension}/setup")
    assert (setup["archiveOrders"], setup["bidirectionalSalesOrderIntegration"]) == (False, False)
    path = f"{companion.extension}/setup({setup['id']})"
    assert companion.changed(path, {"archiveOrders": True})["archiveOrders"] is True
    assert companion.door("GET", "setup")["archive_orders"] is True
    companion.switch(bidirectional=True)
    after = companion.read(path)
    assert (after["isEnabled"], after["bidirectionalSalesOrderIntegration"]) == (True, True)
    answer = companion.patch(path, {"archiveOrders": False}, if_match="*")
    companion.refused(answer, 400, "Application_DialogException")
    answer = companion.patch(path, {"salesOrderIntegrationEnabled": False}, if_match="*")
    companion.refused(answer, 400, "BadRequest_InvalidOperation")


def test_the_job_queue_hints_at_business_centrals_own_connector(lab: Any) -> None:
    """Codeunit 5366 runs in bidirectional mode; the one-way mode has other jobs."""
    assert lab.list("jobQueueEntries") == []
    lab.switch(bidirectional=True)
    (job,) = lab.list("jobQueueEntries?$filter=objectIdToRun eq 5366")
    assert (job["objectTypeToRun"], job["status"], job["numberOfMinutesBetweenRuns"]) == (
        "Codeunit",
        "Ready",
        30,
    )
    lab.switch(bidirectional=False, legacy=True)
    assert lab.list("jobQueueEntries?$filter=objectIdToRun eq 5366") == []
    assert len(lab.list("jobQueueEntries?$filter=objectIdToRun eq 5349")) == 1


def test_what_the_standard_api_lacks_is_there(companion: Any) -> None:
    """Units per item, resources, price list lines, shipping agents, notes."""
    root = companion.extension
    units = companion.list(f"{root}/itemUnitsOfMeasure?$filter=itemNumber eq '1900-S'")
    assert [(one["unitOfMeasureCode"], one["quantityPerUnitOfMeasure"]) for one in units] == [
        ("BOX", 6),
        ("PCS", 1),
    ]
    made = companion.made(
        f"{root}/itemUnitsOfMeasure",
        {"itemNumber": "1896-S", "unitOfMeasureCode": "BOX", "quantityPerUnitOfMeasure": 4},
    )
    (item,) = companion.list("items?$filter=number eq '1896-S'")
    assert (made["itemId"], made["baseUnitOfMeasureId"]) == (item["id"], item["baseUnitOfMeasureId"])
    companion.service.add_price(companion.company, "1896-S", Decimal(950), minimum_quantity=Decimal(2))
    prices = companion.list(f"{root}/priceListLines?$filter=itemNumber eq '1896-S'")
    assert [(one["unitPrice"], one["minimumQuantity"], one["customerNumber"]) for one in prices] == [(950, 2, "")]
    assert companion.post(f"{root}/priceListLines", {"itemNumber": "1896-S", "unitPrice": 1}).status_code == 405
    values = {"number": "LISA", "displayName": "Lisa", "unitPrice": 80}
    lisa = companion.made(f"{root}/resources", {**values, "baseUnitOfMeasureId": item["baseUnitOfMeasureId"]})
    assert lisa["baseUnitOfMeasureCode"] == item["baseUnitOfMeasureCode"]
    companion.made(f"{root}/shippingAgents", {"code": "DHL", "displayName": "DHL"})
    order = companion.order(
        companion.item_line(quantity=2), {"lineType": "Resource", "lineObjectNumber": "LISA", "quantity": 3}
    )
    assert [one["unitPrice"] for one in order["salesOrderLines"]] == [950, 80]
    assert order["totalAmountExcludingTax"] == Decimal(2140)
    path = f"{root}/orderDocuments({order['id']})"
    assert companion.changed(path, {"shippingAgentCode": "DHL"})["shippingAgentCode"] == "DHL"
    note = companion.made(f"{path}/recordNotes", {"text": "Call Lisa first"})
    assert (note["parentId"], note["createdBy"]) == (order["id"], "INTEGRATION")
    assert [one["text"] for one in companion.list(f"{path}/recordNotes")] == ["Call Lisa first"]


def test_the_extension_can_be_subscribed_to_under_its_own_route(companion: Any) -> None:
    """The resource names publisher, group and version."""
    url = f"{companion.origin}/v2.0/sandbox-tenant/production/api/microsoft/runtime/beta"
    names = [
        one["resource"] for one in companion.list(f"{url}/companies({companion.company.id})/webhookSupportedResources")
    ]
    assert f"api/syncengine/companion/v1.0/companies({companion.company.id})/orderDocuments" in names


def test_notes_are_listed_for_one_record_or_for_all_orders(companion: Any) -> None:
    """Without a record or an id those of sales orders, changed since a moment too; a note stays with its record."""
    customer = companion.list("customers")[0]
    path = f"{companion.extension}/recordNotes"
    made = companion.made(path, {"parentId": customer["id"], "text": "Prefers mornings"})
    assert [one["id"] for one in companion.list(f"{path}?$filter=parentId eq {customer['id']}")] == [made["id"]]
    order = companion.order(companion.item_line())
    ordered = companion.made(path, {"parentId": order["id"], "text": "Call first"})
    assert [one["id"] for one in companion.list(path)] == [ordered["id"]]
    since = "lastModifiedDateTime ge"
    assert [one["id"] for one in companion.list(f"{path}?$filter={since} 2020-01-01T00:00:00Z")] == [ordered["id"]]
    assert companion.list(f"{path}?$filter={since} 2999-01-01T00:00:00Z") == []
    companion.refused(companion.post(path, {"text": "of nothing"}), 400, "Application_DialogException")
    unknown = {"parentId": made["id"], "text": "of a note"}
    companion.refused(companion.post(path, unknown), 400, "Application_DialogException")
    one = f"{path}({made['id']})"
    assert companion.changed(one, {"text": "Prefers evenings"})["text"] == "Prefers evenings"
    moved = companion.patch(one, {"parentId": companion.list("items")[0]["id"]}, if_match="*")
    companion.refused(moved, 400, "Application_DialogException")
    assert companion.delete(one, if_match="*").status_code == 204


def test_its_page_variables_are_not_safe_to_filter(companion: Any) -> None:
    """The customer's id and the work description are no fields of the order's table."""
    root = companion.extension
    for path in (f"orderDocuments?$filter=customerId eq {companion.company.id}", "setup?$filter=isEnabled eq true"):
        assert companion.get(f"{root}/{path}").status_code == 400


def test_a_work_description_is_read_back_line_by_line(companion: Any) -> None:
    """Lines end with a line feed, whatever they ended with; no other stamp of the order moves with it."""
    order = companion.order(companion.item_line())
    path = f"{companion.extension}/orderDocuments({order['id']})"
    before, shown = companion.read(f"salesOrders({order['id']})"), companion.read(path)
    changed = companion.patch(path, {"workDescription": "Ring twice\r\nGate B\r\n"}, if_match=shown["@odata.etag"])
    assert changed.json()["workDescription"] == "Ring twice\nGate B"
    after = companion.read(f"salesOrders({order['id']})")
    assert [after[name] for name in ("@odata.etag", "lastModifiedDateTime")] == [
        before[name] for name in ("@odata.etag", "lastModifiedDateTime")
    ]
    assert companion.read(path)["@odata.etag"] != shown["@odata.etag"]


def test_posted_invoices_show_what_their_order_said(companion: Any) -> None:
    """Under the same id as on the standard page; drafts are not among them."""
    order = companion.order(companion.item_line())
    path = f"{companion.extension}/orderDocuments({order['id']})"
    companion.patch(path, {"workDescription": "Ring twice", "yourReference": "PO 77"}, if_match="*")
    assert companion.post(f"salesOrders({order['id']})/Microsoft.NAV.shipAndInvoice").status_code == 204
    companion.post("salesInvoices", {"customerId": order["customerId"]})
    (posted,) = companion.list(f"salesInvoices?$filter=orderNumber eq '{order['number']}'")
    (shown,) = companion.list(f"{companion.extension}/invoiceDocuments")
    assert [shown[name] for name in ("id", "number", "workDescription", "yourReference")] == [
        posted["id"],
        posted["number"],
        "Ring twice",
        "PO 77",
    ]
