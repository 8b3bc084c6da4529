"""The values that cells hold, and when two of them are the same.

Empty text, null, the zero GUID and 0001-01-01 are one value; for amounts and quantities 0 and null too: the two
systems write "nothing" differently, and none of these differences is anybody's edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from decimal import ROUND_HALF_UP
from decimal import Decimal
from typing import Any
from typing import Literal

Side = Literal["sales", "back_office"]
SIDES: tuple[Side, Side] = ("sales", "back_office")

ZERO_GUID = "00000000-0000-0000-0000-000000000000"


def other(side: Side) -> Side:
    return "back_office" if side == "sales" else "sales"


@dataclass(frozen=True)
class Link:
    """A lookup on the wire: the table (entity set) and id it points at."""

    table: str
    id: str


@dataclass(frozen=True)
class Ref:
    """A lookup in mapped form: the coupled record it means.

    Not coupled yet: `coupling` is None, and `side` and `remote_id` say which record is meant; the order that holds
    it waits. In a dry run `created_by` names the action of the same plan that will couple it.
    """

    mapping: str
    coupling: int | None
    side: Side | None = None
    remote_id: str | None = None
    created_by: str | None = None

    def __str__(self) -> str:
        if self.coupling is not None:
            return f"{self.mapping} #{self.coupling}"
        return f"{self.mapping} {self.remote_id} (not coupled)"


class AnyCase(str):
    """A text that is looked for without regard to case."""

    __slots__ = ()


Wire = str | int | bool | Decimal | date | datetime | Link | None
Scalar = str | int | bool | Decimal | date | datetime | Ref | None
Value = Scalar | Mapping[str, Scalar]  # a mapping is the value of a group of rows


def is_blank(value: object) -> bool:
    """Is it one of the many ways to write nothing? Zero counts as nothing for Decimals only, not for codes."""
    match value:
        case None | "" | False:
            return True
        case datetime():
            return value.year == 1
        case date():
            return value.year == 1
        case Decimal():
            return value == 0
        case str():
            return value == ZERO_GUID or not value.strip()
        case Link():
            return is_blank(value.id)
        case Ref():
            return value.coupling is None and value.remote_id is None and value.created_by is None
        case Mapping():
            return all(is_blank(one) for one in value.values())
        case _:
            return False


def same(one: Any, two: Any) -> bool:
    """Are two values of one and the same side the same? Text is compared without trailing blanks, exactly else."""
    if is_blank(one) or is_blank(two):
        return is_blank(one) and is_blank(two)
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return all(same(one.get(key), two.get(key)) for key in {*one, *two})
    if isinstance(one, str) and isinstance(two, str):
        return one.rstrip() == two.rstrip()
    if isinstance(one, Ref) and isinstance(two, Ref):
        return _same_ref(one, two)
    return bool(one == two)


def _same_ref(one: Ref, two: Ref) -> bool:
    if one.mapping == two.mapping and one.coupling is not None and two.coupling is not None:
        return one.coupling == two.coupling
    return (one.side, one.remote_id) == (two.side, two.remote_id) and one.remote_id is not None


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Half away from zero, as both systems round money."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
