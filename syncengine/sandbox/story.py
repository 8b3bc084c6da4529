"""The story that `make demo` tells: a first synchronization and a day of orders, with what was sent at each step.

The engine is run as its users run it, as a command; people act over HTTP. Every step checks what it tells: if
something is not as the story says, the story ends with an error.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from syncengine.sandbox import world
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.seed import OTHER_ACCOUNT
from syncengine.sandbox.seed import Product

FOLDER = Path("state/demo")
WIDTH = 100


class NotAsTold(Exception):
    """Something did not happen as the story says."""


class Story:
    def __init__(self, running: world.Sandbox, config: Path) -> None:
        self.running = running
        self.config = config
        self.chapter_no = 0
        self.chapters: list[dict[str, Any]] = []
        self.log_at = {"sales": 0, "back_office": 0}
        self.seller = running.seller()
        self.admin = running.admin()
        self.clerk = running.clerk()

    # telling

    def chapter(self, title: str, text: str = "") -> None:
        self.chapter_no += 1
        self.chapters.append({"no": self.chapter_no, "title": title, "held": []})
        line = f"{self.chapter_no}. {title}"
        print(f"\n{_bold(line)}")  # noqa: T201
        if text:
            self.say(text)

    def say(self, text: str) -> None:
        for paragraph in text.strip().split("\n"):
            print(textwrap.fill(paragraph, WIDTH, initial_indent="   ", subsequent_indent="   "))  # noqa: T201

    def show(self, text: str, *, most: int = 40) -> None:
        lines = text.rstrip().splitlines()
        for line in lines[:most]:
            print(f"     | {line}")  # noqa: T201
        if len(lines) > most:
            print(f"     | … {len(lines) - most} more lines")  # noqa: T201

    # the engine, as a command

    def run(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> str:
        """What `syncengine …` prints. Raises NotAsTold on another exit code."""
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", "syncengine.cli.main", "--config", str(self.config), *arguments],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        if done.returncode not in expect:
            raise NotAsTold(
                f"`syncengine {' '.join(arguments)}` ended with {done.returncode}, not {expect}:\n"
                f"{done.stdout}{done.stderr}"
            )
        return done.stdout

    def json(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> Any:
        return from_json(self.run(*arguments, "--json", expect=expect).encode())

    def sync(self, *, expect: tuple[int, ...] = (0,), quiet: bool = False) -> dict[str, Any]:
        """A sync, and what it sent, by the systems' own logs."""
        self._skip_log()
        result = self.json("sync", expect=expect)
        print("   $ syncengine sync")  # noqa: T201
        if not quiet:
            self.sent()
        return dict(result)

    # what was sent

    def _log(self, side: str) -> list[dict[str, Any]]:
        return [one for one in self.running.requests(side, self.log_at[side]) if one["who"] == "integration"]

    def _skip_log(self) -> None:
        for side in self.log_at:
            entries = self.running.requests(side, self.log_at[side])
            self.log_at[side] = entries[-1]["number"] if entries else self.log_at[side]

    def writes(self) -> list[tuple[str, str, str]]:
        """(side, method, path) of each write since the last sync began; batch parts, not envelopes."""
        found = []
        for side in ("sales", "back_office"):
            for entry in self._log(side):
                found += [
                    (side, one["method"], one["path"])
                    for one in entry["parts"] or [entry]
                    if one["method"] != "GET" and "$batch" not in one["path"]
                ]
        return found

    def sent(self) -> None:
        reads = sum(
            1 for side in ("sales", "back_office") for entry in self._log(side)
            if entry["method"] == "GET" or (entry["parts"] and all(p["method"] == "GET" for p in entry["parts"]))
        )  # fmt: skip
        writes = self.writes()
        print(f"     sent: {reads} reading requests, {len(writes)} writes")  # noqa: T201
        told: dict[tuple[str, str], int] = {}
        for side, method, path in writes:
            what = path.partition("?")[0].rpartition("/")[2].partition("(")[0].rpartition(".")[2]
            name = "Sales" if side == "sales" else "back office"
            told[f"{VERBS.get(method, method)} {what}", name] = (
                told.get((f"{VERBS.get(method, method)} {what}", name), 0) + 1
            )
        for (what, name), count in told.items():
            print(f"       {name}: {what}{f' x {count}' if count > 1 else ''}")  # noqa: T201

    def check(self, told: str, holds: bool) -> None:
        if not holds:
            raise NotAsTold(told)
        self.chapters[-1]["held"].append(told)
        print(f"   ✓ {told}")  # noqa: T201


VERBS = {"POST": "create", "PATCH": "change", "DELETE": "delete"}


