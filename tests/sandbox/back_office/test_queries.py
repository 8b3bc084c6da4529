"""Query options. (Sections 2.1, 2.2 and 9.16 of the fact sheet.)"""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest


@pytest.fixture
def stocked(lab: Any) -> Any:
    """Twelve items more, numbered from A01 to A12."""
    for number in range(1, 13):
        lab.service.insert(
            lab.company,
            "items",
            {
                "number": f"A{number:02d}",
                "displayName": f"Thing {number}",
                "unitPrice": number * 10,
                "type": "Service",
            },
        )
    return lab


def numbers(lab: Any, query: Any) -> Any:
    return [one["number"] for one in lab.list(f"items?{query}")]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("number eq '1896-S'", ["1896-S"]),
        ("unitPrice gt 1000", ["1896-S", "1996-S"]),
        ("unitPrice ge 1000.8 and unitPrice lt 1397.3", ["1896-S"]),
        ("unitPrice le 192.8 and type eq 'Inventory'", ["1900-S"]),
        ("number ne '1896-S' and type eq 'Inventory'", ["1900-S", "1996-S"]),
        ("number eq '1896-S' or number eq '1996-S'", ["1896-S", "1996-S"]),
        ("startswith(displayName,'ATH')", ["1896-S"]),
        ("endswith(displayName,'Chair')", ["1900-S"]),
        ("contains(displayName,'board')", ["1996-S"]),
        ("tolower(displayName) eq 'athens desk'", ["1896-S"]),
        ("substring(number,0,2) eq '19'", ["1900-S", "1996-S"]),
        ("blocked eq false and (unitPrice gt 1000)", ["1896-S", "1996-S"]),
        ("number eq '1896-s'", ["1896-S"]),
        ("displayName eq 'athens desk'", []),
        ("displayName eq 'O''Hara'", []),
    ],
)
def test_filters_that_are_understood(lab: Any, condition: Any, found: Any) -> None:
    """Strings in single quotes, numbers and booleans bare; codes without regard to case, texts with it."""
    assert numbers(lab, f"$filter={condition}") == found


def test_guids_dates_and_datetimes_stand_bare(lab: Any) -> None:
    """And enum members in quotes, by their wire names."""
    order = lab.order()
    day = order["orderDate"]
    for condition in (
        f"id eq {order['id']}",
        f"customerId eq {order['customerId']} and orderDate eq {day}",
        f"lastModifiedDateTime eq {order['lastModifiedDateTime']}",
        "status eq 'Draft'",
    ):
        assert len(lab.list(f"salesOrders?$filter={condition}")) == 1, condition
    assert lab.list("salesOrders?$filter=status eq 'In_x0020_Review'") == []
    lab.refused(lab.get("salesOrders?$filter=status eq 'Nonsense'"), 400, "BadRequest")


def test_or_over_distinct_fields_is_refused(lab: Any) -> None:
    """On one field it works."""
    answer = lab.get("items?$filter=number eq '1896-S' or unitPrice eq 1")
    message = lab.refused(answer, 400, "BadRequest")
    assert message == "The 'OR' operator is not supported on distinct fields on an OData filter."
    condition = "(number eq 'A' and unitPrice eq 1) or (number eq 'B' and unitPrice eq 2)"
    lab.refused(lab.get(f"items?$filter={condition}"), 400, "BadRequest")


@pytest.mark.parametrize(
    "query", ["$filter=unicorn eq 1", "$select=number,unicorn", "$orderby=unicorn", "$expand=unicorn"]
)
def test_unknown_properties_are_refused(lab: Any, query: Any) -> None:
    """400, naming the property and the type."""
    message = lab.refused(lab.get(f"items?{query}"), 400, "BadRequest")
    assert message == "Could not find a property named 'unicorn' on type 'Microsoft.NAV.item'."


@pytest.mark.parametrize("query", ["$search=desk", "$apply=aggregate(unitPrice)", "$nonsense=1", "what=ever"])
def test_unknown_options_are_ignored(lab: Any, query: Any) -> None:
    """With 200, as if they had not been sent."""
    assert len(lab.list(f"items?{query}")) == 3


