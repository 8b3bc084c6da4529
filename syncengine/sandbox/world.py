"""The sandbox as a whole: both services on loopback sockets, seeded, and the configuration that reaches them."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncengine.sandbox.back_office import BusinessCentral
from syncengine.sandbox.clock import Clock
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.host import Host
from syncengine.sandbox.oauth import TOKEN_PATH
from syncengine.sandbox.people import Clerk
from syncengine.sandbox.people import Person
from syncengine.sandbox.people import Seller
from syncengine.sandbox.sales import Dataverse
from syncengine.sandbox.seed import FREIGHT_ACCOUNT
from syncengine.sandbox.seed import WRITE_IN
from syncengine.sandbox.seed import World
from syncengine.sandbox.seed import seed

BACK_OFFICE_PATH = "/v2.0/sandbox-tenant/production/api/v2.0"
SALES_SCOPE = "https://sandbox.crm.dynamics.com/.default"
BACK_OFFICE_SCOPE = "https://api.businesscentral.dynamics.com/.default"


@dataclass
class Sandbox:
    """Started by `start`; ends with `stop`."""

    sales: Dataverse
    back_office: BusinessCentral
    world: World
    host: Host
    sales_url: str
    back_office_url: str

    @property
    def company(self) -> str:
        return str(self.world.company.name)

    # people, who act over HTTP as everybody does

    def seller(self) -> Seller:
        return Seller(self.person("sales", "seller"))

    def admin(self) -> Seller:
        return Seller(self.person("sales", "admin"))

    def clerk(self) -> Clerk:
        return Clerk(self.person("back_office", "clerk"), self.back_office_url, self.world.company.id)

    def person(self, side: str, role: str) -> Person:
        printed = self.printed(None)[side]
        path, scope = ("/api/data/v9.2/", SALES_SCOPE) if side == "sales" else ("/", BACK_OFFICE_SCOPE)
        client = printed["clients"][role]
        root = printed["url"].rstrip("/") + path
        return Person(root, printed["token_url"], client["client_id"], client["client_secret"], scope)

    def requests(self, side: str, since: int = 0) -> list[dict[str, Any]]:
        """What was asked of one system, oldest first, as its own log shows it."""
        origin = self.sales_url if side == "sales" else self.back_office_url
        with urllib.request.urlopen(f"{origin}/sandbox/requests?since={since}", timeout=20) as answer:  # noqa: S310
            return list(from_json(answer.read()))

    def printed(self, config: str | None) -> dict[str, Any]:
        """The JSON line that scripts read once both systems answer."""
        return {
            "sales": {
                "url": self.sales_url,
                "token_url": self.sales_url + TOKEN_PATH,
                "clients": {role: _shown(client) for role, client in self.sales.clients.items()},
            },
            "back_office": {
                "url": self.back_office_url + BACK_OFFICE_PATH,
                "company": self.company,
                "token_url": self.back_office_url + TOKEN_PATH,
                "clients": {role: _shown(client) for role, client in self.back_office.clients.items()},
            },
            "config": config,
        }

    def configuration(self, store: str = "sqlite:///syncengine.db") -> str:
        """A configuration that the engine runs with as it is; times are short, for a sandbox answers quickly."""
        sales, back_office = self.sales.clients["integration"], self.back_office.clients["integration"]
        return f"""\
# Written by `syncengine sandbox --write-config`: both systems are emulators on this machine.
[store]
url = {json.dumps(store)}

[sales]
connector = "dynamics365-sales"
url = "{self.sales_url}"
time_zone = "America/New_York"
price_lists = {{ USD = "Standard USD", EUR = "Standard EUR", GBP = "Standard GBP" }}

[sales.auth]
kind = "client-credentials"
token_url = "{self.sales_url}{TOKEN_PATH}"
client_id = "{sales.client_id}"
client_secret = "{sales.client_secret}"
scope = "{SALES_SCOPE}"

[back_office]
connector = "business-central"
url = "{self.back_office_url}{BACK_OFFICE_PATH}"
company = {json.dumps(self.company)}
freight_account = "{FREIGHT_ACCOUNT}"
write_in = {{ type = "Item", number = "{WRITE_IN}" }}

[back_office.auth]
kind = "client-credentials"
token_url = "{self.back_office_url}{TOKEN_PATH}"
client_id = "{back_office.client_id}"
client_secret = "{back_office.client_secret}"
scope = "{BACK_OFFICE_SCOPE}"

[integration]
mode = "bidirectional"

[limits]
settle_after_s = 5
gone_confirm_s = 2
request_timeout_s = 4
connect_timeout_s = 2
"""


def _shown(client: Client) -> dict[str, str]:
    return {"client_id": client.client_id, "client_secret": client.client_secret}


def start(*, sales_port: int = 0, back_office_port: int = 0, number: int = 1, orders: int = 200) -> Sandbox:
    """Both services, seeded and listening. Raises OSError where a port is taken."""
    host = Host()
    sales, back_office = Dataverse(Clock(), number), BusinessCentral(Clock(), number)
    world = seed(sales, back_office, number=number, orders=orders)
    _, sales_url = host.add(sales, sales_port)
    _, back_office_url = host.add(back_office, back_office_port)
    host.start()
    return Sandbox(sales, back_office, world, host, sales_url, back_office_url)


def write_configuration(sandbox: Sandbox, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sandbox.configuration(), encoding="utf-8")
    file.chmod(0o600)  # the sandbox's secrets are no secrets; a habit is a habit
