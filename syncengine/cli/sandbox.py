"""`sandbox`: emulators of both systems on this machine, and the story they tell."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any
from typing import TextIO

import click

from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.output import emit_error
from syncengine.cli.output import emit_json
from syncengine.errors import ConfigurationError
from syncengine.errors import SyncError
from syncengine.sandbox import world
from syncengine.sandbox.faults import Fault
from syncengine.sandbox.faults import UnknownFault
from syncengine.sandbox.story import NotAsTold
from syncengine.sandbox.story import tell


@click.group(invoke_without_command=True)
@click.option("--sales-port", type=click.IntRange(0, 65535), default=0, help="0 picks a free one.")
@click.option("--back-office-port", type=click.IntRange(0, 65535), default=0, help="0 picks a free one.")
@click.option("--seed", "number", type=int, default=1, show_default=True, help="The same seed, the same company.")
@click.option("--orders", type=click.IntRange(min=0), default=200, show_default=True, help="0: master data only.")
@click.option("--faults", metavar="SPEC", help="Faults from the start, as JSON; see docs/reference/sandbox.md.")
@click.option(
    "--write-config", "config", type=click.Path(dir_okay=False, path_type=Path), help="A ready configuration."
)
@click.pass_context
@command
def sandbox(
    context: click.Context,
    sales_port: int,
    back_office_port: int,
    number: int,
    orders: int,
    faults: str | None,
    config: Path | None,
) -> None:
    """Emulators of Dynamics 365 Sales and Business Central, seeded with a believable company.

    Prints one JSON line with both addresses and clients once they answer, and runs until it is stopped.

    \b
    Example: syncengine sandbox --write-config state/sandbox.toml
    """  # noqa: D301
    if context.invoked_subcommand is not None:
        return
    posted = _faults(faults)
    try:
        running = world.start(sales_port=sales_port, back_office_port=back_office_port, number=number, orders=orders)
    except OSError as error:
        raise ConfigurationError(f"a port cannot be used: {error}", remedy="Choose another port, or 0.") from error
    for service in (running.sales, running.back_office):
        for one in posted:
            service.faults.add(one)
    if config is not None:
        world.write_configuration(running, config)
    click.echo(json.dumps(running.printed(str(config) if config else None)))
    stopped = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _number, _frame: stopped.set())
    stopped.wait()
    running.host.stop()


def _faults(text: str | None) -> list[dict[str, object]]:
    if not text:
        return []
    try:
        found = json.loads(text)
        posted = found if isinstance(found, list) else [found]
        for one in posted:
            Fault.parse(one)
    except (ValueError, UnknownFault, AttributeError) as error:
        raise ConfigurationError(
            f"--faults: {error}",
            remedy='Like this: --faults \'{"kind": "latency", "seconds": 0.2, "probability": 1}\'.',
        ) from error
    return posted


@sandbox.command("story")
@click.option("--keep", is_flag=True, help="Leave sandbox and daemon running afterwards.")
@click.option("--orders", type=click.IntRange(min=30), default=200, show_default=True)
@click.option("--seed", "number", type=int, default=1, show_default=True)
@json_option
@command
def story(orders: int, number: int, *, keep: bool, as_json: bool) -> None:
    """Both systems, a full sync, and a day of orders, told as a story. This is what `make demo` runs.

    With --json the story is told on standard error, and its chapters with what held in each are the document.

    \b
    Example: syncengine sandbox story --keep
    """  # noqa: D301
    out = sys.stdout
    try:
        with contextlib.redirect_stdout(sys.stderr if as_json else out):
            tell(orders=orders, number=number, keep=keep, told=lambda found: _whole(found, out) if as_json else None)
    except NotAsTold as error:
        told = SyncError(f"this is not how the story goes: {error}", code="not-as-told", remedy="Tell it again.")
        emit_error(told, as_json=as_json)
        click.get_current_context().exit(1)


def _whole(found: dict[str, Any], out: TextIO) -> None:
    with contextlib.redirect_stdout(out):
        emit_json(found)
        sys.stdout.flush()
