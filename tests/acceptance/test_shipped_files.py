"""What is shipped for running it: units that systemd accepts, a cron table, a container's recipe, completion."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from apscheduler.triggers.cron import CronTrigger
from click.testing import CliRunner
from ruamel.yaml import YAML

from syncengine.cli.main import COMMANDS
from syncengine.cli.main import cli
from syncengine.config.loading import load
from tests.acceptance.shell import PROGRAM

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
UNITS = sorted((CONFIG / "systemd").iterdir())
INSTALLED = "/opt/syncengine/.venv/bin/syncengine"
CALLED = re.compile(rf"{re.escape(INSTALLED)} ([^>\n]*)")


def _called() -> list[str]:
    """Every command line that a shipped file runs."""
    files = [*UNITS, CONFIG / "syncengine.cron"]
    return [line.strip() for file in files for line in CALLED.findall(file.read_text(encoding="utf-8"))]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze on this machine")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_each_unit(unit: Path, tmp_path: Path) -> None:
    """All of them side by side, for a timer names its service; the program is where it is here."""
    for one in UNITS:
        text = one.read_text(encoding="utf-8").replace(INSTALLED, PROGRAM)
        (tmp_path / one.name).write_text(text, encoding="utf-8")
    said = subprocess.run(  # noqa: S603
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    ours = [line for line in said.stderr.splitlines() if "syncengine" in line]
    assert (said.returncode, ours) == (0, []), said.stderr


@pytest.mark.parametrize("line", _called())
def test_each_command_line_is_one_that_the_program_takes(line: str) -> None:
    """Read as the shell would, with --help in place of the work."""
    said = CliRunner().invoke(cli, [*line.split(), "--help"])
    assert said.exit_code == 0, said.output
    assert "Usage:" in said.output


def test_the_cron_table_has_five_fields_and_a_user() -> None:
    lines = (CONFIG / "syncengine.cron").read_text(encoding="utf-8").splitlines()
    jobs = [line for line in lines if line[:1] in "*0123456789"]
    assert len(jobs) == 2
    for line in jobs:
        *fields, user, command = line.split(None, 6)
        assert CronTrigger.from_crontab(" ".join(fields))
        assert user == "syncengine"
        assert INSTALLED in command


def test_cron_gives_the_program_its_secrets(tmp_path: Path) -> None:
    """The file is the one that systemd reads: NAME=value, one a line, and nothing that exports them."""
    stub, secrets, seen = tmp_path / "syncengine", tmp_path / "secrets.env", tmp_path / "seen"
    stub.write_text(f'#!/bin/sh\necho "$SYNCENGINE_SALES_SECRET $1" >> {seen}\n', encoding="utf-8")
    stub.chmod(0o755)
    secrets.write_text("SYNCENGINE_SALES_SECRET=quiet\n", encoding="utf-8")
    for line in (CONFIG / "syncengine.cron").read_text(encoding="utf-8").splitlines():
        if line[:1] in "*0123456789":
            called = line.split(None, 6)[6].replace(INSTALLED, str(stub))
            subprocess.run(  # noqa: S603
                ["/bin/sh", "-c", called.replace("/etc/syncengine/secrets.env", str(secrets))],
                env={"PATH": "/usr/bin:/bin"},
                check=True,
                timeout=60,
            )
    assert seen.read_text(encoding="utf-8").splitlines() == ["quiet sync", "quiet verify"]


def test_the_containers_recipe_copies_what_is_there_and_nothing_that_is_ignored() -> None:
    recipe = (CONFIG / "Containerfile").read_text(encoding="utf-8")
    copied = [
        source for line in re.findall(r"^COPY (?!--from)(.*)$", recipe, re.MULTILINE) for source in line.split()[:-1]
    ]
    assert copied
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"]
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source in kept, source
    arguments = re.findall(r"^CMD \[(.*)\]$", recipe, re.MULTILINE)[-1].replace('"', "").split(", ")
    assert CliRunner().invoke(cli, [*arguments, "--help"]).exit_code == 0


def test_the_compose_file_names_secrets_and_volumes_that_it_defines() -> None:
    with (CONFIG / "compose.yaml").open(encoding="utf-8") as file:
        compose = YAML(typ="safe", pure=True).load(file)
    for service in compose["services"].values():
        assert set(service.get("secrets", [])) <= compose["secrets"].keys()
        assert set(service.get("depends_on", {})) <= compose["services"].keys()
    build = compose["services"]["syncengine"]["build"]
    assert (CONFIG / build["context"] / build["dockerfile"]).resolve() == (CONFIG / "Containerfile").resolve()
    example = str(CONFIG / "syncengine.example.toml")
    loaded = load(example, dict(compose["services"]["syncengine"]["environment"]))
    assert loaded.store_url().startswith("postgresql+psycopg://")


# What each shell offers for `syncengine mapp<Tab>`, its own machinery included; {script} is what we give it.
COMPLETES = {
    "bash": ". {script}; COMP_WORDS=(syncengine mapp); COMP_CWORD=1; _syncengine_completion syncengine mapp; "
    'echo "${{COMPREPLY[@]}}"',
    "zsh": "autoload -U compinit; compinit -D; . {script}; words=(syncengine mapp); CURRENT=2; "
    "_describe() {{ print -l -- $completions_with_descriptions }}; compadd() {{ print -l -- $completions }}; "
    "_syncengine_completion",
    "fish": "source {script}; complete -C 'syncengine mapp'",
}
BARE = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}


@pytest.mark.parametrize("shell", COMPLETES)
def test_completion_offers_the_commands(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} on this machine to load its script into")
    script = tmp_path / "completion"
    environment = {"PATH": f"{Path(PROGRAM).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
    script.write_text(_said([PROGRAM], {**environment, "_SYNCENGINE_COMPLETE": f"{shell}_source"}), encoding="utf-8")
    offered = _said([program, *BARE[shell], "-c", COMPLETES[shell].format(script=script)], environment)
    assert "mappings" in offered
    assert "verify" not in offered


def _said(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    assert done.stderr == ""
    return done.stdout


def test_prometheus_takes_the_rules_and_what_the_dashboard_asks(tmp_path: Path) -> None:
    """The dashboard's expressions as rules, its variables filled in; tests/unit/observe holds both to our metrics."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("there is no promtool on this machine")
    dashboard = json.loads((CONFIG / "grafana-dashboard.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = [
        {"record": f"dashboard:{number}", "expr": re.sub(r"\$\w+", ".*", one.replace("$__rate_interval", "5m"))}
        for number, one in enumerate(asked)
    ]
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    for one in (CONFIG / "prometheus-alerts.yml", file):
        assert "SUCCESS" in _said([program, "check", "rules", str(one)], {"PATH": "/usr/bin:/bin"})


def test_the_page_about_completion_says_what_works() -> None:
    page = (ROOT / "docs" / "how-to" / "shell-completion.md").read_text(encoding="utf-8")
    assert all(f"_SYNCENGINE_COMPLETE={shell}_source" in page for shell in ("bash", "zsh", "fish"))
    assert "mappings" in COMMANDS
