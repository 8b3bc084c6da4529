"""From a wire document to mapped form: structural rows, alternatives, scopes, and sums that must add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.mapping.fold import fold
from syncengine.mapping.language import Reader
from syncengine.mapping.unfold import Uncoupled
from syncengine.mapping.unfold import unfold
from syncengine.records.document import Document
from syncengine.records.values import Link
from syncengine.records.values import Ref
from tests.fakes.references import Coupled
from tests.fakes.references import TableOfReferences
from tests.unit import examples as ex


def account(line_id: str, number: str, price: Any) -> Document:
    return Document(line_id, "v", {"kind": "account", "object": number, "price": Decimal(price)})


def test_the_lines_that_carry_a_header_value_are_added_up_and_are_no_lines() -> None:
    order = ex.back_office_order(ex.back_office_line("m-1"), account("m-2", "8400", "10.25"), account("m-3", "8400", 2))
    record = ex.read("back_office", order)
    assert record.fields["freight"] == Decimal("12.25")
    assert list(record.lines) == ["m-1"]


def test_an_account_line_of_another_account_is_a_line() -> None:
    record = ex.read("back_office", ex.back_office_order(account("m-2", "4711", 5)))
    assert record.fields["freight"] == Decimal(0)
    assert list(record.lines) == ["m-2"]


def test_without_a_freight_account_nothing_is_taken_for_freight() -> None:
    """An unset setting matches no line, also not one whose account is blank."""
    mapping = ex.mapping(settings={"freight_account": ""})
    record = ex.read("back_office", ex.back_office_order(account("m-2", "", 5)), mapping)
    assert record.fields["freight"] == Decimal(0)
    assert list(record.lines) == ["m-2"]


def test_lines_of_other_kinds_are_left_out() -> None:
    comment = Document("m-9", "v", {"kind": "comment", "text": "ring twice"})
    assert list(ex.read("back_office", ex.back_office_order(comment)).lines) == []


def test_a_number_that_is_none_is_said_so() -> None:
    with pytest.raises(ValueError, match="'two' is not a number"):
        ex.read("sales", ex.sales_order(ex.sales_line("l-1", quantity=1, price=1), freight="two"))


LINES = {
    **ex.RAW["lines"],
    "back_office": {"table": "document_lines", "parent": "document", "only": {"kind": ["item", "account", "resource"]}},
    "groups": {},
    "pair_by": [],
    "fields": {
        "product": {
            "one_of": [
                {"lookup": "ITEM", "sales": "product", "back_office": "object",
                 "with": {"back_office": {"kind": "item"}}},
                {"text": True, "sales": "words", "back_office": "text",
                 "with": {"sales": {"free": True}, "back_office": {"kind": "item", "object": "i-99"}}},
                {"text": True, "sales": "words", "back_office": "text",
                 "when": {"back_office": {"kind": ["account", "resource"]}}, "with": {"sales": {"free": True}}},
            ]
        },
        "unit": {"sales": "unit", "back_office": "unit", "lookup": "UNIT", "within": "product.unit_group",
                 "unless_text": "product"},
        "tax": {"sales": "tax", "back_office": "tax", "to": "sales", "sum_to": "total_tax"},
    },
}  # fmt: skip
MAPPING = ex.mapping({"lines": LINES, "recreates": []})
REFS = TableOfReferences(
    (
        Coupled("ITEM", 11, Link("products", "p-1"), Link("items", "i-1"), facts={"unit_group": "g-1"}),
        Coupled("ITEM", 12, Link("products", "p-2"), Link("items", "i-2"), facts={"unit_group": "g-2"}),
        Coupled("UNIT", 21, Link("units", "u-1"), Link("codes", "BOX"), scope="g-1"),
        Coupled("UNIT", 22, Link("units", "u-2"), Link("codes", "BOX"), scope="g-2"),
    )
)


def lines(*of: Document, **header: Any) -> list[dict[str, Any]]:
    record = fold(MAPPING, "back_office", ex.back_office_order(*of, **header), REFS)
    return [dict(line.fields) for line in record.lines.values()]


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("item", "i-1", Ref("ITEM", 11, "back_office", "i-1")),
        ("item", "i-7", Ref("ITEM", None, "back_office", "i-7")),  # not coupled: it waits, it is not a text
        ("item", "i-99", "as agreed"),  # the item that stands for write-ins
        ("account", "4711", "as agreed"),
        ("resource", "r-1", "as agreed"),
    ],
)
def test_what_a_line_sells_is_told_by_what_it_is(kind: str, number: str, expected: Any) -> None:
    (line,) = lines(Document("m-1", "v", {"kind": kind, "object": number, "text": "as agreed  "}))
    assert line["product"] == expected


def test_a_unit_is_looked_up_in_its_products_unit_group() -> None:
    """One code there is many units here, one in each group."""
    found = lines(
        Document("m-1", "v", {"kind": "item", "object": "i-1", "unit": "BOX"}),
        Document("m-2", "v", {"kind": "item", "object": "i-2", "unit": "BOX"}),
        Document("m-3", "v", {"kind": "account", "object": "4711", "text": "as agreed", "unit": "BOX"}),
    )
    assert [line.get("unit") and line["unit"].coupling for line in found] == [21, 22, None]


def test_a_unit_is_looked_up_in_the_unit_group_that_another_row_names() -> None:
    """For a product that is not there yet: the group is a record of Sales, known by its own coupling."""
    raw = {
        "name": "PRODUCT",
        "sales": {"table": "products"},
        "back_office": {"table": "items"},
        "fields": {
            "group": {"sales": "group", "back_office": "base", "lookup": "GROUP"},
            "unit": {"sales": "unit", "back_office": "base", "lookup": "UNIT", "within": "group"},
        },
    }
    mapping = Reader(raw, {}).mapping()
    assert mapping is not None
    refs = TableOfReferences((*REFS.coupled, Coupled("GROUP", 31, Link("groups", "g-2"), Link("codes", "BOX"))))
    there = fold(mapping, "back_office", Document("i-9", "v", {"base": "BOX"}), refs)
    assert there.fields["unit"] == Ref("UNIT", 22, "back_office", "BOX")
    here = fold(mapping, "sales", Document("p-9", "v", {"group": Link("groups", "g-7"), "unit": "u-1"}), refs)
    assert here.fields["unit"] == Ref("UNIT", None, "sales", "u-1")


def test_a_fact_of_the_record_that_is_looked_up_stands_for_it() -> None:
    """An item means the unit group of its product; Sales names that group itself."""
    raw = {
        "name": "UNIT",
        "sales": {"table": "units"},
        "back_office": {"table": "item_units"},
        "fields": {
            "group": {"sales": "group", "back_office": "item", "lookup": "ITEM", "fact": "unit_group", "to": "sales"}
        },
    }
    mapping = Reader(raw, {}).mapping()
    assert mapping is not None
    there = fold(mapping, "back_office", Document("m-1", "v", {"item": "i-2"}), REFS)
    here = fold(mapping, "sales", Document("u-2", "v", {"group": Link("groups", "g-2")}), REFS)
    assert there.fields == here.fields == {"group": "g-2"}
    assert unfold(mapping.rows.values(), there.fields, "sales", REFS) == {"group": "g-2"}
    waits = fold(mapping, "back_office", Document("m-2", "v", {"item": "i-9"}), REFS)
    assert waits.fields == {"group": Ref("ITEM", None, "back_office", "i-9")}
    with pytest.raises(Uncoupled):
        unfold(mapping.rows.values(), waits.fields, "sales", REFS)


def test_what_rounding_per_document_leaves_over_goes_on_the_largest_line() -> None:
    """Lines say 3.33 + 6.67 + 0.01, the document says 10.00: the lines must add up to it, to the cent."""
    item = {"kind": "item", "object": "i-1"}
    found = lines(
        *(Document(f"m-{n}", "v", {**item, "tax": Decimal(tax)}) for n, tax in enumerate(["3.33", "6.67", "0.01"])),
        total_tax=Decimal("10.00"),
    )
    assert [line["tax"] for line in found] == [Decimal("3.33"), Decimal("6.66"), Decimal("0.01")]
