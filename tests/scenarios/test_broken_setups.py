"""`check` on set-ups that are broken in one place each: it names the place and says what to do.

Each case breaks a set-up that is right, and mends it again.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from syncengine.config.loading import load
from syncengine.config.mapping_files import shipped_folder
from syncengine.connectors.dynamics365_sales import definitions
from syncengine.sandbox import world
from syncengine.sandbox.seed import FREIGHT_ACCOUNT
from syncengine.sandbox.seed import WRITE_IN
from syncengine.service.check import check
from syncengine.service.findings import Finding
from syncengine.service.findings import exit_code
from syncengine.service.wiring import Company
from syncengine.service.wiring import company
from tests.bench.bench import Bench

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


class SetUp:
    """A set-up that is right until a case breaks it; `mended` puts back what lies outside its own folder."""

    def __init__(self, running: world.Sandbox, folder: Path) -> None:
        self.running = running
        self.folder = folder
        self.file = folder / "syncengine.toml"
        self.text = running.configuration("sqlite:///engine.db").replace("[limits]", "[limits]\nattempts = 1")
        self._undo: list[Callable[[], None]] = []
        self.touch: Callable[[Company], None] = lambda _company: None

    def replace(self, old: str, new: str) -> None:
        assert old in self.text, old
        self.text = self.text.replace(old, new)

    def add(self, section: str, line: str) -> None:
        if f"[{section}]\n" in self.text:
            self.replace(f"[{section}]\n", f"[{section}]\n{line}\n")
        else:
            self.text += f"\n[{section}]\n{line}\n"

    def door(self, side: str, method: str, path: str, body: Any = None) -> Any:
        origin = self.running.sales_url if side == "sales" else self.running.back_office_url
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{origin}/sandbox/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            found = answer.read()
        return json.loads(found) if found else None

    def switch(self, side: str, **switches: Any) -> None:
        before = self.door(side, "GET", "setup")
        self.door(side, "PATCH", "setup", switches)
        self._undo.append(lambda: self.door(side, "PATCH", "setup", {name: before[name] for name in switches}))

    def fault(self, side: str, **fault: Any) -> None:
        self.door(side, "POST", "faults", fault)
        self._undo.append(lambda: self.door(side, "DELETE", "faults"))

    def rows(self, side: str, table: str, where: dict[str, Any], **changes: Any) -> None:
        """Change rows as an administrator of that system would."""
        found = [row for row in self.door(side, "GET", f"rows/{table}") if where.items() <= row.items()]
        assert found, (table, where)
        key = {"sales": {"usersettings": "systemuserid"}}.get(side, {}).get(table) or (
            "id" if side == "back_office" else f"{table}id"
        )
        for row in found:
            self.door(side, "PATCH", f"rows/{table}/{row[key]}", changes)
            before = {name: row.get(name) for name in changes}
            self._undo.append(lambda at=f"rows/{table}/{row[key]}", was=before: self.door(side, "PATCH", at, was))

    def token_service(self, status: int, error: str, description: str) -> str:
        """One that refuses in these words, as the fact sheets give them."""
        body = json.dumps({"error": error, "error_description": description}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()

        def stop() -> None:
            server.shutdown()
            server.server_close()

        self._undo.append(stop)
        return f"http://127.0.0.1:{server.server_address[1]}/token"

    def later(self, undo: Callable[[], None]) -> None:
        self._undo.append(undo)

    def mended(self) -> None:
        for undo in reversed(self._undo):
            undo()

    def company(self) -> Company:
        self.file.write_text(self.text, encoding="utf-8")
        return company(load(str(self.file), {}))

    def findings(self) -> list[Finding]:
        made = self.company()
        self.touch(made)
        with contextlib.closing(made):
            return list(check(made))


@pytest.fixture(scope="module")
def seeded(running: world.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.Sandbox]:
    """What no case breaks, and what is most of what `check` reads, is read once: how Sales defines its columns."""
    Bench(running, tmp_path_factory.mktemp("seeded"))
    ask, known = definitions._attributes, {}

    def shared(reader: Any, *what: str) -> list[dict[str, Any]]:
        if what not in known:
            known[what] = ask(reader, *what)
        return known[what]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(definitions, "_attributes", shared)
        yield running


@pytest.fixture
def set_up(seeded: world.Sandbox, tmp_path: Path) -> Iterator[SetUp]:
    made = SetUp(seeded, tmp_path)
    yield made
    made.mended()


# ------------------------------------------------------------------------------------------------- the cases


@dataclass(frozen=True)
class Case:
    """`breaks` spoils the set-up; then a finding `id` of this level says all of `words`, and the command ends so."""

    name: str
    breaks: Callable[[SetUp], None]
    id: str
    words: tuple[str, ...] = ()
    level: str = "error"
    exits: int = 2
    remedy: tuple[str, ...] = field(default=())


def _sales_host(one: SetUp) -> None:
    one.replace(f'url = "{one.running.sales_url}"', 'url = "http://127.0.0.1:1"')


def _back_office_host(one: SetUp) -> None:
    one.replace(f'url = "{one.running.back_office_url}/v2.0', 'url = "http://127.0.0.1:1/v2.0')


def _token_host(one: SetUp) -> None:
    one.replace(f'token_url = "{one.running.sales_url}', 'token_url = "http://127.0.0.1:1')


def _html(one: SetUp) -> None:
    one.fault("back_office", kind="html", next=200, match={"method": "GET"})


def _sales_path(one: SetUp) -> None:
    one.replace(f'url = "{one.running.sales_url}"', f'url = "{one.running.sales_url}/main.aspx"')


def _back_office_path(one: SetUp) -> None:
    one.replace('production/api/v2.0"\ncompany', 'production/ODataV4"\ncompany')


def _secret(one: SetUp) -> None:
    one.replace(
        f'client_secret = "{one.running.sales.clients["integration"].client_secret}"', 'client_secret = "wrong"'
    )


def _client(one: SetUp) -> None:
    client = one.running.back_office.clients["integration"].client_id
    one.replace(f'client_id = "{client}"', 'client_id = "nobody"')


def _refused_by_tokens(number: str, error: str, status: int, words: str) -> Callable[[SetUp], None]:
    def breaks(one: SetUp) -> None:
        service = one.token_service(status, error, f"{number}: {words}")
        one.text = re.sub(
            rf'token_url = "{re.escape(one.running.back_office_url)}[^"]*"', f'token_url = "{service}"', one.text
        )

    return breaks


def _scope(one: SetUp) -> None:
    one.replace(f'scope = "{world.SALES_SCOPE}"', f'scope = "{world.SALES_SCOPE.removesuffix("/.default")}"')


def _secret_variable(one: SetUp) -> None:
    secret = one.running.sales.clients["integration"].client_secret
    one.replace(f'client_secret = "{secret}"', 'client_secret = { env = "NOBODY_SET_THIS" }')


def _no_user(one: SetUp) -> None:
    client = one.running.sales.clients["integration"].client_id
    one.rows("sales", "systemuser", {"applicationid": client}, applicationid="00000000-0000-0000-0000-00000000dead")


def _user(**changes: Any) -> Callable[[SetUp], None]:
    def breaks(one: SetUp) -> None:
        one.rows(
            "sales", "systemuser", {"applicationid": one.running.sales.clients["integration"].client_id}, **changes
        )

    return breaks


def _denied(privilege: str) -> Callable[[SetUp], None]:
    return lambda one: one.switch("sales", denied=[f"integration:{privilege}"])


def _flag(*, on: bool, mode: str) -> Callable[[SetUp], None]:
    def breaks(one: SetUp) -> None:
        one.replace('mode = "bidirectional"', f'mode = "{mode}"')
        one.rows("sales", "organization", {}, issopintegrationenabled=on)

    return breaks


def _no_orders(one: SetUp) -> None:
    """As `$metadata` of an environment without a Sales app has it."""

    def touch(made: Company) -> None:
        published = made.sales.schema.published
        model = published._ask()
        sets = {name: kind for name, kind in model.sets.items() if name not in ("salesorders", "salesorderdetails")}
        published._ask = lambda: replace(model, sets=sets)  # type: ignore[method-assign]

    one.touch = touch


def _metadata(side: str) -> Callable[[SetUp], None]:
    return lambda one: one.fault(side, kind="status", status=404, next=50, match={"path": "metadata"})


def _untracked(one: SetUp) -> None:
    tracked = [name for name in one.door("sales", "GET", "setup")["tracked_tables"] if name != "salesorder"]
    one.switch("sales", tracked_tables=tracked)


def _zone(one: SetUp) -> None:
    one.rows("sales", "usersettings", {}, timezonebias=-60, timezonecode=110)


def _unit(one: SetUp) -> None:
    one.rows("sales", "uom", {"name": "KG"}, name="Kilogramme")


def _list(**changes: Any) -> Callable[[SetUp], None]:
    return lambda one: one.rows("sales", "pricelevel", {"name": "Standard EUR"}, **changes)


def _list_currency(one: SetUp) -> None:
    one.replace('EUR = "Standard EUR"', 'EUR = "Standard GBP"')


def _setting(section: str, line: str) -> Callable[[SetUp], None]:
    return lambda one: one.add(section, line)


def _text(old: str, new: str) -> Callable[[SetUp], None]:
    return lambda one: one.replace(old, new)


def _account(**changes: Any) -> Callable[[SetUp], None]:
    return lambda one: one.rows("back_office", "account", {"number": FREIGHT_ACCOUNT}, **changes)


def _write_in_blocked(one: SetUp) -> None:
    one.rows("back_office", "item", {"number": WRITE_IN}, blocked=True)


def _jobs_unreadable(one: SetUp) -> None:
    one.fault(
        "back_office", kind="status", status=403, next=50, code="Authorization_RequestDenied",
        match={"path": "jobQueueEntries"},
    )  # fmt: skip


def _orders_refused(one: SetUp) -> None:
    one.fault("back_office", kind="status", status=403, next=50, match={"path": "salesOrders"})


def _skewed(side: str) -> Callable[[SetUp], None]:
    def breaks(one: SetUp) -> None:
        one.door(side, "POST", "clock", {"seconds": 900})
        one.later(lambda: one.door(side, "POST", "clock", {"seconds": -900}))

    return breaks


def _revision(number: str) -> Callable[[SetUp], None]:
    def breaks(one: SetUp) -> None:
        made = one.company()
        assert made.engine
        made.close()
        with contextlib.closing(sqlite3.connect(one.folder / "engine.db")) as store, store:
            store.execute("UPDATE alembic_version SET version_num = ?", (number,))

    return breaks


def _no_store(one: SetUp) -> None:
    (one.folder / "engine.db").mkdir()


def _not_a_store(one: SetUp) -> None:
    (one.folder / "engine.db").write_text("a letter, not a database, and long enough to be looked at\n" * 20)


def _another(side: str) -> Callable[[SetUp], None]:
    def breaks(one: SetUp) -> None:
        made = one.company()
        with made.store(writes=True) as store, store.transaction():
            store.remembered.put(f"identity:{side}", "11111111-0000-0000-0000-000000000000")
        made.close()

    return breaks


def _mapping_typo(one: SetUp) -> None:
    overlay = one.folder / "mappings"
    overlay.mkdir()
    (overlay / "orders.yaml").write_text("name: SALESORDER-ORDER\nfields:\n  note: {sails: name}\n", encoding="utf-8")
    one.add("mappings", f'paths = ["{shipped_folder()}", "mappings"]')


CASES = (
    # the connection
    Case("sales host unreachable", _sales_host, "sales.connection", ("127.0.0.1:1",), exits=4),
    Case("back office unreachable", _back_office_host, "back_office.connection", ("127.0.0.1:1",), exits=4),
    Case("token service unreachable", _token_host, "sales.connection", ("token service",), exits=4),
    Case("a page for people", _html, "back_office.connection", ("html",), exits=4, remedy=("not the API",)),
    Case("url of the app", _sales_path, "sales.connection", ("main.aspx",), exits=4, remedy=("environment alone",)),
    Case("wrong url path", _back_office_path, "back_office.connection", ("ODataV4",), exits=4, remedy=("/api/v2.0",)),
    # credentials
    Case("wrong secret", _secret, "sales.connection", ("AADSTS7000215",), exits=4, remedy=("not its id",)),
    Case("unknown application", _client, "back_office.connection", ("AADSTS700016",), exits=4, remedy=("client_id",)),
    Case(
        "expired secret",
        _refused_by_tokens("AADSTS7000222", "invalid_client", 401, "The provided client secret keys are expired."),
        "back_office.connection",
        ("expired",),
        exits=4,
        remedy=("expired", "[back_office.auth]"),
    ),
    Case(
        "unknown tenant",
        _refused_by_tokens("AADSTS90002", "invalid_request", 400, "Tenant 'contosso' not found."),
        "back_office.connection",
        ("contosso",),
        exits=4,
        remedy=("tenant in token_url",),
    ),
    Case(
        "unknown resource",
        _refused_by_tokens("AADSTS500011", "invalid_resource", 400, "The resource principal was not found."),
        "back_office.connection",
        exits=4,
        remedy=("scope",),
    ),
    Case("scope without default", _scope, "sales.connection", ("scope",), exits=4, remedy=("/.default",)),
    Case("secret not set", _secret_variable, "sales.connection", ("NOBODY_SET_THIS",), exits=2),
    # who we are in Sales
    Case("no application user", _no_user, "sales.connection", ("not a member",), exits=4, remedy=("application user",)),
    Case("user disabled", _user(isdisabled=True), "sales.connection", ("disabled",), exits=4, remedy=("enable",)),
    Case(
        "not an integration user",
        _user(isintegrationuser=False),
        "sales.user",
        ("isintegrationuser",),
        level="warning",
        exits=0,
    ),
    Case(
        "organization unreadable",
        _denied("prvReadOrganization"),
        "sales.connection",
        ("may not be read",),
        exits=4,
        remedy=("prvReadOrganization",),
    ),
    Case("may not write orders", _denied("prvWriteSalesOrder"), "sales.privileges", ("prvWritesalesorder",), exits=4),
    Case(
        "may not create orders", _denied("prvCreateSalesOrder"), "sales.privileges", ("prvCreatesalesorder",), exits=4
    ),
    Case("may not remove lines", _denied("prvDeleteSalesOrder"), "sales.privileges", ("prvDeletesalesorder",), exits=4),
    Case("may not read accounts", _denied("prvReadAccount"), "mapping.CUSTOMER.sales", ("prvReadAccount",)),
    # the setting and the mode
    Case(
        "flag on",
        _flag(on=True, mode="bidirectional"),
        "sales.order-processing",
        ("is on",),
        exits=3,
        remedy=("sop disable",),
    ),
    Case(
        "flag off",
        _flag(on=False, mode="one-way"),
        "sales.order-processing",
        ("is off",),
        exits=3,
        remedy=("sop enable", "licence", "role", "administrator", "custom app"),
    ),
    Case(
        "no mode", _text('mode = "bidirectional"', ""), "sales.order-processing", ("no mode",), level="warning", exits=0
    ),
    # what Sales has
    Case("no Sales app", _no_orders, "sales.tables", ("not licensed",)),
    Case("sales metadata unreadable", _metadata("sales"), "sales.metadata", level="warning", exits=0),
    Case("no change tracking", _untracked, "sales.change-tracking", ("salesorders",), level="warning", exits=0),
    Case(
        "read not at organization level",
        lambda one: one.switch("sales", org_level_read=["admin"]),
        "sales.change-tracking",
        ("organization level",),
        level="warning",
        exits=0,
    ),
    Case("time zones apart", _zone, "sales.time-zone", ("America/New_York", "UTC+01:00"), level="warning", exits=0),
    Case(
        "price list missing",
        _text('"Standard EUR"', '"Standart EUR"'),
        "sales.price-lists",
        ("Standart EUR (EUR) is not there", "did you mean Standard EUR?"),
    ),
    Case("price list inactive", _list(statecode=1), "sales.price-lists", ("Standard EUR (EUR) is not active",)),
    Case(
        "price list of another currency", _list_currency, "sales.price-lists", ("Standard GBP is in GBP, not in EUR",)
    ),
    Case("unit missing", _unit, "units", ("KG",), level="warning", exits=0),
    Case(
        "number column misspelt",
        _text("[sales.auth]", 'number_column = "submitstatusdescripton"\n\n[sales.auth]'),
        "sales.number-column",
        ("submitstatusdescripton", "did you mean submitstatusdescription?"),
    ),
    Case(
        "number column no text",
        _text("[sales.auth]", 'number_column = "totalamount"\n\n[sales.auth]'),
        "sales.number-column",
        ("holds no text",),
    ),
    # what Business Central has
    Case(
        "company misspelt",
        lambda one: one.replace(f"company = {json.dumps(one.running.company)}", 'company = "CRONUS USA"'),
        "back_office.connection",
        ("'CRONUS USA'", "did you mean 'CRONUS USA, Inc.'?"),
        exits=2,
    ),
    Case(
        "application disabled",
        lambda one: one.switch("back_office", disabled_clients="integration"),
        "back_office.connection",
        exits=4,
        remedy=("enabled",),
    ),
    Case("orders may not be read", _orders_refused, "mapping.SALESORDER-ORDER.back_office", remedy=("read access",)),
    Case("back office metadata unreadable", _metadata("back_office"), "back_office.metadata", level="warning", exits=0),
    Case(
        "competitor, both ways",
        lambda one: one.switch("back_office", bidirectional=True),
        "back_office.competitor",
        ("is active",),
        exits=3,
        remedy=("Dynamics 365 Connection Setup",),
    ),
    Case(
        "competitor, one way",
        lambda one: one.switch("back_office", legacy=True),
        "back_office.competitor",
        ("is active",),
        exits=3,
    ),
    Case(
        "job queue unreadable",
        _jobs_unreadable,
        "back_office.competitor",
        ("nobody can tell",),
        level="warning",
        exits=0,
    ),
    Case(
        "archive off",
        lambda one: one.switch("back_office", has_companion=True, archive_orders=False),
        "back_office.archive-orders",
        ("is off",),
        level="warning",
        exits=0,
        remedy=("Sales & Receivables Setup",),
    ),
    Case(
        "archive unknown",
        lambda _one: None,
        "back_office.archive-orders",
        ("nobody can see",),
        level="warning",
        exits=0,
        remedy=("Sales & Receivables Setup",),
    ),
    Case(
        "no archive in the API",
        lambda one: one.switch("back_office", has_archive_api=False),
        "back_office.archive",
        level="warning",
        exits=0,
    ),
    Case(
        "correlation column unknown",
        _setting("back_office", 'correlation = "externalDocNumber"'),
        "back_office.correlation",
        ("no such column", "externalDocumentNumber"),
    ),
    Case(
        "correlation read-only",
        _setting("back_office", 'correlation = "customerName"'),
        "back_office.correlation",
        ("cannot be written",),
    ),
    Case(
        "correlation no text",
        _setting("back_office", 'correlation = "discountAmount"'),
        "back_office.correlation",
        ("holds no text",),
    ),
    Case(
        "correlation without companion",
        _setting("back_office", 'correlation = "companion"'),
        "back_office.correlation",
        ("not installed",),
    ),
    Case(
        "no freight account",
        _text(f'freight_account = "{FREIGHT_ACCOUNT}"', ""),
        "back_office.freight-account",
        ("will wait",),
        level="warning",
        exits=0,
    ),
    Case(
        "freight account unknown",
        _text(f'"{FREIGHT_ACCOUNT}"', '"99999"'),
        "back_office.freight-account",
        ("99999", "no such account"),
    ),
    Case("freight account a heading", _account(accountType="Heading"), "back_office.freight-account", ("heading",)),
    Case("freight account blocked", _account(blocked=True), "back_office.freight-account", ("blocked",)),
    Case(
        "freight account not direct", _account(directPosting=False), "back_office.freight-account", ("direct posting",)
    ),
    Case(
        "no write-in",
        _text(f'write_in = {{ type = "Item", number = "{WRITE_IN}" }}', ""),
        "back_office.write-in",
        ("will wait",),
        level="warning",
        exits=0,
    ),
    Case(
        "write-in unknown",
        _text(f'number = "{WRITE_IN}"', 'number = "NOTHING"'),
        "back_office.write-in",
        ("no such item",),
    ),
    Case("write-in blocked", _write_in_blocked, "back_office.write-in", ("blocked",)),
    # clocks, store, files, web
    Case("clock of Sales", _skewed("sales"), "sales.clock", ("differ by",), level="warning", exits=0),
    Case(
        "clock of Business Central",
        _skewed("back_office"),
        "back_office.clock",
        ("differ by",),
        level="warning",
        exits=0,
    ),
    Case("old schema", _revision("0000"), "store", ("revision 0000",), exits=7, remedy=("db upgrade",)),
    Case("newer schema", _revision("9999"), "store", ("revision 9999",), exits=7, remedy=("newer",)),
    Case("store not a file", _no_store, "store", exits=7, remedy=("[store] url",)),
    Case("store not a database", _not_a_store, "store", exits=7, remedy=("no SQLite database",)),
    Case("another organization", _another("sales"), "sales.identity", ("another organization",), exits=6),
    Case("another company", _another("back_office"), "back_office.identity", ("another company",), exits=6),
    Case("mapping typo", _mapping_typo, "mappings.files", ("orders.yaml:3", "sails")),
    Case("webhooks over http", _setting("web", 'public_url = "http://sync.example.com"'), "web.public-url", ("https",)),
    Case(
        "webhooks without secrets",
        _setting("web", 'public_url = "https://sync.example.com"'),
        "web.public-url",
        ("sales_secret",),
        level="warning",
        exits=0,
    ),
)


def test_a_set_up_that_is_right_has_nothing_wrong(set_up: SetUp) -> None:
    """Archiving cannot be seen without the companion: with it, nothing at all is left to say."""
    set_up.switch("back_office", has_companion=True, archive_orders=True)
    findings = set_up.findings()
    assert [(one.id, one.message) for one in findings if one.level != "ok"] == []
    assert exit_code(findings) == 0
    assert len(findings) > 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_says_what_is_broken_and_what_to_do(set_up: SetUp, case: Case) -> None:
    case.breaks(set_up)
    findings = set_up.findings()
    told = [(one.id, one.level, one.message) for one in findings if one.level != "ok"]
    found = [one for one in findings if (one.id, one.level) == (case.id, case.level)]
    assert found, told
    said = " | ".join(one.message for one in found)
    assert all(word in said for word in case.words), said
    assert all(one.remedy for one in findings if one.level != "ok")
    advised = " | ".join(one.remedy for one in found)
    assert all(word in advised for word in case.remedy), advised
    assert exit_code(findings) == case.exits, told
    for one in findings:
        assert set(one.as_json()) == {"id", "level", "message", "remedy", "doc"}
        _there(one.doc)
    secret = set_up.running.sales.clients["integration"].client_secret
    assert secret not in json.dumps([one.as_json() for one in findings])


@lru_cache
def _there(doc: str) -> None:
    page, _, anchor = doc.partition("#")
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = {_slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert not anchor or anchor in headings, doc


def _slug(heading: str) -> str:
    """As GitHub makes an anchor of it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