def test_lambdas_are_ignored_or_refused(lab: Any) -> None:
    """The documentation says ignored; the switch refuses."""
    lab.order(lab.item_line())
    query = "salesOrders?$filter=salesOrderLines/any(l: l/quantity gt 5)"
    assert len(lab.list(query)) == 1
    assert lab.list(f"{query} and customerNumber eq '20000'") == []
    lab.switch(lambdas="refused")
    lab.refused(lab.get(query), 400, "BadRequest")


def test_in_and_nested_functions_need_schema_version_2_1(lab: Any) -> None:
    """API v2.0 itself is fixed at 2.0."""
    for condition in ("number in ('1896-S','1996-S')", "startswith(tolower(displayName),'at')"):
        lab.refused(lab.get(f"items?$filter={condition}"), 400, "BadRequest")
        assert numbers(lab, f"$schemaversion=2.1&$filter={condition}") == ["1896-S", "1996-S"]


def test_operands_must_be_of_compatible_types(lab: Any) -> None:
    """A GUID in quotes is a string."""
    answer = lab.get("items?$filter=id eq '5a7c3f10-1b7e-f011-b9c4-000d3a2b1c4d'")
    message = lab.refused(answer, 400, "BadRequest")
    assert message == (
        "A binary operator with incompatible types was detected. "
        "Found operand types 'Edm.Guid' and 'Edm.String' for operator kind 'Equal'."
    )
    lab.refused(lab.get("items?$filter=unitPrice eq 'x'"), 400, "BadRequest")
    lab.refused(lab.get("items?$filter=number eq"), 400, "BadRequest")


def test_properties_over_page_variables_are_not_safe_to_filter(lab: Any) -> None:
    """CurrencyCode and partialShipping of an order are no table fields."""
    lab.order()
    for query in (
        "$filter=currencyCode eq 'USD'",
        "$orderby=partialShipping",
        "$filter=partialShipping eq true",
    ):
        lab.refused(lab.get(f"salesOrders?{query}"), 400, "BadRequest")
    lab.switch(page_variable_filters="works")
    assert len(lab.list("salesOrders?$filter=currencyCode eq 'USD'")) == 1


def test_select_keeps_the_etag_and_page_order(lab: Any) -> None:
    """Whatever order was asked for."""
    (item,) = lab.list("items?$select=unitPrice,number&$filter=number eq '1896-S'")
    assert list(item) == ["@odata.etag", "number", "unitPrice"]


def test_expand_nests_with_options_of_its_own(lab: Any) -> None:
    """Options are separated by semicolons."""
    order = lab.order(lab.item_line(), lab.item_line("1900-S", 4))
    lines = "salesOrderLines($select=sequence,quantity;$filter=quantity gt 2;$expand=item($select=number))"
    found = lab.read(f"salesOrders({order['id']})?$select=number&$expand={lines},customer($select=displayName)")
    assert found["salesOrderLines"][0]["item"]["number"] == "1900-S"
    assert [list(one) for one in found["salesOrderLines"]] == [["@odata.etag", "sequence", "quantity", "item"]]
    assert found["customer"]["displayName"] == "Adatum Corporation"
    lab.refused(lab.get("salesOrders?$expand=salesOrderLines($select=unicorn)"), 400, "BadRequest")
    lab.refused(lab.get("salesOrders?$expand=salesOrderLines($expand=unicorn)"), 400, "BadRequest")


def test_an_expanded_entity_that_is_not_there_is_null(lab: Any) -> None:
    """An order in the local currency has no currency."""
    order = lab.order()
    assert lab.read(f"salesOrders({order['id']})?$expand=currency")["currency"] is None
    assert lab.get(f"salesOrders({order['id']})/currency").status_code == 204


def test_a_navigation_can_be_followed_in_the_path(lab: Any) -> None:
    """To one entity or to a collection."""
    order = lab.order(lab.item_line())
    assert lab.read(f"salesOrders({order['id']})/customer")["number"] == "10000"
    line = order["salesOrderLines"][0]["id"]
    assert lab.read(f"salesOrders({order['id']})/salesOrderLines({line})/item")["number"] == "1896-S"
    assert lab.read(f"items({lab.list('items')[0]['id']})/itemVariants")["value"] == []


