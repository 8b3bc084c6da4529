"""The shape of each JSON document that the commands print. `syncengine schemas` gives them as JSON Schemas.

Who adds a command with `--json` names its shape in SHAPES; tests hold the commands to it.
"""

from __future__ import annotations

from typing import Any
from typing import Final
from typing import Literal

import msgspec
from msgspec import UNSET
from msgspec import Struct
from msgspec import UnsetType
from msgspec import field

Side = Literal["sales", "back_office"]
Level = Literal["ok", "warning", "error"]
RunStatus = Literal["completed", "completed-with-errors", "refused", "interrupted", "failed"]


class Shape(Struct, forbid_unknown_fields=True, kw_only=True):
    """Every key that is shown is named here."""


class Counts(Shape):
    sales: int
    back_office: int


class Values(Shape):
    """Any JSON; groups of fields are objects."""

    sales: Any
    back_office: Any


class Record(Shape):
    sales: str | None
    back_office: str | None
    number: str


class Error(Shape):
    code: str
    message: str
    remedy: str
    side: Side | None


class Failed(Shape):
    """What a command prints that fails."""

    error: Error


# ------------------------------------------------------------------------------------------------- runs


class MappingCounts(Shape):
    mapping: str
    parent: str | None
    scanned: Counts
    inserted: Counts
    modified: Counts
    deleted: Counts
    unchanged: int
    coupled: int
    uncoupled: int
    archived: int
    recreated: int
    waiting: int
    in_progress: int
    conflicts: int
    failed: int


class RunError(Shape):
    id: int
    mapping: str
    record: Record
    side: Side | None
    class_: str = field(name="class")
    code: str
    message: str
    remedy: str


class Refusal(Shape):
    code: str
    system: str
    what: str
    remedy: str


class Wave(Shape):
    """What a full sync did about a mapping, and why; mappings of one wave need none of each other."""

    wave: int
    mapping: str
    recommendation: str
    reason: str
    uncoupled: Counts | UnsetType = UNSET


class Run(Shape):
    """`full-sync`, `couple`, `sync`, `apply`; `error` is there where the run failed as a whole."""

    run_id: str
    kind: str
    mode: str
    company: str
    dry_run: bool
    status: RunStatus
    exit_code: int
    started_at: str
    finished_at: str
    mappings: list[MappingCounts]
    requests: Counts
    operations: Counts
    retries: int
    throttled: int
    refusal: Refusal | None
    paused: list[str]
    errors: list[RunError]
    error: Error | UnsetType = UNSET
    waves: list[Wave] | UnsetType = UNSET


class WaitsFor(Shape):
    mapping: str
    side: Side | None
    id: str | None


class Decision(Shape):
    group: str
    line: int | str | None
    outcome: str
    base: Values
    sales: Any
    back_office: Any
    reason: str


class Step(Shape):
    no: int
    side: Side
    verb: str
    table: str
    when: str
    target: str | int | None
    body: dict[str, Any]
    lines: list[dict[str, Any]]
    change_set: bool | int | str | None


class Action(Shape):
    mapping: str
    record: Record
    action: str
    reason: str
    waits_for: list[WaitsFor]
    loses: list[str]
    decisions: list[Decision]
    seen: Values
    steps: list[Step]


class Plan(Run):
    actions: list[Action] | UnsetType = UNSET
    planned_at: str | UnsetType = UNSET


class Difference(Shape):
    mapping: str
    record: Record
    group: str
    line: int | str | None
    sales: Any
    back_office: Any
    reason: Literal["in-flight", "waiting", "conflict", "filtered", "unexplained"]


class Verification(Run):
    compared: int | UnsetType = UNSET
    filtered: Any = UNSET
    differences: list[Difference] | UnsetType = UNSET


# ------------------------------------------------------------------------------------------------- setting up


class Finding(Shape):
    id: str
    level: Level
    message: str
    remedy: str
    doc: str


class Load(Shape):
    requests: Counts
    operations: Counts
    seconds: int


class UsualDay(Shape):
    requests: Counts
    operations: Counts
    runs: int
    busy_seconds: int
    share_of_quota: Values


class Quota(Shape):
    requests: int
    window_s: float
    at_once: int


class Quotas(Shape):
    sales: Quota
    back_office: Quota


class Counted(Shape):
    mapping: str
    sales: int | None
    back_office: int | None


class Assumes(Shape):
    seconds_per_page: Values
    seconds_per_write: Values
    at_once: int
    batch: int


class Forecast(Shape):
    counts: list[Counted]
    changed_yesterday: list[Counted]
    first_load: Load
    usual_day: UsualDay
    quotas: Quotas
    assumes: Assumes


