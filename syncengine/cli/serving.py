"""`serve`: the daemon."""

from __future__ import annotations

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import pass_options
from syncengine.service.daemon import Daemon


@click.command()
@click.option("--host", metavar="H", help="Address to listen on; else [web] host.")
@click.option("--port", metavar="P", type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@pass_options
@command
def serve(options: Options, host: str | None, port: int | None) -> None:
    """The daemon: runs incremental syncs and sweeps as configured, one at a time.

    \b
    Example: syncengine serve --port 8080
    """  # noqa: D301
    Daemon(options.chosen(), host, port).serve(lambda address: click.echo(f"Listening on {address}"))
