"""The sales-order-processing setting of Dynamics 365 Sales: what it is, and when it may be changed.

Off by default. It belongs to the one-way mode and excludes the other one. Turning it off under orders that were handed
over would leave them to nobody, so it is refused, unless the mode is switched with it: the orders stay coupled, and the
first run in the other mode plans each of them again from the base it has.
"""

from __future__ import annotations

from dataclasses import dataclass

from syncengine.config.loading import load
from syncengine.config.models import Mode
from syncengine.config.rewriting import set_text
from syncengine.errors import Refused
from syncengine.errors import UsageError
from syncengine.service.wiring import Company

BOTH_WAYS: Mode = "bidirectional"


@dataclass(frozen=True)
class Setting:
    """`handed_over`: submitted orders that were handed over and are open; counted only while the setting is on."""

    enabled: bool
    mode: Mode | None
    user: str
    integration_user: bool
    handed_over: int

    @property
    def fits(self) -> bool:
        return self.mode is None or self.enabled == (self.mode == "one-way")


def setting(company: Company) -> Setting:
    enabled = bool(company.sales.guard(0).one_way)
    user, marked = company.sales.organization.user()
    return Setting(enabled, company.mode, user, marked, company.sales.handed_over() if enabled else 0)


def enable(company: Company) -> None:
    """Turn it on and read it back. Raises Refused in bidirectional mode."""
    if company.mode == BOTH_WAYS:
        raise Refused(
            "the configured mode is bidirectional, which order processing excludes",
            remedy='Set [integration] mode = "one-way" first: coupled orders are carried over, none is created again.',
            side="sales",
            code="mode-excludes-setting",
        )
    company.sales.organization.switch(on=True)


def disable(company: Company, *, switch_mode: bool) -> bool:
    """Turn it off and read it back; gives whether the configured mode was switched as well.

    Raises UsageError where it is off already: then Sales does not show it either. Raises Refused while orders that were
    handed over are open, without `switch_mode`.
    """
    if not company.sales.guard(0).one_way:
        raise UsageError("order processing is off already", remedy="Nothing to do.")
    if company.mode == "one-way" and not switch_mode:
        handed_over = company.sales.handed_over()
        if handed_over:
            raise Refused(
                f"{handed_over} submitted orders have been handed over in one-way mode and are still open",
                remedy="Finish them, or use --switch-mode to carry them over with their couplings.",
                side="sales",
                code="orders-handed-over",
            )
    company.sales.organization.switch(on=False)
    return switch_mode and company.mode == "one-way" and _configure(company)


def _configure(company: Company) -> bool:
    """The file says the other mode from here on, unless the mode stands elsewhere (in the environment)."""
    file = company.loaded.file
    if not set_text(file, "integration", "mode", BOTH_WAYS):
        return False
    return load(str(file)).configuration.integration.mode == BOTH_WAYS


def mark_user(company: Company, user: str | None) -> str:
    """Mark a user as integration user, our own unless another is named, and read it back; gives its id.

    An older release of Sales turned the setting on along with that mark: it is put back as it was.
    """
    organization = company.sales.organization
    before = bool(organization.guard(0).one_way)
    marked = organization.mark_integration_user(user)
    after = bool(organization.guard(0).one_way)
    if after != before:
        organization.switch(on=before)
    return marked
