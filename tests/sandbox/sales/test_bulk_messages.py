from __future__ import annotations

from typing import Any

KIND = {"@odata.type": "Microsoft.Dynamics.CRM.account"}
SET = "accounts/Microsoft.Dynamics.CRM."


def test_create_multiple_answers_ids_in_order(sales: Any) -> None:
    """200 with Ids, one for each target."""
    body = {"Targets": [{**KIND, "name": name} for name in ("A", "B", "C")]}
    response = sales.integration.post(f"{SET}CreateMultiple", body)
    assert response.status_code == 200
    ids = response.json()["Ids"]
    assert [sales.admin.read(f"accounts({key})")["name"] for key in ids] == ["A", "B", "C"]


def test_items_need_their_odata_type(sales: Any) -> None:
    """@odata.type is mandatory for every item."""
    refused = sales.integration.post(f"{SET}CreateMultiple", {"Targets": [{"name": "A"}]})
    assert refused.status_code == 400


def test_one_failure_undoes_all_items(sales: Any) -> None:
    """On standard tables the message is one transaction."""
    targets = [{**KIND, "name": "A"}, {**KIND, "name": "x" * 161}]
    assert sales.integration.post(f"{SET}CreateMultiple", {"Targets": targets}).status_code == 400
    assert sales.admin.read("accounts")["value"] == []


def test_update_multiple_takes_the_key_in_each_item(sales: Any) -> None:
    """204; a missing row is 404 and undoes the rest."""
    keys = [sales.admin.make("accounts", {"name": name}) for name in ("A", "B")]
    targets = [{**KIND, "accountid": key, "name": "Same"} for key in keys]
    assert sales.integration.post(f"{SET}UpdateMultiple", {"Targets": targets}).status_code == 204
    assert {row["name"] for row in sales.admin.read("accounts")["value"]} == {"Same"}
    missing = {**KIND, "accountid": "99999999-2222-4333-8444-555555555555", "name": "x"}
    targets = [{**KIND, "accountid": keys[0], "name": "Other"}, missing]
    assert sales.integration.post(f"{SET}UpdateMultiple", {"Targets": targets}).status_code == 404
    assert {row["name"] for row in sales.admin.read("accounts")["value"]} == {"Same"}


def test_upsert_multiple_addresses_items_by_key(sales: Any) -> None:
    """@odata.id with an alternate key, or the primary key among the columns."""
    sales.service.add_column("account", "new_Erp", "String")
    sales.service.add_key("account", "new_erpkey", ("new_erp",))
    known = sales.admin.make("accounts", {"name": "Known", "new_erp": "1"})
    targets = [
        {**KIND, "@odata.id": "accounts(new_erp='1')", "name": "Updated"},
        {**KIND, "@odata.id": "accounts(new_erp='2')", "name": "Created"},
    ]
    assert sales.integration.post(f"{SET}UpsertMultiple", {"Targets": targets}).status_code == 204
    assert sales.admin.read(f"accounts({known})")["name"] == "Updated"
    assert sales.admin.read("accounts(new_erp='2')")["name"] == "Created"


def test_bulk_delete_removes_what_its_query_finds(sales: Any, catalog: Any) -> None:
    """A job id is answered; rows that cannot be deleted stay."""
    catalog.order()
    free = sales.admin.make("accounts", {"name": "Free"})
    condition = {
        "AttributeName": "accountid",
        "Operator": "In",
        "Values": [{"Value": key, "Type": "System.Guid"} for key in (free, catalog.account)],
    }
    body = {
        "JobName": "Bulk delete",
        "SendEmailNotification": False,
        "ToRecipients": [],
        "CCRecipients": [],
        "RecurrencePattern": "",
        "StartDateTime": "2026-01-01T00:00:00Z",
        "QuerySet": [{"EntityName": "account", "Criteria": {"FilterOperator": "And", "Conditions": [condition]}}],
    }
    response = sales.admin.post("BulkDelete", body)
    assert response.status_code == 200
    job = sales.admin.read(f"asyncoperations({response.json()['JobId']})")
    assert (job["operationtype"], job["statuscode"]) == (13, 30)
    assert [row["accountid"] for row in sales.admin.read("accounts")["value"]] == [catalog.account]


def test_unknown_parameters_and_bindings_are_refused(sales: Any) -> None:
    """An action takes its own parameters only and is called where it is bound."""
    assert sales.admin.post(f"{SET}CreateMultiple", {"Targets": [], "Nonsense": 1}).status_code == 400
    assert sales.admin.post("CreateMultiple", {"Targets": []}).status_code == 404
    assert sales.admin.post(f"{SET}Nonsense", {}).status_code == 404


def test_upsert_multiple_answers_ids_by_switch(sales: Any) -> None:
    """204 as one public client has it, or 200 with the ids in the order sent."""
    known = sales.admin.make("accounts", {"name": "Known"})
    other = "99999999-2222-4333-8444-555555555555"
    targets = [{**KIND, "accountid": key, "name": "Same"} for key in (known, other)]
    sales.setup(upsert_multiple_status="200")
    response = sales.integration.post(f"{SET}UpsertMultiple", {"Targets": targets})
    assert (response.status_code, response.json()["Ids"]) == (200, [known, other])
