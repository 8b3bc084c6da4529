"""Commands for looking: errors, waiting, conflicts, couplings, archive, explain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import now_option
from syncengine.cli.context import pass_options
from syncengine.cli.listings import listing_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_rows
from syncengine.cli.output import emit_text
from syncengine.cli.output import text_of
from syncengine.cli.running import run_now
from syncengine.cli.stories import filed_words
from syncengine.cli.stories import story_text
from syncengine.errors import FailureClass
from syncengine.errors import UsageError
from syncengine.ports import ArchiveVersion
from syncengine.records.document import Document
from syncengine.service import decisions
from syncengine.service.runs import LISTED
from syncengine.store import queries


@click.command()
@listing_options
@json_option
@pass_options
@command
def errors(options: Options, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """Records that failed or need a person, newest first, with the systems' own words and the remedy.

    \b
    Example: syncengine errors --limit 20
    """  # noqa: D301
    with options.chosen().session() as session:
        rows = queries.parked(session, LISTED, limit=limit, since=since, but=["conflict"])
    shown = ("id", "mapping", "record", "class", "message", "remedy")
    emit_rows(rows, shown, as_json=as_json, nothing="No errors.")


@click.command()
@listing_options
@json_option
@pass_options
@command
def waiting(options: Options, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """Records that wait for something, and writes that are in progress; they go on by themselves.

    \b
    Example: syncengine waiting
    """  # noqa: D301
    with options.chosen().session() as session:
        rows = queries.parked(session, (FailureClass.WAITING,), limit=limit, since=since)
        under_way = queries.in_progress(session, limit=limit, since=since)
    rows += [
        {**one, "class": "in-progress", "message": f"a {one['kind']} is in progress", "record": {}, "remedy": ""}
        for one in under_way
    ]
    rows = sorted(rows, key=lambda row: str(row["since"]), reverse=True)[:limit]
    emit_rows(rows, ("id", "mapping", "record", "message", "remedy"), as_json=as_json, nothing="Nothing waits.")


@click.command()
@json_option
@pass_options
@command
def limits(options: Options, *, as_json: bool) -> None:
    """Safety limits that hold something back or have stopped all writing, and the number an approval must name.

    \b
    Example: syncengine limits
    """  # noqa: D301
    with options.chosen().store() as store, store.transaction():
        found = store.limits.all()
    rows = [
        {
            "id": one.id,
            "kind": one.kind,
            "status": one.status,
            "count": one.number,
            "message": one.message,
            "since": one.opened_at,
            "remedy": f"syncengine approve {one.id} --count {one.number}" if one.status == "open" else "",
        }
        for one in found
    ]
    emit_rows(rows, ("id", "status", "count", "message", "remedy"), as_json=as_json, nothing="No limit is reached.")


@click.command()
@listing_options
@json_option
@pass_options
@command
def conflicts(options: Options, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """Groups of fields that were changed on both sides, with both values and both bases.

    \b
    Example: syncengine conflicts
    """  # noqa: D301
    company = options.chosen()
    with company.store() as store, store.transaction():
        found = store.conflicts.open(limit=limit, since=since)
        couplings = store.couplings.get([one.coupling for one in found])
    rows = []
    for one in found:
        coupling = couplings[one.coupling]
        rows.append(
            {
                "id": one.id,
                "mapping": one.mapping,
                "record": {
                    "sales": coupling.sales_id,
                    "back_office": coupling.back_office_id,
                    "number": coupling.sales_number or coupling.back_office_number,
                },
                "group": one.group,
                "line": one.line,
                "base": {side: one.base.get(side) for side in ("sales", "back_office")},
                "sales": one.sales,
                "back_office": one.back_office,
                "since": one.since.isoformat(),
                "answer": one.answer,
            }
        )
    columns = ("id", "record", "group", "line", "base", "sales", "back_office", "answer")
    emit_rows(rows, columns, as_json=as_json, nothing="No conflicts.")


@click.group(invoke_without_command=True)
@click.option("--mapping", metavar="NAME", help="Only this mapping.")
@listing_options
@json_option
@pass_options
@click.pass_context
@command
def couplings(
    context: click.Context,
    options: Options,
    mapping: str | None,
    limit: int,
    since: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Which record of Sales is which of the back office; ended couplings included.

    \b
    Example: syncengine couplings --mapping CUSTOMER
    """  # noqa: D301
    if context.invoked_subcommand is not None:
        return
    with options.chosen().session() as session:
        rows = queries.couplings(session, mapping=mapping, limit=limit, since=since)
    columns = ("id", "mapping", "sales_number", "back_office_number", "status", "sales", "back_office")
    emit_rows(rows, columns, as_json=as_json, nothing="Nothing is coupled.")


@click.command()
@click.argument("order")
@json_option
@pass_options
@command
def explain(options: Options, order: str, *, as_json: bool) -> None:
    """The whole story of one order, by its number or id on either side.

    \b
    Example: syncengine explain ORD-01042-K7P2
    """  # noqa: D301
    with options.chosen().session() as session:
        found = queries.story(session, order)
    if found is None:
        raise UsageError(f"nothing is known of {order!r}", remedy="Check the number; a new order is known after a run.")
    if as_json:
        emit_json(found)
    else:
        emit_text(story_text(order, found))


@click.group()
def archive() -> None:
    """Kept copies of back-office documents that were replaced or removed."""


