"""All decisions about one pair: every group of the header and of every line, and which lines come and go."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass

from syncengine.mapping.model import Lines
from syncengine.mapping.model import Policy
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import grouping
from syncengine.planner.build import LINE_SET
from syncengine.planner.lines import Pairing
from syncengine.planner.lines import pair_lines
from syncengine.planner.merge import NAMES
from syncengine.planner.merge import TOWARDS
from syncengine.planner.merge import Ruling
from syncengine.planner.merge import Sides
from syncengine.planner.merge import Stamps
from syncengine.planner.merge import merge_group
from syncengine.planner.merge import value_of
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.records.record import Base
from syncengine.records.record import LinePair
from syncengine.records.record import LineRecord
from syncengine.records.record import Pair
from syncengine.records.values import Side
from syncengine.records.values import Value
from syncengine.records.values import other
from syncengine.records.values import same

Line = int | str | None


@dataclass(frozen=True)
class Answer:
    """A person's answer to a conflict: the side to take, and the two values that were asked about."""

    take: Side
    sales: Value
    back_office: Value

    def still_fits(self, sales: Value, back_office: Value) -> bool:
        """Is the question still the same? Somebody may have edited either side since."""
        return same(self.sales, sales) and same(self.back_office, back_office)


Answers = Mapping[tuple[Line, str], Answer]  # by (line, group)
Rule = Callable[[str, Line], Policy]


@dataclass(frozen=True)
class Decided:
    decisions: tuple[Decision, ...]
    pairing: Pairing


def policy_of(mapping: TableMapping, group: str, line: Line) -> Policy:
    """The mapping's own policy for a conflict on this group."""
    if line is not None and mapping.lines is not None and group in mapping.lines.conflict:
        return mapping.lines.conflict[group]
    if line is None and group in mapping.conflict:
        return mapping.conflict[group]
    return mapping.conflict.get("default", "manual")


def decide(pair: Pair, mapping: TableMapping, rule: Rule, answers: Answers, sealed: Side | None = None) -> Decided:
    """Both sides of the pair are records. `rule` gives the policy where the order rules overrule the mapping.

    `sealed`: the side that has handed the record over; see `Ruling`.
    """
    sales, back_office, base = pair.record("sales"), pair.record("back_office"), pair.base
    stamps = Stamps(
        None if "sales" in pair.unstamped else sales.modified_at,
        None if "back_office" in pair.unstamped else back_office.modified_at,
    )
    header = Sides(
        sales.fields,
        back_office.fields,
        base.sales.fields if base else None,
        base.back_office.fields if base else None,
    )
    ruled = _Ruled(rule, answers, stamps, sealed)
    found: list[Decision] = []
    for group, names in grouping(mapping.rows, mapping.groups).items():
        ruling = ruled.on(group, None, value_of(names, header.sales), value_of(names, header.back_office))
        decision = merge_group(group, [mapping.rows[name] for name in names], header, ruling)
        if decision:
            found.append(decision)
    if mapping.lines is None:
        return Decided(tuple(found), Pairing())
    pairing = pair_lines(
        pair.line_pairs,
        sales.lines,
        back_office.lines,
        base.sales.lines if base else {},
        base.back_office.lines if base else {},
        mapping.lines.pair_by,
        has_base=base is not None,
        told_by=[row.name for row in mapping.lines.rows.values() if row.one_of],
    )
    lines = [d for one in pairing.pairs for d in _line(one, pair, mapping.lines, base, ruled)]
    return Decided((*found, *lines, *_additions(pairing, lines, sealed)), pairing)


@dataclass(frozen=True)
class _Ruled:
    rule: Rule
    answers: Answers
    stamps: Stamps
    sealed: Side | None

    def on(self, group: str, line: Line, sales: Value, back_office: Value) -> Ruling:
        answer = self.answers.get((line, group))
        take = answer.take if answer is not None and answer.still_fits(sales, back_office) else None
        return Ruling(self.rule(group, line), take, self.stamps, sealed=self.sealed)


