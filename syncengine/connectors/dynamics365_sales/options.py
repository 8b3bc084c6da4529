"""Choice columns as tables: `choices/salesorders/paymenttermscode` has one row for each option."""

from __future__ import annotations

from typing import Any

from syncengine.connectors.codec import from_json
from syncengine.connectors.dynamics365_sales import standard
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.records.document import Document

PREFIX = "choices/"


def is_choice(table: str) -> bool:
    return table.startswith(PREFIX)


def rows(reader: Reader, table: str) -> tuple[Document, ...]:
    """The options of a choice column, from the definitions; where a service has none, Microsoft's own."""
    _, entity_set, column = table.split("/")
    labels = _defined(reader, reader.schema.logical_name(entity_set), column)
    if labels is None:
        labels = dict(standard.CHOICE_LABELS.get(column, {}))
    return tuple(
        Document(str(value), label, {"value": value, "label": label}) for value, label in sorted(labels.items())
    )


def _defined(reader: Reader, logical_name: str, column: str) -> dict[int, str] | None:
    url = (
        f"{reader.root}EntityDefinitions(LogicalName='{logical_name}')/Attributes(LogicalName='{column}')"
        "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"
    )
    answer = reader.http.get(url, prefer())
    if answer.status != 200:  # noqa: PLR2004
        return None
    body = from_json(answer.body)
    options = (body.get("OptionSet") or body.get("GlobalOptionSet") or {}).get("Options") or []
    return {int(one["Value"]): label_of(one) for one in options}


def label_of(option: dict[str, Any]) -> str:
    label = option.get("Label") or {}
    localized: dict[str, Any] = label.get("UserLocalizedLabel") or next(iter(label.get("LocalizedLabels") or []), {})
    return str(localized.get("Label") or option["Value"])
