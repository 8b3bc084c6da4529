"""What the base becomes after an action: only what both sides agreed on moves it.

A written field takes the value the receiving side was meant to hold; what that side really returned is compared with
it when the record is planned again, so that a difference shows as that side's change and is never swallowed.
"""

from __future__ import annotations

from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace

from syncengine.mapping.model import Row
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import grouping
from syncengine.mapping.transforms import Keep
from syncengine.planner.build import LINE_SET
from syncengine.planner.build import target_of
from syncengine.planner.decide import base_line
from syncengine.planner.merge import keeps
from syncengine.planner.steps import MAKES
from syncengine.planner.steps import Action
from syncengine.planner.steps import Decision
from syncengine.planner.steps import Outcome
from syncengine.records.record import Base
from syncengine.records.record import LinePair
from syncengine.records.record import LineRecord
from syncengine.records.record import Record
from syncengine.records.values import SIDES
from syncengine.records.values import Scalar
from syncengine.records.values import Side
from syncengine.records.values import is_blank
from syncengine.records.values import other

Fields = Mapping[str, Scalar]
Lost = frozenset[tuple[str | None, str]]  # (line on the other side or None for the header, row)

UNFINISHED = "unfinished"  # the agreed state of a document that we created and could not take to its last state


@dataclass(frozen=True)
class Made:
    """What an action has made: the document, and the line that stands for each line of the other side.

    `lost`: rows that were to be written and were not, or did not take; the base leaves them out, so that they are
    planned again. A row of a line is named with that line's id on the other side. `state_lost`: the last state of a
    new document was not reached. `shown`: of rows that were written not knowing all of their columns, what the answer
    holds, by side and id of the line that was written; the header's under "".
    """

    document: str | None = None
    lines: Mapping[str, str] = field(default_factory=dict)
    lost: Lost = frozenset()
    state_lost: bool = False
    shown: Mapping[tuple[Side, str], Fields] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """The new base and line pairs. Pairs found in this action have negative couplings until the store numbers them."""

    base: Base
    line_pairs: tuple[LinePair, ...]


def expected(row: Row, side: Side, value: Scalar) -> Scalar:
    """What `side` should hold after `value` was written there: the value after the loss the row declares."""
    columns = row.columns(side)
    if isinstance(value, str) and side == "back_office" and (row.one_of or row.comments is not None):
        written = row.text_transform.write(side, value, ())
        return row.text_transform.read(side, tuple(one for one in written if not isinstance(one, Keep)))
    if row.is_reference or row.one_of or not columns:
        return value
    written = row.transform.write(side, value, tuple(None for _ in columns))
    if len(columns) != len(written) or any(isinstance(one, Keep) for one in written):
        return value
    return row.transform.read(side, tuple(one for one in written if not isinstance(one, Keep)))


def settle(action: Action, mapping: TableMapping, made: Made) -> Settled:
    """The base after this action's executed decisions, and those that need no write."""
    if action.kind in MAKES:
        return _created(action, mapping, made)
    pair, header = action.pair, [d for d in action.decisions if d.line is None]
    lines, pairs = _lines(action, mapping, made)
    pictures = {}
    for side in SIDES:
        seen, was = pair.record(side), pair.base.of(side) if pair.base else None
        fields = _moved(
            mapping.rows,
            grouping(mapping.rows, mapping.groups),
            side,
            header,
            action.executes,
            seen.fields,
            pair.record(other(side)).fields,
            was.fields if was else {},
            {row for line, row in made.lost if line is None},
        )
        remote_id = made.document if action.kind == "recreate" and side == "back_office" and made.document else seen.id
        state = next(
            (str(d.back_office) for d in action.executes if d.group == "state" and side == "sales"), seen.state
        )
        stamp = seen.modified_at if remote_id == seen.id else None
        pictures[side] = Record(remote_id, was.version if was else None, fields, lines[side], state, stamp)
    meant = _meant(mapping.rows, grouping(mapping.rows, mapping.groups), header, action)
    return Settled(_headers_as_shown(mapping, pictures, meant, made), tuple(pairs))


Meant = Mapping[Side, Container[str]]
"""The rows that were written to a side as the other one has them."""


def _meant(
    rows: Mapping[str, Row], groups: Mapping[str, tuple[str, ...]], decisions: Iterable[Decision], action: Action
) -> Meant:
    found: dict[Side, set[str]] = {"sales": set(), "back_office": set()}
    for decision in decisions:
        target = target_of(decision, rows)
        if target is not None and decision in action.executes:
            found[target].update(groups.get(decision.group, ()))
    return found


def _headers_as_shown(mapping: TableMapping, pictures: Mapping[Side, Record], meant: Meant, made: Made) -> Base:
    headers = {side: pictures[side].fields for side in SIDES}
    fields = _as_shown(mapping.rows, headers, dict.fromkeys(SIDES, ""), meant, made)
    return Base(
        replace(pictures["sales"], fields=fields["sales"] or {}),
        replace(pictures["back_office"], fields=fields["back_office"] or {}),
    )


