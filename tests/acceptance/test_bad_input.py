"""Whatever is wrong with the input is said in plain words, with an exit code that scripts can act on."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.config.mapping_files import shipped_folder
from tests.acceptance.shell import Here
from tests.acceptance.shell import Shell

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shell(shell: Shell) -> Shell:
    return Here(shell.config, shell.printed, shell.environment)


def _error(shell: Shell, *arguments: str, expect: int) -> dict[str, str]:
    found: dict[str, str] = shell.json(*arguments, expect=expect)["error"]
    assert set(found) == {"code", "message", "remedy", "side"}
    assert found["remedy"]
    return found


def test_an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant(shell: Shell, tmp_path: Path) -> None:
    wrong = shell.rewritten(tmp_path, ("time_zone =", "time_zome ="))
    line = 1 + wrong.config.read_text(encoding="utf-8").splitlines().index('time_zome = "America/New_York"')
    found = _error(wrong, "check", expect=2)
    assert f"syncengine.toml:{line}" in found["message"]
    assert "time_zome" in found["message"]
    assert "time_zone" in found["message"]


def test_an_unknown_key_in_the_environment_is_named(shell: Shell, tmp_path: Path) -> None:
    wrong = shell.rewritten(tmp_path)
    wrong.environment = {**shell.environment, "SYNCENGINE__SALES__URI": "http://127.0.0.1:1"}
    assert "SYNCENGINE__SALES__URI" in _error(wrong, "check", expect=2)["message"]


def test_a_missing_secret_variable_is_named(shell: Shell, tmp_path: Path) -> None:
    secret = shell.printed["sales"]["clients"]["integration"]["client_secret"]
    wrong = shell.rewritten(tmp_path, (f'"{secret}"', '{ env = "OUR_SALES_SECRET" }'))
    assert "OUR_SALES_SECRET" in _error(wrong, "sync", expect=2)["message"]


@pytest.mark.parametrize("side", ["sales", "back_office"])
def test_a_wrong_secret_says_which_side_and_what_the_server_said(shell: Shell, tmp_path: Path, side: str) -> None:
    secret = shell.printed[side]["clients"]["integration"]["client_secret"]
    wrong = shell.rewritten(tmp_path, (f'client_secret = "{secret}"', 'client_secret = "not-the-one"'))
    found = _error(wrong, "sync", expect=4)
    assert found["side"] == side
    assert "AADSTS7000215" in found["message"] or "invalid_client" in found["message"]
    said = wrong.run("sync", expect=4)
    assert "not-the-one" not in said.out + said.err + str(found)


def test_a_host_that_does_not_answer(shell: Shell, tmp_path: Path) -> None:
    url = shell.printed["back_office"]["url"]
    wrong = shell.rewritten(
        tmp_path,
        (f'url = "{url.split("/v2.0")[0]}', 'url = "http://127.0.0.1:1'),
        ("[limits]", "[limits]\nattempts = 2"),
    )
    found = _error(wrong, "sync", expect=4)
    assert found["side"] == "back_office"
    assert "127.0.0.1:1" in found["message"]


def test_a_200_with_an_html_body(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path, ("[limits]", "[limits]\nattempts = 2"))
    shell.fault("back_office", kind="html", next=50, match={"method": "GET"})
    try:
        found = _error(fresh, "sync", expect=4)
    finally:
        shell.calm()
    assert found["side"] == "back_office"
    assert "html" in found["message"].lower()


def test_a_body_that_drips(shell: Shell, tmp_path: Path) -> None:
    """It arrives byte by byte for longer than a request may take: no read ever times out by itself."""
    fresh = shell.rewritten(
        tmp_path, ("[limits]", "[limits]\nattempts = 2"), ("request_timeout_s = 4", "request_timeout_s = 1")
    )
    shell.fault("sales", kind="slow-body", next=50, seconds=6, match={"path": "api/data"})
    try:
        found = _error(fresh, "sync", expect=4)
    finally:
        shell.calm()
    assert found["side"] == "sales"


def test_a_typo_in_a_mapping_gives_file_line_column_and_suggestion(shell: Shell, tmp_path: Path) -> None:
    overlay = tmp_path / "mappings"
    overlay.mkdir()
    (overlay / "orders.yaml").write_text(
        "name: SALESORDER-ORDER\nfields:\n  their_reference:\n    sails: name\n    back_office: phoneNumber\n",
        encoding="utf-8",
    )
    wrong = shell.rewritten(tmp_path)
    text = wrong.config.read_text(encoding="utf-8")
    wrong.config.write_text(f'{text}\n[mappings]\npaths = ["{shipped_folder()}", "mappings"]\n', encoding="utf-8")
    (problem,) = wrong.json("mappings", "validate", expect=2)
    assert (Path(problem["file"]).name, problem["line"], problem["column"]) == ("orders.yaml", 4, 5)
    assert "sales" in problem["suggestion"]
    message = _error(wrong, "sync", expect=2)["message"]
    assert "orders.yaml:4:5" in message
    assert "sails" in message
    assert "sales" in message


def test_an_order_that_the_back_office_refuses_is_listed_with_its_words_and_the_others_go(
    shell: Shell, tmp_path: Path
) -> None:
    fresh = shell.rewritten(tmp_path)
    shell.fault(
        "back_office",
        kind="refuse",
        next=1,
        status=400,
        code="Application_DialogException",
        message="The customer is blocked for shipping.",
        match={"method": "POST", "path": "salesOrders"},
    )
    try:
        result = fresh.json("full-sync", expect=1)
    finally:
        shell.calm()
    (error,) = [one for one in result["errors"] if one["mapping"] == "SALESORDER-ORDER"]
    assert "The customer is blocked for shipping." in error["message"]
    assert error["side"] == "back_office"
    (orders,) = [one for one in result["mappings"] if one["mapping"] == "SALESORDER-ORDER"]
    assert orders["failed"] == 1
    assert orders["inserted"]["back_office"] >= 10
    (listed,) = fresh.json("errors")
    assert listed["id"] == error["id"]
    fresh.run("retry", str(listed["id"]))
    fresh.run("sync")
    assert fresh.json("errors") == []
    assert fresh.json("verify")["differences"] == []


def test_no_mode_is_a_usage_error_that_says_what_to_choose(shell: Shell, tmp_path: Path) -> None:
    fresh = shell.rewritten(tmp_path, ('mode = "bidirectional"', ""))
    assert "mode" in _error(fresh, "sync", expect=2)["message"]
    assert fresh.run("check", expect=None).code in {0, 2}


def test_an_unknown_command_and_a_missing_file(shell: Shell, tmp_path: Path) -> None:
    assert shell.run("snyc", expect=2).out == ""
    gone = Here(tmp_path / "nowhere.toml", shell.printed, shell.environment)
    assert "nowhere.toml" in _error(gone, "sync", expect=2)["message"]
