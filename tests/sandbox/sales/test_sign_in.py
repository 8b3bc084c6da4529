from __future__ import annotations

from typing import Any

import pytest

BASE = "/api/data/v9.2"


def test_who_am_i_names_user_business_unit_and_organization(sales: Any) -> None:
    """WhoAmI is the cheapest connection check: it answers three ids."""
    body = sales.integration.read("WhoAmI")
    assert body["UserId"] == sales.user("integration")
    assert body["OrganizationId"] == sales.service.world.organization_id
    assert body["BusinessUnitId"] == sales.service.world.business_unit_id
    assert body["@odata.context"].endswith("$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse")


def test_who_am_i_takes_brackets_and_refuses_post(sales: Any) -> None:
    """A function called with the wrong method is answered 404 with an empty code."""
    assert sales.integration.get("WhoAmI()").status_code == 200
    refused = sales.integration.post("WhoAmI", {})
    assert refused.status_code == 404
    assert refused.json()["error"]["code"] == ""
    assert "No HTTP resource was found" in refused.json()["error"]["message"]


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic abc"])
def test_without_a_valid_token_401_has_a_challenge_and_no_body(sales: Any, header: str | None) -> None:
    """A missing or unknown token is 401 with WWW-Authenticate and an empty body."""
    headers = {"authorization": header} if header else {}
    response = sales.nobody.get("WhoAmI", **headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer authorization_uri=")
    assert response.content == b""


def test_an_expired_token_is_401(sales: Any) -> None:
    """A token is refused once its lifetime is over."""
    sales.later(4000)
    assert sales.integration.get("WhoAmI").status_code == 401
    sales.later(-4000)
    assert sales.integration.get("WhoAmI").status_code == 200


def test_a_client_without_user_is_403_not_a_member(sales: Any) -> None:
    """A valid token without a matching application user is refused with 0x80072560."""
    user = sales.user("integration")
    sales.admin.patch(f"systemusers({user})", {"applicationid": None})
    refused = sales.integration.get("WhoAmI")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "0x80072560"
    assert refused.json()["error"]["message"] == "The user is not a member of the organization."


def test_a_disabled_user_is_refused(sales: Any) -> None:
    """A disabled user gets 0x80040225; whether as 403 or 401 is a switch."""
    sales.admin.patch(f"systemusers({sales.user('seller')})", {"isdisabled": True})
    assert sales.seller.get("WhoAmI").status_code == 403
    assert sales.seller.get("WhoAmI").json()["error"]["code"] == "0x80040225"
    sales.setup(disabled_user_status="401")
    assert sales.seller.get("WhoAmI").status_code == 401


def test_there_are_three_users_and_one_is_the_integration_user(sales: Any) -> None:
    """`isintegrationuser` is the column that decides lock and pricing; only one user has it."""
    rows = sales.admin.read("systemusers?$select=fullname,isintegrationuser&$filter=isdisabled eq false")["value"]
    assert len(rows) == 3
    assert [row["systemuserid"] for row in rows if row["isintegrationuser"]] == [sales.user("integration")]


def test_users_show_ownerid_beside_their_key(sales: Any) -> None:
    """`systemuser` inherits from principal, so both keys are answered with one value."""
    row = sales.admin.read(f"systemusers({sales.user('seller')})?$select=fullname")
    assert row["ownerid"] == row["systemuserid"] == sales.user("seller")


@pytest.mark.parametrize("column", ["systemuserid", "azureactivedirectoryobjectid"])
def test_impersonation_stamps_the_other_user_and_the_real_caller(sales: Any, catalog: Any, column: str) -> None:
    """`createdby` is the impersonated user, createdonbehalfby the caller, for both headers."""
    seller = sales.service.row("systemuser", sales.user("seller"))
    header = "mscrmcallerid" if column == "systemuserid" else "callerobjectid"
    response = sales.admin.post(
        "accounts", {"name": "For Sally"}, prefer="return=representation", **{header: seller[column]}
    )
    row = response.json()
    assert row["_createdby_value"] == sales.user("seller")
    assert row["_createdonbehalfby_value"] == sales.user("admin")
    assert row["_ownerid_value"] == sales.user("seller")


def test_acting_for_others_needs_the_privilege(sales: Any) -> None:
    """Without prvActOnBehalfOfAnotherUser impersonation is 403 0x8004A110."""
    refused = sales.seller.get("WhoAmI", mscrmcallerid=sales.user("admin"))
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "0x8004A110"


def test_impersonation_gives_the_intersection_of_rights(sales: Any) -> None:
    """A seller who acts for an administrator still may not write the organization."""
    sales.setup(seller_acts_for_others=True)
    key = sales.service.world.organization_id
    body = {"issopintegrationenabled": True}
    refused = sales.seller.patch(f"organizations({key})", body, mscrmcallerid=sales.user("admin"))
    assert refused.status_code == 403


def test_a_seller_lacks_privileges_on_settings(sales: Any) -> None:
    """A missing privilege is 403 0x80040220 and names it."""
    refused = sales.seller.patch(f"organizations({sales.service.world.organization_id})", {"orderprefix": "X"})
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "0x80040220"
    assert "prvWriteOrganization" in refused.json()["error"]["message"]


def test_privileges_can_be_taken_away(sales: Any, catalog: Any) -> None:
    """A denied read privilege on orders is 403 for the integration user alone."""
    sales.setup(denied=["integration:prvReadSalesOrder"])
    assert sales.integration.get("salesorders").status_code == 403
    assert sales.seller.get("salesorders").status_code == 200


def test_every_answer_carries_request_ids_and_the_odata_version(sales: Any) -> None:
    """REQ_ID and x-ms-service-request-id are on successes and refusals alike."""
    for path in ("WhoAmI", "nonsense"):
        headers = sales.integration.get(path).headers
        assert headers["req_id"] == headers["x-ms-service-request-id"]
        assert headers["odata-version"] == "4.0"
        assert headers["content-type"] == "application/json; odata.metadata=minimal"


def test_older_api_versions_answer_in_their_own_addresses(sales: Any) -> None:
    """Code for v9.0 keeps working; v8.2 is not there."""
    response = sales.integration.get("/api/data/v9.0/WhoAmI")
    assert "/api/data/v9.0/$metadata" in response.json()["@odata.context"]
    assert sales.integration.get("/api/data/v8.2/WhoAmI").status_code == 404


def test_addresses_follow_a_front_that_speaks_tls(sales: Any, catalog: Any) -> None:
    """Behind a TLS front links are https, so that clients can follow them."""
    forwarded = {"x_forwarded_proto": "https", "x_forwarded_host": "contoso.example"}
    response = sales.admin.get("accounts?$select=name", **forwarded)
    assert response.json()["@odata.context"].startswith("https://contoso.example/api/data/v9.2/")


def test_a_too_long_address_is_414_and_a_too_large_body_413(sales: Any) -> None:
    """The limit of a GET URL is 32,768 characters; bodies have a limit as well."""
    assert sales.integration.get("accounts?$filter=name eq '" + "x" * 33_000 + "'").status_code == 414
    sales.setup(max_body_bytes=100)
    assert sales.integration.post("accounts", {"name": "x" * 150}).status_code == 413


def test_switch_values_are_checked(sales: Any) -> None:
    """An unknown switch or value is 400 and the answer names the legal ones."""
    unknown = sales.door("PATCH", "setup", {"nonsense": 1})
    assert unknown.status_code == 400
    assert "submitted_lock" in unknown.text
    wrong = sales.door("PATCH", "setup", {"submitted_lock": "sometimes"})
    assert wrong.status_code == 400
    assert "everybody" in wrong.text


def test_switches_describe_themselves(sales: Any) -> None:
    """Each switch has a meaning, choices and the mark of its source."""
    described = sales.door("GET", "setup?describe=1").json()
    assert all(one["meaning"] and one["choices"] and one["source"] for one in described)
    plain = sales.door("GET", "setup").json()
    assert plain == {one["name"]: one["value"] for one in described}


def test_reset_gives_the_state_after_construction_with_the_same_ids(sales: Any) -> None:
    """Rows, switches and numbers are back, and ids repeat for a seed."""
    sales.setup(submitted_lock="nobody")
    first = sales.admin.make("accounts", {"name": "One"})
    sales.door("POST", "reset")
    assert sales.admin.read("accounts")["value"] == []
    assert sales.door("GET", "setup").json()["submitted_lock"] == "integration-and-admin"
    assert sales.admin.make("accounts", {"name": "One"}) == first


def test_the_row_door_writes_without_stamp_or_version(sales: Any, catalog: Any) -> None:
    """PATCH /sandbox/rows moves neither modifiedon nor the tag."""
    before = sales.admin.read(f"accounts({catalog.account})")
    door = f"rows/account/{catalog.account}"
    assert sales.door("PATCH", door, {"name": "Quietly changed"}).status_code == 204
    after = sales.admin.read(f"accounts({catalog.account})")
    assert after["name"] == "Quietly changed"
    assert after["@odata.etag"] == before["@odata.etag"]
    assert after["modifiedon"] == before["modifiedon"]
    assert sales.door("GET", door).json()["name"] == "Quietly changed"
    assert len(sales.door("GET", "rows/account").json()) == 1


def test_the_body_of_a_401_is_a_switch(sales: Any) -> None:
    """Empty, or the usual error; the challenge is there either way."""
    for switch, parses in (("empty", False), ("json", True)):
        sales.setup(unauthorized_body=switch)
        refused = sales.nobody.get("accounts")
        assert (refused.status_code, "www-authenticate" in refused.headers) == (401, True)
        assert bool(refused.content and refused.json()["error"]["message"]) is parses
