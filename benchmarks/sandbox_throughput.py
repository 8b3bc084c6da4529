"""How many requests a second one core of the sandbox serves: it must never be the bottleneck of a benchmark.

    .venv/bin/python benchmarks/sandbox_throughput.py [--seconds 3] [--orders 300] [--json]

The sandbox runs as a process of its own; what counts is the processor time that process used for each request, read
from /proc, so the figures are those of one core whatever the client and the rest of the machine do.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 4


@dataclass(frozen=True)
class Call:
    """One kind of request; `make` gives method, path, body and further headers, anew for each. `operations`: in one."""

    name: str
    system: str
    make: Callable[[int], tuple[str, str, bytes, dict[str, str]]]
    operations: int = 1


@dataclass
class Result:
    call: Call
    requests: int
    cpu_s: float
    wall_s: float

    def shown(self) -> dict[str, Any]:
        return {
            "system": self.call.system,
            "request": self.call.name,
            "per_second_of_one_core": round(self.requests / self.cpu_s),
            "operations_per_second_of_one_core": round(self.requests * self.call.operations / self.cpu_s),
            "per_second_here": round(self.requests / self.wall_s),
        }


class Running:
    """The sandbox as a process, and a token for each system."""

    def __init__(self, orders: int) -> None:
        command = [str(Path(sys.executable).parent / "syncengine"), "sandbox", "--orders", str(orders)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own command
        self.printed = json.loads(self.process.stdout.readline())  # type: ignore[union-attr]  it is a pipe
        scopes = {
            "sales": "https://sandbox.crm.dynamics.com/.default",
            "back_office": "https://api.businesscentral.dynamics.com/.default",
        }
        self.tokens = {name: self._token(name, scope) for name, scope in scopes.items()}
        self.origins = {name: "{0.scheme}://{0.netloc}".format(urlsplit(self.printed[name]["url"])) for name in scopes}
        self._post("sales", {"limit_requests": 0, "limit_execution_s": 0, "limit_concurrent": 0})
        self._post("back_office", {"rate_limit": 10**9, "running_limit": 10**6})

    def _token(self, name: str, scope: str) -> str:
        one = self.printed[name]
        client = one["clients"]["integration"]
        form = urllib.parse.urlencode({"grant_type": "client_credentials", **client, "scope": scope}).encode()
        with urllib.request.urlopen(one["token_url"], form, timeout=20) as answer:
            return str(json.load(answer)["access_token"])

    def _post(self, name: str, switches: dict[str, Any]) -> None:
        body = json.dumps(switches).encode()
        request = urllib.request.Request(f"{self.origins[name]}/sandbox/setup", body, method="PATCH")
        with urllib.request.urlopen(request, timeout=20):
            return

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def get(self, name: str, path: str) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.origins[name]).netloc, timeout=20)
        connection.request("GET", path, headers=self._headers(name))
        return json.loads(connection.getresponse().read())

    def _headers(self, name: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.tokens[name]}",
            "accept": "application/json",
            "content-type": "application/json",
        }

    def measure(self, call: Call, seconds: float) -> Result:
        """Over several connections, for about so long."""
        counted: list[int] = []
        until = time.monotonic() + seconds

        def client(place: int) -> None:
            connection = http.client.HTTPConnection(urlsplit(self.origins[call.system]).netloc, timeout=60)
            headers, done = self._headers(call.system), 0
            while time.monotonic() < until:
                method, path, body, more = call.make(done * CONNECTIONS + place)
                connection.request(method, path, body, headers | more)
                answer = connection.getresponse()
                text = answer.read()
                if answer.status >= 400:
                    raise SystemExit(f"{call.name}: {answer.status} {text[:300]!r}")
                done += 1
            counted.append(done)

        before, started = self.cpu_s(), time.monotonic()
        threads = [threading.Thread(target=client, args=(place,)) for place in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Result(call, sum(counted), max(self.cpu_s() - before, 1 / TICKS), time.monotonic() - started)


def calls(running: Running) -> list[Call]:
    """What the engine sends most: single reads, pages with lines, single writes, batches of new orders."""
    sales = urlsplit(running.printed["sales"]["url"]).path.rstrip("/") + "/api/data/v9.2"
    root = urlsplit(running.printed["back_office"]["url"]).path
    company = running.get("back_office", f"{root}/companies")["value"][0]["id"]
    back_office = f"{root}/companies({company})"
    sold = running.get("sales", f"{sales}/salesorders?$top=50&$expand=order_details($top=1)")["value"]
    sold = [one for one in sold if one["order_details"]]
    booked = running.get("back_office", f"{back_office}/salesOrders?$top=50&$expand=salesOrderLines")["value"]
    keys, ids = [one["salesorderid"] for one in sold], [one["id"] for one in booked]
    big = {"prefer": "odata.maxpagesize=100"}

    def new_sale(at: int) -> dict[str, Any]:
        like = sold[at % len(sold)]
        line = like["order_details"][0]
        lines = [
            {
                "productid@odata.bind": f"/products({line['_productid_value']})",
                "uomid@odata.bind": f"/uoms({line['_uomid_value']})",
                "quantity": 1 + n,
            }
            for n in range(5)
        ]
        return {
            "name": f"Benchmark {at}",
            "customerid_account@odata.bind": f"/accounts({like['_customerid_value']})",
            "pricelevelid@odata.bind": f"/pricelevels({like['_pricelevelid_value']})",
            "transactioncurrencyid@odata.bind": f"/transactioncurrencies({like['_transactioncurrencyid_value']})",
            "order_details": lines,
        }

    def new_booking(at: int) -> dict[str, Any]:
        like = booked[at % len(booked)]
        line = next(one for one in like["salesOrderLines"] if one["lineType"] == "Item")
        lines = [{"lineType": "Item", "itemId": line["itemId"], "quantity": 1 + n} for n in range(5)]
        return {"customerId": like["customerId"], "salesOrderLines": lines}

    def sales_batch(at: int) -> tuple[str, str, bytes, dict[str, str]]:
        parts = "".join(
            "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            f"POST {sales}/salesorders HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
            f"{json.dumps(new_sale(at * 50 + n))}\r\n"
            for n in range(50)
        )
        body = f"{parts}--b--\r\n".encode()
        return "POST", f"{sales}/$batch", body, {"content-type": "multipart/mixed; boundary=b"}

    def back_office_batch(at: int) -> tuple[str, str, bytes, dict[str, str]]:
        json_type = {"content-type": "application/json"}
        requests = [
            {
                "id": str(n),
                "method": "POST",
                "url": f"companies({company})/salesOrders",
                "headers": json_type,
                "body": new_booking(at * 100 + n),
            }
            for n in range(100)
        ]
        return "POST", f"{root}/$batch", json.dumps({"requests": requests}).encode(), {}

    def sold_one(at: int) -> str:
        return f"{sales}/salesorders({keys[at % len(keys)]})"

    def booked_one(at: int) -> str:
        return f"{back_office}/salesOrders({ids[at % len(ids)]})"

    def change(path: str, at: int, column: str) -> tuple[str, str, bytes, dict[str, str]]:
        return "PATCH", path, json.dumps({column: f"B{at}"}).encode(), {"if-match": "*"}

    one, page, changed = "one order with lines", "a page of 100 orders with lines", "a change of one order"
    return [
        Call(one, "sales", lambda at: ("GET", f"{sold_one(at)}?$expand=order_details", b"", {})),
        Call(page, "sales", lambda _: ("GET", f"{sales}/salesorders?$expand=order_details", b"", big)),
        Call(changed, "sales", lambda at: change(sold_one(at), at, "description")),
        Call("a batch of 50 new orders of 5 lines", "sales", sales_batch, 50),
        Call(one, "back_office", lambda at: ("GET", f"{booked_one(at)}?$expand=salesOrderLines", b"", {})),
        Call(page, "back_office", lambda _: ("GET", f"{back_office}/salesOrders?$expand=salesOrderLines", b"", big)),
        Call(changed, "back_office", lambda at: change(booked_one(at), at, "externalDocumentNumber")),
        Call("a batch of 100 new orders of 5 lines", "back_office", back_office_batch, 100),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each kind of request")
    parser.add_argument(
        "--orders", type=int, default=300, help="seeded in Sales; three tenths of it in the back office"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    running = Running(asked.orders)
    try:
        shown = [running.measure(call, asked.seconds).shown() for call in calls(running)]
    finally:
        running.process.terminate()
        running.process.wait(20)
    if asked.json:
        print(json.dumps(shown))
        return
    print(f"{'':12} {'':38} {'requests/s':>12} {'operations/s':>14}   of one core")
    for one in shown:
        print(
            f"{one['system']:12} {one['request']:38} {one['per_second_of_one_core']:>12,} "
            f"{one['operations_per_second_of_one_core']:>14,}"
        )


if __name__ == "__main__":
    main()
