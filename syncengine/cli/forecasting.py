"""`forecast`: what a first load and a usual day will take."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.service import forecast as service


@click.command()
@json_option
@pass_options
@command
def forecast(options: Options, *, as_json: bool) -> None:
    """Requests and time of a first load and of a usual day, under both services' quotas. Asks for counts only.

    \b
    Example: syncengine forecast
    """  # noqa: D301
    found = service.forecast(options.chosen())
    if as_json:
        emit_json(found)
    else:
        click.echo("\n".join(_text(found)))


def _text(found: Mapping[str, Any]) -> Iterator[str]:
    changed = {one["mapping"]: one for one in found["changed_yesterday"]}
    for one in found["counts"]:
        moved = changed[one["mapping"]]
        yield (
            f"{one['mapping']}: {_told(one['sales'])} in Sales, {_told(one['back_office'])} in the back office; "
            f"changed in the last day: {_told(moved['sales'])} and {_told(moved['back_office'])}"
        )
    first, day = found["first_load"], found["usual_day"]
    yield f"First load: {_requests(first)}, about {_time(first['seconds'])}."
    shares = day["share_of_quota"]
    yield (
        f"Usual day: {day['runs']} runs, {_requests(day)}, busy for about {_time(day['busy_seconds'])}; "
        f"{shares['sales']:.1%} of the quota of Sales, {shares['back_office']:.1%} of the back office's."
    )


def _requests(load: Mapping[str, Any]) -> str:
    requests = load["requests"]
    return f"{requests['sales']} requests to Sales and {requests['back_office']} to the back office"


def _told(count: int | None) -> str:
    return "?" if count is None else str(count)


def _time(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"  # noqa: PLR2004