def test_order_by_several_fields(stocked: Any) -> None:
    """Ascending unless desc."""
    found = numbers(stocked, "$orderby=type desc,unitPrice desc&$filter=unitPrice gt 100")
    assert found == ["A12", "A11", "1996-S", "1896-S", "1900-S"]
    stocked.refused(stocked.get("items?$orderby=number sideways"), 400, "BadRequest")


def test_rows_come_in_the_order_of_their_primary_key(stocked: Any) -> None:
    """Not in the order of creation."""
    assert numbers(stocked, "$top=4") == ["1896-S", "1900-S", "1996-S", "A01"]


def test_count_counts_what_matches(stocked: Any) -> None:
    """As @odata.count beside the page, and as plain text."""
    document = stocked.read("items?$filter=type eq 'Service'&$count=true&$top=2")
    assert list(document) == ["@odata.context", "@odata.count", "value"]
    assert (document["@odata.count"], len(document["value"])) == (12, 2)
    answer = stocked.get("items/$count?$filter=type eq 'Service'")
    assert (answer.text, answer.headers["content-type"]) == ("12", "text/plain")


def test_top_makes_no_next_link_and_skip_skips(stocked: Any) -> None:
    """Paging by $top and $skip is for small sets."""
    document = stocked.read("items?$top=2&$skip=3")
    assert [one["number"] for one in document["value"]] == ["A01", "A02"]
    assert "@odata.nextLink" not in document
    document = stocked.read("items?$top=10", prefer="odata.maxpagesize=5")
    assert "@odata.nextLink" not in document
    stocked.refused(stocked.get("items?$top=x"), 400, "BadRequest")


def walk(lab: Any, path: Any, **headers: Any) -> Any:
    """Follow nextLink verbatim, repeating the preference, until it is absent."""
    pages = []
    while path:
        document = lab.read(path, **headers)
        pages.append([one["number"] for one in document["value"]])
        path = document.get("@odata.nextLink")
    return pages


def test_the_server_pages_by_the_preferred_size(stocked: Any) -> None:
    """The next link carries a $skiptoken with the key of the last row, and the query as it was."""
    document = stocked.read("items?$filter=type eq 'Service'&$select=number", prefer="odata.maxpagesize=5")
    last = stocked.list("items?$filter=number eq 'A05'")[0]["id"]
    query = "$filter=type%20eq%20'Service'&$select=number"
    assert document["@odata.nextLink"] == f"{stocked.prefix}/items?{query}&$skiptoken={last}"
    pages = walk(stocked, "items?$filter=type eq 'Service'", prefer="odata.maxpagesize=5")
    assert [len(page) for page in pages] == [5, 5, 2]
    assert list(chain(*pages)) == [f"A{number:02d}" for number in range(1, 13)]


def test_a_page_is_never_larger_than_the_servers_own_limit(stocked: Any) -> None:
    """20 000 online; the last page has no link, not even when it is full."""
    stocked.switch(max_page_size=5)
    assert [len(page) for page in walk(stocked, "items")] == [5, 5, 5]
    assert [len(page) for page in walk(stocked, "items", prefer="odata.maxpagesize=50")] == [5, 5, 5]


def test_paging_goes_on_when_the_last_row_has_been_deleted(stocked: Any) -> None:
    """By its position in the primary key."""
    document = stocked.read("items", prefer="odata.maxpagesize=4")
    stocked.delete(f"items({document['value'][-1]['id']})")
    rest = stocked.read(document["@odata.nextLink"], prefer="odata.maxpagesize=4")
    assert [one["number"] for one in rest["value"]] == ["A02", "A03", "A04", "A05"]


def test_paging_follows_an_order_by(stocked: Any) -> None:
    """Descending prices, five at a time."""
    pages = walk(stocked, "items?$orderby=unitPrice desc", prefer="odata.maxpagesize=5")
    assert list(chain(*pages))[:4] == ["1996-S", "1896-S", "1900-S", "A12"]
    assert len(list(chain(*pages))) == 15


