"""Named two-way transforms: how a value is read from each side's cells, written back, and when two sides agree."""

from __future__ import annotations

from syncengine.mapping.transforms.choices import Inverted
from syncengine.mapping.transforms.choices import ValueMap
from syncengine.mapping.transforms.days import CalendarDay
from syncengine.mapping.transforms.discounts import Beside
from syncengine.mapping.transforms.discounts import HeaderDiscount
from syncengine.mapping.transforms.discounts import LineDiscount
from syncengine.mapping.transforms.discounts import Undiscounted
from syncengine.mapping.transforms.law import KEEP
from syncengine.mapping.transforms.law import AsIs
from syncengine.mapping.transforms.law import Cells
from syncengine.mapping.transforms.law import DoesNotSurvive
from syncengine.mapping.transforms.law import Keep
from syncengine.mapping.transforms.law import Transform
from syncengine.mapping.transforms.law import Written
from syncengine.mapping.transforms.named import ARGUMENTS
from syncengine.mapping.transforms.named import TRANSFORMS
from syncengine.mapping.transforms.named import WIDTHS
from syncengine.mapping.transforms.numbers import LARGEST
from syncengine.mapping.transforms.numbers import Decimals
from syncengine.mapping.transforms.numbers import Negated
from syncengine.mapping.transforms.numbers import Stock
from syncengine.mapping.transforms.numbers import UnitPrice
from syncengine.mapping.transforms.numbers import gross
from syncengine.mapping.transforms.numbers import number
from syncengine.mapping.transforms.order_words import DOT
from syncengine.mapping.transforms.order_words import Backordered
from syncengine.mapping.transforms.order_words import InOrder
from syncengine.mapping.transforms.order_words import LeadingNumber
from syncengine.mapping.transforms.order_words import StatusLine
from syncengine.mapping.transforms.texts import Code
from syncengine.mapping.transforms.texts import Continued
from syncengine.mapping.transforms.texts import Country
from syncengine.mapping.transforms.texts import Exact
from syncengine.mapping.transforms.texts import Fits
from syncengine.mapping.transforms.texts import PersonName
from syncengine.mapping.transforms.texts import PlainText
from syncengine.mapping.transforms.texts import TextLines

__all__ = [
    "ARGUMENTS",
    "DOT",
    "KEEP",
    "LARGEST",
    "TRANSFORMS",
    "WIDTHS",
    "AsIs",
    "Backordered",
    "Beside",
    "CalendarDay",
    "Cells",
    "Code",
    "Continued",
    "Country",
    "Decimals",
    "DoesNotSurvive",
    "Exact",
    "Fits",
    "HeaderDiscount",
    "InOrder",
    "Inverted",
    "Keep",
    "LeadingNumber",
    "LineDiscount",
    "Negated",
    "PersonName",
    "PlainText",
    "StatusLine",
    "Stock",
    "TextLines",
    "Transform",
    "Undiscounted",
    "UnitPrice",
    "ValueMap",
    "Written",
    "gross",
    "number",
]
