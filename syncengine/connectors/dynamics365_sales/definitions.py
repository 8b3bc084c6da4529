"""What the table definitions say of columns beyond `$metadata`: lengths, choices, what may be written when.

Asked by `check` alone: a run does not pay for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from typing import Final

from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales.options import label_of
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.records.document import TableSchema

TEXTS: Final = ("StringAttributeMetadata", "MemoAttributeMetadata")
CHOICES: Final = ("PicklistAttributeMetadata", "StateAttributeMetadata", "StatusAttributeMetadata")


def described(reader: Reader, table: str) -> TableSchema | None:
    """None where the environment has no such table. What a service does not define stays as `$metadata` has it."""
    known = reader.schema.table(table)
    if not known.published:
        return None
    columns = dict(known.columns)
    for one in _attributes(reader, table, "", "LogicalName,IsValidForCreate,IsValidForUpdate"):
        name = one["LogicalName"]
        if name in columns:
            columns[name] = replace(
                columns[name],
                creatable=one.get("IsValidForCreate") is not False,
                updatable=one.get("IsValidForUpdate") is not False,
            )
    for kind in TEXTS:
        for one in _attributes(reader, table, kind, "LogicalName,MaxLength"):
            if one["LogicalName"] in columns:
                columns[one["LogicalName"]] = replace(columns[one["LogicalName"]], length=one.get("MaxLength"))
    for kind in CHOICES:
        for one in _attributes(reader, table, kind, "LogicalName", "&$expand=OptionSet"):
            options = (one.get("OptionSet") or {}).get("Options") or []
            if one["LogicalName"] in columns:
                choices = {str(option["Value"]): label_of(option) for option in options}
                columns[one["LogicalName"]] = replace(columns[one["LogicalName"]], type="choice", choices=choices)
    return TableSchema(table, columns)


def _attributes(reader: Reader, table: str, kind: str, columns: str, more: str = "") -> list[dict[str, Any]]:
    cast = f"/Microsoft.Dynamics.CRM.{kind}" if kind else ""
    logical = reader.schema.logical_name(table)
    url = f"{reader.root}EntityDefinitions(LogicalName='{logical}')/Attributes{cast}?$select={columns}{more}"
    answer = reader.http.get(url, prefer())
    if answer.status != 200:  # noqa: PLR2004
        return []
    return list(from_json(answer.body).get("value", []))
