"""What webhooks have to be told: synchronous steps at once, asynchronous ones after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncengine.sandbox.sales.errors import DataverseError
from syncengine.sandbox.sales.payload import Payload
from syncengine.sandbox.sales.webhooks import Delivery
from syncengine.sandbox.sales.webhooks import concerned
from syncengine.sandbox.sales.webhooks import delivery
from syncengine.sandbox.sales.writing import create

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Sequence

    from syncengine.sandbox.sales.world import Event
    from syncengine.sandbox.sales.world import Session
    from syncengine.sandbox.sales.world import World

SYNCHRONOUS = 0
SYSTEM_EVENT = 1


class Outbox:
    """Asynchronous deliveries of operations that are not committed yet."""

    def __init__(self) -> None:
        self._waiting: list[Delivery] = []

    @property
    def mark(self) -> int:
        return len(self._waiting)

    def cut(self, mark: int) -> None:
        """What was collected since the mark never happened."""
        del self._waiting[mark:]

    def take(self) -> list[Delivery]:
        taken, self._waiting = self._waiting, []
        return taken

    def collect(self, world: World, events: Sequence[Event], delivered: deque[Delivery]) -> None:
        """Raises DataverseError when a synchronous receiver fails: the caller rolls the operation back."""
        if not world.db["sdkmessageprocessingstep"].rows:
            return
        for event in events:
            for step, endpoint in concerned(world, event):
                made = delivery(world, event, step, endpoint)
                if step.get("mode") != SYNCHRONOUS:
                    self._waiting.append(made)
                    continue
                made.send()
                delivered.append(made)
                if not made.succeeded:
                    text = f"The webhook call failed because of http error: {made.error}"
                    raise DataverseError(400, "0x80040265", text)

    def settle(self, session: Session, one: Delivery, delivered: deque[Delivery]) -> None:
        """A system job remembers a delivery; a successful one may be deleted automatically."""
        delivered.append(one)
        known = session.db.get("sdkmessageprocessingstep", one.step) is not None
        if (one.succeeded and not one.keeps_job) or not known:
            return
        job = {
            "name": (one.name or "webhook")[:256],
            "messagename": one.message,
            "operationtype": SYSTEM_EVENT,
            "owningextensionid": one.step,
            "primaryentitytype": one.table,
            "statecode": 3,
            "statuscode": 30 if one.succeeded else 31,
            "startedon": session.now,
            "completedon": session.now,
            "correlationid": one.correlation,
            "retrycount": one.attempts - 1,
        }
        if not one.succeeded:
            job |= {"friendlymessage": one.error, "message": one.error}
        create(session, session.table("asyncoperation"), Payload(), system=job)
