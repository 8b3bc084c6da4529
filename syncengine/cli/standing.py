"""Commands that say how things stand: status, jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.listings import listing_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_rows
from syncengine.cli.reports import run_text
from syncengine.cli.reports import verify_text
from syncengine.errors import UsageError
from syncengine.records.encoding import loads
from syncengine.service.standing import standing


@click.command()
@listing_options
@json_option
@pass_options
@command
def status(options: Options, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """How fresh each mapping is, what is queued, what waits, what needs a person, and how the last runs went.

    \b
    Example: syncengine status
    """  # noqa: D301
    found = standing(options.chosen(), limit=limit, since=since)
    if as_json:
        emit_json(found)
        return
    for line in _lines(found):
        click.echo(line)


def _lines(found: dict[str, Any]) -> list[str]:
    paused = ["everything" if name == "*" else name for name in found["paused"]]
    lines = [f"{found['company']}: {found['mode'] or 'no mode chosen'}"]
    lines += [f"Paused: {', '.join(paused)}"] if paused else []
    if found["running"]:
        lines.append(f"At work: {found['running']['holder']}, run {found['running']['run_id']}")
    for one in found["mappings"]:
        counts = [f"{one['coupled']} coupled"]
        counts += [f"{one[n]} {n.replace('_', ' ')}" for n in COUNTS if one[n]]
        counts += [f"{SIDES[s]} behind by {_age(a)}" for s, a in one["freshness_s"].items() if a is not None]
        counts += [f"swept {_age(one['sweep_age_s'])} ago"] if one["sweep_age_s"] is not None else []
        lines.append(f"  {one['id']}: {', '.join(counts)}")
    last = found["last_run"]
    lines.append(f"Last run: {last['kind']} {last['id']}: {last['status']}" if last else "No run yet.")
    verified = found["verify"]
    lines.append(
        f"Last verify: {verified['differences']} differences, {verified['unexplained']} of them unexplained"
        if verified
        else "Nothing has been verified yet."
    )
    return lines


COUNTS = ("pending", "waiting", "failed", "conflicts", "in_progress", "skipped")
SIDES = {"sales": "Sales", "back_office": "back office"}


def _age(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


@click.command()
@click.argument("run_id", metavar="[ID]", required=False)
@listing_options
@json_option
@pass_options
@command
def jobs(options: Options, run_id: str | None, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """The runs there were, newest first; with an ID, or the beginning of one, what that run did.

    \b
    Example: syncengine jobs --limit 10
    """  # noqa: D301
    company = options.chosen()
    with company.store() as store, store.transaction():
        if run_id is None:
            rows = store.runs.newest(limit, since)
            columns = ("id", "kind", "status", "exit_code", "started_at", "finished_at")
            shown = [{name: row[name] for name in (*columns, "mode")} for row in rows]
            emit_rows(shown, columns, as_json=as_json, nothing="No run yet.")
            return
        found = store.runs.get(run_id)
    if found is None:
        raise UsageError(f"there is no single run {run_id!r}", remedy="`syncengine jobs` lists them.")
    result = loads(found["result"]) if found["result"] else None
    if as_json:
        emit_json({**{name: value for name, value in found.items() if name != "company"}, "result": result})
        return
    click.echo(f"{found['id']}: {found['kind']}, {found['status']}, {found['started_at']} to {found['finished_at']}")
    if result is not None:
        click.echo(verify_text(result) if found["kind"] == "verify" else run_text(result))
