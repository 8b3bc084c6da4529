from __future__ import annotations

import re
from typing import Any

import pytest

TRACK = {"prefer": "odata.track-changes"}


def first(sales: Any, path: str = "salesorders?$select=name") -> Any:
    return sales.integration.read(path, **TRACK)


def test_the_first_call_answers_all_rows_and_a_delta_link(sales: Any, catalog: Any) -> None:
    """The token has the form version!date, and the preference is echoed."""
    order = catalog.order()
    response = sales.integration.get("salesorders?$select=name", **TRACK)
    assert response.headers["preference-applied"] == "odata.track-changes"
    body = response.json()
    assert [row["salesorderid"] for row in body["value"]] == [order]
    assert set(body["value"][0]) == {"@odata.etag", "name", "salesorderid"}
    token = body["@odata.deltaLink"].partition("$deltatoken=")[2]
    assert re.fullmatch(r"\d+%21\d\d%2f\d\d%2f\d{4}%20\d\d%3a\d\d%3a\d\d", token)
    assert "/salesorders?$select=name&$deltatoken=" in body["@odata.deltaLink"]


def test_the_delta_has_changes_in_version_order_then_deletions(sales: Any, catalog: Any) -> None:
    """New and changed rows look like ordinary ones, oldest version first; deletions are ids without
    columns.
    """
    kept, gone, changed = catalog.order(), catalog.order(), catalog.order()
    link = first(sales)["@odata.deltaLink"]
    sales.admin.delete(f"salesorders({gone})")
    new = catalog.order()
    sales.admin.patch(f"salesorders({changed})", {"name": "Changed"})
    body = sales.integration.read(link)
    assert body["@odata.context"].endswith("$metadata#salesorders(name)/$delta")
    assert [row.get("salesorderid") for row in body["value"]] == [new, changed, None]
    assert body["value"][2] == {
        "@odata.context": f"{sales.url}/api/data/v9.2/$metadata#salesorders/$deletedEntity",
        "id": gone,
        "reason": "deleted",
    }
    assert kept not in str(body["value"])
    assert body["@odata.deltaLink"] != link


def test_without_changes_the_delta_is_empty_with_a_fresh_link(sales: Any, catalog: Any) -> None:
    """An empty value, and always a link."""
    catalog.order()
    body = sales.integration.read(first(sales)["@odata.deltaLink"])
    assert body["value"] == []
    assert "$deltatoken=" in body["@odata.deltaLink"]


def test_created_and_deleted_in_between_still_is_a_deletion(sales: Any, catalog: Any) -> None:
    """The client gets a tombstone of a row that it never had; the first call has no deletions."""
    link = first(sales)["@odata.deltaLink"]
    order = catalog.order()
    sales.admin.delete(f"salesorders({order})")
    assert [row["id"] for row in sales.integration.read(link)["value"]] == [order]
    assert first(sales)["value"] == []


def test_a_row_that_lives_again_keeps_its_tombstone_by_switch(sales: Any, catalog: Any) -> None:
    """A deleted GUID that was created again may appear as row and as deletion, the deletion last."""
    order = catalog.order()
    link = first(sales)["@odata.deltaLink"]
    sales.admin.delete(f"salesorders({order})")
    catalog.order(None, salesorderid=order)
    assert [row.get("id", row.get("salesorderid")) for row in sales.integration.read(link)["value"]] == [
        order,
        order,
    ]
    sales.setup(tombstone_of_recreated="dropped")
    assert [row.get("salesorderid") for row in sales.integration.read(link)["value"]] == [order]


@pytest.mark.parametrize("option", ["$filter=statecode eq 0", "$orderby=name", "$expand=order_details", "$top=1"])
def test_four_query_options_are_refused_with_tracking(sales: Any, option: str) -> None:
    """Filter, order, expand and top are not supported when change tracking is enabled."""
    refused = sales.integration.get(f"salesorders?{option}", **TRACK)
    assert refused.status_code == 400
    name = option.partition("=")[0]
    expected = f'The "{name}" query parameter isn\'t supported when Change Tracking is enabled.'
    assert refused.json()["error"]["message"] == expected


def test_a_table_without_change_tracking_is_refused(sales: Any) -> None:
    """0x80072491 names the table; the switch lists the enabled ones."""
    sales.setup(tracked_tables=["account"])
    refused = sales.integration.get("salesorders", **TRACK)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80072491")
    assert refused.json()["error"]["message"] == "Entity salesorder isn't enabled for change tracking."
    assert sales.integration.get("accounts", **TRACK).status_code == 200


