"""The three-way table: what each side did to a group since its own picture, and what follows.

A side has changed only against its own picture; the two sides are compared with each other only to find "changed to
equal values" and where there is no base yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from datetime import datetime
from datetime import timedelta

from syncengine.mapping.model import Policy
from syncengine.mapping.model import Row
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import Value
from syncengine.records.values import is_blank
from syncengine.records.values import other
from syncengine.records.values import same

Fields = Mapping[str, Scalar]

TOWARDS: Mapping[Side, Outcome] = {"sales": Outcome.TO_SALES, "back_office": Outcome.TO_BACK_OFFICE}
NAMES: Mapping[Side, str] = {"sales": "Sales", "back_office": "the back office"}


@dataclass(frozen=True)
class Stamps:
    """When each side's change was first seen, by that side's server; None where our own write made the stamp."""

    sales: datetime | None = None
    back_office: datetime | None = None


@dataclass(frozen=True)
class Ruling:
    """How a conflict on one group is to be decided: a person's answer, else the policy.

    `sealed`: the side that has handed the record over and has no say in it any more; what it changes all the same is a
    person's to decide.
    """

    policy: Policy = "manual"
    take: Side | None = None
    stamps: Stamps = Stamps()
    skew_s: float = 60
    sealed: Side | None = None


@dataclass(frozen=True)
class Sides:
    """One header or one line: what both sides hold now, and what each held when they last agreed."""

    sales: Fields
    back_office: Fields
    base_sales: Fields | None
    base_back_office: Fields | None

    def now(self, side: Side) -> Fields:
        return self.sales if side == "sales" else self.back_office

    def base(self, side: Side) -> Fields | None:
        return self.base_sales if side == "sales" else self.base_back_office


def merge_group(
    group: str, rows: Sequence[Row], sides: Sides, ruling: Ruling, line: int | str | None = None
) -> Decision | None:
    """The decision about one group, or None where nothing happened to it."""
    names = [row.name for row in rows]

    def decided(outcome: Outcome, reason: str) -> Decision:
        base: dict[Side, Value] = {}
        for side in ("sales", "back_office"):
            picture = sides.base(side)
            if picture is not None:
                base[side] = value_of(names, picture)
        return Decision(
            group, outcome, value_of(names, sides.sales), value_of(names, sides.back_office), reason, line, base
        )

    outcome_reason = _one_way(rows[0], sides) if rows[0].to is not None else _two_way(rows, sides, ruling)
    return decided(*outcome_reason) if outcome_reason else None


def _one_way(row: Row, sides: Sides) -> tuple[Outcome, str] | None:
    assert row.to is not None  # noqa: S101
    target, source = row.to, other(row.to)
    agrees = _agree([row], sides)
    base = sides.base(source)
    if base is None or _changed([row], sides, source):
        if agrees:
            return Outcome.AGREE, "equal on both sides"
        return TOWARDS[target], f"changed in {NAMES[source]}" if base is not None else f"{NAMES[source]} decides this"
    if _changed([row], sides, target) and not agrees:
        return Outcome.RESTORE, f"changed in {NAMES[target]}, which has no say in it"
    return None


def _two_way(rows: Sequence[Row], sides: Sides, ruling: Ruling) -> tuple[Outcome, str] | None:
    agrees = _agree(rows, sides)
    if sides.base_sales is None or sides.base_back_office is None:
        if agrees:
            return Outcome.AGREE, "equal on both sides"
        return _blank_filled(rows, sides) or _ruled(ruling, "different when they were coupled")
    changed = {side: _changed(rows, sides, side) for side in ("sales", "back_office")}
    if not any(changed.values()):
        return None
    if ruling.sealed is not None and changed[ruling.sealed] and not agrees and _pictured(rows, sides, ruling.sealed):
        return _ruled(
            replace(ruling, policy="manual"), f"changed in {NAMES[ruling.sealed]} after it had been handed over"
        )
    if all(changed.values()):
        return (Outcome.AGREE, "changed to equal values") if agrees else _ruled(ruling, "changed on both sides")
    side: Side = "sales" if changed["sales"] else "back_office"
    if agrees and sides.base_sales is not None:
        return Outcome.AGREE, f"changed in {NAMES[side]} to what {NAMES[other(side)]} holds"
    return TOWARDS[other(side)], f"changed in {NAMES[side]}"


def _says_nothing(row: Row, value: Scalar) -> bool:
    """A `not_null` row leaves the target alone where the source is empty, or names what has no partner there."""
    if not row.not_null:
        return False
    return is_blank(value) or (row.on_missing == "blank" and isinstance(value, Ref) and value.coupling is None)


def _blank_filled(rows: Sequence[Row], sides: Sides) -> tuple[Outcome, str] | None:
    """Without a base, a group that is empty on one side loses nothing by taking the other's value."""
    for side in ("sales", "back_office"):
        if all(is_blank(sides.now(side).get(row.name)) for row in rows):
            return TOWARDS[side], f"empty in {NAMES[side]} when they were coupled"
    return None


