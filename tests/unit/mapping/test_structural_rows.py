"""Rows whose value is no single column: unfolding what was folded gives the document back, on its mapped parts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from syncengine.mapping.fold import fold
from syncengine.mapping.model import LineColumn
from syncengine.planner.build import Builder
from syncengine.planner.comments import rewrite_comments
from syncengine.planner.writes import create_record
from syncengine.records.document import Document
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.traits import TableTraits
from syncengine.records.values import rounded
from tests.unit import examples as ex

TEXT_OF = {
    "text_of": ["line", "following_comments"],
    "column": "text",
    "comments": {"kind": "comment"},
}
MAPPING = ex.mapping(
    {
        "lines": {
            **ex.RAW["lines"],
            "pair_by": [],
            "groups": {},
            "fields": {
                "product": {
                    "one_of": [
                        {"lookup": "ITEM", "sales": "product", "back_office": "object",
                         "with": {"back_office": {"kind": "item"}}},
                        {"text": True, "sales": "words", "back_office": TEXT_OF, "transform": {"continued": 12},
                         "with": {"sales": {"free": True}, "back_office": {"kind": "item", "object": "i-99"}}},
                    ]
                },
                "quantity": {"sales": "quantity", "back_office": "quantity", "transform": {"decimals": 5}},
                "text": {"sales": "text", "back_office": TEXT_OF, "transform": {"continued": 12},
                         "unless_text": "product"},
                "kind": {"sales": "line_kind", "constant": "product", "to": "sales"},
            },
        },
        "recreates": [],
    }
)  # fmt: skip
FACTS = ex.facts(TableTraits(), TableTraits(line_order="place"))

WORD = st.text("abcdefgh", min_size=1, max_size=16)
TEXT = st.lists(WORD, min_size=1, max_size=6).map(" ".join)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """An order with freight or without, and lines of items and of texts, each with its text over several lines."""
    lines: list[dict[str, Any]] = []
    transform = MAPPING.lines.rows["text"].transform  # type: ignore[union-attr]
    for _ in range(draw(st.integers(0, 4))):
        pieces = transform.write("back_office", draw(TEXT), ())
        written_in = draw(st.booleans())
        quantity = draw(st.decimals(1, 99, places=5))
        item = "i-99" if written_in else draw(st.sampled_from(["i-1", "i-2"]))
        lines.append({"kind": "item", "object": item, "text": pieces[0], "quantity": quantity})
        lines += [{"kind": "comment", "text": piece} for piece in pieces[1:]]
    freight = draw(st.decimals(0, 500, places=2))
    if freight:
        lines.append({"kind": "account", "object": "8400", "price": freight})
    numbered = tuple(
        Document(f"m-{at}", f"v-{at}", {**cells, "place": at * 10_000}) for at, cells in enumerate(lines, 1)
    )
    return ex.back_office_order(*numbered)


def written(record: Record) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The body and the lines of the document that a create sends to the back office for this record."""
    builder = Builder(Pair("ORDER", None, record, None), MAPPING, ex.REFS, FACTS)
    step = create_record(builder, "sales")[0]
    assert builder.missing == []
    assert builder.problems == []
    return dict(step.body), [dict(line) for line in step.lines]


@settings(max_examples=80, deadline=None)
@given(documents())
def test_unfolding_what_was_folded_gives_the_document_back(document: Document) -> None:
    body, lines = written(fold(MAPPING, "back_office", document, ex.REFS))
    assert {column: body[column] for column in ("street", "city")} == {"street": "Hauptstr.", "city": "Ulm"}
    expected = [{c: v for c, v in line.fields.items() if c != "place"} for line in document.lines]
    assert [{c: _bare(v) for c, v in line.items()} for line in lines] == expected


def _bare(value: Any) -> Any:
    return getattr(value, "id", value)


def line(line_id: str, text: str, kind: str = "item", place: int | None = None) -> Document:
    cells: dict[str, Any] = {"kind": kind, "text": text, "place": place or int(line_id[2:]) * 10_000}
    if kind == "item":
        cells |= {"object": "i-1", "quantity": Decimal(1)}
    return Document(line_id, f"v-{line_id}", cells)


