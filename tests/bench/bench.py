"""A workbench for tests: both systems on sockets, a fresh company, people who act, and the engine in this process."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from typing import ClassVar

from syncengine.config.loading import load
from syncengine.config.mapping_files import shipped_folder
from syncengine.engine.run import Asked
from syncengine.ports import Clock
from syncengine.sandbox import world
from syncengine.sandbox.seed import Product
from syncengine.sandbox.seed import seed
from syncengine.service.runs import perform
from syncengine.service.wiring import Company
from syncengine.service.wiring import company
from tests.bench.kept import CONFIGURATION
from tests.bench.kept import STORE
from tests.bench.kept import Kept
from tests.bench.kept import keep


class PatientClock:
    """The real time, but sleeping costs nothing: it only moves this clock on."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def sleep(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Write:
    """One write as a system's own log shows it; a batch part, never an envelope."""

    side: str
    method: str
    path: str
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def table(self) -> str:
        """The last entity set of the path: of a line below an order, the line's."""
        return self.path.partition("?")[0].rpartition("/")[2].partition("(")[0].rpartition(".")[2]


class Bench:
    """One fresh company over a running pair of services.

    `spent`: it is not as a next scenario expects it; it is fit again once both sides agreed under its first settings.
    """

    newest: ClassVar[Bench | None] = None  # the services hold one company at a time

    def __init__(
        self,
        running: world.Sandbox,
        folder: Path,
        *,
        store: str = f"sqlite:///{STORE}",
        tax: str = "sales-tax",
        kept: Kept | None = None,
    ) -> None:
        """`kept`: it begins as that one was, with its store and its configuration."""
        Bench.newest = self
        self.spent = False
        self.unlike_new = tax != "sales-tax"
        self.running = running
        for side in ("sales", "back_office"):
            _door(self._origin(side), "POST", "reset", {"all": True})  # data, tokens, faults, clock and log
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.config = folder / CONFIGURATION
        self.clock: Clock = PatientClock()
        if kept is None:
            self._found(tax, store)
        else:
            kept.lay_out(running, folder)
            self.clock.sleep(kept.spent_s)
        self.seller = running.seller()
        self.admin = running.admin()
        self.clerk = running.clerk()
        self._company: Company | None = None
        self._seen = {"sales": 0, "back_office": 0}
        self.mark()

    def _found(self, tax: str, store: str) -> None:
        """A company with master data on both sides, and nothing else."""
        running = self.running
        if tax != "sales-tax":
            name = next(iter(running.back_office.environment.companies.values())).name
            running.back_office.environment.companies.clear()
            running.back_office.create_company(name, tax=tax)
        running.world = seed(running.sales, running.back_office, orders=0, customers=3, products=12)
        self.config.write_text(running.configuration(store), encoding="utf-8")

    def keep(self) -> Kept:
        """As it is now, to begin with again."""
        self.restart()
        assert isinstance(self.clock, PatientClock)
        return keep(self.running, self.folder, self.clock.offset.total_seconds())

    # the engine

    @property
    def company(self) -> Company:
        if self._company is None:
            self._company = self.new_process()
        return self._company

    def new_process(self) -> Company:
        """Everything anew, as another process would have it: configuration read again, the store opened again."""
        made = company(load(str(self.config), {}))
        made.clock = self.clock
        return made

    def restart(self) -> None:
        if self._company is not None:
            self._company.close()
        self._company = None

    def configure(self, **sections: dict[str, Any]) -> None:
        """Set keys of the configuration: `configure(integration={"on_order_change": "amend"})`."""
        text = self.config.read_text(encoding="utf-8")
        for section, values in sections.items():
            for key, value in values.items():
                lines = text.splitlines()
                at = lines.index(f"[{section}]") if f"[{section}]" in lines else None
                if at is None:
                    lines += [f"[{section}]"]
                    at = len(lines) - 1
                end = next((n for n in range(at + 1, len(lines)) if lines[n].startswith("[")), len(lines))
                lines[at + 1 : end] = [line for line in lines[at + 1 : end] if not line.startswith(f"{key} ")]
                lines.insert(at + 1, f"{key} = {json.dumps(value)}")
                text = "\n".join(lines) + "\n"
        self.config.write_text(text, encoding="utf-8")
        self.unlike_new = True
        self.restart()

    def overlay(self, text: str) -> None:
        """Lay a mapping file over the shipped ones."""
        folder = self.folder / "ours"
        folder.mkdir(exist_ok=True)
        (folder / f"overlay-{len(list(folder.iterdir()))}.yaml").write_text(text, encoding="utf-8")
        self.configure(mappings={"paths": [str(shipped_folder()), str(folder)]})

    def run(self, kind: str = "sync", *, dry_run: bool = False, expect: int | None = 0, **asked: Any) -> dict[str, Any]:
        result = perform(self.company, Asked(kind, **asked), dry_run=dry_run)  # type: ignore[arg-type]
        if expect is not None:
            told = {name: result.get(name) for name in ("status", "error", "refusal", "errors")}
            assert result["exit_code"] == expect, told
        return result

    def sync(self, *, expect: int | None = 0, **asked: Any) -> dict[str, Any]:
        return self.run("sync", expect=expect, **asked)

    def full_sync(self, *, expect: int | None = 0, **asked: Any) -> dict[str, Any]:
        return self.run("full-sync", expect=expect, **asked)

    def plan(self) -> dict[str, Any]:
        return self.run("sync", dry_run=True, expect=None)

    def verify(self) -> dict[str, Any]:
        return self.run("verify", expect=None)

    def agreed(self) -> None:
        """Both sides agree, and a further run sends reads only. What every scenario comes to in the end."""
        self.mark()
        self.sync()
        assert self.writes() == [], "a run after which both sides should agree still wrote"
        verified = self.verify()
        assert verified["differences"] == [], verified["differences"]
        assert verified["exit_code"] == 0
        self.spent = self.unlike_new

    # what was sent

    def mark(self) -> None:
        """From here on `writes` and `requests` count."""
        for side in self._seen:
            entries = self._entries(side)
            self._seen[side] = entries[-1]["number"] if entries else self._seen[side]

    def _entries(self, side: str) -> list[dict[str, Any]]:
        return self.running.requests(side, self._seen[side])

    def requests(self, side: str) -> list[dict[str, Any]]:
        """The engine's own requests since the mark."""
        return [one for one in self._entries(side) if one["who"] == "integration"]

    def writes(self, side: str | None = None) -> list[Write]:
        found = []
        for one_side in (side,) if side else ("sales", "back_office"):
            for entry in self.requests(one_side):
                for one in entry["parts"] or [entry]:
                    if one["method"] != "GET" and "$batch" not in one["path"]:
                        status = one["status"] if one["status"] is not None else 0
                        found.append(
                            Write(one_side, one["method"], one["path"], status, one.get("body"), one.get("headers", {}))
                        )
        return found

    def fault(self, side: str, **posted: Any) -> None:
        service = self.running.sales if side == "sales" else self.running.back_office
        service.faults.add(posted)
        self.unlike_new = True

    def switch(self, side: str, **switches: Any) -> None:
        """Set one of the switches of the emulated system."""
        if side == "sales":
            self.running.sales.switch(**switches)
        else:
            self.running.back_office.environment.change_switches(switches)
        self.unlike_new = True

    def setup(self, side: str, **switches: Any) -> None:
        """Flip switches of one service, as `PATCH /sandbox/setup` does."""
        _door(self._origin(side), "PATCH", "setup", switches)

    def later(self, side: str, seconds: float) -> None:
        """Move one service's clock on."""
        _door(self._origin(side), "POST", "clock", {"seconds": seconds})

    def _origin(self, side: str) -> str:
        return self.running.sales_url if side == "sales" else self.running.back_office_url

    def calm(self) -> None:
        self.running.sales.faults.clear()
        self.running.back_office.faults.clear()

    # orders

    @property
    def products(self) -> list[Product]:
        return self.running.world.products

    def sales_order(
        self,
        *quantities: Any,
        submit: bool = True,
        account: str | None = None,
        currency: str = "USD",
        products: list[Product] | None = None,
        **columns: Any,
    ) -> str:
        """A seller's order with one line for each quantity; gives its number."""
        seeded = self.running.world
        chosen = products or seeded.products
        lines = [
            {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": quantity, "price": one.price}
            for one, quantity in zip(chosen, quantities or (2, 3), strict=False)
        ]
        order = self.seller.enter(
            account or seeded.customers[0].sales_id,
            seeded.price_lists[currency],
            seeded.currencies[currency],
            lines,
            **columns,
        )
        if submit:
            self.seller.submit(order)
        return str(self.seller.order(order)["ordernumber"])

    def back_office_order(self, *quantities: Any, release: bool = True, **columns: Any) -> dict[str, Any]:
        """A clerk's order with one line for each quantity."""
        seeded = self.running.world
        made = self.clerk.create(
            "salesOrders",
            customerId=seeded.customers[1].back_office_id,
            salesOrderLines=[
                {
                    "lineType": "Item",
                    "itemId": one.back_office_id,
                    "quantity": quantity,
                    "unitPrice": one.price,
                }
                for one, quantity in zip(seeded.products, quantities or (2, 3), strict=False)
            ],
            **columns,
        )
        order = self.clerk.order(made["number"])
        if release:
            self.clerk.act(order, "release")
        return self.clerk.order(made["number"])

    def sales_order_of(self, number: str) -> dict[str, Any]:
        """The Sales order that shows this back-office number."""
        rows = self.admin.person.get(f"salesorders?$filter=startswith(submitstatusdescription,'{number} ')")["value"]
        assert len(rows) == 1, [row["ordernumber"] for row in rows]
        return self.seller.order(rows[0]["salesorderid"])

    def live_documents(self, key: str) -> list[dict[str, Any]]:
        """Every back-office order that carries this key, or an operation key of ours."""
        found = self.clerk.orders(f"externalDocumentNumber eq '{key}'")
        return found + self.clerk.orders("startswith(externalDocumentNumber,'SE:')")


def _door(origin: str, method: str, door: str, posted: Any) -> None:
    request = urllib.request.Request(
        f"{origin}/sandbox/{door}", json.dumps(posted).encode(), {"content-type": "application/json"}, method=method
    )
    urllib.request.urlopen(request, timeout=20).close()


def eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something another process does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def money(value: Any) -> Decimal:
    return Decimal(value)
