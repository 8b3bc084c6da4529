"""What a run remembers of the records it has in hand. Of those it has finished with it keeps nothing: what it takes
must not grow with the number of orders.
"""

from __future__ import annotations

from collections import Counter

from syncengine.ports import Subject


class InHand:
    def __init__(self) -> None:
        self._plans: Counter[Subject] = Counter()
        self._written: set[Subject] = set()

    def planned(self, subject: Subject) -> int:
        """Count one plan more; how many there were since the record was taken up."""
        self._plans[subject] += 1
        return self._plans[subject]

    def plans(self, subject: Subject) -> int:
        return self._plans[subject]

    def wrote(self, subject: Subject) -> None:
        self._written.add(subject)

    def written(self, subject: Subject) -> bool:
        """Did this run write to it, and has it not read it since with nothing left to send?"""
        return subject in self._written

    def coupled(self, subject: Subject, now: Subject) -> None:
        """The record was on one side; now it is written on both, under another name."""
        self.done(subject)
        self.wrote(now)

    def done(self, subject: Subject) -> None:
        """Both sides were read and nothing was left to send, or it is nobody's work any more."""
        self._plans.pop(subject, None)
        self._written.discard(subject)

    def __len__(self) -> int:
        return len(self._plans.keys() | self._written)
