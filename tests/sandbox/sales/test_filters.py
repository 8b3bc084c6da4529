from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest


@pytest.fixture
def accounts(sales: Any) -> Any:
    rows = [
        {
            "name": "Alpine Ski",
            "accountnumber": "10",
            "numberofemployees": 5,
            "revenue": 100,
            "creditonhold": True,
        },
        {"name": "alpine bikes", "accountnumber": "20", "numberofemployees": 50, "revenue": 200},
        {"name": "O'Brien & Sons", "numberofemployees": 500, "description": "x%y"},
        {"name": "Coho", "accountnumber": "Coho"},
    ]
    for row in rows:
        sales.service.insert("account", row)
    return sales


def names(sales: Any, condition: str) -> list[str]:
    rows = sales.admin.read(f"accounts?$select=name&$filter={quote(condition)}")["value"]
    return sorted(row["name"] for row in rows)


CASES = [
    ("name eq 'ALPINE SKI'", ["Alpine Ski"]),
    ("name eq 'O''Brien & Sons'", ["O'Brien & Sons"]),
    ("startswith(name,'alpine')", ["Alpine Ski", "alpine bikes"]),
    ("endswith(name,'ski')", ["Alpine Ski"]),
    ("contains(name,'PINE')", ["Alpine Ski", "alpine bikes"]),
    ("contains(name,'a%ski')", ["Alpine Ski"]),
    ("not contains(name,'pine')", ["Coho", "O'Brien & Sons"]),
    ("numberofemployees gt 5 and numberofemployees le 50", ["alpine bikes"]),
    ("numberofemployees lt 10 or numberofemployees ge 500", ["Alpine Ski", "O'Brien & Sons"]),
    ("(numberofemployees eq 5 or numberofemployees eq 50) and revenue gt 150", ["alpine bikes"]),
    ("numberofemployees eq null", ["Coho"]),
    ("numberofemployees ne null", ["Alpine Ski", "O'Brien & Sons", "alpine bikes"]),
    ("numberofemployees ne 5", ["Coho", "O'Brien & Sons", "alpine bikes"]),
    ("not (numberofemployees gt 5)", ["Alpine Ski"]),
    ("creditonhold eq true", ["Alpine Ski"]),
    ("creditonhold", ["Alpine Ski"]),
    ("accountnumber eq name", ["Coho"]),
    ("10 lt numberofemployees", ["O'Brien & Sons", "alpine bikes"]),
    ("revenue eq 100.00", ["Alpine Ski"]),
    ("createdby/fullname eq 'System Administrator' and name eq 'Coho'", ["Coho"]),
    (
        "Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['coho','Alpine Ski'])",
        ["Alpine Ski", "Coho"],
    ),
    (
        "Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=[\"O'Brien & Sons\"])",
        ["O'Brien & Sons"],
    ),
    (
        "Microsoft.Dynamics.CRM.NotIn(PropertyName='numberofemployees',PropertyValues=['5','50'])",
        ["Coho", "O'Brien & Sons"],
    ),
    (
        'Microsoft.Dynamics.CRM.Between(PropertyName=\'numberofemployees\',PropertyValues=["5","100"])',
        ["Alpine Ski", "alpine bikes"],
    ),
    ("Microsoft.Dynamics.CRM.EqualUserId(PropertyName='ownerid') and name eq 'Coho'", ["Coho"]),
]


@pytest.mark.parametrize(("condition", "expected"), CASES, ids=[case[0][:40] for case in CASES])
def test_filters_choose_rows(accounts: Any, condition: str, expected: list[str]) -> None:
    """Text is compared without regard to case; quotes are doubled; columns may be compared with columns."""
    assert names(accounts, condition) == sorted(expected)


def test_ne_leaves_nulls_out_by_switch(accounts: Any) -> None:
    """Whether `ne` matches null is not documented."""
    accounts.setup(ne_matches_null=False)
    assert names(accounts, "numberofemployees ne 5") == ["O'Brien & Sons", "alpine bikes"]
    assert names(accounts, "not contains(description,'x')") == []


REFUSED = [
    "Name eq 'x'",
    "name eq 5",
    "numberofemployees eq 'five'",
    "name gt",
    "name eq 'a",
    "name in ('a','b')",
    "nonsense(name)",
    "tolower(name) eq 'x'",
    "name",
    "primarycontactid/nonsense eq 'x'",
    "Microsoft.Dynamics.CRM.Between(PropertyName='numberofemployees',PropertyValues=['1'])",
]


