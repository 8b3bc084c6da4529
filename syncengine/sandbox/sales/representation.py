"""Rows as JSON: which properties, which annotations, and the tag of the version.

What is selected comes with the primary key; money comes with its currency, a part of an address with the
composite ("Retrieve specific properties"). Without `$select` all columns come, null ones as null.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import msgspec

from syncengine.sandbox.sales.errors import unknown_property
from syncengine.sandbox.sales.formatting import formatted
from syncengine.sandbox.sales.formatting import target_of
from syncengine.sandbox.sales.values import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from syncengine.sandbox.sales.database import Row
    from syncengine.sandbox.sales.model import Column
    from syncengine.sandbox.sales.model import Table
    from syncengine.sandbox.sales.world import Session

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOGICAL_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"
_ADDRESS_PART = re.compile(r"(\w+)_(?:line[123]|city|stateorprovince|postalcode|country)")
_STORED_DIGITS = 10


def etag(row: Row) -> str:
    return f'W/"{row["versionnumber"]}"'


def wanted_annotations(preference: str | None) -> tuple[str, ...]:
    """The names and prefixes of `odata.include-annotations`."""
    return tuple(piece.strip() for piece in (preference or "").split(",") if piece.strip())


def includes(wanted: Sequence[str], name: str) -> bool:
    return any(one in (name, "*") or (one.endswith("*") and name.startswith(one[:-1])) for one in wanted)


@dataclass(frozen=True)
class Shape:
    """How rows of one table are answered; made once for all rows of a request."""

    table: Table
    pairs: tuple[tuple[str, str], ...]
    decimals: tuple[tuple[str, int], ...]
    annotated: tuple[tuple[Column, bool, bool, bool], ...] = ()
    tagged: bool = True
    nulls: bool = True
    number_as_text: bool = False

    def answer(self, session: Session, row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {"@odata.etag": etag(row)} if self.tagged else {}
        if self.annotated:
            self._annotate(session, row, found)
        else:
            get = row.get
            for name, column in self.pairs:
                found[name] = get(column)
        for name, scale in self.decimals:
            value = found.get(name)
            if value is not None:
                found[name] = _number(value, scale)
        if self.number_as_text and found.get("versionnumber") is not None:
            found["versionnumber"] = str(found["versionnumber"])
        return found if self.nulls else {name: value for name, value in found.items() if value is not None}

    def _annotate(self, session: Session, row: Row, found: dict[str, Any]) -> None:
        """Annotations stand before the property that they describe."""
        for column, shown, logical, navigation in self.annotated:
            name = column.property
            if row.get(column.name) is not None:
                text = formatted(session, column, row) if shown else None
                if text is not None:
                    found[f"{name}@{FORMATTED}"] = text
                target = target_of(column, row) if column.is_lookup else ""
                if navigation and target in column.navigation:
                    found[f"{name}@{NAVIGATION}"] = column.navigation[target]
                if logical and target:
                    found[f"{name}@{LOGICAL_NAME}"] = target
            found[name] = row.get(column.name)
        for name, column_name in self.pairs:
            if name not in found:
                found[name] = row.get(column_name)


def _number(value: Decimal, scale: int) -> msgspec.Raw:
    """Plain digits, trailing zeros kept: never the exponent form that Decimal would print for small zeros."""
    if scale < 0:
        return msgspec.Raw(format(value.normalize(), "f").encode())
    return msgspec.Raw(format(rounded(value, scale), "f").encode())


def shape(
    session: Session,
    table: Table,
    select: Sequence[str] | None,
    annotations: Sequence[str] = (),
    *,
    tagged: bool = True,
    extra: Sequence[str] = (),
) -> Shape:
    """Raises DataverseError for an unknown name in `select`."""
    columns = _columns(session, table, select, extra)
    pairs = [(column.property, column.name) for column in columns]
    if table.name in ("systemuser", "team"):
        # Both inherit from principal and show its key besides their own.
        pairs.append(("ownerid", table.primary_id))
    logical, navigation = includes(annotations, LOGICAL_NAME), includes(annotations, NAVIGATION)
    shown = includes(annotations, FORMATTED)
    annotated = tuple((c, shown, logical, navigation) for c in columns) if shown or logical or navigation else ()
    switches = session.switches
    return Shape(
        table,
        tuple(pairs),
        tuple(_scales(session, columns)),
        annotated,
        tagged,
        nulls=switches.null_columns == "shown",
        number_as_text=switches.version_number == "text",
    )


def _columns(session: Session, table: Table, select: Sequence[str] | None, extra: Sequence[str]) -> list[Column]:
    if select is None:
        return list(table.properties.values())
    names: dict[str, Column] = {}
    for name in select:
        found = table.properties.get(name)
        if found is None and name in table.navigations:
            found = table.navigations[name].column
        if found is None:
            raise unknown_property(name, table.name, session.switches.unknown_property_code)
        names[found.property] = found
        part = _ADDRESS_PART.fullmatch(found.name)
        if part and f"{part[1]}_composite" in table.properties:
            names[f"{part[1]}_composite"] = table.properties[f"{part[1]}_composite"]
        if found.kind == "Money" and "_transactioncurrencyid_value" in table.properties:
            names["_transactioncurrencyid_value"] = table.properties["_transactioncurrencyid_value"]
    for name in extra:
        names.setdefault(name, table.properties[name])
    names[table.primary_id] = table.columns[table.primary_id]
    return list(names.values())


def _scales(session: Session, columns: Sequence[Column]) -> list[tuple[str, int]]:
    stored = session.switches.decimal_scale == "stored"
    found = []
    for column in columns:
        if column.kind == "Decimal":
            own = column.precision or 0
            found.append((column.property, max(own, _STORED_DIGITS) if stored else own))
        elif column.kind == "Double":
            found.append((column.property, -1))
    return found
