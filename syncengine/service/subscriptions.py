"""Keeps the change subscriptions of a company alive, where an address for them is configured."""

from __future__ import annotations

from syncengine.engine.context import tables_of
from syncengine.engine.webhooks import keep
from syncengine.errors import SyncError
from syncengine.observe.logging import get_logger
from syncengine.observe.metrics import Metrics
from syncengine.records.values import SIDES
from syncengine.records.values import Side
from syncengine.service.wiring import Company

log = get_logger()

PATHS: dict[Side, str] = {"sales": "/webhooks/sales", "back_office": "/webhooks/back-office"}
NAME = "subscriptions"
"""Under this name the store remembers which side is told, until when, and what went wrong."""


def keep_subscriptions(company: Company, metrics: Metrics) -> None:
    """Exactly one working subscription for each mapped table that can have one. What goes wrong is told, and left
    to the schedule.
    """
    public_url = company.loaded.configuration.web.public_url.rstrip("/")
    kept: dict[str, dict[str, str]] = {}
    for side in SIDES:
        try:
            ours = company.webhook_secret(side)
            webhooks = company.systems()[side].webhooks
            if not public_url or not ours:
                continue
            tables = [one for one in tables_of(list(company.mappings_in_use().values()), side) if "/" not in one]
            made = keep(webhooks, tables, public_url + PATHS[side], ours, company.clock.now())
        except SyncError as error:
            log.warning("subscription_failed", side=side, error=error.message, remedy=error.remedy)
            kept[side] = {"error": error.message, "remedy": error.remedy}
            continue
        ends = [one.expires_at for one in made if one.expires_at is not None]
        if ends:
            metrics.subscription(company.name, side, min(ends).timestamp())
        log.info("subscribed", side=side, tables=[one.table for one in made])
        kept[side] = {"tables": str(len(made)), "until": min(ends).isoformat() if ends else ""}
    with company.store(writes=True) as store, store.transaction():
        store.remembered.put(NAME, kept)
