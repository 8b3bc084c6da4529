"""The guards that the promise rests on: how each is taken out, and the test that must go red without it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import pytest

from syncengine.connectors import http
from syncengine.connectors.business_central import changes as back_office_changes
from syncengine.engine import answers
from syncengine.engine import apply
from syncengine.engine import entering
from syncengine.engine import guard
from syncengine.engine import limits
from syncengine.engine import operations
from syncengine.engine import reading
from syncengine.engine import run as runs
from syncengine.engine import traces
from syncengine.planner import build
from syncengine.planner import decide
from syncengine.planner import facts
from syncengine.planner import freeze
from syncengine.planner import settle
from syncengine.planner import writes
from syncengine.records.record import Base
from syncengine.service.lease import Lease
from syncengine.store.couplings import SqlCouplings
from syncengine.store.journal import SqlJournal

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Guarded:
    """`take_out` disables the guard in this process; `test` is a pytest node that then fails."""

    name: str
    take_out: Callable[[Patch], None]
    test: str


def _nothing(*_arguments: Any, **_named: Any) -> None:
    """What stands in for a check that is taken out."""


def _journal(patch: Patch) -> None:
    """Open intents are forgotten instead of settled."""
    patch.setattr(SqlJournal, "unfinished", lambda _self: [])


def _search_before_create(patch: Patch) -> None:
    patch.setattr(entering, "_new", lambda _run, _mapping, _side, some: [one for one, _ in some])


def _if_match(patch: Patch) -> None:
    """Writes go out without the token of the snapshot they were planned from."""
    original = operations.resolved

    def unguarded(operation: Any, steps: Any) -> Any:
        return tuple(replace(step, expects=None) for step in original(operation, steps))

    patch.setattr(operations, "resolved", unguarded)


def _two_sided_base(patch: Patch) -> None:
    """One picture for both sides: what the other system makes of a value looks like an edit."""
    original = Base.__init__

    def one_picture(self: Base, sales: Any, back_office: Any) -> None:
        original(self, sales, replace(back_office, fields=sales.fields))

    patch.setattr(Base, "__init__", one_picture)


def _groups(patch: Patch) -> None:
    """Each row is merged by itself."""

    def alone(rows: Any, _groups: Any) -> Any:
        return {row.name: (row.name,) for row in rows.values() if row.compared}

    for module in (decide, build, settle):
        patch.setattr(module, "grouping", alone)


def _tombstones(patch: Patch) -> None:
    patch.setattr(SqlCouplings, "known", lambda _self, _mapping, _side, _ids: {})


def _token_with_values(patch: Patch) -> None:
    """The base becomes whatever was seen, not what was agreed."""

    def swallowed(*arguments: Any, **_named: Any) -> Any:
        return dict(arguments[5])

    patch.setattr(settle, "_moved", swallowed)


def _safety_limit(patch: Patch) -> None:
    patch.setattr(limits.Budget, "admits", lambda _self, _subject: True)


def _foreign_edit(patch: Patch) -> None:
    """The predecessor is not looked at again before it is removed."""
    patch.setattr(operations, "same_document", lambda _one, _two: True)


def _derived_identity(patch: Patch) -> None:
    """Ids of creates are dice."""
    for module in (facts, build, writes):
        patch.setattr(module, "chosen_id", lambda *_arguments: str(uuid.uuid4()))


def _lease(patch: Patch) -> None:
    patch.setattr(Lease, "check", _nothing)


def _competitor(patch: Patch) -> None:
    patch.setattr(guard, "_judge", _nothing)


def _same_systems(patch: Patch) -> None:
    patch.setattr(guard, "same_systems", _nothing)


def _same_origin(patch: Patch) -> None:
    patch.setattr(http.HttpClient, "same_origin", lambda _self, url: url)


def _overlap(patch: Patch) -> None:
    original = back_office_changes.Changes.__init__

    def without(self: Any, reader: Any, overlap_s: float, *others: Any) -> None:
        original(self, reader, 0.0 * overlap_s, *others)

    patch.setattr(back_office_changes.Changes, "__init__", without)


def _sweep(patch: Patch) -> None:
    patch.setattr(runs, "sweep", lambda *_arguments, **_named: 0)


def _freeze(patch: Patch) -> None:
    """A field may be written to and fro for ever."""
    patch.setattr(freeze, "TURNS", 1_000)


def _did_not_take(patch: Patch) -> None:
    """Whether a column kept what was written is not looked at."""
    patch.setattr(answers, "_lost", lambda *_arguments: set())


def _line_pairing(patch: Patch) -> None:
    """Lines that got new ids are new lines."""
    original = decide.pair_lines
    patch.setattr(decide, "pair_lines", lambda *some, **named: original(*some[:5], (), **named))


def _stamps_go_back(patch: Patch) -> None:
    patch.setattr(traces, "must_not_go_back", lambda _run, pair: pair)
    patch.setattr(reading, "must_not_go_back", lambda _run, pair: pair, raising=False)
    patch.setattr(apply, "must_not_go_back", lambda _run, pair: pair, raising=False)


def _older_asked_twice(patch: Patch) -> None:
    """What a read shows older than it is known is believed at once."""
    patch.setattr(apply, "doubted", lambda _run, candidates: list(candidates))


def _gone_asked_twice(patch: Patch) -> None:
    """One not-found answer is believed at once."""
    patch.setattr(traces, "_confirm_in", lambda _run, _one: 0.0)


SEQUENCES = "tests/scenarios/test_sequences.py"
LIMITS = "tests/scenarios/test_safety_limits.py"
GUARDS = (
    Guarded("journal", _journal, "tests/recovery/test_meanwhile.py::test_a_dead_process_leaves_an_intent"),
    Guarded(
        "search before create",
        _search_before_create,
        "tests/scenarios/test_needs_a_person.py::test_a_second_document_under_the_same_key_is_not_made",
    ),
    Guarded(
        "if-match",
        _if_match,
        "tests/recovery/test_meanwhile.py::test_two_edits_of_one_group_at_that_moment_are_a_conflict",
    ),
    Guarded("two-sided base", _two_sided_base, "tests/unit/planner/test_plan.py::test_nothing_changed_nothing_to_do"),
    Guarded("groups", _groups, f"{SEQUENCES}::test_07_half_a_meaning_merged"),
    Guarded("tombstones", _tombstones, f"{SEQUENCES}::test_13_created_again"),
    Guarded(
        "token with values",
        _token_with_values,
        "tests/unit/planner/test_settle.py::test_an_edit_that_arrives_during_our_write_is_not_swallowed",
    ),
    Guarded(
        "safety limit",
        _safety_limit,
        f"{LIMITS}::test_given_more_recreates_than_a_day_allows_when_a_run_comes_then_those_alone_wait_for_one_approval",
    ),
    Guarded("foreign edit", _foreign_edit, f"{SEQUENCES}::test_06_the_recreate_window"),
    Guarded(
        "derived identity",
        _derived_identity,
        "tests/unit/planner/test_plan.py::test_an_order_from_the_back_office_is_created_under_ids_that_we_derive",
    ),
    Guarded("lease", _lease, "tests/store/test_lease.py::test_nothing_is_sent_with_less_than_ten_seconds_left"),
    Guarded(
        "competing integration",
        _competitor,
        "tests/scenarios/test_guard.py::test_given_a_competitor_when_a_run_begins_then_nothing_is_written",
    ),
    Guarded(
        "the same systems as before",
        _same_systems,
        f"{LIMITS}::test_given_another_company_behind_the_url_when_a_run_comes_then_writing_stops_until_a_person_says_so",
    ),
    Guarded(
        "links on our origin only",
        _same_origin,
        "tests/unit/connectors/test_http.py::test_links_to_elsewhere_are_not_followed",
    ),
    Guarded("watermark overlap", _overlap, f"{SEQUENCES}::test_21_cursors_that_step_over"),
    Guarded("sweep", _sweep, f"{SEQUENCES}::test_22_no_sweep"),
    Guarded("freeze", _freeze, "tests/scenarios/life/test_totals.py::test_frozen"),
    Guarded("answer compared with what was sent", _did_not_take, f"{SEQUENCES}::test_23_silently_dropped"),
    Guarded("vanished lines paired again", _line_pairing, f"{SEQUENCES}::test_24_new_line_ids"),
    Guarded("stamps do not go back", _stamps_go_back, f"{SEQUENCES}::test_20_limits"),
    Guarded(
        "older only when asked twice",
        _older_asked_twice,
        "tests/recovery/test_stale_reads.py::test_a_stale_read_after_our_own_write_undoes_nothing",
    ),
    Guarded(
        "gone only when asked twice", _gone_asked_twice, "tests/scenarios/life/test_order_gone.py::test_asked_twice"
    ),
)
