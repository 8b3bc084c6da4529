"""Every action and function that the emulated service has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales import bulk_messages
from syncengine.sandbox.sales import closing
from syncengine.sandbox.sales import converting
from syncengine.sandbox.sales import platform_functions
from syncengine.sandbox.sales import price_actions

if TYPE_CHECKING:
    from syncengine.sandbox.sales.messages import Message


def all_messages() -> list[Message]:
    return [
        *platform_functions.messages(),
        *closing.messages(),
        *converting.messages(),
        *price_actions.messages(),
        *bulk_messages.messages(),
    ]
