"""Does the lock still fit pyproject.toml? Offline: every direct dependency is locked at a version it allows."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).parent


def locked(file: Path) -> dict[str, str]:
    pins = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\;]+)", file.read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def direct(project: dict[str, object], group: str) -> list[str]:
    table = project["project"]
    if not isinstance(table, dict):
        raise TypeError("pyproject.toml: [project] is no table")
    wanted = [*table["dependencies"], *(line for extra in table["optional-dependencies"].values() for line in extra)]
    groups = project["dependency-groups"]
    if not isinstance(groups, dict):
        raise TypeError("pyproject.toml: [dependency-groups] is no table")
    for name in groups if group == "dev" else ["build"]:
        wanted += [line for line in groups[name] if isinstance(line, str)]
    return wanted


def main() -> int:
    project = tomllib.loads((HERE.parent / "pyproject.toml").read_text())
    problems = []
    pins_dev = locked(HERE / "dev.txt")
    for file, group in (("runtime.txt", "build"), ("dev.txt", "dev")):
        pins = locked(HERE / file)
        for line in direct(project, group):
            wanted = Requirement(line)
            pin = pins.get(canonicalize_name(wanted.name))
            if pin is None:
                problems.append(f"{file}: {wanted.name} is not locked")
            elif pin not in wanted.specifier:
                problems.append(f"{file}: {wanted.name} {pin} is locked, pyproject.toml wants {wanted.specifier}")
        problems += [
            f"{file}: {name} {pin} is locked, dev.txt has {pins_dev[name]}"
            for name, pin in pins.items()
            if pins_dev.get(name, pin) != pin
        ]
    for problem in problems:
        print(problem)  # noqa: T201
    if problems:
        print("The lock no longer fits pyproject.toml: run `make lock`.")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
