"""Every action and function that the emulated service has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from syncengine.sandbox.sales import bulk_messages
from syncengine.sandbox.sales import closing
from syncengine.sandbox.sales import converting
from syncengine.sandbox.sales import platform_functions
from syncengine.sandbox.sales import price_actions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncengine.sandbox.sales.messages import Message


def all_messages() -> list[Message]:
    return [
        *platform_functions.messages(),
        *closing.messages(),
        *converting.messages(),
        *price_actions.messages(),
        *bulk_messages.messages(),
    ]


def bound_as(messages: Mapping[str, Message], fulfil: str) -> Mapping[str, Message]:
    """With FulfillSalesOrder bound to the set, to a row, or to nothing: `$metadata` says which."""
    usual = messages["FulfillSalesOrder"]
    if usual.binding == fulfil:
        return messages
    binding = "" if fulfil == "unbound" else fulfil
    return {**messages, usual.name: replace(usual, binding=binding, tables=("salesorder",) if binding else ())}
