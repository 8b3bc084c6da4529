"""`check`: what is right with a set-up and what is not, each finding with its remedy. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import asdict
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import Literal

from syncengine.config.models import Mode
from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import server_time
from syncengine.errors import RemoteSystemError
from syncengine.errors import SyncError
from syncengine.mapping.model import TableMapping
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service.mapping_check import Tables
from syncengine.service.mapping_check import Told
from syncengine.service.mapping_check import look
from syncengine.service.mapping_check import look_across
from syncengine.service.wiring import Company

Level = Literal["ok", "warning", "error"]

NAMES: dict[Side, str] = {"sales": "Sales", "back_office": "Business Central"}
MOST_SKEW_S = 60.0


@dataclass(frozen=True)
class Finding:
    id: str
    level: Level
    message: str
    remedy: str = ""
    doc: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def check(company: Company) -> Iterator[Finding]:
    """Findings in the order of their dependence; what cannot be asked because of an earlier one is left out."""
    yield from _store(company)
    try:
        mappings = company.offline_mappings()
        yield Finding("mappings.files", "ok", f"{len(mappings)} mappings, no mistake in their files")
    except SyncError as error:
        yield Finding("mappings.files", "error", error.message, error.remedy, "docs/reference/mappings.md")
        mappings = {}
    reached = {}
    for side in SIDES:
        findings = list(_reach(company, side))
        reached[side] = all(finding.level != "error" for finding in findings)
        yield from findings
    if reached["sales"]:
        yield from _sales(company)
    if reached["back_office"]:
        yield from _back_office(company)
    systems: dict[Side, Tables] = {side: Tables(company.systems()[side]) for side in SIDES if reached[side]}
    for side, system in systems.items():
        for mapping in mappings.values():
            yield from _mapping(mapping, side, lambda one=mapping, on=side, of=system: look(one, on, of))  # type: ignore[misc]
    if len(systems) == len(SIDES):
        for mapping in mappings.values():
            yield from _mapping(mapping, "", lambda one=mapping: look_across(one, systems))  # type: ignore[misc]
    if reached["sales"]:
        yield from _price_lists(company)


def _store(company: Company) -> Iterator[Finding]:
    try:
        engine = company.engine
        yield Finding("store", "ok", f"the store answers ({engine.dialect.name})")
    except SyncError as error:
        yield Finding("store", "error", error.message, error.remedy, "docs/reference/configuration.md")


def _reach(company: Company, side: Side) -> Iterator[Finding]:
    try:
        identity = company.systems()[side].identity()
    except SyncError as error:
        yield Finding(f"{side}.connection", "error", error.message, error.remedy)
        return
    name = f"{identity.name} ({identity.id})" if identity.name else identity.id
    yield Finding(f"{side}.connection", "ok", f"{NAMES[side]} answers: {name}")


def _sales(company: Company) -> Iterator[Finding]:
    organization = company.sales.organization
    yield from _asked("sales.user", lambda: _integration_user(organization.user(), company.mode))
    yield from _asked("sales.order-processing", lambda: _flag(company))
    reader = company.sales.reader
    yield from _asked("sales.clock", lambda: _clock("sales", reader.http.get(reader.root + organization.path)))


def _integration_user(found: tuple[str, bool], mode: Mode | None) -> Finding:
    """Without the mark, in one-way mode, submitted orders are locked for us and Sales computes over our totals."""
    user_id, marked = found
    if marked:
        return Finding("sales.user", "ok", f"we are user {user_id}, marked as an integration user")
    return Finding(
        "sales.user",
        "error" if mode == "one-way" else "warning",
        f"our user {user_id} is not marked as an integration user (isintegrationuser)",
        "Set isintegrationuser on the application user: otherwise submitted orders may be locked for us. "
        "An administrator's `syncengine sop enable --mark-integration-user` sets it.",
    )


def _flag(company: Company) -> Finding:
    on, mode = bool(company.sales.guard(0).one_way), company.mode
    if mode is None:
        return Finding(
            "sales.order-processing",
            "warning",
            "no mode is chosen, so orders are not touched",
            'Set [integration] mode = "bidirectional" or "one-way".',
        )
    if on == (mode == "one-way"):
        return Finding(
            "sales.order-processing", "ok", f"order processing is {'on' if on else 'off'}, as {mode} needs it"
        )
    return Finding(
        "sales.order-processing",
        "error",
        f"sales order processing is {'on' if on else 'off'} in Sales, and the configured mode is {mode}",
        "Run `syncengine sop disable --switch-mode`." if on else "Run `syncengine sop enable`.",
    )


def _clock(side: Side, answer: Answer) -> Finding:
    skew_s = (datetime.now(UTC) - server_time(answer.headers)).total_seconds()
    if abs(skew_s) <= MOST_SKEW_S:
        return Finding(f"{side}.clock", "ok", f"clocks agree within {abs(skew_s):.0f} s")
    return Finding(
        f"{side}.clock",
        "warning",
        f"our clock and that of {NAMES[side]} differ by {abs(skew_s):.0f} s",
        "Set this machine's clock; nothing depends on it, but the history is easier to read.",
    )


def _back_office(company: Company) -> Iterator[Finding]:
    system = company.back_office
    yield from _asked("back_office.competitor", lambda: _competitor(company))
    model = system.schema.model()
    if not model.sets:
        yield Finding(
            "back_office.metadata",
            "warning",
            "$metadata could not be read; standard tables are assumed",
            "Check the url.",
        )
    elif "salesOrderArchives" in model.sets:
        yield Finding("back_office.archive", "ok", "archived orders can be read (API with salesOrderArchives)")
    else:
        yield Finding(
            "back_office.archive",
            "warning",
            "this version's API has no salesOrderArchives: only our own archive versions can be read",
            "Nothing to do. With version 29 Business Central's own versions are compared as well.",
        )
    reader = system.reader
    url = f"{reader.root}/companies({reader.company_id()})"
    yield from _asked("back_office.clock", lambda: _clock("back_office", reader.http.get(url)))


def _competitor(company: Company) -> Finding:
    reading = company.back_office.guard(0)
    if reading.unreadable:
        return Finding(
            "back_office.competitor",
            "warning",
            f"{reading.unreadable}: nobody can tell whether Business Central's own order integration is active",
            "Grant read access to job queue entries.",
        )
    if reading.competitors:
        found = reading.competitors[0]
        return Finding("back_office.competitor", "error", f"{found.what} is active", found.remedy)
    return Finding("back_office.competitor", "ok", "no other order integration is active")


def _mapping(mapping: TableMapping, side: Side | Literal[""], look: Callable[[], Iterator[Told]]) -> Iterator[Finding]:
    """`side` empty: what concerns both."""
    name = f"mapping.{mapping.name}.{side}" if side else f"mapping.{mapping.name}"
    try:
        told = list(look())
    except RemoteSystemError as error:
        yield Finding(name, "error", f"{mapping.name}: {error.message}", error.remedy)
        return
    for one in told:
        yield Finding(name, one.level, f"{mapping.name}: {one.message}", one.remedy, "docs/reference/mappings.md")
    if side and not any(one.level == "error" for one in told):
        table = mapping.of(side).table
        yield Finding(name, "ok", f"{mapping.name}: {table} in {NAMES[side]} can be read as the mapping says")


def _price_lists(company: Company) -> Iterator[Finding]:
    names = company.loaded.configuration.sales.price_lists
    yield from _asked("sales.price-lists", lambda: _named_lists(company, names))


def _named_lists(company: Company, names: dict[str, str]) -> Finding:
    reader = company.sales.reader
    answer = reader.http.get(f"{reader.root}pricelevels?$select=name")
    there = {str(row["name"]) for row in reader.json(answer, "reading price lists")["value"]}
    missing = [f"{name} ({currency})" for currency, name in names.items() if name not in there]
    if missing:
        return Finding(
            "sales.price-lists",
            "error",
            f"there is no price list {', '.join(missing)} in Sales",
            f"Correct [sales] price_lists; there is: {', '.join(sorted(there)) or 'none'}.",
        )
    return Finding("sales.price-lists", "ok", f"{len(names)} price lists named, all there")


def _asked(name: str, question: Callable[[], Finding]) -> Iterator[Finding]:
    """A finding, or why the question could not be answered."""
    try:
        yield question()
    except RemoteSystemError as error:
        yield Finding(name, "error", error.message, error.remedy)
