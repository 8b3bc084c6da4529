"""What every listing takes: how many, and since when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Final
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType["datetime"]):
    """A point in time, `2026-03-01` or `2026-03-01T08:30:00Z` (UTC where nothing else is said), or an age like `2h`."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        age = re.fullmatch(r"(\d{1,6})([smhd])", value)
        if age:
            return datetime.now(UTC) - timedelta(**{UNITS[age.group(2)]: int(age.group(1))})
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no time; write 2026-03-01, 2026-03-01T08:30:00Z, or an age like 2h or 7d", param, ctx
            )
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def listing_options(function: F) -> F:
    """`--limit N` and `--since T`."""
    function = click.option(
        "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many, the newest."
    )(function)
    return click.option("--since", type=Moment(), help="Only since this time (UTC), or this age: 2026-03-01, 2h, 7d.")(
        function
    )
