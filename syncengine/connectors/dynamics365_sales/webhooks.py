"""Webhooks of Dataverse: one service endpoint for an address, and for each table a step for each message.

They never end by themselves. A failed delivery is not sent again, and there is no signature: the secret travels in a
header of ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any
from typing import Final
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from syncengine.connectors.answers import Answer
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json
from syncengine.connectors.dynamics365_sales.reading import Reader
from syncengine.connectors.dynamics365_sales.reading import prefer
from syncengine.connectors.http import ExchangeFailed
from syncengine.connectors.odata.query import equalities
from syncengine.connectors.odata.query import with_options
from syncengine.errors import CredentialsRefused
from syncengine.errors import SyncError
from syncengine.errors import Unreachable
from syncengine.ports import Delivery
from syncengine.ports import Heard
from syncengine.ports import Hint
from syncengine.ports import Subscription

SECRET_HEADER: Final = "x-syncengine-secret"  # noqa: S105  the header's name
MESSAGES: Final = ("Create", "Update", "Delete")

WEBHOOK, HTTP_HEADER = 8, 5  # serviceendpoint.contract, .authtype
POST_OPERATION, ASYNCHRONOUS, ENABLED = 40, 1, 0  # sdkmessageprocessingstep.stage, .mode, .statecode


class DynamicsSalesWebhooks:
    """A subscription is an endpoint with all its steps for one table; its id is `endpoint/logical name`."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def subscriptions(self, url: str) -> list[Subscription]:
        """Complete ones: every message has an enabled step."""
        found = []
        for endpoint in self._endpoints(url):
            messages: dict[str, set[str]] = defaultdict(set)
            for step in self._steps(endpoint):
                if step["enabled"]:
                    messages[step["table"]].add(step["message"])
            found += [
                self._subscription(endpoint, table, url) for table, some in messages.items() if {*MESSAGES} <= some
            ]
        return found

    def subscribe(self, table: str, url: str, secret: str) -> Subscription | None:
        logical_name = self.reader.schema.logical_name(table)
        filters = self._filters(logical_name)
        if not {*MESSAGES} <= filters.keys():
            return None
        endpoint = next(iter(self._endpoints(url)), "")
        if endpoint:
            self._set_secret(endpoint, secret)
        else:
            endpoint = self._create(
                "serviceendpoints",
                {
                    "name": f"syncengine {urlsplit(url).netloc}",
                    "contract": WEBHOOK,
                    "url": url,
                    "authtype": HTTP_HEADER,
                    "authvalue": _settings(secret),
                },
            )
        there = {step["message"]: step for step in self._steps(endpoint) if step["table"] == logical_name}
        for message in MESSAGES:
            step = there.get(message)
            if step is None:
                self._register(endpoint, logical_name, message, *filters[message])
            elif not step["enabled"]:
                self._change(f"sdkmessageprocessingsteps({step['id']})", {"statecode": ENABLED, "statuscode": 1})
        return self._subscription(endpoint, logical_name, url)

    def renew(self, subscription: Subscription, secret: str) -> Subscription | None:
        """They do not end: looks whether it is all there, and sets the secret."""
        if subscription not in self.subscriptions(subscription.url):
            return None
        self._set_secret(subscription.id.partition("/")[0], secret)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        endpoint, _, logical_name = subscription.id.partition("/")
        steps = self._steps(endpoint)
        for step in steps:
            if step["table"] == logical_name:
                self._remove(f"sdkmessageprocessingsteps({step['id']})")
        if all(step["table"] == logical_name for step in steps):
            self._remove(f"serviceendpoints({endpoint})")

    def hear(self, delivery: Delivery, secret: str) -> Heard:
        given = delivery.headers.get(SECRET_HEADER, "")
        if not secret or not compare_digest(given.encode(), secret.encode()):
            return Heard(genuine=False)
        try:
            body = from_json(delivery.body)
        except NotJson:
            return Heard(genuine=True)
        if not isinstance(body, dict):
            return Heard(genuine=True)
        logical_name, row = body.get("PrimaryEntityName"), body.get("PrimaryEntityId")
        if not isinstance(logical_name, str) or not logical_name:
            return Heard(genuine=True)
        hint = Hint(self.reader.schema.set_of(logical_name), row if isinstance(row, str) else None)
        return Heard(genuine=True, hints=(hint,))

    # rows

    def _subscription(self, endpoint: str, logical_name: str, url: str) -> Subscription:
        return Subscription(f"{endpoint}/{logical_name}", self.reader.schema.set_of(logical_name), url)

    def _endpoints(self, url: str) -> list[str]:
        wanted = equalities({"url": url, "contract": WEBHOOK}, {}, str)
        options = {"$select": "serviceendpointid", "$filter": wanted, "$orderby": "createdon,serviceendpointid"}
        return [str(one["serviceendpointid"]) for one in self._rows("serviceendpoints", options)]

    def _steps(self, endpoint: str) -> list[dict[str, Any]]:
        options = {
            "$select": "statecode",
            "$expand": "sdkmessageid($select=name),sdkmessagefilterid($select=primaryobjecttypecode)",
            "$filter": f"_eventhandler_value eq {endpoint}",
        }
        return [
            {
                "id": one["sdkmessageprocessingstepid"],
                "enabled": one.get("statecode") == ENABLED,
                "message": (one.get("sdkmessageid") or {}).get("name", ""),
                "table": (one.get("sdkmessagefilterid") or {}).get("primaryobjecttypecode", ""),
            }
            for one in self._rows("sdkmessageprocessingsteps", options)
        ]

    def _filters(self, logical_name: str) -> dict[str, tuple[str, str]]:
        """By message: its own id, and that of its filter for this table."""
        options = {
            "$select": "sdkmessagefilterid,_sdkmessageid_value",
            "$expand": "sdkmessageid($select=name)",
            "$filter": equalities({"primaryobjecttypecode": logical_name}, {}, str),
        }
        found = {}
        for one in self._rows("sdkmessagefilters", options):
            message = one.get("sdkmessageid") or {}
            found[str(message.get("name"))] = (str(message.get("sdkmessageid")), str(one["sdkmessagefilterid"]))
        return found

    def _rows(self, table: str, options: Mapping[str, str]) -> list[dict[str, Any]]:
        reader = self.reader
        following = reader.root + with_options(table, options)
        found: list[dict[str, Any]] = []
        while following:
            body = reader.json(reader.http.get(following, prefer()), f"reading {table}")
            found += body["value"]
            link = body.get("@odata.nextLink")
            following = reader.http.same_origin(link) if link else ""
        return found

    # writes

    def _register(self, endpoint: str, logical_name: str, message: str, message_id: str, filter_id: str) -> None:
        self._create(
            "sdkmessageprocessingsteps",
            {
                "name": f"syncengine: {message} of {logical_name}",
                # Asynchronous, after the commit: a receiver that is down must never refuse somebody's write.
                "mode": ASYNCHRONOUS,
                "stage": POST_OPERATION,
                "rank": 1,
                "asyncautodelete": True,
                "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({endpoint})",
                "sdkmessageid@odata.bind": f"/sdkmessages({message_id})",
                "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({filter_id})",
            },
        )

    def _set_secret(self, endpoint: str, secret: str) -> None:
        self._change(f"serviceendpoints({endpoint})", {"authtype": HTTP_HEADER, "authvalue": _settings(secret)})

    def _create(self, table: str, body: Mapping[str, Any]) -> str:
        answer = self._send("POST", table, {}, body)
        return answer.headers.get("odata-entityid", "").rpartition("(")[2].rstrip(")")

    def _change(self, path: str, body: Mapping[str, Any]) -> None:
        self._send("PATCH", path, {"if-match": "*"}, body)

    def _remove(self, path: str) -> None:
        self._send("DELETE", path, {}, None, fine=(404,))

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None,
        fine: tuple[int, ...] = (),
    ) -> Answer:
        plain = {name: value for name, value in prefer().items() if name not in ("if-none-match", "prefer")}
        content = {"content-type": "application/json"} if body is not None else {}
        try:
            answer = self.reader.http.once(
                method,
                self.reader.root + path,
                {**plain, **content, **headers},
                to_json(body) if body is not None else None,
            )
        except ExchangeFailed as error:
            raise Unreachable(error.message, remedy="It is tried again.", side="sales") from error
        if answer.status < 400 or answer.status in fine:  # noqa: PLR2004
            return answer
        if answer.status in (401, 403):
            raise CredentialsRefused(
                f"registering webhooks in Sales was refused: {answer.words()}",
                remedy="Grant the application user create, read, write and delete on Service Endpoint and SDK Message "
                "Processing Step, or leave webhooks off: everything works without, at the pace of the schedule.",
                side="sales",
            )
        if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004
            self.reader.refuse(answer, "registering webhooks")
        raise SyncError(
            f"registering webhooks was refused: {answer.words()}",
            remedy="Sales must reach [web] public_url, on port 443. Everything works without webhooks, at the pace of "
            "the schedule.",
            side="sales",
            code="webhook-refused",
        )


def _settings(secret: str) -> str:
    """Header names and values as the registration tool stores them."""
    return f'<settings><setting name="{SECRET_HEADER}" value={quoteattr(secret)} /></settings>'
