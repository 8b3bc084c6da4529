from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def many(sales: Any) -> Any:
    for number in range(25):
        sales.service.insert("account", {"name": f"Account {number:02}", "numberofemployees": number % 5})
    return sales


def walk(sales: Any, path: str, size: int = 10) -> list[list[dict[str, Any]]]:
    pages, link = [], path
    while link:
        body = sales.admin.read(link, prefer=f"odata.maxpagesize={size}")
        pages.append(body["value"])
        link = body.get("@odata.nextLink")
    return pages


def test_pages_are_chained_by_absolute_links(many: Any) -> None:
    """`maxpagesize` cuts, the opaque $skiptoken goes on, the last page has no link."""
    response = many.admin.get("accounts?$select=name", prefer="odata.maxpagesize=10")
    assert response.headers["preference-applied"] == "odata.maxpagesize=10"
    link = response.json()["@odata.nextLink"]
    assert link.startswith(f"{many.url}/api/data/v9.2/accounts?$select=name&$skiptoken=%3Ccookie%20pagenumber=")
    pages = walk(many, "accounts?$select=name")
    assert [len(page) for page in pages] == [10, 10, 5]
    assert len({row["accountid"] for page in pages for row in page}) == 25


def test_pages_keep_filter_and_order(many: Any) -> None:
    """The order asked for holds across pages, ties broken by the key."""
    pages = walk(many, "accounts?$select=name&$filter=numberofemployees lt 4&$orderby=numberofemployees desc,name", 7)
    rows = [row["name"] for page in pages for row in page]
    expected = sorted((f"Account {n:02}" for n in range(25) if n % 5 < 4), key=lambda n: (-(int(n[-2:]) % 5), n))
    assert rows == expected


def test_a_row_entered_behind_the_edge_does_not_shift_pages(many: Any) -> None:
    """With a unique order, rows that appear or vanish while paging neither double nor hide others."""
    first = many.admin.read("accounts?$select=name&$orderby=name", prefer="odata.maxpagesize=10")
    many.admin.make("accounts", {"name": "Account 000"})
    many.admin.delete(f"accounts({first['value'][3]['accountid']})")
    second = many.admin.read(first["@odata.nextLink"], prefer="odata.maxpagesize=10")
    assert [row["name"] for row in second["value"]] == [f"Account {n:02}" for n in range(10, 20)]


def test_a_page_is_as_fresh_as_its_request(many: Any) -> None:
    """The second page shows what was written after the first one, in the same table and in related ones."""
    path = "accounts?$select=name&$filter=primarycontactid/lastname eq 'A'&$orderby=name"
    contact = many.service.insert("contact", {"lastname": "A"})
    for row in many.service.rows("account"):
        many.service.patch("account", row["accountid"], {"primarycontactid": contact})
    first = many.admin.read(path, prefer="odata.maxpagesize=10")
    last = next(row["accountid"] for row in many.service.rows("account") if row["name"] == "Account 24")
    many.door("PATCH", f"rows/account/{last}", {"name": "Account 10 bis"})
    second = many.admin.read(first["@odata.nextLink"], prefer="odata.maxpagesize=3")
    assert [row["name"] for row in second["value"]] == ["Account 10", "Account 10 bis", "Account 11"]
    many.service.patch("contact", contact, {"lastname": "B"})
    assert many.admin.read(first["@odata.nextLink"], prefer="odata.maxpagesize=3")["value"] == []


def test_top_limits_and_is_ignored_with_maxpagesize(many: Any) -> None:
    """$top alone ends the list without a link; with maxpagesize it does not count."""
    body = many.admin.read("accounts?$select=name&$top=3")
    assert len(body["value"]) == 3
    assert "@odata.nextLink" not in body
    both = many.admin.read("accounts?$select=name&$top=3", prefer="odata.maxpagesize=10")
    assert len(both["value"]) == 10
    assert "@odata.nextLink" in both


def test_count_is_of_all_matching_rows(many: Any) -> None:
    """$count=true counts what the filter lets through, whatever the page; annotations repeat it."""
    wanted = 'odata.maxpagesize=2,odata.include-annotations="*"'
    body = many.admin.read("accounts?$select=name&$count=true&$filter=numberofemployees eq 1", prefer=wanted)
    assert body["@odata.count"] == 5
    assert body["@Microsoft.Dynamics.CRM.totalrecordcount"] == 5
    assert body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is False
    assert len(body["value"]) == 2
    uncounted = many.admin.read("accounts?$select=name", prefer='odata.include-annotations="*"')
    assert uncounted["@Microsoft.Dynamics.CRM.totalrecordcount"] == -1


def test_a_page_never_has_more_than_five_thousand_rows(sales: Any) -> None:
    """5,000 is the default and the maximum of a page and of a count."""
    for number in range(5001):
        sales.service.insert("uomschedule", {"name": f"Group {number}"})
    wanted = 'odata.maxpagesize=9000,odata.include-annotations="*"'
    body = sales.admin.read("uomschedules?$select=name&$count=true", prefer=wanted)
    assert len(body["value"]) == 5000
    assert body["@odata.count"] == 5000
    assert body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is True
    assert len(sales.admin.read(body["@odata.nextLink"], prefer=wanted)["value"]) == 1
    assert sales.admin.get("uomschedules/$count").text.lstrip("\ufeff") == "5000"


def test_without_order_pages_may_overlap(many: Any) -> None:
    """By switch each request sees the rows in another arrangement; an order with a unique column is safe."""
    many.setup(unordered_pages="shuffled-each-request")
    rounds = [[row["accountid"] for page in walk(many, "accounts?$select=name") for row in page] for _ in range(3)]
    assert any(len(set(seen)) < 25 for seen in rounds)
    safe = [row["accountid"] for page in walk(many, "accounts?$select=name&$orderby=accountid") for row in page]
    assert len(set(safe)) == 25


@pytest.mark.parametrize("token", ["nonsense", "%3Ccookie%20pagenumber=%222%22%20/%3E"])
def test_a_cookie_that_is_none_is_refused(many: Any, token: str) -> None:
    """Clients must use the link verbatim."""
    assert many.admin.get(f"accounts?$skiptoken={token}").status_code == 400


def test_a_bad_page_size_is_refused(many: Any) -> None:
    """`maxpagesize` is a positive number."""
    assert many.admin.get("accounts", prefer="odata.maxpagesize=none").status_code == 400
