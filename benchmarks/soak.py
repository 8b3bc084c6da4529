"""Runs `serve` under steady traffic and prints how much memory it holds over time.

    python benchmarks/soak.py --minutes 60 --acts-per-minute 40

Both systems are emulators in this process; the daemon is a process of its own. Sellers enter orders, edit some of them,
clerks enter some and release, until there are enough orders; from then on people edit, and memory must not grow. At
the end both sides are compared with `verify`.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import deque
from pathlib import Path

from syncengine.sandbox import world
from syncengine.sandbox.people import Refused

PROGRAM = str(Path(sys.executable).parent / "syncengine")
SCHEDULE = '\n[schedule]\nincremental = "every {seconds:g}s"\nsweep = "every 60s"\nverify = ""\n'


class Traffic:
    """Sellers and a clerk at work; `step` is one thing that somebody does."""

    def __init__(self, sandbox: world.Sandbox, seed: int, most: int) -> None:
        self.sandbox = sandbox
        self.seller, self.clerk = sandbox.seller(), sandbox.clerk()
        self.dice = random.Random(seed)  # noqa: S311  reproducible on purpose
        self.entered: deque[str] = deque(maxlen=200)
        self.most = most
        self.made = self.done = self.refused = 0

    def step(self) -> None:
        try:
            self._act()
            self.done += 1
        except (Refused, LookupError, OSError):
            self.refused += 1  # somebody came too early or too late: that is how people are

    def _act(self) -> None:
        chance = self.dice.random()
        if self.made < self.most and (chance < 0.6 or len(self.entered) < 5):
            self.made += 1
            self._enter()
        elif self.made >= self.most or chance < 0.85:
            self.seller.edit(self.dice.choice(list(self.entered)), shipto_city=f"City {self.dice.randrange(1000)}")
        else:
            self.made += 1
            self._clerk_enters()

    def _enter(self) -> None:
        seeded = self.sandbox.world
        lines = [
            {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": self.dice.randint(1, 9),
             "price": one.price}
            for one in self.dice.sample(seeded.products, 3)
        ]  # fmt: skip
        customer = self.dice.choice(seeded.customers).sales_id
        order = self.seller.enter(customer, seeded.price_lists["USD"], seeded.currencies["USD"], lines)
        self.seller.submit(order)
        self.entered.append(order)

    def _clerk_enters(self) -> None:
        seeded = self.sandbox.world
        lines = [
            {"lineType": "Item", "itemId": one.back_office_id, "quantity": 2, "unitPrice": one.price}
            for one in self.dice.sample(seeded.products, 2)
        ]
        customer = self.dice.choice(seeded.customers).back_office_id
        made = self.clerk.create("salesOrders", customerId=customer, salesOrderLines=lines)
        self.clerk.act(self.clerk.order(made["number"]), "release")


def status_of(pid: int) -> dict[str, int]:
    """Resident kB, threads and open files of a process, as Linux tells."""
    fields = {}
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "Threads"):
            fields[name] = int(value.split()[0])
    return {**fields, "files": len(list(Path(f"/proc/{pid}/fd").iterdir()))}


def metric(address: str, name: str) -> float:
    """The sum over all samples of one name."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name}{{", f"{name} ")))


def soak(
    minutes: float, per_minute: float, seconds: float, seed: int, most: int, folder: Path
) -> list[dict[str, float]]:
    sandbox = world.start(orders=20)
    config = folder / "syncengine.toml"
    config.write_text(sandbox.configuration() + SCHEDULE.format(seconds=seconds), encoding="utf-8")
    process = subprocess.Popen(  # noqa: S603
        [PROGRAM, "--config", str(config), "serve", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101
    address = process.stdout.readline().strip().removeprefix("Listening on ")
    traffic, samples = Traffic(sandbox, seed, most), []
    began = time.monotonic()
    print("minute    RSS MB  threads  files   runs  orders  outstanding")
    try:
        while (passed := time.monotonic() - began) < minutes * 60:
            traffic.step()
            if passed // 30 > len(samples) - 1:
                seen = status_of(process.pid)
                sample = {
                    "minute": passed / 60,
                    "mb": seen["VmRSS"] / 1024,
                    "threads": seen["Threads"],
                    "files": seen["files"],
                    "runs": metric(address, "syncengine_runs_total"),
                    "orders": metric(address, "syncengine_coupled_records"),
                    "outstanding": metric(address, "syncengine_queue_records"),
                }
                samples.append(sample)
                print(
                    "{minute:6.1f} {mb:9.1f} {threads:8.0f} {files:6.0f} {runs:6.0f} {orders:7.0f} "
                    "{outstanding:12.0f}".format(**sample),
                    flush=True,
                )
            time.sleep(60 / per_minute)
        time.sleep(10)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    said = subprocess.run(  # noqa: S603
        [PROGRAM, "--config", str(config), "verify", "--json"], capture_output=True, text=True, check=False
    )
    sandbox.host.stop()
    found = json.loads(said.stdout)
    print(
        f"daemon ended with {process.returncode}; {traffic.done} acts, {traffic.refused} refused; verify: "
        f"{found.get('compared')} compared, {len(found.get('differences', []))} differences {found.get('error') or ''}"
    )
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--acts-per-minute", type=float, default=20)
    parser.add_argument("--seconds-between-runs", type=float, default=2)
    parser.add_argument("--most-orders", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = soak(
            arguments.minutes,
            arguments.acts_per_minute,
            arguments.seconds_between_runs,
            arguments.seed,
            arguments.most_orders,
            Path(folder),
        )
    settled = samples[len(samples) // 4 :]
    if len(settled) > 1:
        hours = (settled[-1]["minute"] - settled[0]["minute"]) / 60
        slope = (settled[-1]["mb"] - settled[0]["mb"]) / hours if hours else 0.0
        print(f"after warming up: {settled[0]['mb']:.1f} MB -> {settled[-1]['mb']:.1f} MB, {slope:+.1f} MB an hour")


if __name__ == "__main__":
    main()