def tell(
    *, orders: int = 200, number: int = 1, keep: bool = False, told: Callable[[dict[str, Any]], None] = lambda _: None
) -> None:
    """Tell the whole story; `told` gets it as data at its end. Raises NotAsTold."""
    started = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    running = world.start(number=number, orders=orders)
    config = FOLDER / "syncengine.toml"
    world.write_configuration(running, config)
    story = Story(running, config)
    try:
        for part in PARTS:
            part(story)
        print(f"\n{_bold('The end.')} {time.monotonic() - started:.0f} s; configuration and store are in {FOLDER}/.")  # noqa: T201
        whole = {"chapters": story.chapters, "seconds": round(time.monotonic() - started, 1), "folder": str(FOLDER)}
        if keep:
            _keep(story, lambda found: told(whole | found))
        else:
            told(whole | {"running": None, "daemon": None})
    finally:
        running.host.stop()


# ---------------------------------------------------------------------- the first synchronization


def opening(story: Story) -> None:
    seeded = story.running.world
    print(_bold("syncengine: sales orders, the same in Dynamics 365 Sales and Business Central"))  # noqa: T201
    story.say(
        f"""
Two emulated systems run on this machine, reached over the same protocols as the real ones.
The company has {len(seeded.customers)} customers, {len(seeded.products)} products in several units and 3 currencies.
Sales holds {len(seeded.sales_orders)} submitted orders, the back office {len(seeded.back_office_orders)};
half of those are the same orders, entered on both sides before anything was in step.
"""
    )
    story.say(f"Sales: {story.running.sales_url}   Back office: {story.running.back_office_url}")


