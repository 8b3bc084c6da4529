"""Couplings that somebody has already: taken over from a file, row by row, without a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.errors import UsageError
from syncengine.service.import_couplings import import_couplings
from syncengine.service.options import option_rows
from syncengine.store.queries import couplings
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def _account(bench: Bench, name: str, number: str = "") -> str:
    body = {"name": name, "accountnumber": number}
    return str(bench.admin.person.request("POST", "accounts", body, prefer="return=representation")["accountid"])


def _customer(bench: Bench, name: str) -> dict[str, str]:
    return bench.clerk.create("customers", displayName=name)


def _file(bench: Bench, *lines: str) -> Path:
    file = bench.folder / "couplings.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def _pairs(bench: Bench) -> set[tuple[str, str]]:
    with bench.company.session() as session:
        return {(one["sales"], one["back_office"]) for one in couplings(session, mapping="CUSTOMER")}


def test_microsofts_own_couplings_are_taken_over(bench: Bench) -> None:
    """As its list exports them: ids in capitals and braces, semicolons; then the records are kept in step."""
    account, customer = _account(bench, "Tailspin"), _customer(bench, "Tailspin Toys")
    file = _file(bench, "CRM ID;Integration ID;Table ID", f"{{{account.upper()}}};{customer['id'].upper()};18")
    (row,) = import_couplings(bench.company, "CUSTOMER", file)
    assert (row.outcome, _pairs(bench)) == ("couple", {(account, customer["id"])})
    number = bench.sales_order(1, account=account)
    bench.sync(expect=None)
    assert bench.clerk.order(number)["customerNumber"] == customer["number"]


def test_a_dry_run_says_the_same_and_couples_nothing(bench: Bench) -> None:
    account, customer = _account(bench, "Tailspin", "T-1"), _customer(bench, "Tailspin Toys")
    file = _file(bench, "sales,back_office", f"T-1,{customer['number']}")
    (row,) = import_couplings(bench.company, "CUSTOMER", file, dry_run=True)
    assert (row.outcome, row.coupling, _pairs(bench)) == ("couple", None, set())
    import_couplings(bench.company, "CUSTOMER", file)
    assert _pairs(bench) == {(account, customer["id"])}
    (row,) = import_couplings(bench.company, "CUSTOMER", file)
    assert row.outcome == "already"


def test_rows_that_leave_a_doubt_are_refused_and_the_others_coupled(bench: Bench) -> None:
    good, twice, other = (_account(bench, name) for name in ("Good", "Twice", "Other"))
    there = [_customer(bench, name)["id"] for name in ("Good", "One", "Two", "Three")]
    _account(bench, "Same number", "N-1")
    _account(bench, "Same number again", "N-1")
    file = _file(
        bench,
        "sales,back_office",
        f"{good},{there[0]}",
        f"{twice},{there[1]}",
        f"{twice},{there[2]}",
        f"{other},",
        f"N-1,{there[3]}",
        f"{other},11111111-2222-4333-8444-555555555555",
    )
    rows = import_couplings(bench.company, "CUSTOMER", file)
    assert [row.outcome for row in rows] == ["couple", *["refused"] * 5]
    assert _pairs(bench) == {(good, there[0])}
    reasons = [row.reason for row in rows]
    assert "pairs" in reasons[1]
    assert "one side is empty" in reasons[3]
    assert "the number of 2 records" in reasons[4]
    assert "there is no record" in reasons[5]


def test_what_is_coupled_otherwise_is_not_coupled_again(bench: Bench) -> None:
    bench.sync()
    seeded = bench.running.world.customers
    file = _file(bench, "sales,back_office", f"{seeded[0].sales_id},{seeded[1].back_office_id}")
    before = _pairs(bench)
    (row,) = import_couplings(bench.company, "CUSTOMER", file)
    assert row.outcome == "refused"
    assert "coupled otherwise" in row.reason
    assert _pairs(bench) == before


def test_a_file_that_does_not_say_which_side_is_which(bench: Bench) -> None:
    with pytest.raises(UsageError, match="which column is which side"):
        import_couplings(bench.company, "CUSTOMER", _file(bench, "a,b", "1,2"))


def test_the_options_of_both_sides_are_listed_with_their_partners(bench: Bench) -> None:
    """Net 30 (option 1) is 30 DAYS; the option `2% 10, Net 30` is nothing in the back office."""
    bench.sync()
    rows = option_rows(bench.company, "PAYMENT TERMS")
    sales = {row["number"]: row for row in rows if row["side"] == "sales"}
    back_office = {row["number"]: row for row in rows if row["side"] == "back_office"}
    assert sales["Net 30"]["coupled_with"] == [back_office["30 DAYS"]["id"]]
    assert back_office["30 DAYS"]["coupled_with"] == [sales["Net 30"]["id"]]
    assert sales["2% 10, Net 30"]["coupled_with"] == []
    with pytest.raises(UsageError, match="no mapping of options"):
        option_rows(bench.company, "CUSTOMER")
