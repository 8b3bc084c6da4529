"""`entityDefinitions`: captions of entities, properties and enum members, for people's tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.schema.entities import Api
    from syncengine.sandbox.back_office.schema.entities import EntityType

ENGLISH = 1033


def entity_definitions(api: Api) -> list[dict[str, Any]]:
    return [_definition(kind) for kind in api.types.values() if kind.name != "subscription"]


def _definition(kind: EntityType) -> dict[str, Any]:
    return {
        "entityName": kind.name,
        "entitySetName": kind.entity_set,
        "entityCaptions": _captions(kind.name),
        "entitySetCaptions": _captions(kind.entity_set),
        "properties": [{"name": name, "captions": _captions(name)} for name in kind.properties],
        "actions": [{"name": name, "captions": _captions(name)} for name in kind.actions],
        "enumMembers": [
            {
                "name": f"{column.name}.{member.name}",
                "value": member.value,
                "captions": [{"languageCode": ENGLISH, "caption": member.caption}],
            }
            for column in kind.properties.values()
            if column.enumeration
            for member in column.enumeration.members
        ],
    }


def _captions(name: str) -> list[dict[str, Any]]:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [{"languageCode": ENGLISH, "caption": words[:1].upper() + words[1:]}]