def first_synchronization(story: Story) -> None:
    story.chapter(
        "Is everything as it should be?", "`check` connects to both systems and looks at each table it needs."
    )
    story.show(story.run("check"))
    story.chapter("What would happen?", "`plan` shows every step of a run without doing it.")
    plan = story.json("plan")
    kinds: dict[str, int] = {}
    for action in plan["actions"]:
        if action["mapping"] == "SALESORDER-ORDER":
            kinds[action["action"]] = kinds.get(action["action"], 0) + 1
    story.say("Orders in the plan: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    story.chapter("The first synchronization", "Match what is on both sides, create what is missing, merge the rest.")
    result = story.json("full-sync")
    print("   $ syncengine full-sync")  # noqa: T201
    for one in result["mappings"]:
        made = one["inserted"]
        if one["coupled"] or made["sales"] or made["back_office"]:
            story.say(
                f"{one['mapping']}: {one['coupled']} coupled, {made['back_office']} created in the back office, "
                f"{made['sales']} in Sales"
            )
    requests = result["requests"]
    story.say(f"{requests['sales']} requests to Sales and {requests['back_office']} to the back office in all.")
    verified = story.json("verify")
    story.check(
        f"verify compared {verified['compared']} records and found {len(verified['differences'])} differences",
        verified["exit_code"] == 0 and not verified["differences"],
    )


# ---------------------------------------------------------------------- a day of orders


def a_seller_submits(story: Story) -> None:
    story.chapter("09:00  A seller submits an order")
    number = _new_order(story, story.running.world.products[:2])
    story.sync()
    order, there = story.seller.order(number), story.clerk.order(number)
    story.check(
        f"{number} is {there['number']} in the back office, and Sales shows “{order['submitstatusdescription']}”",
        str(order["submitstatusdescription"]).startswith(there["number"]),
    )


def recreated(story: Story) -> None:
    story.chapter(
        "10:00  The clerk prepares the order and releases it",
        "A location on the first line, a comment, a line for assembly on a G/L account: none of it is known in Sales.",
    )
    products = story.running.world.products
    number = _new_order(story, products[2:4])
    story.sync(quiet=True)
    there = story.clerk.order(number)
    location = story.clerk.find("locations", "code eq 'EAST'")
    story.clerk.change_line(there, there["salesOrderLines"][0], locationId=location["id"])
    story.clerk.add_line(there, lineType="Comment", description="Please wrap as a gift")
    story.clerk.add_line(
        there, lineType="Account", lineObjectNumber=OTHER_ACCOUNT, quantity=1, unitPrice=Decimal("49.5")
    )
    story.clerk.act(there, "release")
    story.sync()
    story.check("the assembly line is a write-in in Sales", len(story.seller.order(number)["order_details"]) == 3)

    story.chapter(
        "10:30  The customer changes their mind: another product, another quantity",
        f"The seller reactivates {number}, edits the first line and submits again. A released order cannot be edited, "
        "so the document is archived and recreated.",
    )
    order = story.seller.order(number)
    product = products[4]
    story.seller.edit(
        order["salesorderid"], lines={order["order_details"][0]["salesorderdetailid"]: _line_body(product, 7)}
    )
    story.sync()
    successor = story.clerk.order(number)
    lines = successor["salesOrderLines"]
    story.check(
        f"{there['number']} is gone, {successor['number']} has taken its place", successor["number"] != there["number"]
    )
    first = lines[0]
    story.check(
        f"it has 7 of {first['description']}, still at location EAST",
        first["lineObjectNumber"] == product.number
        and first["quantity"] == 7
        and first["locationId"] == location["id"],
    )
    texts = [line["description"] for line in lines]
    story.check(
        "the clerk's comment and the account line are still on it", "Please wrap as a gift" in texts and len(lines) == 4
    )
    print("   $ syncengine archive list")  # noqa: T201
    story.show(story.run("archive", "list"))


def a_clerk_edits(story: Story) -> None:
    story.chapter("11:00  The clerk changes a price and the requested date of a draft order")
    number = _new_order(story, story.running.world.products[5:7])
    story.sync(quiet=True)
    there = story.clerk.order(number)
    story.clerk.change_line(there, there["salesOrderLines"][0], unitPrice=Decimal("99.95"))
    story.clerk.change(there, requestedDeliveryDate="2027-03-16")
    story.sync()
    order = story.seller.order(number)
    story.check(
        f"the seller sees {order['order_details'][0]['priceperunit']}, delivery on {order['requestdeliveryby'][:10]}",
        order["order_details"][0]["priceperunit"] == Decimal("99.95")
        and order["requestdeliveryby"].startswith("2027-03-16"),
    )


def merged(story: Story) -> None:
    story.chapter(
        "13:00  Both edit one order, different fields",
        "The seller moves the delivery to another address, the clerk corrects a price. Nobody has to choose.",
    )
    number = _new_order(story, story.running.world.products[7:9])
    story.sync(quiet=True)
    order, there = story.seller.order(number), story.clerk.order(number)
    story.clerk.change_line(there, there["salesOrderLines"][1], unitPrice=Decimal("12.34"))
    story.seller.edit(order["salesorderid"], shipto_line1="1 Harbor Street", shipto_city="Portland")
    story.sync()
    order, there = story.seller.order(number), story.clerk.order(number)
    story.check(
        "both have the new address and the new price",
        there["shipToCity"] == "Portland"
        and order["shipto_city"] == "Portland"
        and order["order_details"][1]["priceperunit"] == Decimal("12.34")
        and there["salesOrderLines"][1]["unitPrice"] == Decimal("12.34"),
    )


def conflicting(story: Story) -> None:
    story.chapter(
        "14:00  Both edit the same quantity",
        "The seller says 20, the clerk says 15. That is for a person to decide; the rest of the order goes on.",
    )
    number = _new_order(story, story.running.world.products[9:11])
    story.sync(quiet=True)
    order, there = story.seller.order(number), story.clerk.order(number)
    story.seller.edit(order["salesorderid"], lines={order["order_details"][0]["salesorderdetailid"]: {"quantity": 20}})
    story.clerk.change_line(there, there["salesOrderLines"][0], quantity=15)
    story.sync(expect=(1,))
    conflict = story.json("conflicts")[0]
    print("   $ syncengine conflicts")  # noqa: T201
    base = conflict["base"]
    story.show(
        f"#{conflict['id']} {conflict['record']['number']} {conflict['group']}: "
        f"both had {_quantity(base['sales'])}; Sales now {_quantity(conflict['sales'])}, "
        f"back office now {_quantity(conflict['back_office'])}"
    )
    story.run("resolve", str(conflict["id"]), "--take", "sales")
    print(f"   $ syncengine resolve {conflict['id']} --take sales")  # noqa: T201
    story.sync()
    story.check("the back office has 20 as well", story.clerk.order(number)["salesOrderLines"][0]["quantity"] == 20)
    story.check("no conflict is left", not story.json("conflicts"))


def _quantity(value: Any) -> str:
    return f"{Decimal(value['quantity']).normalize():f}"


def shipped(story: Story) -> None:
    story.chapter("15:00  The warehouse ships", "First a part, then the rest.")
    number = _new_order(story, story.running.world.products[11:13])
    story.sync(quiet=True)
    there = story.clerk.order(number)
    story.clerk.act(there, "release")
    story.clerk.act(there, "ship", lines=[{"sequence": there["salesOrderLines"][0]["sequence"], "quantity": 1}])
    story.sync()
    order = story.seller.order(number)
    story.check("the seller sees 1 shipped", order["order_details"][0]["quantityshipped"] == 1)
    story.clerk.act(there, "ship")
    story.sync()
    story.check("the order is Fulfilled in Sales", story.seller.order(number)["statecode"] == 3)


def guarded(story: Story) -> None:
    story.chapter(
        "16:00  Somebody turns on order processing in Sales",
        "That is the switch of the one-way integration. The two exclude each other, so nothing is written.",
    )
    story.admin.switch_order_processing(on=True)
    result = story.sync(expect=(3,))
    story.say(f"Refused: {result['refusal']['what']}. {result['refusal']['remedy']}")
    story.check("nothing was written", not story.writes())
    story.admin.switch_order_processing(on=False)
    story.sync()
    story.check("once it is off, runs go on by themselves", True)


def waited(story: Story) -> None:
    story.chapter("17:00  An order for a customer that the back office does not know")
    seeded = story.running.world
    account = story.admin.person.request(
        "POST", "accounts", {"name": "Tailspin Toys Ltd.", "accountnumber": "90210"}, prefer="return=representation"
    )["accountid"]
    number = _new_order(story, seeded.products[13:15], account=str(account))
    story.sync()
    held = story.json("waiting")
    print("   $ syncengine waiting")  # noqa: T201
    story.show("\n".join(f"{one['record'].get('number', '')}  {one['message']}" for one in held))
    story.check("it waits and names the customer", any("90210" in one["message"] for one in held))
    story.say("The clerk enters the customer under the same number; the next run couples it, and the order goes.")
    story.clerk.create("customers", number="90210", displayName="Tailspin Toys Ltd.")
    story.sync()
    story.check(f"{number} is {story.clerk.order(number)['number']} in the back office", not story.json("waiting"))


def closing(story: Story) -> None:
    story.chapter("18:00  Nobody edits any more", "A last run sends reads only, and both sides agree.")
    story.sync()
    story.check("no writes", not story.writes())
    verified = story.json("verify")
    print("   $ syncengine verify")  # noqa: T201
    story.check(
        f"{verified['compared']} records compared, nothing to report",
        verified["exit_code"] == 0 and not verified["differences"],
    )


PARTS: tuple[Callable[[Story], None], ...] = (
    opening,
    first_synchronization,
    a_seller_submits,
    recreated,
    a_clerk_edits,
    merged,
    conflicting,
    shipped,
    guarded,
    waited,
    closing,
)


def _new_order(story: Story, products: list[Product], *, account: str = "") -> str:
    """An order of these products, entered and submitted by the seller; gives its number."""
    seeded = story.running.world
    customer = seeded.customers[story.chapter_no % len(seeded.customers)]
    lines = [
        {"product": one.sales_id, "unit": one.units[0].sales_id, "quantity": 2 + place, "price": one.price}
        for place, one in enumerate(products)
    ]
    order = story.seller.enter(
        account or customer.sales_id,
        seeded.price_lists["USD"],
        seeded.currencies["USD"],
        lines,
        requestdeliveryby="2027-02-15T17:00:00Z",
    )
    story.seller.submit(order)
    number = str(story.seller.order(order)["ordernumber"])
    names = " and ".join(one.name for one in products)
    story.say(f"{number}: {names}" + ("" if account else f" for {customer.name}"))
    return number


def _line_body(product: Product, quantity: int) -> dict[str, Any]:
    return {
        "productid@odata.bind": f"/products({product.sales_id})",
        "uomid@odata.bind": f"/uoms({product.units[0].sales_id})",
        "quantity": quantity,
        "priceperunit": product.price,
    }


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else text


def _keep(story: Story, told: Callable[[dict[str, Any]], None]) -> None:
    """Leave everything running, with the daemon, until somebody stops it."""
    daemon = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "syncengine.cli.main", "--config", str(story.config), "serve", "--port", "0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    address = daemon.stdout.readline().strip() if daemon.stdout else ""
    sales, back_office = f"{story.running.sales_url}/sandbox/", f"{story.running.back_office_url}/sandbox/"
    print(f"\nStill running. Act as the seller at {sales}, as the clerk at {back_office}.")  # noqa: T201
    print(f"Daemon: {address}. Try: syncengine --config {story.config} plan")  # noqa: T201
    printed = story.running.printed(str(story.config))
    print(json.dumps(printed))  # noqa: T201
    told({"running": printed, "daemon": address.removeprefix("Listening on ")})
    print("Stop with Ctrl-C.", flush=True)  # noqa: T201
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()  # noqa: T201
    daemon.terminate()
    daemon.wait(30)