def _as_shown(
    rows: Mapping[str, Row], pictures: Mapping[Side, Fields | None], ids: Mapping[Side, str], meant: Meant, made: Made
) -> dict[Side, Fields | None]:
    """The pictures of one header or line, corrected where an answer holds something else than was meant.

    What was written had to be made without knowing it all (the tax rate of a line that was not there yet): it is no
    change of that side, and the other side's value is to be written again, knowing it now. What a successor was given
    because the clerk has it so is not meant here: it is a change of that side, and flows.
    """
    found = dict(pictures)
    for side in SIDES:
        here, there, shown = found[side], found[other(side)], made.shown.get((side, ids[side]), {})
        if here is None or there is None:
            continue
        wrong = {
            name
            for name, value in shown.items()
            if name in meant[side] and not _agree(rows[name], side, value, here.get(name))
        }
        if wrong:
            found[side] = {**here, **{name: shown[name] for name in wrong}}
            found[other(side)] = {**there, **dict.fromkeys(wrong)}
    return found


def _agree(row: Row, side: Side, shown: Scalar, meant: Scalar) -> bool:
    return row.transform.agree(shown, meant) if side == "sales" else row.transform.agree(meant, shown)


def _moved(
    rows: Mapping[str, Row],
    groups: Mapping[str, tuple[str, ...]],
    side: Side,
    decisions: Iterable[Decision],
    executed: tuple[Decision, ...],
    seen: Fields,
    there: Fields,
    was: Fields,
    lost: set[str],
) -> dict[str, Scalar]:
    """One header's or line's picture of one side."""
    fields = {name: was[name] for name in rows if name in was}
    fields |= {row.name: seen[row.name] for row in rows.values() if not row.compared and row.name in seen}
    for decision in decisions:
        members = groups.get(decision.group, ())
        if lost & set(members) and decision.outcome is not Outcome.AGREE:
            continue
        kept = keeps(rows, members, side, seen, there)
        for name in members:
            if decision.outcome is Outcome.AGREE:
                fields[name] = seen.get(name)
            elif decision in executed:
                target = target_of(decision, rows)
                if target == side and name in kept:
                    fields[name] = seen.get(name)
                elif target == side:
                    fields[name] = expected(rows[name], side, there.get(name))
                elif target is not None:
                    fields[name] = seen.get(name)
    return fields


def _lines(
    action: Action, mapping: TableMapping, made: Made
) -> tuple[dict[Side, dict[str, LineRecord]], list[LinePair]]:
    pictures: dict[Side, dict[str, LineRecord]] = {"sales": {}, "back_office": {}}
    pairs: list[LinePair] = []
    if mapping.lines is None:
        return pictures, pairs
    for one, ids, pictured, meant in _line_pictures(action, mapping, made):
        pairs.append(LinePair(one.coupling, ids["sales"], ids["back_office"]))
        fields = _as_shown(mapping.lines.rows, pictured, ids, meant, made)
        for side in SIDES:
            if fields[side] is not None:
                pictures[side][ids[side]] = LineRecord(ids[side], None, fields[side] or {})
    return pictures, pairs


_Ids = dict[Side, str]


def _line_pictures(
    action: Action, mapping: TableMapping, made: Made
) -> Iterator[tuple[LinePair, _Ids, dict[Side, Fields | None], Meant]]:
    lines = mapping.lines
    assert lines is not None  # noqa: S101
    pair, groups = action.pair, grouping(lines.rows, lines.groups)
    recreated = action.kind == "recreate"
    whole, none = dict.fromkeys(SIDES, lines.rows), dict.fromkeys(SIDES, ())
    for one in action.pairing.pairs:
        mine = [d for d in action.decisions if d.line == one.coupling]
        existence = next((d for d in mine if d.group == LINE_SET), None)
        ids: _Ids = {"sales": one.sales, "back_office": one.back_office}
        now = {side: pair.record(side).lines.get(ids[side]) for side in SIDES}
        was = {side: base_line(pair, pair.base, one, side) for side in SIDES}
        if existence is not None:
            if existence.outcome is Outcome.AGREE or (
                existence in action.executes and _was_removal(existence, lines.rows)
            ):
                continue
            if existence in action.executes:
                yield one, *_added(one, existence, lines.rows, now, made), whole
                continue
            # Not decided yet: the coupling and its pictures stay as they were.
            held = next((known for known in pair.line_pairs if known.coupling == one.coupling), one)
            ids = {"sales": one.sales or held.sales, "back_office": one.back_office or held.back_office}
            yield one, ids, {side: line.fields if (line := was[side]) else None for side in SIDES}, none
            continue
        fields: dict[Side, Fields | None] = {}
        for side in SIDES:
            here, there, picture = now[side], now[other(side)], was[side]
            lost = {row for line, row in made.lost if line in (one.sales, one.back_office)}
            assert here is not None  # noqa: S101  a missing line has an existence decision
            assert there is not None  # noqa: S101
            fields[side] = _moved(
                lines.rows, groups, side, mine, action.executes, here.fields, there.fields,
                picture.fields if picture else {},
                lost,
            )  # fmt: skip
        if recreated:
            ids["back_office"] = made.lines.get(one.sales, one.back_office)
        yield one, ids, fields, _meant(lines.rows, groups, mine, action)
    for number, decision in enumerate(_new_lines(action, lines.rows), start=1):
        target = target_of(decision, lines.rows)
        assert target is not None  # noqa: S101
        partner = str(decision.line)
        if partner not in made.lines:
            continue
        source = pair.record(other(target)).lines[partner]
        fresh: _Ids = {other(target): partner, target: made.lines[partner]}
        yield LinePair(-1000 - number, "", ""), fresh, _new_fields(lines.rows, target, source), whole


