"""`syncengine`: the entry point. Groups are loaded when they are called, so that each command starts quickly."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any
from typing import Final

import click

from syncengine import __version__
from syncengine.cli.context import Options
from syncengine.cli.output import emit_usage_error
from syncengine.observe import logging
from syncengine.observe.logging import LEVELS

COMMANDS: Final = {
    "check": ("setting_up", "check"),
    "mappings": ("mappings", "mappings"),
    "sop": ("sop", "sop"),
    "db": ("setting_up", "db"),
    "full-sync": ("running", "full_sync"),
    "couple": ("running", "couple"),
    "sync": ("running", "sync"),
    "plan": ("running", "plan"),
    "apply": ("running", "apply"),
    "verify": ("running", "verify"),
    "serve": ("serving", "serve"),
    "forecast": ("forecasting", "forecast"),
    "errors": ("looking", "errors"),
    "waiting": ("looking", "waiting"),
    "conflicts": ("looking", "conflicts"),
    "limits": ("looking", "limits"),
    "couplings": ("deciding", "couplings"),
    "explain": ("looking", "explain"),
    "archive": ("looking", "archive"),
    "resolve": ("deciding", "resolve"),
    "retry": ("deciding", "retry"),
    "approve": ("deciding", "approve"),
    "couple-record": ("deciding", "couple_record"),
    "accept-restore": ("deciding", "accept_restore"),
    "pause": ("asides", "pause"),
    "resume": ("asides", "resume"),
    "exclude": ("asides", "exclude"),
    "skip": ("asides", "skip"),
    "skipped": ("asides", "skipped"),
    "uncouple": ("asides", "uncouple"),
    "data": ("data", "data"),
    "status": ("standing", "status"),
    "jobs": ("standing", "jobs"),
    "schemas": ("schemas", "schemas"),
    "sandbox": ("sandbox", "sandbox"),
    "chaos": ("chaos", "chaos"),
}
"""Command -> its file in this package and its name there."""

GIVEN: Final = "syncengine.given"
"""Under this name the context remembers the command line."""


class Commands(click.Group):
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        given = list(args)
        with _answered(given):
            made = super().make_context(info_name, args, parent, **extra)
        made.meta[GIVEN] = given
        return made

    def invoke(self, ctx: click.Context) -> Any:
        with _answered(ctx.meta[GIVEN]):
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        found = getattr(importlib.import_module(f"syncengine.cli.{module}"), name)
        return found if isinstance(found, click.Command) else None


@contextlib.contextmanager
def _answered(given: list[str]) -> Iterator[None]:
    """A wrong command line is told in JSON as well, where JSON was asked for; an interrupt is 130 from the start on."""
    try:
        yield
    except click.UsageError as error:
        if "--json" in given:
            emit_usage_error(error)
        raise
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="Configuration; else SYNCENGINE_CONFIG, else config/syncengine.toml.")
@click.option("--company", metavar="NAME", help="Which company, where several are configured.")
@click.option("--log-format", type=click.Choice(["console", "json"]), help="How log events are written.")
@click.option("--log-level", type=click.Choice(LEVELS), help="From which level on.")
@click.version_option(__version__, prog_name="syncengine")
@click.pass_context
def cli(
    context: click.Context, config: str | None, company: str | None, log_format: str | None, log_level: str | None
) -> None:
    """Keeps sales orders the same in Dynamics 365 Sales and Business Central, in both directions.

    \b
    Start here:
      syncengine sandbox story     both systems on this machine, and a day of orders
      syncengine check             what is right with your set-up and what is not
      syncengine plan              what a sync would do, without doing it
    """  # noqa: D301  \b is click's mark for text that is not to be wrapped
    # Also what is logged before a configuration is read, or by a command that reads none, is no part of the output.
    logging.configure(log_format or "console", log_level or "warning")  # type: ignore[arg-type]
    context.obj = Options(config, company, log_format, log_level)


def main() -> None:
    cli(prog_name="syncengine")


if __name__ == "__main__":
    main()
