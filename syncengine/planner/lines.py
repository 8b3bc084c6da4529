"""Which line is which: by line coupling, and again by likeness where a coupled line has vanished.

Never by position. Business Central gives all lines of an order new ids when its customer changes; a line coupling
whose line is gone is therefore tried against the lines that nobody knows yet before anything is called removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from decimal import Decimal
from typing import Final

from syncengine.records.record import LinePair
from syncengine.records.record import LineRecord
from syncengine.records.values import SIDES
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import is_blank

Lines = Mapping[str, LineRecord]

VANISHED: Final = ""
"""Stands in a pair for a line that is not there, where another one has its id now."""


@dataclass(frozen=True)
class Pairing:
    """`new` are lines without a partner, by side; pairs found here for the first time have negative couplings."""

    pairs: tuple[LinePair, ...] = ()
    new: Mapping[Side, tuple[str, ...]] = field(default_factory=lambda: {"sales": (), "back_office": ()})


def pair_lines(
    known: Sequence[LinePair],
    sales: Lines,
    back_office: Lines,
    base_sales: Lines,
    base_back_office: Lines,
    pair_by: Sequence[Sequence[str]],
    *,
    has_base: bool,
    told_by: Sequence[str] = (),
) -> Pairing:
    """Pair what can be paired.

    With a base: lines that vanished are re-paired with new lines of the same side, compared with the picture of the
    line that vanished. Without one: the new lines of both sides are paired with each other. `told_by`: the rows that
    say what a line is; one that was a text and names a record now, or the reverse, has vanished, and is new.
    """
    now: Mapping[Side, Lines] = {"sales": sales, "back_office": back_office}
    pictures: Mapping[Side, Lines] = {"sales": base_sales, "back_office": base_back_office}
    ids: dict[int, dict[Side, str]] = {
        pair.coupling: {"sales": pair.sales, "back_office": pair.back_office} for pair in known
    }
    for held in ids.values():
        for side in SIDES:
            if _is_another(pictures[side].get(held[side]), now[side].get(held[side]), told_by):
                held[side] = VANISHED
    new: dict[Side, list[str]] = {}
    for side in ("sales", "back_office"):
        taken = {held[side] for held in ids.values()}
        new[side] = [line_id for line_id in now[side] if line_id not in taken]
        vanished = {held[side]: coupling for coupling, held in ids.items() if held[side] not in now[side]}
        lost = {line_id: pictures[side][line_id] for line_id in vanished if line_id in pictures[side]}
        candidates = {line_id: now[side][line_id] for line_id in new[side]}
        for was, is_now in _alike(lost, candidates, pair_by).items():
            ids[vanished[was]][side] = is_now
            new[side].remove(is_now)
    pairs = [LinePair(coupling, held["sales"], held["back_office"]) for coupling, held in ids.items()]
    # With a base, a line that both sides have new and that is the same in all that tells lines apart is one line;
    # without one, the coarser groups count too.
    ones = {line_id: sales[line_id] for line_id in new["sales"]}
    others = {line_id: back_office[line_id] for line_id in new["back_office"]}
    groups = pair_by[:1] if has_base else pair_by
    for number, (one, two) in enumerate(_alike(ones, others, groups).items(), start=1):
        pairs.append(LinePair(-number, one, two))
        new["sales"].remove(one)
        new["back_office"].remove(two)
    return Pairing(tuple(pairs), {side: tuple(left) for side, left in new.items()})


def _is_another(was: LineRecord | None, now: LineRecord | None, told_by: Sequence[str]) -> bool:
    """Has another line taken its place under the same id? What a line is, no system changes in place."""
    if was is None or now is None:
        return False
    pairs = [(was.fields.get(name), now.fields.get(name)) for name in told_by]
    return any(
        not is_blank(one) and not is_blank(two) and isinstance(one, Ref) != isinstance(two, Ref) for one, two in pairs
    )


def _alike(ones: Lines, others: Lines, pair_by: Sequence[Sequence[str]]) -> dict[str, str]:
    """Pairs alike in all fields of a group of `pair_by`, the first group first.

    In the first, finest group equally many equal lines on both sides are paired in their order: which of two equal
    lines is which changes nothing. In the later ones only a unique match counts.
    """
    found: dict[str, str] = {}
    for at, names in enumerate(pair_by):
        left = _by_key((line for line_id, line in ones.items() if line_id not in found), names)
        right = _by_key((line for line_id, line in others.items() if line_id not in found.values()), names)
        for key, some in left.items():
            matching = right.get(key, [])
            if len(some) == len(matching) and (at == 0 or len(some) == 1):
                found |= dict(zip(some, matching, strict=True))
    return found


def _by_key(lines: Iterable[LineRecord], names: Sequence[str]) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = defaultdict(list)
    for line in lines:
        key = tuple(key_of(line.fields.get(name)) for name in names)
        if any(part is not None for part in key):
            found[key].append(line.id)
    return found


def key_of(value: Scalar) -> Hashable:
    """A value as a key under which both sides' equal values meet; None for blank ones."""
    if is_blank(value):
        return None
    if isinstance(value, Ref):
        return (value.mapping, value.coupling) if value.coupling is not None else (value.side, value.remote_id)
    if isinstance(value, str):
        return value.strip().casefold()
    if isinstance(value, Decimal):
        return value.normalize()
    return value
