"""What folding and unfolding need to know of couplings: the question, answered by whoever holds the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from syncengine.records.values import Link
from syncengine.records.values import Ref
from syncengine.records.values import Scalar
from syncengine.records.values import Side


class References(Protocol):
    def ref(self, mappings: Sequence[str], side: Side, target: Link | str, scope: Scalar = None) -> Ref:
        """The coupled record that a lookup cell means; a `Ref` without coupling where it is not coupled.

        `target` is a Link where the cell may point at several tables, else the bare id. `scope` narrows a
        back-office id that is coupled once in each scope.
        """
        ...

    def target(self, ref: Ref, side: Side) -> Link | None:
        """The record on `side` that is meant; None where it is not coupled, or has ended and is gone there."""
        ...

    def fact(self, ref: Ref, row: str) -> Scalar:
        """A row's value of the referenced record, as the base remembers it."""
        ...

    def generation(self, ref: Ref) -> int:
        """How often the back office's record was replaced by a successor; 0 where it is not coupled any more."""
        ...

    def name(self, ref: Ref) -> str:
        """What people call the referenced record; its id where nobody has looked."""
        ...
