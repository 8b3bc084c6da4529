"""A company as it was at some moment, kept once and laid out again for each test that begins there.

What both emulators hold is kept as bytes, and so are the engine's store and its configuration; what the emulators are
made of (clocks, definitions of tables, whoever listens) stays as it is.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from syncengine.sandbox import world
from syncengine.sandbox.back_office.environment import Environment
from syncengine.sandbox.back_office.schema.entities import Api
from syncengine.sandbox.back_office.schema.entities import EntityType
from syncengine.sandbox.back_office.webhooks.notifier import Notifier
from syncengine.sandbox.clock import Clock
from syncengine.sandbox.sales.model import Table

STORE, CONFIGURATION = "engine.db", "syncengine.toml"
SHARED = ("clock", "notifier", "seed")  # with the service around it
STAYS = (Environment, Notifier, Clock, Api, EntityType, Table, FunctionType)


class _Keeper(pickle.Pickler):
    """Takes down everything but what stays, which it names by its place in a list."""

    def __init__(self, file: io.BytesIO, stays: list[Any]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.stays = stays
        self.places: dict[int, int] = {}

    def persistent_id(self, obj: Any) -> int | None:
        if not isinstance(obj, STAYS):
            return None
        if id(obj) not in self.places:
            self.places[id(obj)] = len(self.stays)
            self.stays.append(obj)
        return self.places[id(obj)]


class _Layer(pickle.Unpickler):
    def __init__(self, kept: Kept) -> None:
        super().__init__(io.BytesIO(kept.state))
        self.stays = kept.stays

    def persistent_load(self, place: Any) -> Any:
        return self.stays[place]


@dataclass(frozen=True)
class Kept:
    """`state`: both systems' data and what was seeded. `stays`: what it points at outside of itself. `spent_s`: by how
    much the engine's clock was ahead.
    """

    state: bytes
    stays: list[Any]
    store: bytes
    configuration: str
    spent_s: float

    def lay_out(self, running: world.Sandbox, folder: Path) -> None:
        """On a pair of systems that were reset just now, with the store and the configuration into this folder."""
        kept = _Layer(self).load()
        running.sales.world = kept["sales"]
        vars(running.back_office.environment).update(kept["back_office"])
        running.world = kept["seeded"]
        (folder / STORE).write_bytes(self.store)
        (folder / CONFIGURATION).write_text(self.configuration, encoding="utf-8")


def keep(running: world.Sandbox, folder: Path, spent_s: float) -> Kept:
    """Both systems as they are now, with the store in this folder, which nobody has open. No fault may be set, and no
    server's clock be moved.
    """
    file = io.BytesIO()
    stays: list[Any] = []
    held = {name: value for name, value in vars(running.back_office.environment).items() if name not in SHARED}
    _Keeper(file, stays).dump({"sales": running.sales.world, "back_office": held, "seeded": running.world})
    configuration = (folder / CONFIGURATION).read_text(encoding="utf-8")
    return Kept(file.getvalue(), stays, (folder / STORE).read_bytes(), configuration, spent_s)