@archive.command("enable")
@json_option
@pass_options
@command
def archive_enable(options: Options, *, as_json: bool) -> None:
    """Turn on Archive Orders in Business Central, through the companion extension. Our own versions are kept always.

    \b
    Example: syncengine archive enable
    """  # noqa: D301
    options.chosen().back_office.companion.turn_archiving_on()
    if as_json:
        emit_json({"archive_orders": True})
    else:
        emit_text("Archive Orders is on now in Business Central.")


@archive.command("list")
@click.argument("order", required=False)
@listing_options
@json_option
@pass_options
@command
def archive_list(options: Options, order: str | None, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """All kept versions, or those of one order, newest first.

    \b
    Example: syncengine archive list ORD-01042-K7P2
    """  # noqa: D301
    company = options.chosen()
    with company.store() as store, store.transaction():
        found = store.archive.versions(order, limit=limit, since=since)
    rows = [
        {
            "id": one.id,
            "order": one.order,
            "version": one.version,
            "number": one.number,
            "successor": one.successor,
            "reason": one.reason,
            "archived_at": one.archived_at.isoformat(),
        }
        for one in found
    ]
    columns = ("order", "version", "number", "successor", "archived_at", "reason")
    emit_rows(rows, columns, as_json=as_json, nothing="Nothing is archived.")


@archive.command("show")
@click.argument("order")
@click.argument("version", type=int)
@json_option
@pass_options
@command
def archive_show(options: Options, order: str, version: int, *, as_json: bool) -> None:
    """One kept document, as it was read; and how the version compares that the back office has filed of it.

    \b
    Example: syncengine archive show ORD-01042-K7P2 1
    """  # noqa: D301
    one = _version(options, order, version)
    with options.chosen().session() as session:
        filed = queries.filed(session, one.coupling).get(one.operation or 0)
    if as_json:
        emit_json({"order": one.order, "version": one.version, "document": _document(one.document), "filed": filed})
        return
    emit_text(f"{one.order} version {one.version}: {one.number}, replaced by {one.successor or '(nothing yet)'}")
    for name, value in sorted(one.document.fields.items()):
        if text_of(value):
            emit_text(f"  {name}: {text_of(value)}")
    for line in one.document.lines:
        emit_text(f"  line {text_of({k: v for k, v in line.fields.items() if text_of(v) not in ('', '0')})}")
    for row in one.document.attached or ():
        emit_text(f"  {row.table} {text_of({k: v for k, v in row.fields.items() if text_of(v) not in ('', '0')})}")
    emit_text(filed_words(filed) if filed else "The back office shows no version of its own.")


@archive.command("diff")
@click.argument("order")
@click.argument("v1", type=int)
@click.argument("v2", type=int)
@json_option
@pass_options
@command
def archive_diff(options: Options, order: str, v1: int, v2: int, *, as_json: bool) -> None:
    """What differs between two kept versions of one order.

    \b
    Example: syncengine archive diff ORD-01042-K7P2 1 2
    """  # noqa: D301
    one, two = _version(options, order, v1).document, _version(options, order, v2).document
    rows = _differences("", one, two)
    for place in range(max(len(one.lines), len(two.lines))):
        here = one.lines[place] if place < len(one.lines) else Document("", None, {})
        there = two.lines[place] if place < len(two.lines) else Document("", None, {})
        rows += _differences(f"line {place + 1} ", here, there)
    emit_rows(rows, ("id", "before", "after"), as_json=as_json, nothing="The two versions are equal.")


@archive.command("restore")
@click.argument("order")
@click.argument("version", type=int)
@now_option
@json_option
@pass_options
@command
def archive_restore(options: Options, order: str, version: int, *, now: bool, as_json: bool) -> None:
    """Bring back a kept version: a change like any other, planned, journaled, with today's document kept as well.

    \b
    Example: syncengine archive restore ORD-01042-K7P2 1
    """  # noqa: D301
    chosen = decisions.restore(options.chosen(), order, version)
    if now:
        run_now(options, as_json=as_json)
    elif as_json:
        emit_json({"order": chosen.order, "version": chosen.version, "number": chosen.number})
    else:
        click.echo(f"Noted: version {version} of {order}, once {chosen.number}. The next run brings it back.")


def _version(options: Options, order: str, version: int) -> ArchiveVersion:
    company = options.chosen()
    with company.store() as store, store.transaction():
        found = store.archive.versions(order)
    one = next((one for one in found if one.version == version), None)
    if one is None:
        known = ", ".join(str(other.version) for other in found) or "none"
        raise UsageError(f"there is no version {version} of {order!r}", remedy=f"Versions kept: {known}.")
    return one


def _document(document: Document) -> dict[str, Any]:
    found = {**dict(document.fields), "lines": [dict(line.fields) for line in document.lines]}
    if document.attached is not None:
        found["attached"] = [{"table": one.table, "line": one.line, **one.fields} for one in document.attached]
    return found


def _differences(prefix: str, one: Document, two: Document) -> list[dict[str, Any]]:
    names = sorted({*one.fields, *two.fields})
    return [
        {"id": f"{prefix}{name}", "before": one.fields.get(name), "after": two.fields.get(name)}
        for name in names
        if text_of(one.fields.get(name)) != text_of(two.fields.get(name)) and name != "id"
    ]
