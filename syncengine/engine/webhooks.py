"""Standing orders to be told of changes: made, looked at, renewed before they end, removed.

Webhooks make a change arrive sooner, never more surely: whatever goes wrong here, the schedule finds the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from datetime import timedelta

from syncengine.ports import Subscription
from syncengine.ports import Webhooks

RENEW_BEFORE = timedelta(hours=24)
"""Whoever looks once a day misses none: the shortest life of a subscription is three days."""


def keep(
    webhooks: Webhooks, tables: Iterable[str], url: str, secret: str, now: datetime, *, new_secret: bool = False
) -> list[Subscription]:
    """Exactly one working subscription to `url` for each of these tables that can have one; gives them.

    Safe to call at any time and to interrupt. `new_secret`: those that go on are told it too.
    """
    wanted = list(dict.fromkeys(tables))
    kept: dict[str, Subscription] = {}
    for one in webhooks.subscriptions(url):
        if one.table not in wanted or one.table in kept:
            webhooks.unsubscribe(one)  # of a mapping that is gone, or made twice because an answer was lost
            continue
        ends_soon = one.expires_at is not None and one.expires_at - now < RENEW_BEFORE
        renewed = webhooks.renew(one, secret) if ends_soon or new_secret else one
        if renewed is not None:
            kept[one.table] = renewed
    for table in wanted:
        if table not in kept:
            made = webhooks.subscribe(table, url, secret)
            if made is not None:
                kept[table] = made
    return [kept[table] for table in wanted if table in kept]


def drop(webhooks: Webhooks, url: str) -> None:
    """No subscription to this address any more."""
    for one in webhooks.subscriptions(url):
        webhooks.unsubscribe(one)