class OrderProcessing(Shape):
    """`can_disable`: what is off cannot be turned off. `handed_over`: orders that were handed over and are open.

    `not_seen`: the usual reasons why the app does not show the setting.
    """

    enabled: bool
    mode: str | UnsetType | None = UNSET
    fits: bool | UnsetType = UNSET
    can_disable: bool | UnsetType = UNSET
    user: str | UnsetType = UNSET
    integration_user: bool | UnsetType = UNSET
    handed_over: int | UnsetType = UNSET
    mode_switched: bool | UnsetType = UNSET
    not_seen: list[str] | UnsetType = UNSET


class MarkedUser(Shape):
    user: str
    integration_user: bool


class ArchiveOrders(Shape):
    archive_orders: bool


class Revision(Shape):
    revision: str | None
    speaks: str | UnsetType = UNSET


# ------------------------------------------------------------------------------------------------- mappings


class MappingBrief(Shape):
    id: str
    kind: str
    sales: str
    back_office: str
    create: str
    lines: str | None
    needs: list[str]
    requires: str | None
    unless: str | None
    otherwise: str | None
    origin: str


class MappingRow(Shape):
    id: str
    sales: list[str]
    direction: str
    back_office: list[str]
    kind: str
    requires: str | None
    unless: str | None
    otherwise: str | None
    origin: str


class MappingShown(MappingBrief):
    groups: dict[str, list[str]]
    recreates: list[str]
    rows: list[MappingRow]


class MappingProblem(Shape):
    id: str
    file: str
    line: int
    column: int
    message: str
    suggestion: str


class Option(Shape):
    id: str
    side: Side
    number: str
    values: dict[str, Any]
    coupled_with: list[str]


# ------------------------------------------------------------------------------------------------- looking


class Parked(Shape):
    """`errors` and `waiting`; what is in progress has a `kind` and no code."""

    id: int
    mapping: str
    record: dict[str, str | None]
    class_: str = field(name="class")
    message: str
    remedy: str
    since: str
    side: Side | None
    code: str | UnsetType = UNSET
    attempts: int | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    coupling: int | UnsetType | None = UNSET
    remote_id: str | UnsetType | None = UNSET


class Conflict(Shape):
    id: int
    mapping: str
    record: Record
    group: str
    line: int | None
    base: Values
    sales: Any
    back_office: Any
    since: str
    answer: Side | None


class Coupling(Shape):
    id: int
    mapping: str
    sales: str
    back_office: str
    scope: str
    status: str
    sales_number: str
    back_office_number: str
    created_by: str
    created_at: str


class Explained(Shape):
    """`base` is what both sides last agreed on; an event has `id`, `at`, `run`, `event` and what belongs to it."""

    coupling: dict[str, Any] | None
    parked: Parked | None
    conflicts: list[dict[str, Any]]
    versions: list[dict[str, Any]]
    events: list[dict[str, Any]]


class ArchiveVersion(Shape):
    id: int
    order: str
    version: int
    number: str
    successor: str
    reason: str
    archived_at: str


class Archived(Shape):
    order: str
    version: int
    document: dict[str, Any]
    filed: dict[str, Any] | None


class ArchiveDifference(Shape):
    id: str
    before: Any
    after: Any


class Job(Shape):
    id: str
    kind: str
    mode: str
    status: str
    exit_code: int | None
    started_at: str
    finished_at: str | None


class JobShown(Job):
    """`result` is the run's own JSON."""

    result: dict[str, Any] | None


class Ages(Shape):
    """Seconds; null where there is nothing outstanding."""

    sales: float | None
    back_office: float | None


class MappingStatus(Shape):
    id: str
    coupled: int
    pending: int
    waiting: int
    failed: int
    conflicts: int
    in_progress: int
    skipped: int
    paused: bool
    freshness_s: Ages
    sweep_age_s: float | None


class AtWork(Shape):
    holder: str
    run_id: str
    mode: str


class Status(Shape):
    company: str
    mode: str | None
    paused: list[str]
    running: AtWork | None
    mappings: list[MappingStatus]
    last_run: Job | None
    runs: list[Job]
    verify: dict[str, Any] | None


class Limit(Shape):
    """A safety limit that was reached; `count` is the number that an approval must name."""

    id: int
    kind: str
    status: str
    count: int
    message: str
    since: str
    remedy: str


class Skipped(Shape):
    id: int
    mapping: str
    state: str
    record: dict[str, str | None]
    since: str
    side: Side | None
    class_: str = field(name="class")
    code: str
    message: str
    remedy: str
    attempts: int


# ------------------------------------------------------------------------------------------------- deciding


class Resolved(Shape):
    id: int
    group: str
    line: int | None
    take: str


class Retried(Shape):
    retried: int


class SkippedCount(Shape):
    skipped: int


class Coupled(Shape):
    id: int
    mapping: str


class Imported(Shape):
    """`id` is the line in the file."""

    id: int
    sales: str
    back_office: str
    outcome: str
    reason: str
    coupling: int | None