def _was_removal(decision: Decision, rows: Mapping[str, Row]) -> bool:
    """Did executing it remove the line, rather than put it back?"""
    target = target_of(decision, rows)
    return (decision.sales if target == "back_office" else decision.back_office) is None


def _added(
    one: LinePair, decision: Decision, rows: Mapping[str, Row], now: Mapping[Side, LineRecord | None], made: Made
) -> tuple[_Ids, dict[Side, Fields | None]]:
    target = target_of(decision, rows)
    assert target is not None  # noqa: S101
    source = now[other(target)]
    assert source is not None  # noqa: S101
    ids: _Ids = {other(target): source.id, target: made.lines.get(source.id, one.id(target))}
    return ids, _new_fields(rows, target, source)


def _new_lines(action: Action, rows: Mapping[str, Row]) -> list[Decision]:
    return [
        d for d in action.executes if d.group == LINE_SET and isinstance(d.line, str) and target_of(d, rows) is not None
    ]


def _new_fields(rows: Mapping[str, Row], target: Side, source: LineRecord) -> dict[Side, Fields | None]:
    return {other(target): dict(source.fields), target: _intended(rows, target, source.fields, set())}


def _intended(rows: Mapping[str, Row], target: Side, source: Fields, lost: set[str]) -> dict[str, Scalar]:
    """What a created record was meant to hold: what was sent, and nothing where nothing was."""
    return {
        row.name: expected(row, target, source.get(row.name))
        if row.writes_to(target) and not is_blank(source.get(row.name)) and row.name not in lost
        else None
        for row in rows.values()
        if row.compared
    }


def _created(action: Action, mapping: TableMapping, made: Made) -> Settled:
    source: Side = "sales" if isinstance(action.pair.sales, Record) else "back_office"
    target, record = other(source), action.pair.record(source)
    lines = mapping.lines.rows if mapping.lines else {}
    pictures: dict[Side, dict[str, LineRecord]] = {"sales": {}, "back_office": {}}
    pairs = []
    for number, line in enumerate(record.lines.values(), start=1):
        made_id = made.lines.get(line.id)
        if made_id is None:
            continue
        lost = {row for of, row in made.lost if of == line.id}
        ids: _Ids = {source: line.id, target: made_id}
        meant: dict[Side, Fields | None] = {
            source: _without(line.fields, lost),
            target: _intended(lines, target, line.fields, lost),
        }
        for side, fields in _as_shown(lines, meant, ids, dict.fromkeys(SIDES, lines), made).items():
            pictures[side][ids[side]] = LineRecord(ids[side], None, fields or {})
        pairs.append(LinePair(-number, ids["sales"], ids["back_office"]))
    state = next((str(step.body["state"]) for step in action.steps if step.verb == "set-state"), None)
    if made.state_lost:
        state = UNFINISHED
    lost = {row for of, row in made.lost if of is None}
    base: dict[Side, Record] = {
        source: Record(record.id, None, _without(record.fields, lost), pictures[source], record.state),
        target: Record(
            made.document or "", None, _intended(mapping.rows, target, record.fields, lost), pictures[target], state
        ),
    }
    return Settled(_headers_as_shown(mapping, base, dict.fromkeys(SIDES, mapping.rows), made), tuple(pairs))


def _without(fields: Fields, lost: set[str]) -> dict[str, Scalar]:
    """A picture in which the lost rows are blank, so that they count as changed and are written again."""
    return {name: None if name in lost else value for name, value in fields.items()}


def tokens(record: Record) -> dict[str, str | None]:
    """The version tokens of one read: the header's under "", each line's under its id, those of parts in
    tables beside under their names.
    """
    beside = record.native.beside if record.native is not None else {}
    return {"": record.version, **beside, **{line.id: line.version for line in record.lines.values()}}
