"""Couplings from a file of pairs: those of Business Central's own connector, or of any list somebody keeps.

The whole file is looked at first; a row that leaves any doubt is refused and says why, the others are coupled.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from typing import Literal

from syncengine.engine.context import columns_of
from syncengine.engine.entering import scope_of
from syncengine.errors import UsageError
from syncengine.mapping.model import TableMapping
from syncengine.records.document import Document
from syncengine.records.document import View
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service.decisions import couple_documents
from syncengine.service.decisions import looks_like_id
from syncengine.service.wiring import Company
from syncengine.store.store import SqlStore

NAMES: Final[Mapping[Side, frozenset[str]]] = {
    # Business Central exports its table of couplings under the captions of its own columns.
    "sales": frozenset({"sales", "sales_id", "sales id", "crm id", "crmid", "dataverse id", "cds id"}),
    "back_office": frozenset({"back_office", "back_office_id", "back office id", "integration id", "systemid"}),
}
AT_ONCE: Final = 200


@dataclass(frozen=True)
class Row:
    """One pair of the file. `outcome`: what was, or would be, done with it; `reason` says why not."""

    line: int
    sales: str
    back_office: str
    outcome: Literal["couple", "already", "refused"] = "couple"
    reason: str = ""
    coupling: int | None = None


def import_couplings(company: Company, mapping_name: str, file: Path, *, dry_run: bool = False) -> list[Row]:
    """What became of every row, in the order of the file. Raises UsageError where it is no file of pairs."""
    mapping = company.live([mapping_name]).mappings[mapping_name]
    rows = list(_once(read_pairs(file), scoped=bool(mapping.sales.scope)))
    found: list[Row] = []
    taken: set[tuple[Side, str, str]] = set()
    for at in range(0, len(rows), AT_ONCE):
        found += _import(company, mapping, rows[at : at + AT_ONCE], taken, dry_run=dry_run)
    return found


def read_pairs(file: Path) -> list[Row]:
    """The pairs of a CSV file, under headers that say which side is which. Raises UsageError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", remedy="Save it as CSV in UTF-8.") from error
    delimiter = next((one for one in (";", "\t") if one in text.partition("\n")[0]), ",")
    table = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    header = [cell.casefold() for cell in table[0]] if table else []
    places = {side: [at for at, cell in enumerate(header) if cell in names] for side, names in NAMES.items()}
    if any(len(some) != 1 for some in places.values()):
        raise UsageError(
            f"{file}: the first line does not say which column is which side",
            remedy="Name them `sales` and `back_office`, or as Business Central does: `CRM ID`, `Integration ID`.",
        )
    sales, back_office = places["sales"][0], places["back_office"][0]
    return [
        Row(number, _cell(row, sales), _cell(row, back_office))
        for number, row in enumerate(table[1:], start=2)
        if any(row)
    ]


def _cell(row: Sequence[str], at: int) -> str:
    value = row[at] if at < len(row) else ""
    bare = value.strip("{}")
    return bare.lower() if looks_like_id(bare) else value


def _once(rows: Sequence[Row], *, scoped: bool) -> Iterator[Row]:
    """A record that the file pairs twice is nobody's to choose. `scoped`: one of the back office is many in Sales."""
    pairs = Counter((row.sales, row.back_office) for row in rows if row.sales and row.back_office)
    count: dict[Side, Counter[str]] = {
        "sales": Counter(sales for sales, _ in pairs),
        "back_office": Counter(back_office for _, back_office in pairs),
    }
    for row in rows:
        if not row.sales or not row.back_office:
            yield _refused(row, "one side is empty")
        elif pairs[row.sales, row.back_office] > 1:
            yield _refused(row, "the pair stands in the file more than once")
        elif count["sales"][row.sales] > 1:
            yield _refused(row, f"the file pairs {row.sales} of Sales with several records")
        elif count["back_office"][row.back_office] > 1 and not scoped:
            yield _refused(row, f"the file pairs {row.back_office} of the back office with several records")
        else:
            yield row


def _refused(row: Row, reason: str) -> Row:
    return Row(row.line, row.sales, row.back_office, "refused", reason)


def _import(
    company: Company, mapping: TableMapping, rows: Sequence[Row], taken: set[tuple[Side, str, str]], *, dry_run: bool
) -> list[Row]:
    asked = [row for row in rows if row.outcome == "couple"]
    documents = {side: _documents(company, mapping, side, [getattr(row, side) for row in asked]) for side in SIDES}
    found: list[Row] = []
    mappings = company.offline_mappings()
    with company.store(writes=not dry_run) as store, store.transaction():
        for row in rows:
            if row.outcome != "couple":
                found.append(row)
                continue
            sales, back_office = documents["sales"][row.sales], documents["back_office"][row.back_office]
            if isinstance(sales, str) or isinstance(back_office, str):
                found.append(_refused(row, sales if isinstance(sales, str) else str(back_office)))
                continue
            pair: dict[Side, Document] = {"sales": sales, "back_office": back_office}
            found.append(_coupled(store, mappings, mapping, row, pair, taken, dry_run=dry_run))
    return found


def _coupled(
    store: SqlStore,
    mappings: Mapping[str, TableMapping],
    mapping: TableMapping,
    row: Row,
    documents: Mapping[Side, Document],
    taken: set[tuple[Side, str, str]],
    *,
    dry_run: bool,
) -> Row:
    scope = scope_of(mapping, documents["sales"])
    meant: set[tuple[Side, str, str]] = {
        ("sales", documents["sales"].id, ""), ("back_office", documents["back_office"].id, scope)
    }  # fmt: skip
    if meant & taken:
        return _refused(row, "another row of the file means the same record by another name")
    for side in SIDES:
        held = store.couplings.by_remote(mapping.name, side, [documents[side].id]).get(documents[side].id, ())
        for one in held:
            if (one.sales_id, one.back_office_id) == (documents["sales"].id, documents["back_office"].id):
                return Row(row.line, row.sales, row.back_office, "already", "", one.id)
            if side == "sales" or one.scope == scope:
                return _refused(row, f"{documents[side].id} is coupled otherwise already (coupling {one.id})")
    taken |= meant
    coupling = None if dry_run else couple_documents(store, mappings, mapping, documents, "import")
    return Row(row.line, row.sales, row.back_office, "couple", "", coupling)


def _documents(company: Company, mapping: TableMapping, side: Side, wanted: Sequence[str]) -> dict[str, Document | str]:
    """What each text of the file means on this side: a record, or why none."""
    system, of = company.systems()[side], mapping.of(side)
    view = View(of.table, columns_of(mapping, side))
    ids = [one for one in wanted if looks_like_id(one) or not of.number or "/" in of.table]
    read = system.read(view, ids) if ids else {}
    found: dict[str, Document | str] = {one: it for one, it in read.items() if isinstance(it, Document)}
    numbers = [one for one in wanted if one not in found and of.number]
    for one, hits in zip(numbers, system.find(view, [{of.number: one} for one in numbers]), strict=True):
        if len(hits) == 1:
            found[one] = hits[0]
        elif hits:
            found[one] = f"{one} is the number of {len(hits)} records: {', '.join(hit.id for hit in hits)}"
    return {one: found.get(one, f"there is no record {one} in {of.table}") for one in wanted}
