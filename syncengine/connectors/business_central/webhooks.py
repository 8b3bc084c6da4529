"""`subscriptions` of API v2.0: made by handshake, ended after three days unless renewed, one for each entity set.

A subscription is told of headers only. The service deletes it by itself when our address answers wrongly, so what
there is must be looked at again and again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Any
from typing import Final
from urllib.parse import urlsplit

from syncengine.connectors.answers import Answer
from syncengine.connectors.business_central import standard
from syncengine.connectors.business_central.asking import HEADERS
from syncengine.connectors.business_central.reading import Reader
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json
from syncengine.connectors.http import ExchangeFailed
from syncengine.errors import SyncError
from syncengine.errors import Unreachable
from syncengine.ports import Delivery
from syncengine.ports import Heard
from syncengine.ports import Hint
from syncengine.ports import Subscription

LONGEST_TOKEN: Final = 512
STANDARD: Final = "v2.0"  # the runtime API stands beside it
NOT_VALIDATED = frozenset({400, 409, 422})  # the address did not answer as it should; which of them is not documented
_RESOURCE = re.compile(r"/?api/[^()?]+/companies\(([0-9a-fA-F-]{36})\)/(\w+)(?:\(([0-9a-fA-F-]{36})\))?(?:\?.*)?")


class BusinessCentralWebhooks:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._sets: frozenset[str] | None = None
        self._asked = False

    def subscriptions(self, url: str) -> list[Subscription]:
        reader = self.reader
        following = f"{reader.root}/subscriptions"
        found = []
        while following:
            body = reader.json(reader.http.get(following, HEADERS), "reading the webhook subscriptions")
            found += [made for one in body["value"] if (made := self._subscription(one)) and made.url == url]
            link = body.get("@odata.nextLink")
            following = reader.http.same_origin(link) if link else ""
        return found

    def subscribe(self, table: str, url: str, secret: str) -> Subscription | None:
        """Business Central calls the address before it answers: it must be up, and answer within five seconds."""
        supported = self._supported()
        if table in standard.LINES_NAVIGATION or (supported is not None and table not in supported):
            return None  # of a temporary table nothing is told: a line tells through its header, if at all
        wanted = {"notificationUrl": url, "resource": self._resource(table), "clientState": secret}
        answer = self._send("POST", "subscriptions", {}, wanted)
        return self._made(answer, "subscribing to")

    def renew(self, subscription: Subscription, secret: str) -> Subscription | None:
        guard = {"if-match": subscription.version or "*"}
        body = {
            "notificationUrl": subscription.url,
            "resource": self._resource(subscription.table),
            "clientState": secret,
        }
        answer = self._send("PATCH", f"subscriptions('{subscription.id}')", guard, body)
        return None if answer.status == 404 else self._made(answer, "renewing the subscription to")  # noqa: PLR2004

    def unsubscribe(self, subscription: Subscription) -> None:
        answer = self._send("DELETE", f"subscriptions('{subscription.id}')", {"if-match": "*"}, None)
        if answer.status >= 400 and answer.status != 404:  # noqa: PLR2004
            self.reader.refuse(answer, "removing a webhook subscription")

    def hear(self, delivery: Delivery, secret: str) -> Heard:
        token = delivery.query.get("validationToken", "")
        if token:
            # The handshake carries no secret. Only the bare token goes back, as plain text.
            proper = len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable()
            return Heard(genuine=proper, reply=token if proper else "")
        try:
            items = from_json(delivery.body)["value"]
        except (NotJson, KeyError, TypeError):
            return Heard(genuine=False)
        if not isinstance(items, list):
            return Heard(genuine=False)
        genuine = [one for one in items if isinstance(one, dict) and _carries(one, secret)]
        hints = [hint for one in genuine if (hint := self._hint(one))]
        return Heard(genuine=bool(genuine), hints=tuple(dict.fromkeys(hints)))

    # details

    def _supported(self) -> frozenset[str] | None:
        """The entity sets that can be told of, asked once; None where the service does not say."""
        if not self._asked:
            root, version = self.reader.root.rpartition("/")[::2]
            path = f"microsoft/runtime/beta/companies({self.reader.company.id()})/webhookSupportedResources"
            answer = self.reader.http.get(f"{root}/{path}", HEADERS) if version == STANDARD else None
            self._asked = True
            if answer is not None and answer.status == 200:  # noqa: PLR2004
                rows = self.reader.json(answer, "reading what webhooks tell of")["value"]
                names = {str(one.get("resource", "")).rpartition("/")[2] for one in rows}
                self._sets = frozenset(names - {""}) or None
        return self._sets

    def _resource(self, table: str) -> str:
        """`/api/v2.0/companies(…)/salesOrders`: the part of our root that names the API, whatever stands before it."""
        api = urlsplit(self.reader.root).path.rpartition("/api/")[2]
        return f"/api/{api}/companies({self.reader.company.id()})/{table}"

    def _subscription(self, one: Mapping[str, Any]) -> Subscription | None:
        resource = _RESOURCE.fullmatch(str(one.get("resource", "")))
        if resource is None or resource[1].lower() != self.reader.company.id().lower():
            return None
        ends = datetime.fromisoformat(str(one["expirationDateTime"]))
        version = one.get("@odata.etag")
        url = str(one.get("notificationUrl", ""))
        return Subscription(str(one["subscriptionId"]), resource[2], url, ends, str(version) if version else None)

    def _made(self, answer: Answer, doing: str) -> Subscription | None:
        if answer.status in NOT_VALIDATED:
            raise SyncError(
                f"{doing} changes was refused: {answer.words()}",
                remedy="Business Central must reach [web] public_url over https, and get its answer within 5 s. "
                "Without webhooks everything works, at the pace of the schedule.",
                side="back_office",
                code="webhook-refused",
            )
        return self._subscription(self.reader.json(answer, f"{doing} changes"))

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None) -> Answer:
        plain = {name: value for name, value in HEADERS.items() if name != "data-access-intent"}
        content = {"content-type": "application/json"} if body is not None else {}
        try:
            return self.reader.http.once(
                method,
                f"{self.reader.root}/{path}",
                {**plain, **content, **headers},
                to_json(body) if body is not None else None,
            )
        except ExchangeFailed as error:
            raise Unreachable(error.message, remedy="It is tried again.", side="back_office") from error

    def _hint(self, one: Mapping[str, Any]) -> Hint | None:
        resource = _RESOURCE.fullmatch(str(one.get("resource", "")))
        if resource is None or self.reader.company.is_other(resource[1]):
            return None
        return Hint(resource[2], resource[3])


def _carries(item: Mapping[str, Any], secret: str) -> bool:
    return bool(secret) and compare_digest(str(item.get("clientState", "")).encode(), secret.encode())
