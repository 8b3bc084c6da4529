"""Scenarios in given/when/then form: their words stand beside each test, and a page of `docs/` is made of them."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Scenario:
    """`as_processes`: played a second time with every run as a process of its own."""

    given: str
    when: str
    then: str
    as_processes: bool = False


Test = Callable[..., None]


def scenario(given: str, when: str, then: str, *, as_processes: bool = False) -> Callable[[Test], Test]:
    """Words may name parameters of the test in braces."""

    def mark(test: Test) -> Test:
        test.scenario = Scenario(given, when, then, as_processes)  # type: ignore[attr-defined]
        return test

    return mark


def modules() -> Iterator[ModuleType]:
    """The test modules beside and below this file, in the order of their names."""
    for path in sorted(HERE.rglob("test_*.py")):
        name = ".".join(("tests", "scenarios", *path.relative_to(HERE).with_suffix("").parts))
        if name not in sys.modules:
            found = importlib.util.spec_from_file_location(name, path)
            assert found is not None
            assert found.loader is not None
            module = importlib.util.module_from_spec(found)
            sys.modules[name] = module
            found.loader.exec_module(module)
        yield sys.modules[name]


def told(module: ModuleType) -> Iterator[tuple[Test, Scenario, dict[str, Any]]]:
    """Every scenario of a module, once for each set of parameters, in the order in which they are written."""
    tests = [one for one in vars(module).values() if inspect.isfunction(one) and hasattr(one, "scenario")]
    for test in sorted(tests, key=lambda one: one.__code__.co_firstlineno):
        if test.__module__ != module.__name__:
            continue
        for named in _parameters(test):
            words = {name: str(value) for name, value in named.items()}
            one: Scenario = test.scenario  # type: ignore[attr-defined]
            yield (
                test,
                Scenario(
                    one.given.format(**words), one.when.format(**words), one.then.format(**words), one.as_processes
                ),
                named,
            )


def _parameters(test: Test) -> Iterator[dict[str, Any]]:
    sets: list[dict[str, Any]] = [{}]
    for mark in getattr(test, "pytestmark", []):
        if mark.name != "parametrize":
            continue
        names, values = mark.args[:2]
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        rows = [getattr(row, "values", row) for row in values]
        rows = [row if isinstance(row, tuple | list) and len(names) > 1 else (row,) for row in rows]
        rows = [row[0] if len(names) == 1 and isinstance(row[0], tuple) else row for row in rows]
        sets = [
            {**one, **dict(zip(names, row if isinstance(row, tuple | list) else (row,), strict=True))}
            for one in sets
            for row in rows
        ]
    yield from sets
