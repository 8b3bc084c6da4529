"""`check`: what is right with a set-up and what is not, each finding with its remedy. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Generator
from collections.abc import Iterator
from typing import Final
from typing import Literal
from urllib.parse import urlsplit

from syncengine.config.mapping_files import build
from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import told_time
from syncengine.errors import ConfigurationError
from syncengine.errors import CredentialsRefused
from syncengine.errors import RemoteSystemError
from syncengine.errors import SyncError
from syncengine.mapping.model import Condition
from syncengine.mapping.model import TableMapping
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service import check_back_office
from syncengine.service import check_companies
from syncengine.service import check_sales
from syncengine.service import check_units
from syncengine.service.findings import NAMES
from syncengine.service.findings import Finding
from syncengine.service.findings import failed
from syncengine.service.mapping_check import Tables
from syncengine.service.mapping_check import Told
from syncengine.service.mapping_check import look
from syncengine.service.mapping_check import look_across
from syncengine.service.wiring import Company

MOST_SKEW_S = 60.0

TOKEN_REMEDIES: Final = (
    ("AADSTS7000222", "The secret has expired: make a new one in the app registration and put it in place."),
    ("AADSTS7000215", "The secret is wrong: give its value, not its id, as it was shown when it was made."),
    ("AADSTS700016", "There is no such application in this tenant: check client_id, and the tenant in token_url."),
    ("AADSTS90002", "There is no such tenant: check the tenant in token_url."),
    ("AADSTS500011", "The resource in scope is not known here: scope is the service's address, with /.default."),
    ("AADSTS1002012", "scope must end with /.default."),
    ("AADSTS70011", "scope must end with /.default."),
    ("0x80072560", "Create an application user for this client_id in the environment (Power Platform admin center)."),
    ("0x80040225", "The application user is disabled: enable it, and give it a business unit and a role."),
)  # fmt: skip
"""What the services' own codes ask for."""


def check(company: Company) -> Iterator[Finding]:
    """Findings in the order of their dependence; what cannot be asked because of an earlier one is left out."""
    stored = yield from _store(company)
    yield from _web(company)
    mappings: dict[str, TableMapping] = {}
    try:
        mappings = company.offline_mappings()
        yield Finding("mappings.files", "ok", f"{len(mappings)} mappings, no mistake in their files")
        yield from check_companies.look(company, mappings)
    except SyncError as error:
        yield failed("mappings.files", error)
    if not stored:
        return  # what the systems say is remembered in the store
    reached: dict[Side, bool] = {}
    for side in SIDES:
        findings = list(_reach(company, side))
        reached[side] = all(finding.level != "error" for finding in findings)
        yield from findings
    if reached["sales"]:
        yield from check_sales.look(company, mappings)
    if reached["back_office"]:
        yield from check_back_office.look(company)
        if mappings:
            mappings = yield from _conditional(company, mappings)
    systems: dict[Side, Tables] = {side: Tables(company.systems()[side]) for side in SIDES if reached[side]}
    for side in systems:
        yield from _clock(company, side)
    for side, system in systems.items():
        for mapping in mappings.values():
            yield from _mapping(mapping, side, lambda one=mapping, on=side, of=system: look(one, on, of))  # type: ignore[misc]
    if len(systems) == len(SIDES):
        yield from check_back_office.units(company)
        try:
            yield from check_units.look(company)
        except RemoteSystemError as error:
            yield failed(check_units.NAME, error)
        for mapping in mappings.values():
            yield from _mapping(mapping, "", lambda one=mapping: look_across(one, systems))  # type: ignore[misc]


def _conditional(
    company: Company, mappings: dict[str, TableMapping]
) -> Generator[Finding, None, dict[str, TableMapping]]:
    """How each mapping works that depends on what the systems can; gives those that are in use here."""
    try:
        capabilities = company.back_office.capabilities(anew=True)
    except RemoteSystemError as error:
        yield failed("mappings.capabilities", error)
        return mappings
    for name, what, condition in dict.fromkeys(company.conditions()):
        where = f"{name}, {what}" if what else name
        yield Finding(f"mapping.{name}.through", "ok", f"{where}: {_how(condition, capabilities)}")
    return build(company.written, company.settings(), capabilities)


