"""A secret is never shown: not in logs, errors, JSON, listings, history, nor anywhere in the store's own bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.shell import Here
from tests.acceptance.shell import Shell
from tests.acceptance.shell import sandbox

CANARY = "canary-7f3a91c2-b5d4"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    process, shell = sandbox(tmp_path_factory.mktemp("sandbox"), "--orders", "4")
    yield shell
    process.terminate()
    process.communicate(timeout=20)


def _secrets(shell: Shell) -> list[str]:
    """What the configuration knows: both client secrets."""
    return [shell.printed[side]["clients"]["integration"]["client_secret"] for side in ("sales", "back_office")]


COMMANDS = (
    ("check",), ("mappings", "list"), ("plan",), ("full-sync",), ("sync",), ("verify",), ("errors",), ("waiting",),
    ("conflicts",), ("couplings",), ("archive", "list"), ("sop", "status"), ("db", "current"),
)  # fmt: skip


@pytest.mark.slow
def test_no_command_prints_a_secret_at_the_most_talkative(shell: Shell) -> None:
    """Every command, with JSON and for people, at log level debug, and everything the store holds afterwards."""
    shell, said = Here(shell.config, shell.printed, shell.environment), []
    for command in COMMANDS:
        found = shell.run("--log-level", "debug", *command, expect=None)
        said.append((command, found.out + found.err))
    order = shell.json("couplings", "--mapping", "SALESORDER-ORDER")[0]["sales_number"]
    for command in (("explain", order), ("explain", order, "--json"), ("sync", "--json"), ("check", "--json")):
        found = shell.run("--log-level", "debug", *command, expect=None)
        said.append((command, found.out + found.err))
    assert any("exchange" in text for _, text in said), "the debug log shows nothing: this test would show nothing"
    for secret in _secrets(shell):
        assert [command for command, text in said if secret in text] == []
        assert [file.name for file in _store_files(shell) if secret.encode() in file.read_bytes()] == []
    assert [command for command, text in said if "Bearer " in text and "Bearer [hidden]" not in text] == []


def _store_files(shell: Shell) -> list[Path]:
    files = [file for file in shell.config.parent.iterdir() if ".db" in file.name]
    assert files
    return files


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_refused_secret_is_not_quoted(shell: Shell, tmp_path: Path, log_format: str) -> None:
    """The wrong secret is refused; the error says which side, and not what was sent."""
    wrong = Here(shell.config, shell.printed, shell.environment).rewritten(tmp_path, (_secrets(shell)[0], CANARY))
    for command in (("check",), ("sync",), ("plan", "--json")):
        found = wrong.run("--log-level", "debug", "--log-format", log_format, *command, expect=None)
        assert found.code != 0
        assert CANARY not in found.out + found.err
    assert all(CANARY.encode() not in file.read_bytes() for file in tmp_path.iterdir() if ".db" in file.name)


@pytest.mark.slow
def test_a_secret_that_a_server_sends_back_is_not_kept(tmp_path: Path) -> None:
    """A service that quotes our secret in a refusal: the refusal is kept and shown without it."""
    process, shell = sandbox(tmp_path, "--orders", "4")
    secret = _secrets(shell)[1]
    refusal = {
        "kind": "refuse", "probability": 1, "status": 400, "code": "Application_DialogException",
        "message": f"no such thing for {secret}", "match": {"path": "^POST .*salesOrders"},
    }  # fmt: skip
    shell.fault("back_office", **refusal)
    found = shell.run("full-sync", "--json", expect=None)
    listed = shell.run("errors", expect=None)
    process.terminate()
    process.communicate(timeout=20)
    assert "no such thing for" in listed.out
    assert secret not in found.out + found.err + listed.out
    assert all(secret.encode() not in file.read_bytes() for file in _store_files(shell))


@pytest.mark.slow
def test_a_secret_in_the_environment_or_a_file_is_named_never_shown(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text(CANARY + "\n")
    quoted = f'"{_secrets(shell)[0]}"'
    for reference in ('{ file = "secret.txt" }', '{ env = "OUR_SECRET" }'):
        wrong = shell.rewritten(tmp_path, (quoted, reference))
        wrong.environment = {**wrong.environment, "OUR_SECRET": CANARY}
        found = wrong.run("--log-level", "debug", "check", expect=None)
        assert "AADSTS7000215" in found.out  # it was sent, and refused
        assert CANARY not in found.out + found.err
