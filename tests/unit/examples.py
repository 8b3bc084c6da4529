"""A small order mapping between two invented systems, and records of it: what the pure core is tested with."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from decimal import Decimal
from typing import Any

from syncengine.mapping.fold import fold
from syncengine.mapping.language import Reader
from syncengine.mapping.model import TableMapping
from syncengine.planner.facts import Facts
from syncengine.records.document import Document
from syncengine.records.record import Base
from syncengine.records.record import LinePair
from syncengine.records.record import Pair
from syncengine.records.record import Record
from syncengine.records.traits import TableTraits
from syncengine.records.traits import Traits
from syncengine.records.values import Link
from syncengine.records.values import Side
from tests.fakes.references import Coupled
from tests.fakes.references import TableOfReferences

SETTINGS: dict[str, Any] = {"correlation": "their_key", "freight_account": "8400", "sales_ready": ["submitted"]}

RAW: dict[str, Any] = {
    "name": "ORDER",
    "kind": "order",
    "create": "both",
    "sales": {"table": "orders", "number": "number"},
    "back_office": {"table": "documents", "number": "no"},
    "correlation": "order_number",
    "recreates": ["customer", "lines.set", "lines.goods"],
    "groups": {"ship_to": ["street", "city"]},
    "conflict": {"default": "manual", "ship_to": "sales", "note": "newest", "terms": "back-office"},
    "fields": {
        "order_number": {
            "sales": "number",
            "back_office": "setting:correlation",
            "to": "back-office",
            "only_create": True,
        },
        "document_number": {"sales": "their_number", "back_office": "no", "to": "sales"},
        "customer": {"sales": "customer", "back_office": "buyer", "lookup": "CUSTOMER"},
        "street": {"sales": "street", "back_office": "street", "transform": {"fits": 10}},
        "city": {"sales": "city", "back_office": "city"},
        "note": {"sales": "note", "back_office": "remark"},
        "terms": {"sales": "terms", "back_office": "terms"},
        "freight": {
            "sales": "freight",
            "back_office": {"line": {"kind": "account", "object": "setting:freight_account"}, "value": "price"},
            "transform": {"decimals": 2},
        },
    },
    "lines": {
        "name": "ORDER-LINE",
        "sales": {"table": "order_lines", "parent": "order"},
        "back_office": {"table": "document_lines", "parent": "document", "only": {"kind": ["item", "account"]}},
        "pair_by": [["product", "quantity"], ["product"]],
        "groups": {"goods": ["product", "quantity", "price"]},
        "fields": {
            "product": {
                "sales": "product",
                "back_office": "object",
                "lookup": "ITEM",
                "with": {"back_office": {"kind": "item"}},
            },
            "quantity": {"sales": "quantity", "back_office": "quantity", "transform": {"decimals": 5}},
            "price": {"sales": "price", "back_office": "price", "transform": {"decimals": 2}},
            "text": {"sales": "text", "back_office": "text"},
            "shipped": {"sales": "shipped", "back_office": "shipped", "to": "sales", "transform": {"decimals": 5}},
            "invoiced": {"back_office": "invoiced"},
        },
    },
}

REFS = TableOfReferences(
    (
        Coupled("CUSTOMER", 1, Link("accounts", "c-1"), Link("customers", "k-1")),
        Coupled("CUSTOMER", 2, Link("accounts", "c-2"), Link("customers", "k-2")),
        Coupled("ITEM", 11, Link("products", "p-1"), Link("items", "i-1")),
        Coupled("ITEM", 12, Link("products", "p-2"), Link("items", "i-2")),
        Coupled("ITEM", 13, Link("products", "p-3"), Link("items", "i-3")),
    )
)


def mapping(change: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None) -> TableMapping:
    """The example, with top-level keys replaced."""
    raw = copy.deepcopy(RAW) | dict(change or {})
    reader = Reader(raw, {**SETTINGS, **(settings or {})})
    made = reader.mapping()
    assert reader.problems == []
    assert made is not None
    return made


def facts(sales: TableTraits | None = None, back_office: TableTraits | None = None, **settings: Any) -> Facts:
    traits: dict[Side, Traits] = {
        "sales": Traits({"orders": sales or TableTraits(client_ids=True, atomic=True)}),
        "back_office": Traits({"documents": back_office or TableTraits(line_order="place")}),
    }
    return Facts("acme", datetime(2026, 3, 16, 9, tzinfo=UTC), {**SETTINGS, **settings}, traits)


def sales_line(line_id: str, product: str = "p-1", quantity: Any = 2, price: Any = 10, **cells: Any) -> Document:
    fields = {"product": Link("products", product), "quantity": Decimal(quantity), "price": Decimal(price), **cells}
    return Document(line_id, f"v-{line_id}", fields)


def back_office_line(line_id: str, item: str = "i-1", quantity: Any = 2, price: Any = 10, **cells: Any) -> Document:
    fields = {
        "kind": "item", "object": item, "quantity": Decimal(quantity), "price": Decimal(price),
        "shipped": Decimal(0), "invoiced": Decimal(0), "place": int(line_id.rpartition("-")[2]) * 10_000, **cells,
    }  # fmt: skip
    return Document(line_id, f"v-{line_id}", fields)


def sales_order(*lines: Document, state: str = "submitted", version: str = "s-v1", **cells: Any) -> Document:
    fields = {"number": "SO-1", "customer": Link("accounts", "c-1"), "street": "Hauptstr. 1", "city": "Ulm", **cells}
    return Document("s-1", version, fields, lines, state)


def back_office_order(*lines: Document, state: str = "draft", version: str = "b-v1", **cells: Any) -> Document:
    fields = {"no": "D-7", "their_key": "SO-1", "buyer": "k-1", "street": "Hauptstr. ", "city": "Ulm", **cells}
    return Document("b-1", version, fields, lines, state)


def read(side: Side, document: Document, using: TableMapping | None = None) -> Record:
    return fold(using or mapping(), side, document, REFS)


def pair(
    sales: Document,
    back_office: Document,
    *,
    agreed: tuple[Document, Document] | None,
    lines: Mapping[str, str] | None = None,
    using: TableMapping | None = None,
) -> Pair:
    """A coupled pair. `agreed` are both documents as they were when they last agreed; `lines` the line couplings."""
    base = None if agreed is None else Base(read("sales", agreed[0], using), read("back_office", agreed[1], using))
    pairs = tuple(LinePair(at, one, two) for at, (one, two) in enumerate((lines or {}).items(), start=101))
    return Pair("ORDER", 5, read("sales", sales, using), read("back_office", back_office, using), base, pairs)
