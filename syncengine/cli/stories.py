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
    for event in story["events"]:
        yield from _event(event)


def _event(event: Mapping[str, Any]) -> Iterator[str]:
    at = event["at"][:19].replace("T", " ")
    name = event["event"]
    if name == "planned":
        yield f"{at}  {event['kind']}: {event['reason']}"
        if event.get("loses"):
            yield f"{'':21}  not carried over: {', '.join(event['loses'])}"
        yield from _decisions(event)
    elif name == "decided":
        yield f"{at}  seen, nothing to send"
        yield from _decisions(event)
    elif name == "sent":
        words = f" — {event['message']} ({event['code'] or event['status']})" if "message" in event else ""
        yield f"{at}    {event['verb']} {event['table']} in {SIDES[event['side']]}: {event['outcome']}{words}"
        if event["body"]:
            yield f"                         {text_of(event['body'])}"
        for line in event.get("lines", []):
            yield f"                         line: {text_of(line)}"
    elif name == "coupled":
        yield f"{at}  coupled (by {event['by']})"
    elif name == "parked":
        yield f"{at}  set aside: {event['message']}"
    elif name == "resolved":
        yield f"{at}  a person took {SIDES[event['take']]} for {event['group']}"
    elif name == "went-back":
        yield f"{at}  the way back was taken: the successor was removed"
    elif name == "ended":
        yield f"{at}  coupling ended: {event['reason']}"


def _decisions(event: Mapping[str, Any]) -> Iterator[str]:
    for one in event["decisions"]:
        line = f" line {one['line']}" if one["line"] is not None else ""
        base = one["base"]
        yield (
            f"{'':21}  {one['group']}{line}: Sales {_value(one['sales'])} (base {_value(base.get('sales'))}), "
            f"back office {_value(one['back_office'])} (base {_value(base.get('back_office'))}) "
            f"→ {one['outcome']}: {one['reason']}"
        )


def _value(value: Any) -> str:
    return text_of(value) or "(blank)"