def test_an_administrator_turns_change_tracking_on_and_never_off(sales: Any) -> None:
    """The definition is updated; some tables can never have it."""
    sales.setup(tracked_tables=[])
    path = "EntityDefinitions(LogicalName='{}')"
    assert sales.admin.put(path.format("salesorder"), {"ChangeTrackingEnabled": True}).status_code == 204
    assert sales.integration.get("salesorders", **TRACK).status_code == 200
    assert sales.admin.put(path.format("salesorder"), {"ChangeTrackingEnabled": False}).status_code == 400
    assert sales.admin.put(path.format("orderclose"), {"ChangeTrackingEnabled": True}).status_code == 400


def test_tracking_needs_organization_level_read(sales: Any, catalog: Any) -> None:
    """A user with less reads rows, but gets a privilege error with tracking."""
    catalog.order()
    assert sales.seller.get("salesorders").status_code == 200
    refused = sales.seller.get("salesorders", **TRACK)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "0x80040220")
    sales.setup(org_level_read=["seller"])
    assert sales.seller.get("salesorders", **TRACK).status_code == 200
    assert sales.integration.get("salesorders", **TRACK).status_code == 403


def test_a_too_old_token_is_an_error_not_a_full_answer(sales: Any, catalog: Any) -> None:
    """After expirechangetrackingindays the token is 0x80044352; its status is a switch."""
    link = first(sales)["@odata.deltaLink"]
    sales.organization(expirechangetrackingindays=0)
    sales.later(60)
    refused = sales.integration.get(link)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80044352")
    words = "Version stamp associated with the client has expired. Please perform a full sync."
    assert refused.json()["error"]["message"] == words
    sales.setup(expired_token_status="410")
    assert sales.integration.get(link).status_code == 410
    sales.organization(expirechangetrackingindays=7)
    assert sales.integration.get(link).status_code == 200


def test_a_new_column_expires_tokens_by_switch(sales: Any, catalog: Any) -> None:
    """A change of the table's definition makes its tokens useless."""
    link = first(sales)["@odata.deltaLink"]
    sales.service.add_column("salesorder", "new_One", "String")
    assert sales.integration.get(link).json()["error"]["code"] == "0x80044352"
    sales.setup(metadata_change_expires_tokens=False)
    link = first(sales)["@odata.deltaLink"]
    sales.service.add_column("salesorder", "new_Two", "String")
    assert sales.integration.get(link).status_code == 200


@pytest.mark.parametrize("token", ["nonsense", "12", "x%2101%2f01%2f2026%2000%3a00%3a00"])
def test_a_token_that_is_none_is_refused(sales: Any, token: str) -> None:
    """Delta links are opaque; anything else is 400."""
    assert sales.integration.get(f"salesorders?$deltatoken={token}").status_code == 400


def test_the_first_call_is_paged_and_the_last_page_has_the_delta_link(sales: Any, catalog: Any) -> None:
    """Pages carry nextLink, the last one deltaLink; a change while paging is in the next delta."""
    orders = [catalog.order() for _ in range(5)]
    wanted = {"prefer": "odata.track-changes,odata.maxpagesize=2"}
    body = sales.integration.read("salesorders?$select=name", **wanted)
    seen = [row["salesorderid"] for row in body["value"]]
    assert "@odata.deltaLink" not in body
    sales.admin.patch(f"salesorders({seen[0]})", {"name": "While paging"})
    while "@odata.nextLink" in body:
        body = sales.integration.read(body["@odata.nextLink"], **wanted)
        seen += [row["salesorderid"] for row in body["value"]]
    assert sorted(seen) == sorted(orders)
    assert [row["name"] for row in sales.integration.read(body["@odata.deltaLink"])["value"]] == ["While paging"]


def test_a_token_taken_at_the_last_page_misses_what_changed_meanwhile(sales: Any, catalog: Any) -> None:
    """By switch the version is that of the last page: a change to a page already read is lost."""
    sales.setup(delta_token_taken="last-page")
    for _ in range(3):
        catalog.order()
    wanted = {"prefer": "odata.track-changes,odata.maxpagesize=2"}
    body = sales.integration.read("salesorders?$select=name", **wanted)
    sales.admin.patch(f"salesorders({body['value'][0]['salesorderid']})", {"name": "While paging"})
    body = sales.integration.read(body["@odata.nextLink"], **wanted)
    assert sales.integration.read(body["@odata.deltaLink"])["value"] == []


