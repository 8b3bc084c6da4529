"""Commands for the sales-order-processing setting of Dynamics 365 Sales, and for the user we are there."""

from __future__ import annotations

import click

from syncengine.cli.context import Options
from syncengine.cli.context import command
from syncengine.cli.context import json_option
from syncengine.cli.context import pass_options
from syncengine.cli.output import emit_json
from syncengine.connectors.dynamics365_sales.inspection import USUAL_REASONS
from syncengine.service import order_processing


@click.group()
def sop() -> None:
    """Sales order processing: the setting of Dynamics 365 Sales that the one-way mode needs and the other excludes."""


@sop.command("status")
@json_option
@pass_options
@command
def sop_status(options: Options, *, as_json: bool) -> None:
    """Is order processing turned on, does that fit the configured mode, and are we an integration user?

    \b
    Example: syncengine sop status
    """  # noqa: D301
    found = order_processing.setting(options.chosen())
    if as_json:
        emit_json(
            {
                "enabled": found.enabled,
                "mode": found.mode,
                "fits": found.fits,
                "can_disable": found.enabled,
                "user": found.user,
                "integration_user": found.integration_user,
                "handed_over": found.handed_over,
                "not_seen": list(USUAL_REASONS),
            }
        )
        return
    switched, mode = "on" if found.enabled else "off", found.mode or "not set"
    click.echo(f"Sales order processing is {switched}; the configured mode is {mode}.")
    if not found.fits:
        click.echo("The two exclude each other: no run will write until one of them is changed.")
    if found.enabled:
        click.echo(f"{found.handed_over} submitted orders have been handed over and are open.")
    if found.enabled or found.mode == "one-way":
        click.echo(
            "Sales Hub shows it, while it is on, in App Settings, General/Overview, Back-office order processing "
            "integration, Manage. Where it is not seen there are three usual reasons:"
        )
        for reason in USUAL_REASONS:
            click.echo(f"  - {reason}")
    if not found.integration_user:
        click.echo(f"Our user {found.user} is not marked as an integration user: `syncengine sop mark-user`.")


@sop.command("enable")
@json_option
@pass_options
@command
def sop_enable(options: Options, *, as_json: bool) -> None:
    """Turn order processing on. Only for the one-way mode.

    \b
    Example: syncengine sop enable
    """  # noqa: D301
    order_processing.enable(options.chosen())
    if as_json:
        emit_json({"enabled": True})
    else:
        click.echo("Sales order processing is on now.")


@sop.command("disable")
@click.option(
    "--switch-mode", is_flag=True, help="Go on in bidirectional mode, with the orders that were handed over coupled."
)
@json_option
@pass_options
@command
def sop_disable(options: Options, *, switch_mode: bool, as_json: bool) -> None:
    """Turn order processing off. Refused in one-way mode while orders that were handed over are open.

    With --switch-mode they are carried over into the bidirectional mode: they stay coupled, and the configuration file
    says that mode from here on.

    \b
    Example: syncengine sop disable --switch-mode
    """  # noqa: D301
    company = options.chosen()
    before = company.mode
    switched = order_processing.disable(company, switch_mode=switch_mode)
    mode = order_processing.BOTH_WAYS if switched else before
    if as_json:
        emit_json({"enabled": False, "mode": mode, "mode_switched": switched})
        return
    click.echo("Sales order processing is off now.")
    if switched:
        click.echo(f'{company.loaded.file} says mode = "{mode}" now; the next run carries the coupled orders over.')
    elif switch_mode and before == "one-way":
        click.echo(f'Set [integration] mode = "{order_processing.BOTH_WAYS}" where you have configured it.')


@sop.command("mark-user")
@click.argument("user", required=False, metavar="[USER_ID]")
@json_option
@pass_options
@command
def sop_mark_user(options: Options, user: str | None, *, as_json: bool) -> None:
    """Mark our user in Sales as an integration user, or the one whose id is given. Needs an administrator's sign-in.

    \b
    Example: syncengine --config admin.toml sop mark-user 5f2c6f0e-0a3b-ee11-bdf4-000d3a2b1c4d
    """  # noqa: D301
    marked = order_processing.mark_user(options.chosen(), user)
    if as_json:
        emit_json({"user": marked, "integration_user": True})
    else:
        click.echo(f"User {marked} is marked as an integration user.")