@pytest.mark.parametrize("order", ["lastModifiedDateTime", "lastModifiedDateTime desc"])
def test_a_row_changed_between_pages_loses_no_other(stocked: Any, order: Any) -> None:
    """The next page goes on from where the row stood; a row that moved ahead is sent once more."""
    rows, path = [], f"items?$orderby={order}"
    while path:
        document = stocked.read(path, prefer="odata.maxpagesize=4")
        rows += document["value"]
        path = document.get("@odata.nextLink")
        stocked.changed(f"items({rows[-1]['id']})", {"displayName": f"Renamed {len(rows)}"})
    assert {one["number"] for one in rows} == {one["number"] for one in stocked.list("items")}


def test_a_row_changed_between_pages_is_not_sent_twice_in_key_order(stocked: Any) -> None:
    """The token is the key of the last row, so a stamp that moves does not move the row."""
    document = stocked.read("items", prefer="odata.maxpagesize=4")
    stocked.changed(f"items({document['value'][-1]['id']})", {"displayName": "Renamed"})
    rest = stocked.read(document["@odata.nextLink"], prefer="odata.maxpagesize=50")
    assert len(rest["value"]) == 11


def test_expanded_lines_are_not_paged(lab: Any) -> None:
    """All of them come, whatever the page size."""
    order = lab.order(*(lab.item_line() for _ in range(7)))
    (found,) = lab.list("salesOrders?$expand=salesOrderLines", prefer="odata.maxpagesize=3")
    assert len(found["salesOrderLines"]) == 7
    assert found["id"] == order["id"]


@pytest.mark.parametrize(("length", "status"), [(15_000, 200), (16_000, 400), (32_000, 500)])
def test_a_url_has_a_limit(lab: Any, length: Any, status: Any) -> None:
    """About 15.7 kB: beyond that 400, then 500."""
    assert lab.get(f"items?ignored={'x' * length}").status_code == status


def test_expanded_collections_may_be_paged_by_switch(lab: Any) -> None:
    """Each then has a link of its own, which goes on where it was cut and keeps what was selected."""
    lab.switch(expanded_page_size=2)
    order = lab.order(*(lab.item_line(quantity=n) for n in (1, 2, 3)))
    shown = lab.read(f"salesOrders({order['id']})?$expand=salesOrderLines($select=quantity)")
    assert [line["quantity"] for line in shown["salesOrderLines"]] == [1, 2]
    rest = lab.read(shown["salesOrderLines@odata.nextLink"])
    assert [line["quantity"] for line in rest["value"]] == [3]
    assert "unitPrice" not in rest["value"][0]
    listed = lab.list("salesOrders?$expand=salesOrderLines")[0]
    assert len(listed["salesOrderLines"]) == 2
    assert "salesOrderLines@odata.nextLink" in listed


def test_an_unknown_option_may_be_refused(lab: Any) -> None:
    """By switch; a live deployment ignores them."""
    lab.switch(unknown_options="refused")
    lab.refused(lab.get("items?$search=desk"), 400, "BadRequest")
    assert lab.list("items?$top=1&$schemaversion=2.1&tenant=x")


def test_top_may_have_a_next_link_by_switch(stocked: Any) -> None:
    """Where there is more than was asked for; following it gives the next so many."""
    stocked.switch(next_link_with_top=True)
    first = stocked.read("items?$top=2&$select=number")
    second = stocked.read(first["@odata.nextLink"])
    numbers = [one["number"] for one in stocked.list("items?$select=number")]
    assert [one["number"] for one in (*first["value"], *second["value"])] == numbers[:4]


def test_the_status_of_a_long_address_is_a_switch(lab: Any) -> None:
    """400 as measured, or 414."""
    lab.switch(long_url_status=414)
    lab.refused(lab.get(f"items?$select=number&x={'y' * 16_000}"), 414, "BadRequest_InvalidRequestUrl")
