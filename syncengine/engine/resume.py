"""Takes up what an earlier process, or an earlier round, left open in the journal."""

from __future__ import annotations

from datetime import timedelta

from syncengine.engine.context import Run
from syncengine.engine.operations import Operations
from syncengine.engine.operations import Running
from syncengine.engine.pausing import paused
from syncengine.engine.recover import settle
from syncengine.engine.recover import unknown_steps
from syncengine.observe.logging import get_logger
from syncengine.ports import Operation

log = get_logger()


class Resumer:
    def __init__(self, run: Run) -> None:
        self.run = run

    def resume(self, operations: Operations) -> None:
        """Settle every open intent that can be settled, and carry those operations on to their end."""
        unfinished = self._unfinished()
        for name, mapping in self.run.mappings.items():
            running = []
            for operation in unfinished:
                if operation.mapping != name:
                    continue
                self.run.references.clear()
                settled = settle(self.run, mapping, operation)
                if settled is not None:
                    running.append(Running(settled))
            operations.work_through(mapping, running)

    def wait_out(self, operations: Operations) -> None:
        """Where an unguarded create may be repeated soon, wait for it rather than leave it to the next run."""
        for _ in range(3):
            unfinished = self._unfinished()
            waits = [self._left_s(operation) for operation in unfinished]
            soon = [seconds for seconds in waits if seconds is not None and seconds <= self.run.limits.patience_s]
            if not soon or self.run.stop_asked():
                return
            log.info("waiting_for_unknown_outcome", seconds=max(soon))
            self.run.clock.sleep(max([0.0, *soon]))
            self.resume(operations)

    def _unfinished(self) -> list[Operation]:
        """Those of paused mappings stay as they are: carrying them on would write."""
        with self.run.store.transaction():
            found = self.run.store.journal.unfinished()
            return [one for one in found if not paused(self.run, one.mapping)]

    def _left_s(self, operation: Operation) -> float | None:
        unknown = unknown_steps(operation)
        if not unknown:
            return 0.0
        sent = max(operation.sent_at[step.no] for step in unknown if step.no in operation.sent_at)
        until = sent + timedelta(seconds=self.run.limits.settle_after_s)
        return (until - self.run.clock.now()).total_seconds()
