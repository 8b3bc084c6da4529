"""Commands that record what a person decides: resolve, retry, couple-record, accept-restore."""

from __future__ import annotations

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.cli.running import run_now
from syncengine.errors import UsageError
from syncengine.records.values import Side
from syncengine.service import decisions

now_option = click.option("--now", is_flag=True, help="Run a sync at once instead of leaving it to the next run.")


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