@pytest.mark.parametrize("condition", REFUSED)
def test_what_does_not_parse_or_fit_is_400(accounts: Any, condition: str) -> None:
    """Unknown names, wrong types and unsupported operators are 0x80060888."""
    refused = accounts.admin.get(f"accounts?$filter={quote(condition)}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "0x80060888")


def test_a_plus_in_the_query_is_a_space(accounts: Any) -> None:
    """Clients that encode forms send spaces as plus signs; a plus itself must be %2B."""
    rows = accounts.admin.read("accounts?$select=name&$filter=name+eq+%27Alpine+Ski%27")["value"]
    assert [row["name"] for row in rows] == ["Alpine Ski"]


def test_lookups_are_filtered_by_bare_guids(sales: Any, catalog: Any) -> None:
    """_customerid_value eq guid, without quotes or with them."""
    order = catalog.order()
    for literal in (catalog.account, f"'{catalog.account}'"):
        rows = sales.admin.read(f"salesorders?$filter=_customerid_value eq {literal}")["value"]
        assert [row["salesorderid"] for row in rows] == [order]


def test_related_columns_are_filtered_by_path(sales: Any, catalog: Any) -> None:
    """customerid_account/name looks through the lookup, of accounts only."""
    order = catalog.order()
    bind = {"customerid_contact@odata.bind": f"/contacts({catalog.contact})"}
    sales.admin.make("salesorders", {"name": "x", **bind})
    rows = sales.admin.read("salesorders?$filter=customerid_account/name eq 'adatum'")["value"]
    assert [row["salesorderid"] for row in rows] == [order]


def test_lambdas_look_into_collections(sales: Any, catalog: Any) -> None:
    """`any` and all over order_details."""
    small = catalog.order(None, catalog.bikes(1))
    mixed = catalog.order(None, catalog.bikes(1), catalog.bikes(5))

    def found(condition: str) -> set[str]:
        return {row["salesorderid"] for row in sales.admin.read(f"salesorders?$filter={condition}")["value"]}

    assert found("order_details/any(d:d/quantity gt 3)") == {mixed}
    assert found("order_details/all(d:d/quantity lt 3)") == {small}
    assert found("order_details/any()") == {small, mixed}
    assert found("not order_details/any(d:d/quantity gt 3)") == {small}


def test_date_literals_are_unquoted(sales: Any, catalog: Any) -> None:
    """`modifiedon` ge takes a date-time or a day, and finds rows by time."""
    catalog.order()
    before = sales.service.clock.now()
    sales.later(900)
    late = catalog.order()
    since = (before + timedelta(seconds=300)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = sales.admin.read(f"salesorders?$filter=modifiedon ge {since}")["value"]
    assert [row["salesorderid"] for row in rows] == [late]
    yesterday = (before - timedelta(days=1)).strftime("%Y-%m-%d")
    assert len(sales.admin.read(f"salesorders?$filter=createdon ge {yesterday}")["value"]) == 2


DATES = [
    ("On(PropertyName='requestdeliveryby',PropertyValue='2026-05-13')", 1),
    ("OnOrAfter(PropertyName='requestdeliveryby',PropertyValue='2026-05-14')", 1),
    ("OnOrBefore(PropertyName='requestdeliveryby',PropertyValue='2026-05-13')", 2),
    ("Today(PropertyName='requestdeliveryby')", 1),
    ("Tomorrow(PropertyName='requestdeliveryby')", 0),
    ("LastXDays(PropertyName='requestdeliveryby',PropertyValue=3)", 2),
    ("NextXDays(PropertyName='requestdeliveryby',PropertyValue=1)", 0),
    ("NextXWeeks(PropertyName='requestdeliveryby',PropertyValue=2)", 1),
    ("LastXHours(PropertyName='requestdeliveryby',PropertyValue=4)", 1),
    ("ThisMonth(PropertyName='requestdeliveryby')", 3),
    ("LastMonth(PropertyName='requestdeliveryby')", 0),
    ("ThisWeek(PropertyName='requestdeliveryby')", 2),
    ("OlderThanXMonths(PropertyName='requestdeliveryby',PropertyValue=1)", 0),
]


@pytest.mark.parametrize(("function", "expected"), DATES, ids=[one[0].partition("(")[0] for one in DATES])
def test_date_functions_are_relative_to_now(sales: Any, catalog: Any, function: str, expected: int) -> None:
    """Days, weeks and months are counted from the service's clock, here Wednesday 13 May 2026 at noon."""
    for day in ("2026-05-11T10:00:00Z", "2026-05-13T09:00:00Z", "2026-05-20T10:00:00Z"):
        catalog.order(None, requestdeliveryby=day)
    sales.service.clock.frozen = sales.service.clock.now().replace(2026, 5, 13, 12, 0, 0)
    try:
        rows = sales.admin.read(f"salesorders?$filter=Microsoft.Dynamics.CRM.{function}")["value"]
    finally:
        sales.service.clock.frozen = None
    assert len(rows) == expected


def test_functions_take_parameter_aliases(accounts: Any) -> None:
    """@p1 and @p2 stand in the query string."""
    query = "$filter=Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)&@p1='name'&@p2=[\"coho\"]"
    rows = accounts.admin.read(f"accounts?$select=name&{query}")["value"]
    assert [row["name"] for row in rows] == ["Coho"]


def test_quoted_date_literals_are_refused_unless_by_switch(sales: Any, catalog: Any) -> None:
    """A date in quotes is text, and text is not compared with a date."""
    catalog.order()
    path = "salesorders?$filter=modifiedon ge '2020-01-31T08:00:00Z'"
    assert sales.admin.get(path).status_code == 400
    sales.setup(quoted_dates="accepted")
    assert len(sales.admin.read(path)["value"]) == 1
    assert sales.admin.get(path.replace("2020-01-31T08:00:00Z", "yesterday")).status_code == 400
