"""The functions of `$filter`, as listed in "Using filter expressions in OData URIs"."""

from __future__ import annotations

from decimal import ROUND_HALF_UP
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ONE = Decimal(1)


def _substring(text: str, start: int, length: int | None = None) -> str:
    return text[start:] if length is None else text[start : start + length]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "length": len,
    "indexof": lambda text, part: text.find(part),
    "substring": _substring,
    "concat": lambda first, second: first + second,
    "replace": lambda text, old, new: text.replace(old, new),
    "round": lambda number: Decimal(number).quantize(_ONE, rounding=ROUND_HALF_UP),
    "floor": lambda number: Decimal(number).to_integral_value("ROUND_FLOOR"),
    "ceiling": lambda number: Decimal(number).to_integral_value("ROUND_CEILING"),
}
