"""Microsoft's own PowerPlatform-Dataverse-Client against the sandbox, in an environment of its own, over TLS."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from syncengine.sandbox.host import Certificate
from syncengine.sandbox.host import Host
from syncengine.sandbox.sales import Dataverse

PACKAGE = "PowerPlatform-Dataverse-Client==1.1.0"
HERE = Path(__file__).parent
# What pip says when it cannot reach an index; a package that an index lacks is a failure.
UNREACHABLE = re.compile(r"Retrying \(|Could not fetch URL|ConnectionError|Name or service not known|Temporary failure")

pytestmark = pytest.mark.slow


def _run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own scripts
        command, capture_output=True, text=True, timeout=300, check=False, env={**os.environ, **environment}
    )


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Python with the client installed. Skips where the package index is not reachable."""
    folder = tmp_path_factory.mktemp("sdk") / "venv"
    made = _run(sys.executable, "-m", "venv", str(folder))
    assert made.returncode == 0, made.stderr
    python = str(folder / "bin" / "python")
    installed = _run(python, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "20", PACKAGE)
    unreachable = [line for line in installed.stderr.splitlines() if UNREACHABLE.search(line)]
    if installed.returncode and unreachable:
        pytest.skip(f"the package index is not reachable, {PACKAGE} cannot be installed: {unreachable[0].strip()}")
    assert installed.returncode == 0, installed.stderr
    return python


@pytest.fixture(scope="module")
def seen(interpreter: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the client saw of a sandbox behind TLS, which it insists on."""
    folder = tmp_path_factory.mktemp("tls")
    made = _run(interpreter, str(HERE / "certificates.py"), str(folder))
    assert made.returncode == 0, made.stderr
    service, host = Dataverse(), Host()
    _, url = host.add(service, certificate=Certificate(folder / "server.pem", folder / "server.key"))
    host.start()
    client = service.clients["admin"]
    trusted = str(folder / "authority.pem")
    used = _run(
        interpreter,
        str(HERE / "user_of_the_sdk.py"),
        url,
        client.client_id,
        client.client_secret,
        REQUESTS_CA_BUNDLE=trusted,
        NO_PROXY="127.0.0.1",
    )
    host.stop()
    assert used.returncode == 0, used.stderr[-3000:]
    return json.loads(used.stdout)


def test_it_creates_reads_updates_and_deletes(seen: Any) -> None:
    """A lookup bound too; a deleted row is None."""
    assert seen["one"] == {
        "read": ["Contoso", "10000"],
        "updated": ["555-0100", "Contoso"],
        "bound": True,
        "deleted": True,
    }


def test_it_creates_many_queries_and_pages(seen: Any) -> None:
    """CreateMultiple and UpdateMultiple; 25 rows in pages of ten; its own query builder; a count."""
    assert seen["many"] == {
        "created": 25,
        "pages": [10, 10, 5],
        "in order": True,
        "queried": ["Account 24", "Account 23", "Account 22"],
        "counted": ["Account 00", "Account 01", "Account 02"],
    }
    assert seen["formatted"] == ["Active"]


def test_it_sends_batches_and_change_sets(seen: Any) -> None:
    """References within a change set, stop at the first failure, continue on error, roll back."""
    batch = seen["batch"]
    assert (batch["statuses"], batch["read"]) == ([204, 204, 204, 204, 200], ["555-0111"])
    assert (batch["stopped"], batch["error"]) == ([400], "0x80048d19")
    assert batch["went on"] == [400, 204]
    assert batch["rolled back"] == [1, 0]


def test_it_upserts_by_an_alternate_key(seen: Any) -> None:
    """A key made through the client itself; the first time a row is made, then changed."""
    assert seen["upsert"] == {"key": True, "rows": [["K-1", "Changed"], ["K-2", "Second"]]}


def test_it_understands_refusals(seen: Any) -> None:
    """Status and code of a text that is too long; nothing to be tried again."""
    assert seen["refused"] == {"status": 400, "code": "0x80044331", "transient": False}
