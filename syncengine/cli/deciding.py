"""Commands that record what a person decides: resolve, retry, couple-record, accept-restore."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import now_option
from syncengine.cli.context import pass_options
from syncengine.cli.looking import couplings
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_rows
from syncengine.cli.running import run_now
from syncengine.errors import UsageError
from syncengine.records.values import Side
from syncengine.service import decisions
from syncengine.service import import_couplings as importing


@click.command()
@click.argument("conflict", type=int)
@click.option("--take", type=click.Choice(["sales", "back-office"]), required=True, help="Whose value counts.")
@click.option("--group", "groups", multiple=True, help="These groups of the same record; repeat.")
@now_option
@json_option
@pass_options
@command
def resolve(options: Options, conflict: int, take: str, groups: tuple[str, ...], *, now: bool, as_json: bool) -> None:
    """Decide a conflict; the next run writes the chosen value and keeps the other in the history.

    \b
    Example: syncengine resolve 17 --take sales
    """  # noqa: D301
    company = options.chosen()
    side: Side = "sales" if take == "sales" else "back_office"
    answered = decisions.resolve(company, conflict, side, groups)
    if now:
        run_now(options, as_json=as_json)
    elif as_json:
        emit_json([{"id": one.id, "group": one.group, "line": one.line, "take": take} for one in answered])
    else:
        click.echo(f"Noted: {take} for {', '.join(one.group for one in answered)}. The next run acts on it.")


@click.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="Every record that is set aside.")
@now_option
@json_option
@pass_options
@command
def retry(options: Options, ids: tuple[int, ...], *, everything: bool, now: bool, as_json: bool) -> None:
    """Give records that were set aside another chance in the next run.

    \b
    Example: syncengine retry --all
    """  # noqa: D301
    if bool(ids) == everything:
        raise UsageError("name the records to retry, or use --all", remedy="`syncengine errors` shows their ids.")
    count = decisions.retry(options.chosen(), None if everything else ids)
    if now:
        run_now(options, as_json=as_json)
    elif as_json:
        emit_json({"retried": count})
    else:
        click.echo(f"{count} records are tried again in the next run.")


@click.command()
@click.argument("limit", type=int, metavar="LIMIT_ID")
@click.option("--count", type=click.IntRange(min=0), required=True, metavar="N", help="The number it is about.")
@now_option
@json_option
@pass_options
@command
def approve(options: Options, limit: int, count: int, *, now: bool, as_json: bool) -> None:
    """Let through what a safety limit holds back, naming how many that is; `syncengine limits` shows it.

    The approval is good once, and for a day.

    \b
    Example: syncengine approve 3 --count 25 --now
    """  # noqa: D301
    approved = decisions.approve(options.chosen(), limit, count)
    if now:
        run_now(options, as_json=as_json)
    elif as_json:
        emit_json({"id": approved.id, "kind": approved.kind, "approved": count})
    else:
        click.echo(f"Approved: {approved.message} ({count}). The next run acts on it.")


@click.command("couple-record")
@click.argument("mapping")
@click.argument("sales_id")
@click.argument("back_office_id")
@json_option
@pass_options
@command
def couple_record(options: Options, mapping: str, sales_id: str, back_office_id: str, *, as_json: bool) -> None:
    """Couple two records by hand, by their ids or their numbers.

    \b
    Example: syncengine couple-record CUSTOMER 10000 10000
    """  # noqa: D301
    coupling = decisions.couple_record(options.chosen(), mapping, sales_id, back_office_id)
    if as_json:
        emit_json({"id": coupling, "mapping": mapping})
    else:
        click.echo(f"Coupled (coupling {coupling}). What waited for it goes on in the next run.")


@click.command("accept-restore")
@click.argument("side", type=click.Choice(["sales", "back-office"]))
@json_option
@pass_options
@command
def accept_restore(options: Options, side: str, *, as_json: bool) -> None:
    """Say that a system was restored from a backup on purpose, so that writing goes on.

    Records that are older than what was read of them are then compared as if they had just been coupled: what is
    equal stays, what differs becomes a conflict. Nothing flows over a day of edits by itself.

    \b
    Example: syncengine accept-restore back-office
    """  # noqa: D301
    chosen: Side = "sales" if side == "sales" else "back_office"
    at = decisions.accept_restore(options.chosen(), chosen)
    if as_json:
        emit_json({"side": side, "accepted_at": at})
    else:
        click.echo(f"Noted: {side} was restored. The next run compares what both systems hold now.")


@couplings.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--mapping", required=True, metavar="NAME", help="Which mapping's records these are.")
@click.option("--dry-run", is_flag=True, help="Look at every row and couple nothing.")
@json_option
@pass_options
@command
def import_couplings(options: Options, file: Path, mapping: str, *, dry_run: bool, as_json: bool) -> None:
    """Couple the pairs of a CSV file: columns `sales` and `back_office`, or `CRM ID` and `Integration ID`.

    Ids or numbers. Rows that leave a doubt are refused and listed (exit code 1), the others are coupled. Nothing is
    written to the systems; the next run compares the records.

    \b
    Example: syncengine couplings import couplings.csv --mapping CUSTOMER --dry-run
    """  # noqa: D301
    rows = importing.import_couplings(options.chosen(), mapping, file, dry_run=dry_run)
    told = [
        {"id": one.line, "sales": one.sales, "back_office": one.back_office, "outcome": one.outcome,
         "reason": one.reason, "coupling": one.coupling}
        for one in rows
    ]  # fmt: skip
    refused = [one for one in told if one["outcome"] == "refused"]
    if as_json:
        emit_json(told)
    else:
        emit_rows(refused, ("id", "sales", "back_office", "reason"), as_json=False, nothing="No row is refused.")
        count = Counter(one.outcome for one in rows)
        word = "would be coupled" if dry_run else "coupled"
        click.echo(f"{count['couple']} {word}, {count['already']} coupled already, {len(refused)} refused.")
    click.get_current_context().exit(1 if refused else 0)
