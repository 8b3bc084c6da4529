"""The story of one order, told from its history: what was seen, decided, sent and answered."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from syncengine.cli.output import text_of

SIDES = {"sales": "Sales", "back_office": "the back office"}


def story_text(order: str, story: Mapping[str, Any]) -> str:
    return "\n".join(_lines(order, story))


def _lines(order: str, story: Mapping[str, Any]) -> Iterator[str]:
    coupling, parked = story["coupling"], story["parked"]
    if coupling is not None:
        sales, back_office = coupling["sales"], coupling["back_office"]
        yield (
            f"{order}: Sales {sales['number'] or sales['id']} ↔ "
            f"back office {back_office['number'] or back_office['id']} "
            f"({coupling['status']}, coupled by {coupling['created_by']})"
        )
    else:
        yield f"{order}: not coupled"
    if parked is not None:
        yield f"  now: {parked['message']}"
        if parked["remedy"]:
            yield f"       {parked['remedy']}"
    named = {line["id"]: line["name"] for line in coupling["lines"]} if coupling else {}
    for one in story.get("conflicts", []):
        answer = f"; a person took {_side(one['answer'])}, the next run acts on it" if one["answer"] else ""
        yield (
            f"  conflict {one['id']} on {_group(one, named)}: Sales {_value(one['sales'])}, "
            f"back office {_value(one['back_office'])}{answer}"
        )
    for one in story.get("versions", []):
        successor = f", replaced by {one['successor']}" if one["successor"] else ""
        yield f"  version {one['version']} is kept: {one['number']}{successor} ({one['reason']})"
    for event in story["events"]:
        yield from _event(event, named)


def _event(event: Mapping[str, Any], named: Mapping[int, str]) -> Iterator[str]:
    at = event["at"][:19].replace("T", " ")
    if event["event"] == "planned":
        yield f"{at}  {event['kind']}: {event['reason']}"
        if event.get("loses"):
            yield f"{'':21}  not carried over: {', '.join(event['loses'])}"
        yield from _decisions(event, named)
    elif event["event"] == "decided":
        yield f"{at}  seen, nothing to send"
        yield from _decisions(event, named)
    elif event["event"] == "sent":
        yield from _sent(at, event)
    else:
        yield f"{at}  {_words(event)}"


def _sent(at: str, event: Mapping[str, Any]) -> Iterator[str]:
    words = f" — {event['message']} ({event['code'] or event['status']})" if "message" in event else ""
    yield f"{at}    {event['verb']} {event['table']} in {_side(event['side'])}: {event['outcome']}{words}"
    if event["body"]:
        yield f"{'':25}{text_of(event['body'])}"
    for line in event.get("lines", []):
        yield f"{'':25}line: {text_of(line)}"


def _words(event: Mapping[str, Any]) -> str:
    """One event that is told in a line; one that has no words of its own is told by its data, never left out."""
    match event["event"]:
        case "coupled":
            return f"coupled (by {event['by']})"
        case "parked":
            return f"set aside: {event['message']}"
        case "resolved":
            return f"a person took {_side(event['take'])} for {event['group']}"
        case "re-coupled":
            return f"its document was gone; {event['number']}, which carries its number, was coupled instead"
        case "second-removed":
            return f"a second document, {event['document']}, is archived and removed: {event['why']}"
        case "restore-asked":
            return f"a person asked for version {event['version']} ({event['number']}) again"
        case "went-back":
            return "the way back was taken: what had been begun in the back office was undone"
        case "filed":
            return filed_words(event)
        case "settled" if "found" in event:
            found = ", ".join(f"step {one['no']} {one['outcome']}" for one in event["found"]) or "nothing"
            again = f"; sent again: step {', '.join(map(str, event['repeated']))}" if event["repeated"] else ""
            return f"an answer was missing; looked up: {found}{again}"
        case "settled":
            return f"{event['kind']} carried out; what both sides hold is agreed"
        case "ended":
            return f"coupling ended: {event['reason']}"
        case name:
            told = {key: value for key, value in event.items() if key not in ("id", "at", "run", "event")}
            return f"{name}: {text_of(told)}" if told else name


def filed_words(noted: Mapping[str, Any]) -> str:
    """The version that the back office filed itself, and how it compares with the one that is kept here."""
    if "error" in noted:
        return f"the version that the back office filed of {noted['number']} could not be read: {noted['error']}"
    place = ", ".join(f"{name} {value}" for name, value in noted["version"].items())
    words = f"the back office filed a version of {noted['number']} itself ({place})"
    if not noted["differences"]:
        return f"{words}; it is equal to ours"
    told = "; ".join(
        f"{one['column']}{' of line ' + one['line'] if one['line'] else ''}: ours {_value(one['ours'])}, "
        f"there {_value(one['theirs'])}"
        for one in noted["differences"]
    )
    return f"{words}; it differs from ours: {told}"


def _decisions(event: Mapping[str, Any], named: Mapping[int, str]) -> Iterator[str]:
    for one in event["decisions"]:
        base = one["base"]
        yield (
            f"{'':21}  {_group(one, named)}: Sales {_value(one['sales'])} (base {_value(base.get('sales'))}), "
            f"back office {_value(one['back_office'])} (base {_value(base.get('back_office'))}) "
            f"→ {one['outcome']}: {one['reason']}"
        )


def _group(one: Mapping[str, Any], named: Mapping[int, str]) -> str:
    if one["line"] is None:
        return str(one["group"])
    name = named.get(one["line"], "")
    return f"{one['group']} of line {one['line']}" + (f" ({name})" if name else "")


def _side(side: str) -> str:
    return SIDES[side]


def _value(value: Any) -> str:
    return text_of(value) or "(blank)"
