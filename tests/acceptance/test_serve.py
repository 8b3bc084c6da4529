"""The daemon: it syncs by itself, answers probes, shares the company with one-shots, hears hints and stops cleanly."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.shell import Here
from tests.acceptance.shell import Shell
from tests.acceptance.shell import sandbox

pytestmark = pytest.mark.slow

OFTEN = '[schedule]\nincremental = "every 1s"\nsweep = "every 2s"\n'
SELDOM = '[schedule]\nincremental = "every 6h"\nsweep = ""\nverify = ""\n'


ORDERS = 4


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A small company: each daemon here has a store of its own and loads it all."""
    process, shell = sandbox(tmp_path_factory.mktemp("sandbox"), "--orders", str(ORDERS))
    yield shell
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0


@dataclass
class Daemon:
    process: subprocess.Popen[str]
    address: str

    def get(self, path: str) -> tuple[int, str]:
        return _exchange(urllib.request.Request(f"{self.address}{path}"))

    def post(self, path: str, body: bytes, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return _exchange(urllib.request.Request(f"{self.address}{path}", body, named, method="POST"))[0]

    def standing(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/readyz")[1])["companies"][0]
        return found

    def metric(self, name: str) -> float | None:
        """The value of `name{labels}`, None where there is no such sample."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        return None


def _exchange(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@contextlib.contextmanager
def serving(shell: Shell, more: str = "", *, port: int = 0) -> Iterator[Daemon]:
    if more:
        text = shell.config.read_text(encoding="utf-8")
        shell.config.write_text(f"{text}\n{more}", encoding="utf-8")
    process = shell.start("--log-level", "info", "serve", "--port", str(port))
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Listening on "), process.communicate(timeout=20)
        yield Daemon(process, line.strip().removeprefix("Listening on "))
    finally:
        if process.poll() is None:
            process.kill()
        if process.stdout is not None and not process.stdout.closed:
            process.communicate(timeout=20)


def eventually(holds: Callable[[], Any], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def ended(daemon: Daemon, number: signal.Signals = signal.SIGTERM) -> str:
    """Stopped by a signal, with exit code 0; gives its log."""
    daemon.process.send_signal(number)
    out, err = daemon.process.communicate(timeout=60)
    assert daemon.process.returncode == 0, out + err
    return err


def idle(daemon: Daemon) -> bool:
    """A first incremental run has ended."""
    return "incremental" in daemon.standing()["last"]


class Listener:
    """Where alerts go."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                listener.messages.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/alerts"

    def of(self, alert: str) -> list[str]:
        return [one["status"] for one in self.messages if one["alert"] == alert]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.stop()


def test_it_syncs_on_schedule_measures_and_ends_cleanly(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    with serving(fresh, OFTEN) as daemon:
        assert daemon.get("/healthz")[0] == 200
        here = Here(fresh.config, fresh.printed, fresh.environment)
        eventually(lambda: len(here.json("couplings", "--mapping", "SALESORDER-ORDER")) >= ORDERS)
        eventually(lambda: daemon.get("/readyz")[0] == 200)
        assert daemon.get("/no-such-page")[0] == 404
        beside = here.run("sync", "--wait", "60", "--json", expect=None)
        assert beside.code == 0, beside
        company = shell.printed["back_office"]["company"]
        labels = f'company="{company}",mapping="SALESORDER-ORDER"'
        eventually(lambda: daemon.metric(f"syncengine_records_in_step_ratio{{{labels}}}") == 1.0)
        coupled = here.json("couplings", "--mapping", "SALESORDER-ORDER")
        assert daemon.metric(f"syncengine_coupled_records{{{labels}}}") == len(coupled)
        assert daemon.metric(f"syncengine_conflicts{{{labels}}}") == 0
        ended(daemon)


def test_a_second_daemon_stands_by_and_takes_over_from_a_dead_one(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    with serving(fresh, SELDOM) as first:
        eventually(lambda: first.standing()["state"] == "scheduling")
        with serving(fresh) as second:
            eventually(lambda: second.standing()["state"] == "standing-by")
            assert second.standing()["reason"] == "another-instance"
            assert second.get("/readyz")[0] == 200
            first.process.kill()
            eventually(lambda: second.standing()["state"] == "scheduling", 20)
            ended(second)


def test_it_stands_by_while_order_processing_is_on_and_says_so_once(
    shell: Shell, tmp_path: Path, listener: Listener
) -> None:
    fresh = shell.rewritten(tmp_path)
    alerts = f'[alerts]\nwebhooks = [{{ url = "{listener.url}" }}]\n'
    with serving(fresh, OFTEN + alerts) as daemon:
        eventually(lambda: idle(daemon))
        assert _refused(_in_the_other_mode(fresh)) == "sop-disabled"  # an idle daemon holds no lease of a run
        _switch_order_processing(shell, on=True)
        try:
            eventually(lambda: daemon.standing()["reason"] == "sop-enabled")
            assert "sop disable" in daemon.standing()["remedy"]
            assert daemon.get("/readyz")[0] == 200
            eventually(lambda: listener.of("standing-by") == ["firing"])
            _in_the_other_mode(fresh).run("sync", "--wait", "60")  # now it is the other one's turn
            assert _refused(Here(fresh.config, fresh.printed, fresh.environment)) == "sop-enabled"
        finally:
            _switch_order_processing(shell, on=False)
        eventually(lambda: daemon.standing()["state"] == "scheduling")
        eventually(lambda: listener.of("standing-by") == ["firing", "cleared"])
        ended(daemon)
    assert listener.of("standing-by") == ["firing", "cleared"]


def _in_the_other_mode(shell: Shell) -> Shell:
    """One-shots on the daemon's own store, told to be the other integration."""
    text = shell.config.read_text(encoding="utf-8").replace('mode = "bidirectional"', 'mode = "one-way"')
    file = shell.config.with_name("one-way.toml")
    file.write_text(text, encoding="utf-8")
    return Here(file, shell.printed, shell.environment)


def _refused(shell: Shell) -> str:
    """Why a run is refused, with exit code 3."""
    said = shell.run("sync", "--wait", "60", "--json", expect=3)
    assert said.json["refusal"]["remedy"]
    return str(said.json["refusal"]["code"])


def _switch_order_processing(shell: Shell, *, on: bool) -> None:
    sales = shell.printed["sales"]
    admin = sales["clients"]["admin"]
    form = (
        f"grant_type=client_credentials&client_id={admin['client_id']}&client_secret={admin['client_secret']}"
        "&scope=https://sandbox.crm.dynamics.com/.default"
    )
    token = json.loads(_exchange(urllib.request.Request(sales["token_url"], form.encode()))[1])["access_token"]
    root = f"{sales['url']}/api/data/v9.2"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}
    rows = json.loads(_exchange(urllib.request.Request(f"{root}/organizations", headers=headers))[1])["value"]
    url = f"{root}/organizations({rows[0]['organizationid']})"
    body = json.dumps({"issopintegrationenabled": on}).encode()
    assert _exchange(urllib.request.Request(url, body, headers, method="PATCH"))[0] == 204


def test_sighup_takes_a_good_configuration_and_refuses_a_bad_one(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    with serving(fresh, SELDOM) as daemon:
        eventually(lambda: idle(daemon))
        good = fresh.config.read_text(encoding="utf-8")
        fresh.config.write_text(good.replace('"every 6h"', '"every now and then"'), encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: daemon.metric("syncengine_configuration_ok") == 0)
        assert daemon.get("/readyz")[0] == 200
        before = daemon.standing()["last"]["incremental"]["run"]
        fresh.config.write_text(good.replace('"every 6h"', '"every 1s"'), encoding="utf-8")
        daemon.process.send_signal(signal.SIGHUP)
        eventually(lambda: daemon.metric("syncengine_configuration_ok") == 1)
        eventually(lambda: daemon.standing()["last"]["incremental"]["run"] != before)
        log = ended(daemon)
    assert "configuration_refused" in log
    assert "every now and then" in log
    assert "configuration_reloaded" in log


def test_only_genuine_notifications_make_it_look_and_none_brings_data(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    secrets = '[webhooks]\nsales_secret = "seller-says"\nback_office_secret = "clerk-says"\nmin_interval_s = 0\n'
    with serving(fresh, SELDOM + secrets) as daemon:
        eventually(lambda: idle(daemon))
        first = daemon.standing()["last"]["incremental"]["run"]
        body = json.dumps({"PrimaryEntityName": "salesorder", "PrimaryEntityId": "no such order"}).encode()
        assert daemon.post("/webhooks/sales", body) == 403
        assert daemon.post("/webhooks/sales", body, x_syncengine_secret="guessed") == 403
        state = {"resource": "api/v2.0/companies(x)/salesOrders", "clientState": "guessed"}
        assert daemon.post("/webhooks/back-office", json.dumps({"value": [state]}).encode()) == 403
        assert daemon.post("/webhooks/back-office", b"\xff\x00 no JSON") == 403
        assert daemon.post("/webhooks/sales", b"x" * 600_000, x_syncengine_secret="seller-says") == 413
        assert daemon.get("/webhooks/sales")[0] == 405
        assert daemon.get("/webhooks/back-office?validationToken=abc-123") == (200, "abc-123")
        assert daemon.get("/webhooks/back-office?validationToken=" + "a" * 5000)[0] == 403
        assert daemon.standing()["last"]["incremental"]["run"] == first
        assert daemon.metric('syncengine_hints_total{outcome="refused",side="sales"}') == 2
        assert daemon.post("/webhooks/sales", body, x_syncengine_secret="seller-says") == 202
        eventually(lambda: daemon.standing()["last"]["incremental"]["run"] != first)
        log = ended(daemon)
    assert "seller-says" not in log
    assert "guessed" not in log


def test_a_clerks_edit_arrives_by_subscription_long_before_the_schedule(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shell.door("back_office", "PATCH", "setup", {"webhook_delay_s": 0.1})
    more = (
        f'{SELDOM}[web]\npublic_url = "http://127.0.0.1:{port}"\n'
        '[webhooks]\nsales_secret = "seller-says"\nback_office_secret = "clerk-says"\nmin_interval_s = 0\n'
    )
    with serving(fresh, more, port=port) as daemon:
        eventually(lambda: idle(daemon))
        company = shell.printed["back_office"]["company"]
        ends = f'syncengine_subscription_expiry_timestamp_seconds{{company="{company}",side="back_office"}}'
        eventually(lambda: (daemon.metric(ends) or 0) > time.time() + 2 * 86_400)
        first = daemon.standing()["last"]["incremental"]["run"]
        orders = Here(fresh.config, fresh.printed, fresh.environment).json("couplings", "--mapping", "SALESORDER-ORDER")
        for one in orders:
            # Some are released already: for those it changes nothing, or is refused.
            with contextlib.suppress(urllib.error.HTTPError):
                shell.door("back_office", "POST", f"orders/{one['back_office']}/release")
        eventually(lambda: daemon.standing()["last"]["incremental"]["run"] != first)
        ended(daemon)


def test_a_stop_in_the_middle_waits_for_its_grace_and_exits_0(shell: Shell, tmp_path: Path) -> None:
    """The run hangs in a request for longer than the grace: the process ends, and the next run settles the rest."""
    fresh = shell.rewritten(tmp_path, ("[limits]", "[limits]\nshutdown_grace_s = 1\nattempts = 1"))
    with serving(fresh, SELDOM) as daemon:
        eventually(lambda: idle(daemon))
        shell.fault("back_office", kind="latency", next=1, seconds=3.5, match={"path": "batch"})
        try:
            daemon.process.send_signal(signal.SIGHUP)  # asks for a run at once
            eventually(lambda: daemon.standing()["running"] == "incremental")
            started = time.monotonic()
            log = ended(daemon)
            assert time.monotonic() - started < 3.4
        finally:
            shell.calm()
    assert "stopped" in log
    fresh.run("sync", "--wait", "10")


def test_sigint_is_a_stop_too(shell: Shell, tmp_path: Path) -> None:
    with serving(shell.rewritten(tmp_path), SELDOM) as daemon:
        ended(daemon, signal.SIGINT)


def test_a_taken_port_is_a_configuration_error(shell: Shell, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = shell.rewritten(tmp_path).run("serve", "--port", str(taken.getsockname()[1]), expect=2)
    assert "--port" in said.err


def test_a_run_beside_a_run_ends_with_5_or_waits(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path)
    beside = Here(fresh.config, fresh.printed, fresh.environment)
    beside.run("db", "upgrade")
    shell.fault("sales", kind="latency", next=2, seconds=3.5, match={"path": "accounts"})
    try:
        first = fresh.start("full-sync", "--mapping", "CUSTOMER")
        eventually(lambda: beside.json("status")["running"])
        second = beside.run("sync", "--mapping", "CUSTOMER", "--json", expect=5)
        assert second.json["error"]["remedy"]
        third = beside.run("sync", "--mapping", "CUSTOMER", "--wait", "60")
        assert third.code == 0
        out, err = first.communicate(timeout=60)
        assert first.returncode == 0, out + err
    finally:
        shell.calm()
