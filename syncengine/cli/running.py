"""Commands that run: full-sync, couple, sync, plan, verify."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.cli.output import emit_text
from syncengine.cli.reports import plan_text
from syncengine.cli.reports import progress_text
from syncengine.cli.reports import run_text
from syncengine.cli.reports import verify_text
from syncengine.engine.run import Asked
from syncengine.errors import UsageError
from syncengine.service import plans
from syncengine.service.runs import Progress
from syncengine.service.runs import perform
from syncengine.service.runs import unwatched
from syncengine.service.schedule import seconds_between

mapping_option = click.option("--mapping", "mappings", multiple=True, metavar="NAME", help="Only this mapping; repeat.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Show what would be done; nothing stays.")
wait_option = click.option(
    "--wait", "wait_s", type=click.FloatRange(min=0), default=0, metavar="SECONDS", help="Wait for a run in progress."
)


@click.command("full-sync")
@mapping_option
@click.option("--match/--no-match", "matching", default=True, help="Couple by match first (the default).")
@dry_run_option
@click.option("--restart", is_flag=True, help="Begin again instead of going on where an interrupted one stopped.")
@wait_option
@json_option
@pass_options
@command
def full_sync(
    options: Options,
    mappings: tuple[str, ...],
    wait_s: float,
    *,
    matching: bool,
    dry_run: bool,
    restart: bool,
    as_json: bool,
) -> None:
    """The one-shot full synchronization, in the order of dependency.

    \b
    Example: syncengine full-sync --dry-run
    """  # noqa: D301
    asked = Asked("full-sync", mappings, matching=matching, restart=restart)
    _run(options, asked, dry_run=dry_run, wait_s=wait_s, as_json=as_json)


@click.command()
@mapping_option
@dry_run_option
@wait_option
@json_option
@pass_options
@command
def couple(options: Options, mappings: tuple[str, ...], wait_s: float, *, dry_run: bool, as_json: bool) -> None:
    """Match-based coupling only: creates and writes nothing else.

    \b
    Example: syncengine couple --mapping CUSTOMER --dry-run
    """  # noqa: D301
    _run(options, Asked("couple", mappings), dry_run=dry_run, wait_s=wait_s, as_json=as_json)


@click.command()
@mapping_option
@click.option("--order", "orders", multiple=True, metavar="ID", help="Only this order, by number or id; repeat.")
@click.option("--sweep", "sweep_all", is_flag=True, help="Compare all records, whatever their stamps say.")
@dry_run_option
@wait_option
@json_option
@pass_options
@command
def sync(
    options: Options,
    mappings: tuple[str, ...],
    orders: tuple[str, ...],
    wait_s: float,
    *,
    sweep_all: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """One incremental run, with the sweep when it is due; this is what cron calls.

    \b
    Example: syncengine sync
    """  # noqa: D301
    if orders and sweep_all:
        raise UsageError("--order and --sweep exclude each other", remedy="Use one of them.")
    asked = Asked("sync", mappings, sweep_all=sweep_all, sweep_interval_s=_interval(options), orders=orders)
    _run(options, asked, dry_run=dry_run, wait_s=wait_s, as_json=as_json)


@click.command()
@mapping_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Keep it, for `apply`.")
@json_option
@pass_options
@command
def plan(options: Options, mappings: tuple[str, ...], out: Path | None, *, as_json: bool) -> None:
    """Show what a `sync` would do, step by step, without doing it.

    \b
    Example: syncengine plan --out monday.json
    """  # noqa: D301
    asked = Asked("sync", mappings, sweep_interval_s=_interval(options))
    _run(options, asked, dry_run=True, wait_s=0, as_json=as_json, out=out)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@wait_option
@json_option
@pass_options
@command
def apply(options: Options, file: Path, wait_s: float, *, as_json: bool) -> None:
    """Do exactly what a plan's file says; records that were changed since are refused and listed.

    \b
    Example: syncengine apply monday.json
    """  # noqa: D301
    asked = Asked("apply", script=plans.read(options.chosen(), file))
    _run(options, asked, dry_run=False, wait_s=wait_s, as_json=as_json)


@click.command()
@mapping_option
@click.option("--repair", is_flag=True, help="Queue what a sync would do about the differences.")
@json_option
@pass_options
@command
def verify(options: Options, mappings: tuple[str, ...], *, repair: bool, as_json: bool) -> None:
    """Read both systems and report every difference, missing partner and duplicate.

    \b
    Example: syncengine verify
    """  # noqa: D301
    company = options.chosen()
    result = perform(company, Asked("verify", mappings, repair=repair), stop_asked=_stopped_by_signal())
    if as_json:
        emit_json(result)
    else:
        emit_text(verify_text(result))
    click.get_current_context().exit(result["exit_code"])


def run_now(options: Options, *, as_json: bool) -> None:
    """A sync at once, for commands that record a decision."""
    _run(options, Asked("sync", sweep_interval_s=_interval(options)), dry_run=False, wait_s=30, as_json=as_json)


def _interval(options: Options) -> float:
    return seconds_between(options.loaded().configuration.schedule.sweep, "[schedule] sweep")


def _run(
    options: Options, asked: Asked, *, dry_run: bool, wait_s: float, as_json: bool, out: Path | None = None
) -> None:
    company = options.chosen()
    result = perform(
        company,
        asked,
        dry_run=dry_run,
        wait_s=wait_s,
        on_progress=_progress(as_json=as_json),
        stop_asked=_stopped_by_signal(),
    )
    if out is not None and "actions" in result:
        plans.write(company, result, out)
    if as_json:
        emit_json(result)
    else:
        emit_text(plan_text(result) if dry_run else run_text(result))
    click.get_current_context().exit(result["exit_code"])


def _progress(*, as_json: bool) -> Progress:
    """How far it has come, on a terminal; silent elsewhere."""
    if as_json or not sys.stderr.isatty():
        return unwatched
    return lambda event, data: click.echo(f"\r{progress_text(event, data):<78}", nl=False, err=True)


def _stopped_by_signal() -> Callable[[], bool]:
    """The first interrupt lets what is under way end and starts nothing more; the second ends at once."""
    asked = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
    return asked.is_set
