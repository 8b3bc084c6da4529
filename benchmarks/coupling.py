"""Couple N customers with N customers by match: time and memory.

    python -m benchmarks.coupling [N]

Nine of ten match by number, the rest by name and post code; one in a hundred has a twin and stays ambiguous.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks import ground
from syncengine.config.loading import load
from syncengine.engine.run import Asked
from syncengine.sandbox import world
from syncengine.service.runs import perform
from syncengine.service.wiring import company

FIRST = ("CURRENCY", "PAYMENT TERMS", "SHIPMENT METHOD", "SALESPEOPLE")


def serve(folder: str, count: int) -> None:
    running = world.start(orders=0)
    seeded = running.world
    for place in range(count):
        name, post_code = f"Customer {place:06}", f"{10000 + place % 90000}"
        number = f"C{place:06}"
        by_name, twin = place % 10 == 9, place % 100 == 50
        running.back_office.insert(
            seeded.company,
            "customers",
            {"number": number, "displayName": "Twin" if twin else name, "postalCode": "1" if twin else post_code},
        )
        running.sales.insert(
            "account",
            {
                "accountnumber": "" if by_name or twin else number,
                "name": "Twin" if twin else name,
                "address1_postalcode": "1" if twin else post_code,
                "transactioncurrencyid": seeded.currencies["USD"],
            },
        )
    ground.serve(running, folder)


def run(folder: str) -> None:
    ground.quiet()
    chosen = company(load(str(Path(folder) / "syncengine.toml"), {}))
    perform(chosen, Asked("couple", FIRST))
    before = ground.peak_mb()
    started = time.perf_counter()
    found = perform(chosen, Asked("couple", ("CUSTOMER",)))
    seconds = time.perf_counter() - started
    if found["exit_code"] not in (0, 1):
        raise SystemExit(str(found))
    counts = next(one for one in found["mappings"] if one["mapping"] == "CUSTOMER")
    print(
        json.dumps(
            {
                "seconds": round(seconds, 1),
                "peak_mb_before": before,
                "peak_mb": ground.peak_mb(),
                "coupled": counts["coupled"],
                "ambiguous": counts["failed"],
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
        case rest:
            count = rest[0] if rest else "50000"
            with ground.sandbox("coupling", count) as folder:
                print(f"{count} x {count} customers, {ground.machine()}: {ground.measured('coupling', folder)}")


if __name__ == "__main__":
    main()
