"""What people do in the client and no public API offers, and what tests need: the `/sandbox/…` doors.

Beside the actions on orders: `PATCH /sandbox/orders/{id}` writes header fields that only the client
shows, and `PATCH /sandbox/orders/{id}/lines/{sequence}` edits a line as the client does, leaving the
invoice discount to be redistributed by the next reader.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.back_office.clerk import Clerk
from syncengine.sandbox.back_office.refusals import RefusedError
from syncengine.sandbox.back_office.refusals import unknown_segment
from syncengine.sandbox.back_office.store.tables import PINNED_TAG
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncengine.sandbox.back_office.service import BusinessCentral
    from syncengine.sandbox.back_office.store.tables import Row
    from syncengine.sandbox.back_office.store.tables import Table
    from syncengine.sandbox.exchange import Request


class Doors:
    def __init__(self, service: BusinessCentral) -> None:
        self.service = service
        self._doors: list[tuple[str, re.Pattern[str], Callable[..., Response]]] = [
            (method, re.compile(f"/sandbox/{path}"), door)
            for method, path, door in (
                ("POST", "reset", self.reset),
                ("GET", "setup", self.show_setup),
                ("PATCH", "setup", self.change_setup),
                ("GET", "companies", self.companies),
                ("GET", r"rows/(\w+)", self.rows),
                ("GET", r"rows/(\w+)/(.+)", self.row),
                ("PATCH", r"rows/(\w+)/(.+)", self.change_row),
                ("PATCH", r"orders/([\w-]+)", self.change_order),
                ("PATCH", r"orders/([\w-]+)/lines/(\d+)", self.change_line),
                ("POST", r"orders/([\w-]+)/([\w-]+)", self.act_on_order),
                ("POST", r"invoices/([\w-]+)/([\w-]+)", self.act_on_invoice),
                ("POST", "jobs/delete-invoiced-sales-orders", self.delete_invoiced),
                ("GET", "webhooks", self.webhooks),
                ("PATCH", "webhooks", self.trick_webhooks),
                ("POST", "webhooks/deliver", self.deliver),
            )
        ]

    def answer(self, request: Request) -> Response | None:
        """None when there is no such door. ValueError and KeyError become 400 at the origin."""
        for method, pattern, door in self._doors:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                try:
                    return door(request, *found.groups())
                except RefusedError as refused:
                    self.service.environment.journal.roll_back()
                    return refused.response()
                except BaseException:
                    self.service.environment.journal.roll_back()
                    raise
        return None

    # Setup

    def reset(self, request: Request) -> Response:
        """Tokens, faults and the clock stay, unless {"all": true}."""
        service = self.service
        service.reset()
        if _posted(request).get("all"):
            service.faults.clear()
            service.tokens.revoke_all()
            service.clock.move(-service.clock.offset.total_seconds())
        return Response(204)

    def show_setup(self, request: Request) -> Response:
        switches = self.service.environment.switches
        if dict(request.query).get("describe"):
            return Response.json(200, switches.described())
        return Response.json(200, {name: one["value"] for name, one in switches.described().items()})

    def change_setup(self, request: Request) -> Response:
        self.service.environment.change_switches(_posted(request))
        return self.show_setup(request)

    def companies(self, request: Request) -> Response:
        found = [
            {
                "id": company.id,
                "name": company.name,
                "tax": company.tax,
                "localCurrency": company.local_currency,
            }
            for company in self.service.environment.companies.values()
        ]
        return Response.json(200, found)

    # Rows as stored

    def _tables(self, name: str) -> list[Table]:
        environment = self.service.environment
        own = {"company": environment.company_table, "subscription": environment.subscriptions}
        if name in own:
            return [own[name]]
        tables = [company.tables[name] for company in environment.companies.values() if name in company.tables]
        if not tables:
            raise unknown_segment(name)
        return tables

    def rows(self, request: Request, name: str) -> Response:
        wanted = dict(request.query).get("company", "")
        company = self.service.environment.company(wanted) if wanted else None
        tables = [one for one in self._tables(name) if company is None or one.company == company.id]
        return Response.json(200, [_plain(row) for table in tables for row in table.all()])

    def _row(self, name: str, key: str) -> tuple[Table, Row]:
        for table in self._tables(name):
            row = table.get(key)
            if row is not None:
                return table, row
        raise unknown_segment(f"{name}/{key}")

    def row(self, request: Request, name: str, key: str) -> Response:
        return Response.json(200, _plain(self._row(name, key)[1]))

    def change_row(self, request: Request, name: str, key: str) -> Response:
        """Straight in the database: no validation, no stamp, no ETag moved, no notification."""
        table, row = self._row(name, key)
        sent = _posted(request)
        unknown = sent.keys() - row.keys()
        if unknown:
            raise ValueError(f"{name} has no columns {', '.join(sorted(unknown))}")
        new = {**row, **{column: _like(row[column], value) for column, value in sent.items()}}
        new[PINNED_TAG] = self._shown_tag(name, table, row)
        table.put_back(row, new)
        return Response.json(200, _plain(new))

    def _shown_tag(self, name: str, table: Table, row: Row) -> str:
        return self.service.tag_of(name, table, row)

    # Orders and invoices

    def _clerk(self) -> Clerk:
        return Clerk(self.service.environment)

    def _kept(self, value: Any) -> Response:
        self.service.environment.journal.commit()
        return Response.json(200, value)

    def act_on_order(self, request: Request, order: str, action: str) -> Response:
        return self._kept(self._clerk().act(order.lower(), action, _posted(request)))

    def change_order(self, request: Request, order: str) -> Response:
        return self._kept(self._clerk().change_header(order.lower(), _posted(request)))

    def change_line(self, request: Request, order: str, sequence: str) -> Response:
        return self._kept(self._clerk().change_line(order.lower(), int(sequence), _posted(request)))

    def act_on_invoice(self, request: Request, invoice: str, action: str) -> Response:
        return self._kept(self._clerk().act_on_invoice(invoice.lower(), action, _posted(request)))

    def delete_invoiced(self, request: Request) -> Response:
        return self._kept({"deleted": self._clerk().delete_invoiced()})

    # Webhooks

    def webhooks(self, request: Request) -> Response:
        return Response.json(200, self.service.environment.notifier.described())

    def trick_webhooks(self, request: Request) -> Response:
        """{"drop": n}, {"duplicate": n}: the next n deliveries; {"delay_s": x}: from now on."""
        tricks = self.service.environment.notifier.tricks
        for name, value in _posted(request).items():
            if name not in tricks.__dict__:
                raise ValueError(f"{name!r} is none of {', '.join(tricks.__dict__)}")
            setattr(tricks, name, type(getattr(tricks, name))(value))
        return self.webhooks(request)

    def deliver(self, request: Request) -> Response:
        """What is pending is sent now, whatever the delay."""
        self.service.environment.notifier.flush()
        return self.webhooks(request)


def _posted(request: Request) -> dict[str, Any]:
    posted = from_json(request.body) if request.body else {}
    if not isinstance(posted, dict):
        raise ValueError("a JSON object is expected")  # noqa: TRY004  the origin answers 400 to ValueError
    return posted


def _like(was: Any, value: Any) -> Any:
    """JSON has no dates and no decimals: take the type of what stands there."""
    if isinstance(was, Decimal):
        return Decimal(str(value))
    if hasattr(was, "isoformat") and isinstance(value, str):
        return type(was).fromisoformat(value)
    return value


def _plain(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not isinstance(value, (bytes, tuple))}
