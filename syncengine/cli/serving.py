"""`serve`: the daemon."""

from __future__ import annotations

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import pass_options
from syncengine.service.daemon import Daemon
from syncengine.service.daemon import hold_signals


@click.command()
@click.option("--host", metavar="H", help="Address to listen on; else [web] host.")
@click.option("--port", metavar="P", type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@pass_options
@command
def serve(options: Options, host: str | None, port: int | None) -> None:
    """The daemon: runs incremental syncs, sweeps, full syncs and verifications as configured, one at a time.

    \b
    SIGTERM  no new run begins; those under way get [limits] shutdown_grace_s
    SIGHUP   the configuration is read again; a bad one is refused and the old one stays

    \b
    Example: syncengine serve --port 8080
    """  # noqa: D301
    hold_signals()
    daemon = Daemon(options.loaded(), options.company, host, port)
    daemon.serve(lambda address: click.echo(f"Listening on {address}"))
