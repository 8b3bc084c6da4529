"""`chaos`: a bad day for these mappings on two emulated systems, and whether the promise held."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.config.loading import Loaded
from syncengine.config.loading import given_file
from syncengine.sandbox import chaos as day

# What the user has decided about orders is tried as it is; addresses, secrets and the store are the sandbox's own.
CARRIED = ("integration", "schedule")


@click.command()
@click.option("--minutes", type=click.FloatRange(min=0.05), default=2.0, show_default=True, help="How long it goes on.")
@click.option("--seed", type=int, help="The same seed, the same company and the same dice.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_context
@command
def chaos(context: click.Context, minutes: float, seed: int | None, *, as_json: bool) -> None:
    """Your own mappings and settings on two emulated systems, with faults, killed processes and people everywhere.

    No live system is touched. In the end the faults stop, and it is checked that nothing was lost or doubled.

    \b
    Example: syncengine chaos --minutes 5 --seed 7
    """  # noqa: D301
    number = random.randrange(1_000_000) if seed is None else seed  # noqa: S311  dice, no secret
    options: Options = context.obj
    # Without a configuration of one's own, the shipped mappings have the bad day.
    loaded = options.loaded() if given_file(options.config).exists() or options.config else None
    with tempfile.TemporaryDirectory(prefix="syncengine-chaos-") as folder:
        report = day.live(
            Path(folder),
            dict(_overrides(loaded)) if loaded else {},
            minutes=minutes,
            seed=number,
            tell=lambda text: click.echo(text, err=True),
        )
    found = report.as_json()
    click.echo(json.dumps(found) if as_json else "\n".join(_told(found)))
    context.exit(1 if report.broken else 0)


def _overrides(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """The user's decisions as environment variables over the sandbox's configuration."""
    configuration = loaded.configuration
    for table in CARRIED:
        part = getattr(configuration, table)
        for key in part.model_fields_set:
            value = part.model_dump(mode="json")[key]
            yield f"SYNCENGINE__{table.upper()}__{key.upper()}", value if isinstance(value, str) else json.dumps(value)
    folders = [str(loaded.path(one).resolve()) for one in configuration.mappings.paths]
    if folders:
        yield "SYNCENGINE__MAPPINGS__PATHS", json.dumps(folders)


def _told(found: dict[str, Any]) -> Iterator[str]:
    yield f"seed {found['seed']}: {found['orders']} orders, {found['edits']} edits"
    for name in ("events", "faults", "runs"):
        told = ", ".join(f"{count} × {what}" for what, count in found[name].items())  # noqa: RUF001  a sign, no letter
        yield f"{name}: {told or 'none'}"
    yield f"differences that are listed with their reason: {found['listed']}"
    for one in found["broken"]:
        yield f"BROKEN: {one}"
    if not found["broken"]:
        yield "every promise held: no order twice, no difference unexplained, writing has stopped"