def test_comment_lines_belong_to_the_line_before_them() -> None:
    document = ex.back_office_order(
        line("m-1", "header remark", "comment"),
        line("m-2", "Conference"),
        line("m-3", "table, oak", "comment"),
        line("m-4", "Chair"),
        line("m-5", "red", "comment"),
    )
    record = fold(MAPPING, "back_office", document, ex.REFS)
    assert {line_id: one.fields["text"] for line_id, one in record.lines.items()} == {
        "m-2": "Conference table, oak",
        "m-4": "Chair\nred",
    }


def steps_for(document: Document, line_id: str, text: str) -> list[tuple[str, Any, dict[str, Any]]]:
    record = fold(MAPPING, "back_office", document, ex.REFS)
    builder = Builder(Pair("ORDER", 5, record, record), MAPPING, ex.REFS, FACTS)
    lines = MAPPING.lines
    assert lines is not None
    assert lines.comments is not None
    pieces = lines.rows["text"].transform.write("back_office", text, ())
    changed = document.line(line_id)
    assert changed is not None
    rewrite_comments(builder, "back_office", changed, [lines.comments.cells(str(one)) for one in pieces[1:]])
    assert [problem.code for problem in builder.problems] in ([], ["no-room-for-comments"])
    return [(step.verb, step.target, dict(step.body)) for step in builder.steps]


ORDER = ex.back_office_order(line("m-1", "one"), line("m-2", "two", "comment"), line("m-3", "Chair"))


def test_a_longer_text_adds_a_comment_line_in_between() -> None:
    steps = steps_for(ORDER, "m-1", "aaaaaaaa bbbbbbbb cccccccc")
    assert steps == [
        ("update-line", "m-2", {"text": "bbbbbbbb"}),
        ("create-line", None, {"kind": "comment", "text": "cccccccc", "place": 25_000}),
    ]


def test_a_shorter_text_removes_its_comment_line() -> None:
    assert steps_for(ORDER, "m-1", "short") == [("delete-line", "m-2", {})]


def test_an_unchanged_comment_line_is_left_alone() -> None:
    assert steps_for(ORDER, "m-1", "one\ntwo") == []


def test_without_room_between_two_lines_a_person_is_asked() -> None:
    document = replace(ORDER, lines=(line("m-1", "one", place=10), line("m-3", "Chair", place=11)))
    assert steps_for(document, "m-1", "aaaaaaaa bbbbbbbb") == []


def test_a_line_constant_is_written_on_create_and_put_back_when_it_drifts() -> None:
    record = fold(MAPPING, "back_office", ORDER, ex.REFS)
    builder = Builder(Pair("ORDER", None, None, record), MAPPING, ex.REFS, FACTS)
    step = create_record(builder, "back_office")[0]
    assert [body["line_kind"] for body in step.lines] == ["product", "product"]
    sales = ex.sales_order(ex.sales_line("l-1", line_kind="service"))
    assert fold(MAPPING, "sales", sales, ex.REFS).lines["l-1"].fields["kind"] == "service"
    assert record.lines["m-1"].fields["kind"] == "product"


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(0, 100_000, places=2),
    st.decimals(1, 1000, places=3),
    st.sampled_from([Decimal(0), Decimal(10), Decimal("7.7"), Decimal(25)]),
    st.booleans(),
)
def test_an_amount_on_a_line_is_read_without_the_tax_it_was_written_with(
    amount: Decimal, times: Decimal, rate: Decimal, included: bool
) -> None:
    carrying = LineColumn({"object": "freight"}, "price", "quantity", ("rate", "header.with_tax"))
    cells = {"object": "freight", "quantity": times, "rate": rate, "header.with_tax": included}
    price = carrying.cell(amount, cells)
    assert rounded(carrying.amount(Document("1", None, {**cells, "price": price})), 2) == amount
    assert price == rounded(amount / times * (1 + rate / 100 if included else 1), 5)
