"""The transforms by the names that mapping files give them, and what each takes."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from typing import Final

from syncengine.mapping.transforms.choices import Inverted
from syncengine.mapping.transforms.choices import ValueMap
from syncengine.mapping.transforms.days import CalendarDay
from syncengine.mapping.transforms.discounts import Beside
from syncengine.mapping.transforms.discounts import HeaderDiscount
from syncengine.mapping.transforms.discounts import LineDiscount
from syncengine.mapping.transforms.discounts import Undiscounted
from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Transform
from syncengine.mapping.transforms.numbers import DecimalPlaces
from syncengine.mapping.transforms.numbers import Decimals
from syncengine.mapping.transforms.numbers import ExchangeRate
from syncengine.mapping.transforms.numbers import Negated
from syncengine.mapping.transforms.numbers import Stock
from syncengine.mapping.transforms.numbers import UnitPrice
from syncengine.mapping.transforms.order_words import Backordered
from syncengine.mapping.transforms.order_words import InOrder
from syncengine.mapping.transforms.order_words import LeadingNumber
from syncengine.mapping.transforms.order_words import StatusLine
from syncengine.mapping.transforms.texts import Capitals
from syncengine.mapping.transforms.texts import Code
from syncengine.mapping.transforms.texts import Continued
from syncengine.mapping.transforms.texts import Country
from syncengine.mapping.transforms.texts import Exact
from syncengine.mapping.transforms.texts import FirstFilled
from syncengine.mapping.transforms.texts import Fits
from syncengine.mapping.transforms.texts import NoteFile
from syncengine.mapping.transforms.texts import PersonName
from syncengine.mapping.transforms.texts import PlainText
from syncengine.mapping.transforms.texts import TextLines

Factory = Callable[[Any, Mapping[str, Any]], Transform]


def _decimals(places: Any, _: Mapping[str, Any]) -> Transform:
    return Decimals(sales=places, back_office=places)


def _unit_price(_: Any, settings: Mapping[str, Any]) -> Transform:
    return UnitPrice(sales=settings.get("price_decimals", 2), back_office=5)


def _line_discount(_: Any, settings: Mapping[str, Any]) -> Transform:
    return LineDiscount(per_unit=settings.get("discount_per_unit") is True)


def _exchange_rate(_: Any, settings: Mapping[str, Any]) -> Transform:
    return ExchangeRate(here=settings.get("currency_rates", {}), there=settings.get("exchange_rates", {}))


def _calendar_day(_: Any, settings: Mapping[str, Any]) -> Transform:
    return CalendarDay(zone=settings.get("time_zone", UTC))


def _country(_: Any, settings: Mapping[str, Any]) -> Transform:
    return Country(codes=settings.get("countries", {}))


def _values(pairs: Any, _: Mapping[str, Any]) -> Transform:
    return ValueMap(pairs=tuple(pairs.items()))


def _plain(transform: Transform) -> Factory:
    return lambda _argument, _settings: transform


TRANSFORMS: Final[Mapping[str, Factory]] = {
    "as_is": _plain(AsIs()),
    "fits": lambda argument, _: Fits(length=argument),
    "exact": lambda argument, _: Exact(length=argument),
    "continued": lambda argument, _: Continued(length=argument),
    "code": _plain(Code()),
    "capitals": lambda argument, _: Capitals(length=argument),
    "decimals": _decimals,
    "unit_price": _unit_price,
    "calendar_day": _calendar_day,
    "country_code": _country,
    "values": _values,
    "inverted": _plain(Inverted()),
    "negated": _plain(Negated()),
    "exchange_rate": _exchange_rate,
    "decimal_places": _plain(DecimalPlaces()),
    "first_filled": _plain(FirstFilled()),
    "person_name": _plain(PersonName()),
    "plain_text": _plain(PlainText()),
    "note_file": _plain(NoteFile()),
    "text_lines": _plain(TextLines()),
    "header_discount": _plain(HeaderDiscount()),
    "line_discount": _line_discount,
    "plus": _plain(Beside(sign=1)),
    "minus": _plain(Beside(sign=-1)),
    "undiscounted": _plain(Undiscounted()),
    "status_line": _plain(StatusLine()),
    "in_order": _plain(InOrder()),
    "backordered": _plain(Backordered()),
    "stock": _plain(Stock(sales=2)),
    "leading_number": _plain(LeadingNumber()),
}

_LENGTH: Final = {"type": "integer", "minimum": 1, "maximum": 100_000}
ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "fits": _LENGTH,
    "exact": _LENGTH,
    "capitals": _LENGTH,
    "continued": _LENGTH,
    "decimals": {"type": "integer", "minimum": 0, "maximum": 10},
    "values": {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
        "minProperties": 1,
        "description": "Sales value: back-office value",
    },
}
"""What the transforms that take an argument take, as JSON Schema says it."""

WIDTHS: Final[Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]] = {
    "header_discount": ((3,), (1, 4)),
    "line_discount": ((3,), (1, 2, 4)),
    "plus": ((2,), (1,)),
    "minus": ((2,), (1,)),
    "undiscounted": ((4,), (1,)),
    "person_name": ((4,), (1,)),
    "status_line": ((1,), (3, 4)),
    "backordered": ((1,), (3,)),
    "unit_price": ((1,), (1, 3)),
    "first_filled": ((1,), (2, 3)),
    "note_file": ((2,), (2,)),
}
"""How many columns a transform takes on each side (sales, back office); one each where nothing is said."""
