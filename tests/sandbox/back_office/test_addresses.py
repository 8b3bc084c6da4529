"""Where the service is found. (Section 9.1 of the fact sheet.)"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest


@pytest.mark.parametrize("tenant", ["sandbox-tenant/", ""])
@pytest.mark.parametrize("environment", ["production", "Production"])
def test_both_forms_of_the_root_are_served(lab: Any, tenant: Any, environment: Any) -> None:
    """The tenant may stand in the path or come from the token; the environment's case does not matter."""
    root = f"{lab.origin}/v2.0/{tenant}{environment}/api/v2.0"
    document = lab.read(f"{root}/companies({lab.company.id})/customers?$top=1")
    assert document["@odata.context"] == f"{root}/$metadata#companies({lab.company.id})/customers"


def test_another_tenant_is_unknown(lab: Any) -> None:
    """A route that the gateway does not know is a 404, and its body may be empty."""
    assert lab.get(f"{lab.origin}/v2.0/somebody-else/production/api/v2.0/companies").status_code == 404
    assert lab.get(f"{lab.origin}/v2.0/sandbox-tenant/production/api/v3.0/companies").status_code == 404


@pytest.mark.parametrize("name", ["id", "name"])
def test_the_company_may_be_named_in_the_query(lab: Any, name: Any) -> None:
    """`?company=` takes the GUID or the name."""
    company = lab.company.id if name == "id" else lab.company.name
    found = lab.list(f"{lab.root}/customers?company={quote(company)}&$select=number")
    assert [one["number"] for one in found] == ["10000", "20000"]


def test_companies_are_listed_with_their_system_fields(lab: Any) -> None:
    """GET companies shows the eleven properties of a captured answer, in page order."""
    (company,) = lab.list(f"{lab.root}/companies")
    assert list(company) == [
        "@odata.etag",
        "id",
        "systemVersion",
        "timestamp",
        "name",
        "displayName",
        "businessProfileId",
        "systemCreatedAt",
        "systemCreatedBy",
        "systemModifiedAt",
        "systemModifiedBy",
    ]
    assert company["name"] == "CRONUS USA, Inc."
    assert lab.read(f"{lab.root}/companies({company['id']})")["id"] == company["id"]


@pytest.mark.parametrize(
    "path",
    ["companies(5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d)/salesOrders", "salesOrders?company=Nowhere", "items"],
)
def test_an_unknown_company_is_not_found(lab: Any, path: Any) -> None:
    """Only companies, subscriptions, entityDefinitions, $metadata and $batch work without a company."""
    lab.refused(lab.get(f"{lab.root}/{path}"), 404, "Internal_CompanyNotFound")


def test_an_unknown_segment_is_not_found(lab: Any) -> None:
    """The code for an entity set that does not exist."""
    message = lab.refused(lab.get("salesUnicorns"), 404, "BadRequest_ResourceNotFound")
    assert message == "Resource not found for the segment 'salesUnicorns'."


def test_a_key_is_a_bare_guid(lab: Any) -> None:
    """No quotes, no guid'…': anything else is a syntax error."""
    lab.refused(lab.get("customers('10000')"), 400, "BadRequest_NotFound")
    lab.refused(lab.get("customers(5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d)"), 404, "BadRequest_ResourceNotFound")


def test_the_service_document_names_every_entity_set(lab: Any) -> None:
    """GET {root} lists what is served, collections only."""
    document = lab.read(lab.root)
    names = {one["name"] for one in document["value"]}
    assert {"companies", "salesOrders", "salesOrderLines", "subscriptions", "entityDefinitions"} <= names
    assert document["@odata.context"] == f"{lab.root}/$metadata"


def test_entity_definitions_give_captions_of_enum_members(lab: Any) -> None:
    """What a person reads for a member whose wire name is escaped."""
    definitions = {one["entityName"]: one for one in lab.list(f"{lab.root}/entityDefinitions")}
    members = definitions["salesOrder"]["enumMembers"]
    assert (members[1]["name"], members[1]["value"]) == ("status.In_x0020_Review", 1)
    assert members[1]["captions"] == [{"languageCode": 1033, "caption": "In Review"}]


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic abc"}])
def test_without_a_valid_bearer_token_the_answer_is_401_with_error_json(lab: Any, headers: Any) -> None:
    """The connector must recognise it and get a new token."""
    answer = httpx.get(f"{lab.root}/companies", headers=headers)
    lab.refused(answer, 401, "Authentication_InvalidCredentials")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_expired_token_is_refused(lab: Any) -> None:
    """After its lifetime a token is worth nothing; a new one works."""
    lab.door("POST", "tokens", {"expire": True})
    try:
        lab.refused(lab.get("customers"), 401, "Authentication_InvalidCredentials")
    finally:
        lab.sign_in()
    assert lab.get("customers").status_code == 200


def test_a_disabled_application_is_refused(lab: Any) -> None:
    """State = Disabled on the page Microsoft Entra Applications shuts the client out."""
    lab.switch(disabled_clients="clerk,integration")
    lab.refused(lab.get("customers"), 401, "Authentication_InvalidCredentials")
    lab.switch(disabled_clients="clerk")
    assert lab.get("customers").status_code == 200


def test_the_body_of_a_401_is_a_switch(lab: Any) -> None:
    """The gateway may answer with another body, or none."""
    bad = {"authorization": "Bearer nonsense"}
    assert lab.http.get(lab.url("items"), headers=bad).json()["error"]["code"] == "Authentication_InvalidCredentials"
    lab.switch(unauthorized_body="empty")
    refused = lab.http.get(lab.url("items"), headers=bad)
    assert (refused.status_code, refused.content) == (401, b"")


@pytest.mark.parametrize("status", [403, 401])
def test_a_client_without_permission_sets_is_refused(lab: Any, status: Any) -> None:
    """403; 401 was seen as well, with the same code."""
    lab.switch(unpermitted_clients="integration", permission_status=status, unauthorized_body="empty")
    lab.refused(lab.get("customers"), status, "Authorization_RequestDenied")
    lab.switch(unpermitted_clients="clerk")
    assert lab.get("customers").status_code == 200


def test_the_body_of_a_404_of_no_route_is_a_switch(lab: Any) -> None:
    """Empty, as a gateway has it, or the usual error."""
    nowhere = f"{lab.root.rpartition('/')[0]}/v9.9/items"
    assert (lab.get(nowhere).status_code, lab.get(nowhere).content) == (404, b"")
    lab.switch(unknown_route_body="json")
    lab.refused(lab.get(nowhere), 404, "BadRequest_ResourceNotFound")
