"""What a plan may depend on beside the pair itself: configuration, both systems' traits, the time of the run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any

from syncengine.mapping.model import TableMapping
from syncengine.records.traits import Traits
from syncengine.records.values import Side

NAMESPACE = uuid.UUID("7d3b0c7e-52f2-5c6e-9a57-3b1b8f0f6c11")


@dataclass(frozen=True)
class Facts:
    """`settings` holds what mappings may name by `setting:` and what the order rules ask for."""

    company: str
    now: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[Side, Traits] = field(default_factory=lambda: {"sales": Traits(), "back_office": Traits()})


def chosen_id(facts: Facts, table: str, partner_id: str, generation: int) -> str:
    """The id we give a record on a side where the client may choose it: derived, so that a repeat finds itself."""
    return str(uuid.uuid5(NAMESPACE, f"{facts.company}|{table}|{partner_id}|{generation}"))


def operation_key(facts: Facts, mapping: TableMapping, partner_id: str, generation: int) -> str:
    """What stands in the correlation column until a coupling is committed; 26 characters, unlike any order number."""
    derived = uuid.uuid5(NAMESPACE, f"{facts.company}|{mapping.name}|{partner_id}|{generation}")
    return f"SE:{derived.hex[:23]}"