def test_a_long_delta_is_paged_without_loss(sales: Any, catalog: Any) -> None:
    """Rows that change while the delta is paged come with the next one; deletions come last."""
    gone = [catalog.order() for _ in range(2)]
    link = first(sales)["@odata.deltaLink"]
    orders = [catalog.order() for _ in range(5)]
    for order in gone:
        sales.admin.delete(f"salesorders({order})")
    wanted = {"prefer": "odata.maxpagesize=2"}
    body = sales.integration.read(link, **wanted)
    seen = [row["salesorderid"] for row in body["value"]]
    sales.admin.patch(f"salesorders({orders[0]})", {"name": "Again"})
    sales.admin.patch(f"salesorders({orders[3]})", {"name": "Again"})
    deleted = []
    while "@odata.nextLink" in body:
        body = sales.integration.read(body["@odata.nextLink"], **wanted)
        seen += [row["salesorderid"] for row in body["value"] if "salesorderid" in row]
        deleted += [row["id"] for row in body["value"] if "id" in row]
    assert sorted(deleted) == sorted(gone)
    later = [row["salesorderid"] for row in sales.integration.read(body["@odata.deltaLink"])["value"]]
    assert set(later) == {orders[0], orders[3]}
    assert set(seen) | set(later) == set(orders)


def test_the_number_of_changes_is_counted(sales: Any, catalog: Any) -> None:
    """/$count?$deltatoken=… counts changes and deletions."""
    order = catalog.order()
    token = first(sales)["@odata.deltaLink"].partition("$deltatoken=")[2]
    catalog.order()
    sales.admin.delete(f"salesorders({order})")
    assert sales.integration.get(f"salesorders/$count?$deltatoken={token}").text.lstrip("\ufeff") == "2"


def test_a_line_write_shows_the_header_in_its_delta_through_pricing(sales: Any, catalog: Any) -> None:
    """Recalculation touches the header: both tables have changes, each in its own delta."""
    order = catalog.order(None, catalog.bikes(1))
    headers = first(sales)["@odata.deltaLink"]
    lines = first(sales, "salesorderdetails?$select=quantity")["@odata.deltaLink"]
    line = catalog.add_line(order, catalog.bikes(2))
    assert [row["salesorderid"] for row in sales.integration.read(headers)["value"]] == [order]
    assert [row["salesorderdetailid"] for row in sales.integration.read(lines)["value"]] == [line]


def test_deleting_an_order_leaves_tombstones_of_its_lines(sales: Any, catalog: Any) -> None:
    """The cascade is seen in the lines' own delta."""
    order = catalog.order(None, catalog.bikes(1))
    line = sales.admin.read(f"salesorders({order})/order_details")["value"][0]["salesorderdetailid"]
    link = first(sales, "salesorderdetails?$select=quantity")["@odata.deltaLink"]
    sales.admin.delete(f"salesorders({order})")
    assert [row["id"] for row in sales.integration.read(link)["value"]] == [line]


def test_an_undone_write_leaves_no_trace_in_the_delta(sales: Any, catalog: Any) -> None:
    """What was rolled back is neither a change nor a deletion."""
    link = first(sales)["@odata.deltaLink"]
    bad = catalog.bikes(1) | {"quantity": 1.5}
    assert sales.admin.post("salesorders", {"name": "x", "order_details": [bad]}).status_code == 400
    assert sales.integration.read(link)["value"] == []


def test_which_tables_can_never_be_tracked_is_a_switch(sales: Any) -> None:
    """Their definition says so, and an administrator's wish is refused."""
    sales.setup(tracked_tables=["account"], untrackable_tables=["contact"])
    path = "EntityDefinitions(LogicalName='contact')"
    shown = sales.admin.read(f"{path}?$select=ChangeTrackingEnabled,CanChangeTrackingBeEnabled")
    assert shown["ChangeTrackingEnabled"] is False
    assert shown["CanChangeTrackingBeEnabled"]["Value"] is False
    wish = {"LogicalName": "contact", "ChangeTrackingEnabled": True}
    assert sales.admin.put(path, wish).status_code == 400
