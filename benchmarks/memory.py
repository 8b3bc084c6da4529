"""What a full sync of N orders takes: time, and the most memory the engine holds meanwhile.

    python -m benchmarks.memory [N ...]

Orders of two lines each, in Sales only: each is read, created in the back office, read back and told its number.
"""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks import ground
from syncengine.config.loading import load
from syncengine.engine.run import Asked
from syncengine.mapping.model import ALWAYS
from syncengine.sandbox import world
from syncengine.sandbox.seed import Line
from syncengine.sandbox.seed import sales_order
from syncengine.service.runs import perform
from syncengine.service.wiring import company


def serve(folder: str, count: int) -> None:
    running = world.start(orders=0)
    seeded = running.world
    dice = random.Random(1)  # noqa: S311
    wanted = (datetime.now(UTC) + timedelta(days=20)).date()
    for _ in range(count):
        lines = [
            Line(product, product.units[0], Decimal(dice.randrange(1, 20)), product.price, Decimal(0))
            for product in dice.sample(seeded.products, 2)
        ]
        sales_order(running.sales, seeded, dice.choice(seeded.customers), "USD", lines, wanted, role="seller")
    ground.serve(running, folder)


def run(folder: str) -> None:
    ground.quiet()
    chosen = company(load(str(Path(folder) / "syncengine.toml"), {}))
    masters = [one for one in chosen.offline_mappings().values() if one.kind != "order" and one.condition == ALWAYS]
    coupled = perform(chosen, Asked("couple", tuple(one.name for one in masters)))
    if coupled["exit_code"] != 0:
        raise SystemExit(str(coupled))
    before = ground.peak_mb()
    started = time.perf_counter()
    found = perform(chosen, Asked("full-sync", ("SALESORDER-ORDER",)))
    if found["exit_code"] not in (0, 1):
        raise SystemExit(str(found))
    counts = next(one for one in found["mappings"] if one["mapping"] == "SALESORDER-ORDER")
    print(
        json.dumps(
            {
                "seconds": round(time.perf_counter() - started, 1),
                "peak_mb_before": before,
                "peak_mb": ground.peak_mb(),
                "created": counts["inserted"]["back_office"],
                "failed": counts["failed"],
                "requests": found["requests"],
            }
        )
    )


def main() -> None:
    match sys.argv[1:]:
        case ["serve", folder, count]:
            serve(folder, int(count))
        case ["run", folder]:
            run(folder)
        case counts:
            for count in counts or ["2000", "20000"]:
                with ground.sandbox("memory", count) as folder:
                    print(f"{count} orders, {ground.machine()}: {ground.measured('memory', folder)}", flush=True)


if __name__ == "__main__":
    main()