def _line(one: LinePair, pair: Pair, lines: Lines, base: Base | None, ruled: _Ruled) -> Iterator[Decision]:
    now: dict[Side, LineRecord | None] = {side: pair.record(side).lines.get(one.id(side)) for side in TOWARDS}
    was: dict[Side, LineRecord | None] = {side: base_line(pair, base, one, side) for side in TOWARDS}
    if now["sales"] is None or now["back_office"] is None:
        decision = _removal(one, now, was, lines, ruled)
        if decision:
            yield decision
        return
    sides = Sides(
        now["sales"].fields,
        now["back_office"].fields,
        was["sales"].fields if was["sales"] else None,
        was["back_office"].fields if was["back_office"] else None,
    )
    for group, names in grouping(lines.rows, lines.groups).items():
        ruling = ruled.on(group, one.coupling, value_of(names, sides.sales), value_of(names, sides.back_office))
        decision = merge_group(group, [lines.rows[n] for n in names], sides, ruling, one.coupling)
        if decision:
            yield decision


def base_line(pair: Pair, base: Base | None, one: LinePair, side: Side) -> LineRecord | None:
    """The picture of a line; a line that got a new id is still known under the id its coupling had."""
    if base is None:
        return None
    lines = base.of(side).lines
    known = next((p for p in pair.line_pairs if p.coupling == one.coupling), one)
    return lines.get(known.id(side)) or lines.get(one.id(side))


def _removal(
    one: LinePair,
    now: Mapping[Side, LineRecord | None],
    was: Mapping[Side, LineRecord | None],
    lines: Lines,
    ruled: _Ruled,
) -> Decision | None:
    if now["sales"] is None and now["back_office"] is None:
        return Decision(LINE_SET, Outcome.AGREE, None, None, "removed on both sides", one.coupling)
    side: Side = "sales" if now["sales"] is None else "back_office"
    left, picture = now[other(side)], was[other(side)]
    shown: dict[Side, str | None] = {side: None, other(side): "present"}

    def decided(outcome: Outcome, reason: str) -> Decision:
        base: dict[Side, str] = {"sales": "present", "back_office": "present"}
        return Decision(LINE_SET, outcome, shown["sales"], shown["back_office"], reason, one.coupling, base)

    reason = f"line removed in {NAMES[side]}"
    sealed = side == ruled.sealed
    if left is not None and picture is not None and not sealed and not _edited(left, picture, lines):
        return decided(TOWARDS[other(side)], reason)
    ruling = ruled.on(LINE_SET, one.coupling, shown["sales"], shown["back_office"])
    cause = f"{reason} after it had been handed over" if sealed else f"{reason}, changed in {NAMES[other(side)]}"
    if ruling.take is not None:
        return decided(TOWARDS[other(ruling.take)], f"{cause}; a person took {NAMES[ruling.take]}")
    if ruling.policy in ("sales", "back-office") and not sealed:
        taken: Side = "sales" if ruling.policy == "sales" else "back_office"
        return decided(TOWARDS[other(taken)], f"{cause}; the policy takes {NAMES[taken]}")
    return decided(Outcome.CONFLICT, cause)


def _edited(line: LineRecord, picture: LineRecord, lines: Lines) -> bool:
    """Has somebody changed the line? One-way rows do not count: taxes and shipments are no edits."""
    voting = [row.name for row in lines.rows.values() if row.compared and row.to is None]
    return any(not same(line.fields.get(name), picture.fields.get(name)) for name in voting)


def _additions(pairing: Pairing, lines: list[Decision], sealed: Side | None) -> Iterator[Decision]:
    """New lines flow to the other side; not while a removal on their side is in conflict: they may be one edit.

    Nor from a side that has handed the record over.
    """
    for side in ("sales", "back_office"):
        blocked = any(
            d.group == LINE_SET
            and d.outcome is Outcome.CONFLICT
            and (d.sales if side == "sales" else d.back_office) is None
            for d in lines
        )
        for line_id in pairing.new[side]:
            shown: dict[Side, str | None] = {side: "present", other(side): None}
            outcome = Outcome.KEEP if blocked or side == sealed else TOWARDS[other(side)]
            reason = f"line added in {NAMES[side]}"
            if side == sealed:
                reason += " after it had been handed over"
            if blocked:
                reason += "; waits for the conflict about a removed line"
            yield Decision(LINE_SET, outcome, shown["sales"], shown["back_office"], reason, line_id)