def _how(condition: Condition, capabilities: Collection[str]) -> str:
    if condition.requires:
        if condition.holds(capabilities):
            return f"works through {condition.requires}"
        return f"{condition.requires} is not there; {condition.otherwise or 'left out'}"
    if condition.holds(capabilities):
        return f"in use, for {condition.unless} is not there"
    return f"not needed: {condition.unless} is there"


def _store(company: Company) -> Generator[Finding, None, bool]:
    try:
        engine = company.engine
        yield Finding("store", "ok", f"the store answers ({engine.dialect.name})")
    except SyncError as error:
        yield failed("store", error)
        return False
    return True


def _web(company: Company) -> Iterator[Finding]:
    """Webhooks that could never work."""
    configuration = company.loaded.configuration
    url = configuration.web.public_url
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        yield Finding(
            "web.public-url",
            "error",
            f"[web] public_url is {url}: both systems call https addresses only",
            "Give the https address of the proxy in front of `syncengine serve`.",
        )
        return
    missing = [f"{side}_secret" for side in SIDES if not company.webhook_secret(side)]
    if missing:
        yield Finding(
            "web.public-url",
            "warning",
            f"[web] public_url is set, and {', '.join(missing)} under [webhooks] is not: notifications are refused",
            "Set both to long random texts.",
        )
    else:
        yield Finding("web.public-url", "ok", f"notifications are received at {url}")


def _reach(company: Company, side: Side) -> Iterator[Finding]:
    name = f"{side}.connection"
    try:
        system = company.systems()[side]
        identity = system.identity()
        system.schema.forget()  # whoever asks may have added a column a minute ago
    except ConfigurationError as error:
        yield failed(name, error)
        return
    except SyncError as error:
        remedies = [remedy for code, remedy in TOKEN_REMEDIES if code in error.message]
        remedy = remedies[0] if remedies else error.remedy
        if "html" in error.message.lower():
            remedy = "A page for people answers there, not the API: check the url; a proxy may ask to sign in first."
        if isinstance(error, CredentialsRefused) or remedies:
            remedy += f" It is about [{side}.auth]."
        yield Finding(name, "error", error.message, remedy, error.exit_code)
        return
    shown = f"{identity.name} ({identity.id})" if identity.name else identity.id
    yield Finding(name, "ok", f"{NAMES[side]} answers: {shown}")
    with company.store() as store, store.transaction():
        before = store.remembered.get(f"identity:{side}")
    if before is not None and before != identity.id:
        yield Finding(
            f"{side}.identity",
            "error",
            f"the store belongs to another {'organization' if side == 'sales' else 'company'} ({before}); nothing will "
            "be written",
            "Check the url and the company. If the change is meant, use a new store.",
            exit_code=6,
        )


def _clock(company: Company, side: Side) -> Iterator[Finding]:
    try:
        told = told_time(_any_answer(company, side).headers)
    except RemoteSystemError as error:
        yield failed(f"{side}.clock", error)
        return
    skew_s = (company.clock.now() - told).total_seconds() if told is not None else 0.0
    if abs(skew_s) <= MOST_SKEW_S:
        yield Finding(f"{side}.clock", "ok", f"clocks agree within {abs(skew_s):.0f} s")
        return
    yield Finding(
        f"{side}.clock",
        "warning",
        f"our clock and that of {NAMES[side]} differ by {abs(skew_s):.0f} s",
        "Set this machine's clock; nothing depends on it, but the history is easier to read.",
    )


def _any_answer(company: Company, side: Side) -> Answer:
    if side == "sales":
        reader = company.sales.reader
        return reader.http.get(reader.root + company.sales.organization.path)
    back_office = company.back_office.reader
    return back_office.http.get(f"{back_office.root}/companies({back_office.company.id()})")


def _mapping(mapping: TableMapping, side: Side | Literal[""], look: Callable[[], Iterator[Told]]) -> Iterator[Finding]:
    """`side` empty: what concerns both."""
    name = f"mapping.{mapping.name}.{side}" if side else f"mapping.{mapping.name}"
    try:
        told = list(look())
    except RemoteSystemError as error:
        yield Finding(name, "error", f"{mapping.name}: {error.message}", error.remedy, error.exit_code)
        return
    for one in told:
        yield Finding(name, one.level, f"{mapping.name}: {one.message}", one.remedy)
    if side and not any(one.level == "error" for one in told):
        table = mapping.of(side).table
        yield Finding(name, "ok", f"{mapping.name}: {table} in {NAMES[side]} can be read as the mapping says")
