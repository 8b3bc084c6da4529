"""The page of all scenarios: `python -m tests.scenarios.page > docs/reference/scenarios.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.scenarios.scenario import modules
from tests.scenarios.scenario import told

HEAD = """# Scenarios

What happens to orders, case by case. Every line is a test that plays it on both emulated systems, over real sockets;
those marked ⚙ are played a second time with every run as a process of its own. This page is made from the tests:
`python -m tests.scenarios.page > docs/reference/scenarios.md`.
"""


def page() -> str:
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    for module in modules():
        found = list(told(module))
        if not found:
            continue
        yield f"## {(module.__doc__ or module.__name__).strip().splitlines()[0].rstrip('.')}"
        yield ""
        yield "| given | when | then |"
        yield "|---|---|---|"
        for _, one, _ in found:
            mark = " ⚙" if one.as_processes else ""
            yield f"| {_cell(one.given)} | {_cell(one.when)} | {_cell(one.then)}{mark} |"
        yield ""


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
