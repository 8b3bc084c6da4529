"""When Sales computes prices, cell by cell, typed from "Enable sales order processing integration" (Microsoft).

The document's words for each cell stand beside its row. The sixteen columns of a row are what the words may depend on:

    SOP   the organization's flag IsSOPIntegrationEnabled is Yes (1)
    int   the signed-in user is an integration user
    sub   the sales order is in a submitted state
    ed    the entity is editable: "Price computation can be triggered by Dynamics 365 Sales only if the sales
          entities - like Opportunity, Quote, Sales order, and Invoice - are editable"

A cell is C (computed), - (skipped) or · (the document says "Not applicable").
"""

from __future__ import annotations

import itertools

import pytest

from syncengine.orders.price_computation import Entity
from syncengine.orders.price_computation import Event
from syncengine.orders.price_computation import applicable
from syncengine.orders.price_computation import computes

COLUMNS = """
    SOP   n n n n n n n n y y y y y y y y
    int   n n n n y y y y n n n n y y y y
    sub   n n y y n n y y n n y y n n y y
    ed    n y n y n y n y n y n y n y n y
"""

CELLS = """
    # "Calculate always", delete "Not applicable"
    opportunity         create       - C - C - C - C - C - C - C - C
    opportunity         update       - C - C - C - C - C - C - C - C
    opportunity         delete       · · · · · · · · · · · · · · · ·
    opportunity         recalculate  - C - C - C - C - C - C - C - C

    # "Calculate always", delete "Not applicable"
    quote               create       - C - C - C - C - C - C - C - C
    quote               update       - C - C - C - C - C - C - C - C
    quote               delete       · · · · · · · · · · · · · · · ·
    quote               recalculate  - C - C - C - C - C - C - C - C

    # create: skipped if the flag is Yes and the signed-in user is an integration user
    salesorder          create       - C - C - C - C - C - C - - - -
    # update: skipped if the flag is Yes and the order is in a submitted state or the user is an integration user
    salesorder          update       - C - C - C - C - C - - - - - -
    salesorder          delete       · · · · · · · · · · · · · · · ·
    # recalculate: skipped if the flag is Yes and the order is in a submitted state
    salesorder          recalculate  - C - C - C - C - C - - - C - -

    # all three: skipped if the flag is Yes and the signed-in user is an integration user
    invoice             create       - C - C - C - C - C - C - - - -
    invoice             update       - C - C - C - C - C - C - - - -
    invoice             delete       · · · · · · · · · · · · · · · ·
    invoice             recalculate  - C - C - C - C - C - C - - - -

    # "Calculate always", recalculate "Not applicable"
    opportunityproduct  create       - C - C - C - C - C - C - C - C
    opportunityproduct  update       - C - C - C - C - C - C - C - C
    opportunityproduct  delete       - C - C - C - C - C - C - C - C
    opportunityproduct  recalculate  · · · · · · · · · · · · · · · ·

    # "Calculate always", recalculate "Not applicable"
    quotedetail         create       - C - C - C - C - C - C - C - C
    quotedetail         update       - C - C - C - C - C - C - C - C
    quotedetail         delete       - C - C - C - C - C - C - C - C
    quotedetail         recalculate  · · · · · · · · · · · · · · · ·

    # create, update: skipped if the flag is Yes and the user is an integration user or the order is submitted
    salesorderdetail    create       - C - C - C - C - C - - - - - -
    salesorderdetail    update       - C - C - C - C - C - - - - - -
    # delete: skipped if the flag is Yes and the signed-in user is an integration user
    salesorderdetail    delete       - C - C - C - C - C - C - - - -
    salesorderdetail    recalculate  · · · · · · · · · · · · · · · ·

    # create, update, delete: skipped if the flag is Yes and the signed-in user is an integration user
    invoicedetail       create       - C - C - C - C - C - C - - - -
    invoicedetail       update       - C - C - C - C - C - C - - - -
    invoicedetail       delete       - C - C - C - C - C - C - - - -
    invoicedetail       recalculate  · · · · · · · · · · · · · · · ·
"""


def _table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


COMBINATIONS = [dict(zip(("SOP", "int", "sub", "ed"), column, strict=True)) for column in
                zip(*(row[1:] for row in _table(COLUMNS)), strict=True)]  # fmt: skip
ROWS = {(row[0], row[1]): row[2:] for row in _table(CELLS)}


def test_the_table_has_every_row_and_every_column_once() -> None:
    """Eight entities, four events, sixteen combinations: none left out, none twice."""
    assert set(ROWS) == {(str(entity), str(event)) for entity in Entity for event in Event}
    assert len(_table(CELLS)) == 32
    assert {tuple(one.values()) for one in COMBINATIONS} == set(itertools.product("ny", repeat=4))
    assert all(len(cells) == len(COMBINATIONS) == 16 for cells in ROWS.values())


@pytest.mark.parametrize(("row", "cells"), ROWS.items(), ids=" ".join)
def test_each_cell_is_what_the_document_says(row: tuple[str, str], cells: list[str]) -> None:
    entity, event = Entity(row[0]), Event(row[1])
    for combination, cell in zip(COMBINATIONS, cells, strict=True):
        found = computes(
            entity,
            event,
            sop=combination["SOP"] == "y",
            integration_user=combination["int"] == "y",
            submitted=combination["sub"] == "y",
            editable=combination["ed"] == "y",
        )
        assert applicable(entity, event) is (cell != "·")
        assert found is (cell == "C"), (row, combination)
