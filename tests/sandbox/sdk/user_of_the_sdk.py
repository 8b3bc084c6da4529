"""What somebody does with Microsoft's own client. Run by the interpreter that has it:
user_of_the_sdk.py URL CLIENT_ID CLIENT_SECRET. Prints one JSON object of what it saw; judges nothing.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import requests
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import col
from PowerPlatform.Dataverse.models.upsert import UpsertItem

URL, CLIENT_ID, CLIENT_SECRET = sys.argv[1:]


class Credential:
    """Client credentials against the token endpoint of the environment."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        form = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scope": scopes[0],
        }
        answer = requests.post(f"{URL}/sandbox-tenant/oauth2/v2.0/token", data=form, timeout=20)
        answer.raise_for_status()
        body = answer.json()
        return AccessToken(body["access_token"], int(time.time()) + body["expires_in"])


def create_read_update_delete(client: DataverseClient) -> dict[str, Any]:
    key = client.records.create("account", {"name": "Contoso", "accountnumber": "10000"})
    read = client.records.retrieve("account", key, select=["name", "accountnumber"])
    client.records.update("account", key, {"telephone1": "555-0100"})
    updated = client.records.retrieve("account", key, select=["telephone1", "name"])
    person = client.records.create(
        "contact", {"lastname": "Berry", "parentcustomerid_account@odata.bind": f"/accounts({key})"}
    )
    bound = client.records.retrieve("contact", person, select=["_parentcustomerid_value"])
    client.records.delete("contact", person)
    client.records.delete("account", key)
    return {
        "read": [read["name"], read["accountnumber"]],
        "updated": [updated["telephone1"], updated["name"]],
        "bound": bound["_parentcustomerid_value"] == key,
        "deleted": client.records.retrieve("account", key) is None,
    }


def many(client: DataverseClient) -> dict[str, Any]:
    keys = client.records.create("account", [{"name": f"Account {n:02d}", "numberofemployees": n} for n in range(25)])
    client.records.update("account", keys[:3], {"telephone1": "555-0199"})
    pages = [
        [row["name"] for row in page]
        for page in client.records.list_pages("account", select=["name"], orderby=["name asc"], page_size=10)
    ]
    names = [name for page in pages for name in page]
    found = (
        client.query.builder("account")
        .select("name", "numberofemployees")
        .where((col("numberofemployees") >= 20) & (col("telephone1") == None))  # noqa: E711  the library's own way
        .order_by("numberofemployees", descending=True)
        .top(3)
        .execute()
    )
    counted = client.records.list("account", filter="telephone1 eq '555-0199'", select=["name"], count=True)
    return {
        "created": len(set(keys)),
        "pages": [len(page) for page in pages],
        "in order": names == sorted(names),
        "queried": [row["name"] for row in found],
        "counted": sorted(row["name"] for row in counted),
    }


def formatted(client: DataverseClient) -> list[str]:
    rows = client.query.builder("account").select("statuscode").include_formatted_values().top(1).execute()
    return [rows[0]["statuscode@OData.Community.Display.V1.FormattedValue"]]


def batched(client: DataverseClient) -> dict[str, Any]:
    batch = client.batch.new()
    batch.records.create("account", {"name": "In a batch"})
    with batch.changeset() as changes:
        lead = changes.records.create("contact", {"lastname": "First"})
        company = changes.records.create("account", {"name": "By reference", "primarycontactid@odata.bind": lead})
        changes.records.update("account", company, {"telephone1": "555-0111"})
    batch.records.list("account", filter="name eq 'By reference'", select=["telephone1"])
    good = batch.execute()
    failing = client.batch.new()
    failing.records.update("account", "00000000-0000-0000-0000-00000000beef", {"nonsense": 1})
    failing.records.create("account", {"name": "After the failure"})
    stopped = failing.execute()
    again = client.batch.new()
    again.records.update("account", "00000000-0000-0000-0000-00000000beef", {"nonsense": 1})
    again.records.create("account", {"name": "Went on"})
    went_on = again.execute(continue_on_error=True)
    undone = client.batch.new()
    with undone.changeset() as changes:
        changes.records.create("account", {"name": "Undone"})
        changes.records.update("account", "00000000-0000-0000-0000-00000000beef", {"nonsense": 1})
    rolled_back = undone.execute()
    left = client.records.list("account", filter="name eq 'Undone'", select=["name"])
    return {
        "statuses": [one.status_code for one in good.responses],
        "read": [row["telephone1"] for row in good.responses[-1].data["value"]],
        "stopped": [one.status_code for one in stopped.responses],
        "error": stopped.failed[0].error_code,
        "went on": [one.status_code for one in went_on.responses],
        "rolled back": [len(rolled_back.failed), len(left)],
    }


def upserted(client: DataverseClient) -> dict[str, Any]:
    key = client.tables.create_alternate_key("account", "new_ByNumber", ["accountnumber"])
    item = UpsertItem(alternate_key={"accountnumber": "K-1"}, record={"name": "Made"})
    client.records.upsert("account", [item])
    client.records.upsert(
        "account",
        [
            UpsertItem(alternate_key={"accountnumber": "K-1"}, record={"name": "Changed"}),
            UpsertItem(alternate_key={"accountnumber": "K-2"}, record={"name": "Second"}),
        ],
    )
    rows = client.records.list("account", filter="startswith(accountnumber,'K-')", orderby=["accountnumber"])
    return {"key": bool(key), "rows": [[row["accountnumber"], row["name"]] for row in rows]}


def refused(client: DataverseClient) -> dict[str, Any]:
    try:
        client.records.create("account", {"name": "x" * 161})
    except HttpError as error:
        return {
            "status": error.status_code,
            "code": error.details.get("service_error_code"),
            "transient": error.is_transient,
        }
    return {}


with DataverseClient(URL, Credential()) as client:
    print(  # noqa: T201  its output is its answer
        json.dumps(
            {
                "one": create_read_update_delete(client),
                "many": many(client),
                "formatted": formatted(client),
                "batch": batched(client),
                "upsert": upserted(client),
                "refused": refused(client),
            }
        )
    )
