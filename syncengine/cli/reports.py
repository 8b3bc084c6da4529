"""Runs, plans and verifications as text for a person."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from syncengine.cli.output import text_of

MINUTE = 60
SIDES = {"sales": "Sales", "back_office": "back office"}
VERBS = {
    "create": "create",
    "update": "change",
    "delete": "delete",
    "create-line": "add line in",
    "update-line": "change line in",
    "delete-line": "delete line in",
    "update-part": "change",
    "create-part": "create",
    "delete-part": "delete",
    "fill-part": "fill the file in",
    "set-state": "set state of",
    "read": "read",
}


def run_text(result: Mapping[str, Any]) -> str:
    return "\n".join([*_head(result), *_waves(result), *_counts(result), *_problems(result)])


def progress_text(event: str, data: Mapping[str, Any]) -> str:
    """`CUSTOMER, Sales: read 1500 of 50000, 320 a second, about 3 minutes left`."""
    where = f", {SIDES[data['side']]}" if "side" in data else ""
    words = f"{data['mapping']}{where}: {event} {data['done']}"
    if data["total"] is not None:
        words += f" of {max(data['total'], data['done'])}"
    if data["per_second"]:
        words += f", {data['per_second']:.0f} a second"
    left = data["seconds_left"]
    if left:
        words += f", about {left} s left" if left < 2 * MINUTE else f", about {round(left / MINUTE)} minutes left"
    return words


def _waves(result: Mapping[str, Any]) -> Iterator[str]:
    for one in result.get("waves", []):
        yield f"wave {one['wave']}  {one['mapping']}: {one['recommendation']} ({one['reason']})"


def plan_text(result: Mapping[str, Any]) -> str:
    lines = [*_head(result), *_waves(result)]
    actions = result.get("actions", [])
    for action in actions:
        lines.extend(_action(action))
    if not actions:
        lines.append("Nothing to do.")
    return "\n".join([*lines, *_problems(result)])


def verify_text(result: Mapping[str, Any]) -> str:
    lines = [line for line in _head(result) if line]
    differences = result.get("differences", [])
    lines.append(f"{result.get('compared', 0)} coupled records compared, {len(differences)} differences.")
    for one in differences:
        record = one["record"]
        where = f" line {one['line']}" if one["line"] is not None else ""
        lines.append(
            f"  {one['mapping']} {record.get('number') or record.get('sales') or record.get('back_office')}{where}: "
            f"{one['group']}: Sales {text_of(one['sales']) or '(blank)'}, "
            f"back office {text_of(one['back_office']) or '(blank)'}  [{one['reason']}]"
        )
    return "\n".join(lines)


def _head(result: Mapping[str, Any]) -> Iterator[str]:
    refusal, error = result.get("refusal"), result.get("error")
    if refusal:
        yield f"Refused: {refusal['what']}."
        yield f"  {refusal['remedy']}"
    elif error:
        yield f"Failed: {error['message']}"
        yield f"  {error['remedy']}"


def _counts(result: Mapping[str, Any]) -> Iterator[str]:
    wrote = False
    if result.get("paused"):
        yield f"Paused, so nothing of it was written: {', '.join(result['paused'])}"
    for one in result["mappings"]:
        parts = []
        for name in ("inserted", "modified", "deleted"):
            parts += [f"{count} {name} in {SIDES[side]}" for side, count in one[name].items() if count]
        for name in ("coupled", "recreated", "archived", "waiting", "in_progress", "conflicts", "failed"):
            if one[name]:
                parts.append(f"{one[name]} {name.replace('_', ' ')}")
        if parts:
            wrote = True
            yield f"{one['mapping']}: {', '.join(parts)}"
    if not wrote and not result.get("refusal") and not result.get("error"):
        yield "Nothing to do: both sides agree."
    requests, operations = result["requests"], result["operations"]
    yield (
        f"{requests['sales']} requests to Sales ({operations['sales']} operations), "
        f"{requests['back_office']} to the back office ({operations['back_office']} operations)"
        + (f", {result['retries']} retries" if result["retries"] else "")
    )


def _problems(result: Mapping[str, Any]) -> Iterator[str]:
    for one in result.get("errors", []):
        record = one["record"]
        yield f"  {one['mapping']} {record['number'] or record['sales'] or record['back_office']}: {one['message']}"
        if one["remedy"]:
            yield f"    → {one['remedy']}"


def _action(action: Mapping[str, Any]) -> Iterator[str]:
    record = action["record"]
    name = record["number"] or record["sales"] or record["back_office"]
    yield f"{action['mapping']} {name}: {action['action']} ({action['reason']})"
    for one in action["waits_for"]:
        yield f"    waits for {one['mapping']} {one['id']}"
    for one in action["decisions"]:
        line = f" (line {one['line']})" if one["line"] is not None else ""
        yield (
            f"    {one['group']}{line}: Sales {text_of(one['sales']) or '(blank)'} | "
            f"back office {text_of(one['back_office']) or '(blank)'} → {one['outcome']}: {one['reason']}"
        )
    for one in action["steps"]:
        when = "" if one["when"] == "always" else f"  [only when {one['when']}]"
        body = text_of(one["body"])
        lines = f" with {len(one['lines'])} lines" if one["lines"] else ""
        yield f"    {one['no']}. {VERBS[one['verb']]} {one['table']} in {SIDES[one['side']]}{lines}{when}: {body}"
