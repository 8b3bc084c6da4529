"""Quotes: active ones stand in the back office; what is revised, won or lost is archived there and taken out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.bench.bench import Bench

pytestmark = pytest.mark.loaded


def quoted(bench: Bench, *quantities: int, activate: bool = True, **columns: Any) -> str:
    """A seller's quote with one line for each quantity; gives its id."""
    seeded = bench.running.world
    body = {
        "name": "Offer",
        "customerid_account@odata.bind": f"/accounts({seeded.customers[0].sales_id})",
        "pricelevelid@odata.bind": f"/pricelevels({seeded.price_lists['USD']})",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({seeded.currencies['USD']})",
        "quote_details": [
            {
                "productid@odata.bind": f"/products({one.sales_id})",
                "uomid@odata.bind": f"/uoms({one.units[0].sales_id})",
                "quantity": quantity,
                "ispriceoverridden": True,
                "priceperunit": one.price,
                "lineitemnumber": place,
            }
            for place, (one, quantity) in enumerate(zip(bench.products, quantities, strict=False), start=1)
        ],
        **columns,
    }
    made = bench.seller.person.request("POST", "quotes", body, prefer="return=representation")["quoteid"]
    if activate:
        set_state(bench, made, 1)
    return str(made)


def set_state(bench: Bench, quote: str, state: int) -> None:
    bench.seller.person.request("PATCH", f"quotes({quote})", {"statecode": state, "statuscode": {0: 1, 1: 2}[state]})


def here(bench: Bench, quote: str) -> dict[str, Any]:
    return dict(bench.seller.person.get(f"quotes({quote})?$expand=quote_details"))


def there(bench: Bench) -> list[dict[str, Any]]:
    """The quotes of the back office."""
    return list(bench.clerk.person.get(bench.clerk._path("salesQuotes?$expand=salesQuoteLines"))["value"])


def closing(quote: str) -> dict[str, Any]:
    kind = "Microsoft.Dynamics.CRM.quoteclose"
    return {
        "QuoteClose": {"@odata.type": kind, "subject": "x", "quoteid@odata.bind": f"/quotes({quote})"},
        "Status": -1,
    }


def test_an_active_quote_stands_in_the_back_office(bench: Bench) -> None:
    bench.configure(sales={"quote_number_column": "description", "quote_status_column": "emailaddress"})
    quote = quoted(bench, 2, 3, expireson="2027-01-31", discountamount=Decimal(5), freightamount=Decimal(12))
    quoted(bench, 1, activate=False)
    bench.sync()
    (document,) = there(bench)
    shown = here(bench, quote)
    assert document["externalDocumentNumber"] == shown["quotenumber"]
    assert (document["validUntilDate"], document["discountAmount"]) == ("2027-01-31", 5)
    lines = document["salesQuoteLines"]
    assert [(one["lineType"], one["quantity"]) for one in lines] == [("Item", 2), ("Item", 3), ("Account", 1)]
    assert (shown["description"], shown["emailaddress"]) == (document["number"], "draft")
    assert shown["totalamount"] == document["totalAmountIncludingTax"]
    assert shown["statecode"] == 1
    bench.agreed()


def test_what_the_clerk_changes_comes_back_behind_the_lock(bench: Bench) -> None:
    """Validity and prices; the quote is active again afterwards, and its total follows."""
    quote = quoted(bench, 2)
    bench.sync()
    (document,) = there(bench)
    path = bench.clerk._path(f"salesQuotes({document['id']})")
    line = f"{path}/salesQuoteLines({document['salesQuoteLines'][0]['id']})"
    bench.clerk.person.request("PATCH", line, {"unitPrice": Decimal(40)}, if_match="*")
    bench.clerk.person.request("PATCH", path, {"validUntilDate": "2027-02-28"}, if_match="*")
    bench.sync()
    shown = here(bench, quote)
    assert (shown["expireson"], shown["quote_details"][0]["priceperunit"]) == ("2027-02-28", 40)
    assert (shown["statecode"], shown["totalamount"]) == (1, there(bench)[0]["totalAmountIncludingTax"])
    bench.agreed()


def test_a_quote_that_is_edited_waits_until_it_is_active_again(bench: Bench) -> None:
    quote = quoted(bench, 2)
    bench.sync()
    set_state(bench, quote, 0)
    detail = here(bench, quote)["quote_details"][0]["quotedetailid"]
    bench.seller.person.request("PATCH", f"quotedetails({detail})", {"quantity": 7})
    bench.sync()
    assert there(bench)[0]["salesQuoteLines"][0]["quantity"] == 2
    set_state(bench, quote, 1)
    bench.sync()
    assert there(bench)[0]["salesQuoteLines"][0]["quantity"] == 7
    bench.agreed()


def test_a_revision_takes_the_place_of_the_one_before(bench: Bench) -> None:
    quote = quoted(bench, 2)
    bench.sync()
    (before,) = there(bench)
    columns = {"QuoteId": quote, "ColumnSet": {"AllColumns": True}}
    revised = bench.seller.person.request("POST", "ReviseQuote", columns)["quoteid"]
    detail = here(bench, revised)["quote_details"][0]["quotedetailid"]
    bench.seller.person.request("PATCH", f"quotedetails({detail})", {"quantity": 5})
    set_state(bench, revised, 1)
    result = bench.sync()
    (after,) = there(bench)
    assert after["number"] != before["number"]
    assert after["externalDocumentNumber"] == before["externalDocumentNumber"]
    assert after["salesQuoteLines"][0]["quantity"] == 5
    counted = next(one for one in result["mappings"] if one["mapping"] == "QUOTE")
    assert (counted["archived"], counted["deleted"]["back_office"]) == (1, 1)
    bench.agreed()


def test_a_won_quote_goes_on_as_its_order(bench: Bench) -> None:
    """The order names the quote it came from; the quote's document is archived and gone."""
    quote = quoted(bench, 2)
    bench.sync()
    bench.seller.person.request("POST", "WinQuote", closing(quote))
    columns = {"QuoteId": quote, "ColumnSet": {"AllColumns": True}}
    order = bench.seller.person.request("POST", "ConvertQuoteToSalesOrder", columns)["salesorderid"]
    bench.seller.submit(order)
    bench.sync()
    assert there(bench) == []
    made = bench.seller.order(order)
    assert made["_quoteid_value"] == quote
    assert bench.clerk.order(made["ordernumber"])["salesOrderLines"][0]["quantity"] == 2
    bench.agreed()


def test_a_lost_quote_is_taken_out(bench: Bench) -> None:
    quote = quoted(bench, 2)
    bench.sync()
    bench.seller.person.request("POST", "CloseQuote", closing(quote))
    bench.sync()
    assert there(bench) == []
    assert here(bench, quote)["statecode"] == 3
    bench.agreed()