class Uncoupled(Shape):
    mapping: str
    uncoupled: int
    ids: list[int]


class Excluded(Shape):
    id: int
    order: str
    mapping: str


class Paused(Shape):
    paused: list[str]


class Approved(Shape):
    id: int
    kind: str
    approved: int


class Chaos(Shape):
    """`broken`: promises that did not hold; `listed`: differences that are left, each with its reason."""

    seed: int
    orders: int
    edits: int
    events: dict[str, int]
    faults: dict[str, int]
    runs: dict[str, int]
    listed: int
    broken: list[str]


class Accepted(Shape):
    side: Side
    accepted_at: str


class Restored(Shape):
    """`number` is what the document was called in that version."""

    order: str
    version: int
    number: str


class Kept(Shape):
    """Everything that is kept of one record; `history`, `archive`, `conflicts` and `operations` as they are kept."""

    id: int
    mapping: str
    status: str
    sales: dict[str, Any]
    back_office: dict[str, Any]
    base: dict[str, Any] | None
    history: list[dict[str, Any]]
    archive: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    operations: list[dict[str, Any]]


class Exported(Shape):
    records: int
    file: str


class Erased(Shape):
    records: int
    history: int
    archive: int
    conflicts: int
    operations: int


class SchemaFile(Shape):
    """`id` is the command."""

    id: str
    file: str


class Chapter(Shape):
    """`held`: what was said and found to be so."""

    no: int
    title: str
    held: list[str]


class Emulated(Shape):
    """A running system of the sandbox: where it is, and who may sign in."""

    url: str
    token_url: str
    clients: dict[str, dict[str, str]]
    company: str | UnsetType = UNSET


class Printed(Shape):
    """What `sandbox` prints once both systems answer."""

    sales: Emulated
    back_office: Emulated
    config: str | None


class Story(Shape):
    """`running`: with --keep, where everything is to be found, and the daemon's address."""

    chapters: list[Chapter]
    seconds: float
    folder: str
    running: Printed | None
    daemon: str | None


SHAPES: Final[dict[str, tuple[Any, ...]]] = {
    "check": (list[Finding],),
    "forecast": (Forecast,),
    "mappings list": (list[MappingBrief],),
    "mappings show": (MappingShown,),
    "mappings validate": (list[MappingProblem],),
    "mappings options": (list[Option],),
    "mappings schema": (dict[str, Any],),
    "sop status": (OrderProcessing,),
    "sop enable": (OrderProcessing,),
    "sop disable": (OrderProcessing,),
    "sop mark-user": (MarkedUser,),
    "db current": (Revision,),
    "db upgrade": (Revision,),
    "full-sync": (
        Run,
        Plan,
    ),
    "couple": (
        Run,
        Plan,
    ),
    "sync": (
        Run,
        Plan,
    ),
    "plan": (Plan,),
    "apply": (Run,),
    "verify": (Verification,),
    "status": (Status,),
    "jobs": (
        list[Job],
        JobShown,
    ),
    "errors": (list[Parked],),
    "waiting": (list[Parked],),
    "conflicts": (list[Conflict],),
    "limits": (list[Limit],),
    "skipped": (list[Skipped],),
    "couplings": (list[Coupling],),
    "couplings import": (list[Imported],),
    "explain": (Explained,),
    "archive enable": (ArchiveOrders,),
    "archive list": (list[ArchiveVersion],),
    "archive show": (Archived,),
    "archive diff": (list[ArchiveDifference],),
    "archive restore": (
        Restored,
        Run,
    ),
    "data export": (
        list[Kept],
        Exported,
    ),
    "data erase": (Erased,),
    "data prune": (dict[str, int],),
    "resolve": (
        list[Resolved],
        Run,
    ),
    "retry": (
        Retried,
        Run,
    ),
    "approve": (Approved, Run),
    "skip": (
        SkippedCount,
        Run,
    ),
    "exclude": (
        Excluded,
        Run,
    ),
    "schemas": (list[SchemaFile], dict[str, Any]),
    "sandbox": (Printed,),
    "sandbox story": (Story,),
    "chaos": (Chaos,),
    "couple-record": (Coupled,),
    "uncouple": (Uncoupled,),
    "pause": (Paused,),
    "resume": (Paused,),
    "accept-restore": (Accepted,),
}
"""Command -> what it prints with --json. Each may print `Failed` instead."""


def schema(command: str) -> dict[str, Any]:
    """The JSON Schema of what a command prints with --json."""
    alternatives = (*SHAPES[command], Failed)
    found, components = msgspec.json.schema_components(alternatives, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"syncengine {command} --json",
        "anyOf": list(found),
        "$defs": dict(components),
    }


def file_name(command: str) -> str:
    return f"{command.replace(' ', '-')}.schema.json"
