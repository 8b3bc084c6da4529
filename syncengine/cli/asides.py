"""Commands that hold something up or set it aside: pause, resume, exclude, skip, skipped, uncouple."""

from __future__ import annotations

from datetime import datetime

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import now_option
from syncengine.cli.context import pass_options
from syncengine.cli.listings import listing_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_rows
from syncengine.cli.running import run_now
from syncengine.errors import UsageError
from syncengine.service import asides
from syncengine.store import queries

mapping_option = click.option("--mapping", "mappings", multiple=True, metavar="NAME", help="Only this mapping; repeat.")


@click.command()
@mapping_option
@json_option
@pass_options
@command
def pause(options: Options, mappings: tuple[str, ...], *, as_json: bool) -> None:
    """Write nothing of a mapping, or of all, until `resume`. Changes are still noticed, and none is lost.

    \b
    Example: syncengine pause --mapping SALESORDER-ORDER
    """  # noqa: D301
    _told(asides.pause(options.chosen(), mappings), as_json=as_json)


@click.command()
@mapping_option
@json_option
@pass_options
@command
def resume(options: Options, mappings: tuple[str, ...], *, as_json: bool) -> None:
    """Let paused mappings go on: the next run catches up with what has changed.

    \b
    Example: syncengine resume
    """  # noqa: D301
    _told(asides.resume(options.chosen(), mappings), as_json=as_json)


def _told(held: list[str], *, as_json: bool) -> None:
    if as_json:
        emit_json({"paused": held})
    elif not held:
        click.echo("Nothing is paused.")
    else:
        click.echo(f"Paused: {', '.join('everything' if name == '*' else name for name in held)}.")


@click.command()
@click.argument("order")
@now_option
@json_option
@pass_options
@command
def exclude(options: Options, order: str, *, now: bool, as_json: bool) -> None:
    """Leave an order out, on both sides and whatever happens to it, until `retry` takes it back.

    \b
    Example: syncengine exclude ORD-01042-K7P2
    """  # noqa: D301
    excluded = asides.exclude(options.chosen(), order)
    if now:
        run_now(options, as_json=as_json)
    elif as_json:
        emit_json(excluded)
    else:
        click.echo(f"{order} is left out from now on. `syncengine retry {excluded['id']}` takes it back.")


@click.command()
@click.argument("ids", nargs=-1, type=int, required=True, metavar="ID...")
@now_option
@json_option
@pass_options
@command
def skip(options: Options, ids: tuple[int, ...], *, now: bool, as_json: bool) -> None:
    """Set a problem aside: it is not listed or counted any more, until the record changes or `retry` takes it back.

    \b
    Example: syncengine skip 17
    """  # noqa: D301
    count = asides.skip(options.chosen(), ids)
    if now:
        run_now(options, as_json=as_json)
    elif as_json:
        emit_json({"skipped": count})
    else:
        click.echo(f"{count} skipped. `syncengine skipped` lists them.")


@click.command()
@listing_options
@json_option
@pass_options
@command
def skipped(options: Options, limit: int, since: datetime | None, *, as_json: bool) -> None:
    """Problems that were skipped and orders that were excluded, newest first.

    \b
    Example: syncengine skipped
    """  # noqa: D301
    with options.chosen().session() as session:
        rows = queries.aside(session, limit=limit, since=since)
    columns = ("id", "state", "mapping", "record", "message", "since")
    emit_rows(rows, columns, as_json=as_json, nothing="Nothing is skipped.")


@click.command()
@click.argument("mapping")
@click.argument("sales_id", required=False)
@click.option("--all", "everything", is_flag=True, help="Every coupled record of the mapping.")
@json_option
@pass_options
@command
def uncouple(options: Options, mapping: str, sales_id: str | None, *, everything: bool, as_json: bool) -> None:
    """Take a coupling apart; the records stay as they are on both sides, and are not created anew.

    \b
    Example: syncengine uncouple CUSTOMER 10000
    """  # noqa: D301
    if (sales_id is None) != everything:
        raise UsageError("name the record by its id or number in Sales, or use --all", remedy="See --help.")
    ended = asides.uncouple(options.chosen(), mapping, sales_id)
    if as_json:
        emit_json({"mapping": mapping, "uncoupled": len(ended), "ids": [one.id for one in ended]})
    else:
        click.echo(f"{len(ended)} uncoupled. `couple` or `couple-record` may couple them again.")
