"""What many tests begin with is made once in each process, and laid out again for each of them."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Hashable
from pathlib import Path
from typing import Any
from typing import TypeVar

from syncengine.sandbox import world
from tests.bench.bench import Bench
from tests.bench.kept import Kept

T = TypeVar("T")

_made: dict[tuple[int, Hashable], tuple[Kept, Any]] = {}


def prepared(running: world.Sandbox, folder: Path, name: Hashable, prepare: Callable[[Bench], T]) -> tuple[Bench, T]:
    """A company of its own, on which `prepare` was carried out; what that gave is shared and not to be changed."""
    key = (id(running), name)
    if key not in _made:
        first = Bench(running, folder / "first")
        given = prepare(first)
        _made[key] = (first.keep(), given)
    kept, given = _made[key]
    return Bench(running, folder, kept=kept), given


def loaded(running: world.Sandbox, folder: Path, **switches: Any) -> Bench:
    """A company whose master data is coupled, and that has no orders yet; with these switches of its back office."""

    def first(bench: Bench) -> None:
        bench.switch("back_office", **switches)
        bench.sync()
        bench.unlike_new = bool(switches)

    bench, _ = prepared(running, folder, ("loaded", *sorted(switches.items())), first)
    bench.unlike_new = bool(switches)
    return bench
