"""`check` tells what is wrong with a mapping against the live systems, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.config.mapping_files import shipped_folder
from syncengine.service.check import Finding
from syncengine.service.check import check
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow


def findings(bench: Bench, overlay: str = "") -> list[Finding]:
    folder: Path = bench.folder / "ours"
    folder.mkdir(exist_ok=True)
    (folder / "overlay.yaml").write_text(overlay or "name: CUSTOMER\n", encoding="utf-8")
    bench.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})
    return [one for one in check(bench.company) if one.id.startswith("mapping")]


def test_the_shipped_mappings_fit_both_systems(bench: Bench) -> None:
    assert [one for one in findings(bench) if one.level != "ok"] == []


WRONG = """
name: CUSTOMER
sales: {table: accounts, number: accountnumber, considered_when: {$state: active, customertypecode: 77}}
fields:
  a: {sales: websiteurll, back_office: phoneNumber2}
  b: {sales: revenue, back_office: taxRegistrationNumber}
  c: {sales: createdon, back_office: lastModifiedDateTime}
  line2: {sales: address1_line2, back_office: addressLine2, transform: {fits: 400}}
  e: {sales: donotemail, back_office: taxAreaDisplayName, to: sales, transform: {fits: 10}}
  f: {back_office: type, constant: Robot, to: back-office}
"""


def test_each_mistake_is_told_with_its_remedy(bench: Bench) -> None:
    told = {(one.level, one.message.removeprefix("CUSTOMER: ")): one.remedy for one in findings(bench, WRONG)}
    expected = {
        ("error", "accounts has no column `websiteurll`"): "Did you mean `websiteurl`?",
        ("error", "customers has no column `phoneNumber2`"): "Did you mean `phoneNumber`?",
        ("error", "row `c` writes `createdon` of accounts, which nobody can write"): "Say `to:` with the other side, "
        "or make it a `check`.",
        ("error", "row `line2` lets 400 characters through, and `addressLine2` of customers takes 50"): "Say 50.",
        ("error", "row `e` takes text, and `donotemail` of accounts is boolean"): "Give the row another column, or "
        "another transform.",
        (
            "error",
            "row `b` ties `revenue`, which is decimal, to `taxRegistrationNumber`, which is text",
        ): "Give the row a transform: `calendar_day` for days, `values` for lists of values.",
    }
    for finding, remedy in expected.items():
        assert told.get(finding) == remedy, (finding, sorted(told))
    messages = [message for _, message in told]
    assert any(m.startswith("a filter gives `customertypecode` of accounts the value `77`") for m in messages)
    assert any(m.startswith("a constant gives `type` of customers the value `Robot`") for m in messages)
    assert any("accounts cannot be read as the mapping reads it" in message for message in messages)


def test_a_filter_that_the_service_refuses_is_found_by_its_row(bench: Bench) -> None:
    """The name is right and the value is not: only the service itself can say so."""
    overlay = (
        "name: CUSTOMER\n"
        "sales: {table: accounts, number: accountnumber, enters_when: {createdon: yesterday}}\n"
        "back_office: {table: customers, number: number}\n"
    )
    wrong = [one.message for one in findings(bench, overlay) if one.level == "error"]
    assert len(wrong) == 1
    assert wrong[0].startswith("CUSTOMER: accounts cannot be read through `enters_when`: ")


def test_columns_of_the_document_and_of_what_a_lookup_leads_to_are_looked_up_there(bench: Bench) -> None:
    overlay = (
        "name: SALESORDER-ORDER\n"
        "fields:\n"
        "  ours: {sales: customerid.nosuchcolumn, back_office: phoneNumber, to: back-office}\n"
        "lines:\n"
        "  fields:\n"
        "    theirs: {sales: shipto_name, back_office: header.nosuchcolumn, to: sales}\n"
    )
    told = [one.message.removeprefix("SALESORDER-ORDER: ") for one in findings(bench, overlay) if one.level == "error"]
    assert "`customerid` of salesorders leads to accounts, contacts, and none has a column `nosuchcolumn`" in told
    assert "salesOrders has no column `nosuchcolumn`" in told
