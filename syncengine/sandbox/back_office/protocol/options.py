"""The query options of one collection, at the top or within `$expand`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.protocol.conditions import Condition
from syncengine.sandbox.back_office.protocol.conditions import compile_filter
from syncengine.sandbox.back_office.refusals import bad_request
from syncengine.sandbox.back_office.refusals import unknown_query_property
from syncengine.sandbox.odata import Expand
from syncengine.sandbox.odata import ODataSyntaxError
from syncengine.sandbox.odata import parse_expand
from syncengine.sandbox.odata import parse_filter
from syncengine.sandbox.odata import parse_orderby

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.pages.base import Page
    from syncengine.sandbox.back_office.switches import Switches


KNOWN = frozenset(
    {"$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$skiptoken", "$schemaversion"}
)


@dataclass(frozen=True)
class Options:
    """Unknown options are ignored, as the service does, or refused by switch."""

    condition: Condition | None = None
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    orderby: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    after: str | None = None


def read_options(page: Page, sent: dict[str, str], switches: Switches, schema: str) -> Options:
    """Raises RefusedError for what the service would not understand."""
    unknown = [name for name in sent if name.startswith("$") and name not in KNOWN]
    if unknown and switches.unknown_options == "refused":
        raise bad_request(f"The query option '{unknown[0]}' is not supported.")
    try:
        node = parse_filter(sent["$filter"]) if sent.get("$filter") else None
        expand = parse_expand(sent["$expand"]) if sent.get("$expand") else ()
        orderby = parse_orderby(sent["$orderby"]) if sent.get("$orderby") else []
    except ODataSyntaxError as error:
        raise bad_request(str(error)) from None
    for one in expand:
        if one.name not in page.kind.navigation:
            raise unknown_query_property(one.name, page.kind.edm_name)
    for name, _ in orderby:
        page.check_property(name, switches, "$orderby")
    return Options(
        condition=compile_filter(node, page, switches, schema) if node else None,
        select=_selected(page, sent.get("$select", "")),
        expand=expand,
        orderby=tuple(orderby),
        top=_number(sent, "$top"),
        skip=_number(sent, "$skip") or 0,
        count=sent.get("$count", "").lower() == "true",
        after=sent.get("$skiptoken"),
    )


def _selected(page: Page, text: str) -> tuple[str, ...] | None:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or "*" in names:
        return None
    for name in names:
        if name not in page.kind.properties and name not in page.kind.navigation:
            raise unknown_query_property(name, page.kind.edm_name)
    return tuple(names)


def _number(sent: dict[str, str], name: str) -> int | None:
    text = sent.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)
