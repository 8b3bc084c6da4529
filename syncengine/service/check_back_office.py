"""`check`, the side of Business Central: what competes with us, what it archives, what orders name there."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator

from syncengine.connectors.business_central.inspection import Inspection
from syncengine.errors import RemoteSystemError
from syncengine.service.findings import Finding
from syncengine.service.findings import failed
from syncengine.service.wiring import Company


def look(company: Company) -> Iterator[Finding]:
    inspection = company.back_office.inspection
    company.back_office.companion.forget()  # whoever asks may have installed it a minute ago
    questions: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("back_office.competitor", lambda: _competitor(company)),
        ("back_office.metadata", lambda: _api(company)),
        ("back_office.archive-orders", lambda: _archive_orders(company, inspection)),
        ("back_office.correlation", lambda: _correlation(company, inspection)),
        ("back_office.freight-account", lambda: _freight(company, inspection)),
        ("back_office.write-in", lambda: _write_in(company, inspection)),
    )
    for name, question in questions:
        try:
            yield from question()
        except RemoteSystemError as error:
            yield failed(name, error)


def units(company: Company) -> Iterator[Finding]:
    """Asks both sides."""
    try:
        codes = company.back_office.inspection.unit_codes()
        known = {name.casefold() for name in company.sales.inspection.unit_names()}
    except RemoteSystemError as error:
        yield failed("units", error)
        return
    missing = sorted(code for code in codes if code.casefold() not in known)
    if missing:
        yield Finding(
            "units",
            "warning",
            f"units of Business Central that no unit group in Sales has: {', '.join(missing)}; lines in them will wait",
            "Add them to the unit groups of the products concerned, or couple them by hand with `couple-record`.",
        )
    else:
        yield Finding("units", "ok", f"all {len(codes)} units of Business Central are known in Sales")


def _competitor(company: Company) -> Iterator[Finding]:
    reading = company.back_office.guard(0)
    if reading.competitors:
        found = reading.competitors[0]
        yield Finding("back_office.competitor", "error", f"{found.what} is active", found.remedy, exit_code=3)
    elif reading.unreadable:
        yield Finding(
            "back_office.competitor",
            "warning",
            f"{reading.unreadable}: nobody can tell whether Business Central's own order integration is active",
            "Grant read access to job queue entries.",
        )
    else:
        yield Finding("back_office.competitor", "ok", "no other order integration is active")


def _api(company: Company) -> Iterator[Finding]:
    model = company.back_office.schema.model()
    if not model.sets:
        yield Finding(
            "back_office.metadata",
            "warning",
            "$metadata could not be read; standard tables are assumed",
            "Check the url: it ends with /api/v2.0.",
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


def _archive_orders(company: Company, inspection: Inspection) -> Iterator[Finding]:
    if company.mode != "bidirectional":
        return
    setup, name = inspection.setup(), "back_office.archive-orders"
    if setup is not None and setup.archive_orders:
        yield Finding(name, "ok", "Archive Orders is on: Business Central keeps a version of each order it loses")
        return
    told = (
        "Archive Orders is off in Business Central: it keeps no version of an order that is replaced; ours always is"
        if setup is not None
        else "without the companion extension nobody can see whether Archive Orders is on in Business Central; our own "
        "versions are kept always"
    )
    where = "Tick Archive Orders on the page Sales & Receivables Setup"
    remedy = f"{where}, so that clerks find old versions where they look." + (
        " Or let `syncengine archive enable` do it." if setup is not None else ""
    )
    yield Finding(name, "warning", told, remedy)


def _correlation(company: Company, inspection: Inspection) -> Iterator[Finding]:
    column, name = company.loaded.configuration.back_office.correlation, "back_office.correlation"
    trouble = inspection.correlation_trouble(column)
    if trouble:
        remedy = 'Set [back_office] correlation = "externalDocumentNumber", or another text that nobody else fills.'
        yield Finding(name, "error", f"[back_office] correlation = {column!r}: {trouble}", remedy)
    else:
        yield Finding(name, "ok", f"our key stands in {column}")


def _freight(company: Company, inspection: Inspection) -> Iterator[Finding]:
    number, name = company.loaded.configuration.back_office.freight_account, "back_office.freight-account"
    if not number:
        yield Finding(
            name,
            "warning",
            "no freight account is named: an order with freight will wait for one",
            "Set [back_office] freight_account to the number of the account that freight is posted to.",
        )
        return
    trouble = inspection.account_trouble(number)
    if trouble:
        remedy = "Name a posting account that is not blocked and allows direct posting."
        yield Finding(name, "error", f"[back_office] freight_account {number}: {trouble}", remedy)
    else:
        yield Finding(name, "ok", f"freight goes to account {number}")


def _write_in(company: Company, inspection: Inspection) -> Iterator[Finding]:
    part, name = company.loaded.configuration.back_office.write_in, "back_office.write-in"
    if not part.number:
        yield Finding(
            name,
            "warning",
            "nothing is named for lines without a product: an order with a write-in line will wait",
            'Set [back_office] write_in = { type = "Item", number = "…" }.',
        )
        return
    account = part.type.casefold() == "account"
    trouble = inspection.account_trouble(part.number) if account else inspection.item_trouble(part.number)
    if trouble:
        remedy = "Name an item (or an account) of Business Central that may be sold and is not blocked."
        yield Finding(name, "error", f"[back_office] write_in {part.type} {part.number}: {trouble}", remedy)
    else:
        yield Finding(name, "ok", f"lines without a product become {part.type} {part.number}")