def _ruled(ruling: Ruling, cause: str) -> tuple[Outcome, str]:
    if ruling.take is not None:
        return TOWARDS[other(ruling.take)], f"{cause}; a person took {NAMES[ruling.take]}"
    if ruling.policy == "sales":
        return Outcome.TO_BACK_OFFICE, f"{cause}; the policy takes Sales"
    if ruling.policy == "back-office":
        return Outcome.TO_SALES, f"{cause}; the policy takes the back office"
    if ruling.policy == "newest":
        newer = _newer(ruling)
        if newer is not None:
            return TOWARDS[other(newer)], f"{cause}; {NAMES[newer]} is newer"
        return Outcome.CONFLICT, f"{cause}; too close together to say which is newer"
    return Outcome.CONFLICT, cause


def _newer(ruling: Ruling) -> Side | None:
    """Server stamps decide only when they are further apart than clocks may be."""
    one, two = ruling.stamps.sales, ruling.stamps.back_office
    if one is None or two is None or abs(one - two) <= timedelta(seconds=ruling.skew_s):
        return None
    return "sales" if one > two else "back_office"


def _changed(rows: Sequence[Row], sides: Sides, side: Side) -> bool:
    base = sides.base(side)
    if base is None:
        return True
    return any(not same(base.get(row.name), sides.now(side).get(row.name)) for row in rows)


def _pictured(rows: Sequence[Row], sides: Sides, side: Side) -> bool:
    base = sides.base(side)
    return base is not None and all(row.name in base for row in rows)


def _agree(rows: Sequence[Row], sides: Sides) -> bool:
    return all(agree(row, sides.sales.get(row.name), sides.back_office.get(row.name)) for row in rows)


def agree(row: Row, sales: Scalar, back_office: Scalar) -> bool:
    """Do both sides hold the same in this row, but for its declared loss?

    An option or a lookup that may be left blank, and has no partner there, is such a loss.
    """
    if row.to is not None and _says_nothing(row, back_office if row.to == "sales" else sales):
        return True
    if row.one_of and isinstance(sales, str) and isinstance(back_office, str):
        return row.text_transform.agree(sales, back_office)
    if row.is_reference or row.one_of:
        if same(sales, back_office):
            return True
        return row.on_missing == "blank" and (_lost(sales, back_office) or _lost(back_office, sales))
    return row.transform.agree(sales, back_office)


def _lost(value: Scalar, there: Scalar) -> bool:
    coupled = getattr(value, "coupling", None)
    return not is_blank(value) and coupled is None and is_blank(there)


def value_of(names: Sequence[str], fields: Fields) -> Value:
    """The value of a group: that of its row, or all of them by name."""
    if len(names) == 1:
        return fields.get(names[0])
    return {name: fields.get(name) for name in names}


def keeps(rows: Mapping[str, Row], names: Sequence[str], side: Side, own: Fields, theirs: Fields) -> frozenset[str]:
    """Of a group that is written to `side`, the rows in which that side keeps its own value.

    Those that both sides hold alike but for a declared loss: the other side's value may be the one that lost something
    (a text cut to 100 characters, a price rounded to cents), and nobody has changed it. Where the group means another
    record than before, nothing of it is kept.
    """

    def alike(name: str) -> bool:
        values = (own.get(name), theirs.get(name)) if side == "sales" else (theirs.get(name), own.get(name))
        return agree(rows[name], *values)

    references = [name for name in names if rows[name].is_reference or rows[name].one_of]
    if not all(alike(name) for name in references):
        return frozenset()
    return frozenset(name for name in names if name not in references and not is_blank(own.get(name)) and alike(name))
