"""What has happened in each kept store: the same acts, whichever revision they were acted out on.

`python -m tests.stores.script` acts them out with the schema of today and keeps the store as `NNNN.sql` beside this
file; a migration needs one. A store is kept as text, so that a difference can be read.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

from syncengine.engine.run import Asked
from syncengine.observe.logging import configure
from syncengine.sandbox import world
from syncengine.service.runs import perform
from syncengine.store.database import REVISION
from tests.bench.bench import Bench

FOLDER = Path(__file__).parent


class Cut(BaseException):
    """The process ends here."""


def act(bench: Bench) -> dict[str, str]:
    """A plain order, one that was recreated, one of the back office, one in conflict, one that waits, and one whose
    create was answered a moment before the process ended. Gives their numbers.
    """
    bench.sync()
    numbers = {"plain": bench.sales_order(2, 3), "recreated": bench.sales_order(4), "conflict": bench.sales_order(5)}
    numbers["back office"] = str(bench.back_office_order(6)["number"])
    account = bench.admin.person.request(
        "POST", "accounts", {"name": "Tailspin Toys", "accountnumber": "90210"}, prefer="return=representation"
    )
    numbers["waiting"] = bench.sales_order(7, account=account["accountid"])
    bench.sync()
    _edit(bench, numbers["recreated"], 9)
    _edit(bench, numbers["conflict"], 20)
    document = bench.clerk.order(numbers["conflict"])
    bench.clerk.change_line(document, document["salesOrderLines"][0], quantity=15)
    bench.sync(expect=1)
    numbers["cut off"] = bench.sales_order(8)
    _cut_off(bench)
    return numbers


def _edit(bench: Bench, number: str, quantity: int) -> None:
    order = bench.seller.order(number)
    line = order["order_details"][0]["salesorderdetailid"]
    bench.seller.edit(order["salesorderid"], lines={line: {"quantity": quantity}})


def _cut_off(bench: Bench) -> None:
    """A run that ends between the answer to its create and the commit that would have kept it."""
    company = bench.new_process()
    system = company.systems()["back_office"]
    write = system.write

    def cut(*arguments: Any) -> Any:
        list(write(*arguments))
        raise Cut

    system.write = cut  # type: ignore[method-assign, assignment]
    with contextlib.suppress(Cut):
        perform(company, Asked("sync"))
    company.close()
    bench.restart()


def dump(file: Path) -> str:
    """A store as text, without what the systems said of themselves: that is asked again."""
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM remembered WHERE name NOT LIKE 'identity:%' AND name NOT LIKE 'mapping:%'")
        connection.execute("DELETE FROM runs")
        text = "\n".join(connection.iterdump()) + "\n"
    connection.close()
    return text


def load(text: str, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.executescript(text)
    connection.close()


def main() -> None:
    configure("json", "error")
    running = world.start(orders=0)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(running, Path(folder))
        numbers = act(bench)
        bench.restart()
        text = f"-- {json.dumps(numbers)}\n{dump(Path(folder) / 'engine.db')}"
        (FOLDER / f"{REVISION}.sql").write_text(text, encoding="utf-8")
    running.host.stop()


if __name__ == "__main__":
    main()
