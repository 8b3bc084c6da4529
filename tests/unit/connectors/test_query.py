"""Query text: conditions as both services take them, paths quoted as they must be, addresses that are not too long."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs
from urllib.parse import urlsplit

from syncengine.connectors.odata.query import condition_text
from syncengine.connectors.odata.query import equalities
from syncengine.connectors.odata.query import fitting
from syncengine.connectors.odata.query import with_options
from syncengine.mapping.filters import Condition
from syncengine.records.document import ColumnSchema

COLUMNS = {
    "number": ColumnSchema("number", "text"),
    "orderDate": ColumnSchema("orderDate", "date"),
    "customerid": ColumnSchema("customerid", "lookup"),
    "statecode": ColumnSchema("statecode", "integer"),
}
GUID = "0c9f8d52-3116-f111-8c2e-6045bd9a7e10"


def test_several_values_are_joined_by_or_over_one_column() -> None:
    """Business Central refuses `or` over different fields; values of one column it takes."""
    wanted = (Condition("number", ("1", "2")), Condition("orderDate", at_least=date(2026, 1, 1)))
    assert condition_text(wanted, COLUMNS, str) == "(number eq '1' or number eq '2') and orderDate ge 2026-01-01"


def test_what_cannot_be_said_in_a_filter_is_left_out() -> None:
    """Blank has many spellings: the engine looks at the rows itself."""
    assert condition_text((Condition("number", blank=True),), COLUMNS, str) == ""


def test_lookups_are_compared_by_their_own_property() -> None:
    """`_customerid_value eq <guid>`, bare."""
    text = equalities(
        {"customerid": GUID, "number": "O'Brien"}, COLUMNS, lambda c: f"_{c}_value" if c != "number" else c
    )
    assert text == f"_customerid_value eq {GUID} and number eq 'O''Brien'"


def test_awkward_values_survive_the_address() -> None:
    """What a server decodes from the query is what was meant."""
    condition = equalities({"number": "O'Brien & Sons <x> 100% #1+1?"}, COLUMNS, str)
    url = "https://x/" + with_options("items", {"$filter": condition, "$select": "id,number"})
    decoded = parse_qs(urlsplit(url).query)
    assert decoded["$filter"] == ["number eq 'O''Brien & Sons <x> 100% #1+1?'"]
    assert decoded["$select"] == ["id,number"]
    assert urlsplit(url).fragment == ""


def test_empty_options_are_left_out() -> None:
    """No `$filter=` without a filter."""
    assert with_options("items", {"$filter": "", "$select": ""}) == "items"


def test_an_address_that_is_too_long_loses_what_can_be_done_here() -> None:
    """First the filter, which the engine evaluates anyway, then the selection; what remains says the same rows."""
    options = {"$select": "a," * 40, "$filter": "b" * 90, "$orderby": "c"}
    assert fitting("items", options, 1000) == with_options("items", options)
    assert fitting("items", options, 150) == with_options("items", {**options, "$filter": ""})
    assert fitting("items", options, 60) == "items?$orderby=c"
