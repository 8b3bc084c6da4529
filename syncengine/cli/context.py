"""What every command shares: the global options, the loaded configuration, and how errors become exit codes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import TypeVar

import click

from syncengine.cli.output import emit_error
from syncengine.config.loading import Loaded
from syncengine.config.loading import load
from syncengine.errors import SyncError
from syncengine.observe import logging
from syncengine.observe import tracing
from syncengine.observe.logging import get_logger
from syncengine.service.wiring import Company
from syncengine.service.wiring import company

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Options:
    """The global options, as given."""

    config: str | None
    company: str | None
    log_format: str | None
    log_level: str | None

    def loaded(self) -> Loaded:
        """Raises ConfigurationError."""
        found = load(self.config)
        part = found.configuration.log
        logging.configure(self.log_format or part.format, self.log_level or part.level)  # type: ignore[arg-type]
        if found.configuration.traces.endpoint:
            tracing.configure(found.configuration.traces.endpoint)
        return found

    def chosen(self) -> Company:
        """The company that the command is about. Raises UsageError, ConfigurationError."""
        found = company(self.loaded(), self.company)
        click.get_current_context().call_on_close(found.close)
        return found


def json_option(function: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(function)


def now_option(function: F) -> F:
    """For what a person decides: the next run acts on it, or this one."""
    return click.option("--now", is_flag=True, help="Run a sync at once instead of leaving it to the next run.")(
        function
    )


def command(function: F) -> F:
    """Errors as a message and an exit code; an unexpected one as 70, with its trace in the log."""

    @click.pass_context
    @functools.wraps(function)
    def wrapped(context: click.Context, *arguments: Any, **options: Any) -> Any:
        as_json = bool(options.get("as_json"))
        try:
            return context.invoke(function, *arguments, **options)
        except SyncError as error:
            emit_error(error, as_json=as_json)
            context.exit(error.exit_code)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except BrokenPipeError:
            raise  # whoever read our output has gone, as `head` does: no bug, and click ends quietly
        except KeyboardInterrupt:
            context.exit(130)
        except Exception as error:  # noqa: BLE001  the last line of defence: told, logged, and 70
            get_logger().error("internal_error", exc_info=True)
            told = SyncError(
                f"internal error: {type(error).__name__}: {error}",
                remedy="This is a bug in syncengine; the log shows where. Nothing is lost: run the command again.",
            )
            emit_error(told, as_json=as_json)
            context.exit(70)

    return wrapped  # type: ignore[return-value]


def pass_options(function: F) -> F:
    return click.make_pass_decorator(Options)(function)  # type: ignore[return-value]
