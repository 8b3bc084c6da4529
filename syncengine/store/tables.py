"""The tables. Company is in every key; times are RFC 3339 text in UTC; records are JSON text (`records.encoding`)."""

from __future__ import annotations

from sqlalchemy import Boolean
from sqlalchemy import Column
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import PrimaryKeyConstraint
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import Text
from sqlalchemy import text

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

metadata = MetaData(naming_convention=NAMING)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _text(name: str, *, null: bool = False, default: str | None = "") -> Column[str]:
    server = None if null or default is None else default
    return Column(name, Text, nullable=null, server_default=server)


def _key(name: str) -> Column[str]:
    return Column(name, String(200), nullable=False)


LIVE = text("status = 'coupled'")

couplings = Table(
    "couplings",
    metadata,
    _id(),
    _key("company"),
    _key("mapping"),
    _key("scope"),
    _key("sales_id"),
    _key("back_office_id"),
    _key("status"),
    _text("base", null=True),
    _text("tokens", default="{}"),
    _text("sales_number"),
    _text("back_office_number"),
    Column("generation", Integer, nullable=False, server_default="0"),
    _text("created_by"),
    _text("ended_reason"),
    _text("created_at"),
    _text("updated_at"),
)
Index(
    "uq_couplings_sales", couplings.c.company, couplings.c.mapping, couplings.c.sales_id,
    unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
)  # fmt: skip
Index(
    "uq_couplings_back_office", couplings.c.company, couplings.c.mapping, couplings.c.back_office_id, couplings.c.scope,
    unique=True, sqlite_where=LIVE, postgresql_where=LIVE,
)  # fmt: skip
Index("ix_couplings_any_sales", couplings.c.company, couplings.c.mapping, couplings.c.sales_id)
Index("ix_couplings_any_back_office", couplings.c.company, couplings.c.mapping, couplings.c.back_office_id)

line_couplings = Table(
    "line_couplings",
    metadata,
    _id(),
    _key("company"),
    Column("coupling_id", Integer, ForeignKey("couplings.id"), nullable=False),
    _key("sales_line_id"),
    _key("back_office_line_id"),
    Index("ix_line_couplings_coupling", "company", "coupling_id"),
    Index("ix_line_couplings_sales", "company", "sales_line_id"),
    Index("ix_line_couplings_back_office", "company", "back_office_line_id"),
)

former_ids = Table(
    "former_ids",
    metadata,
    _key("company"),
    _key("mapping"),
    _key("side"),
    _key("remote_id"),
    Column("coupling_id", Integer, nullable=True),
    _text("reason"),
    _text("at"),
    PrimaryKeyConstraint("company", "mapping", "side", "remote_id"),
)

cursors = Table(
    "cursors",
    metadata,
    _key("company"),
    _key("mapping"),
    _key("side"),
    _key("kind"),
    _text("value", null=True),
    _text("updated_at"),
    PrimaryKeyConstraint("company", "mapping", "side", "kind"),
)

seen = Table(
    "seen",
    metadata,
    _key("company"),
    _key("mapping"),
    _key("side"),
    _key("remote_id"),
    _text("version", null=True),
    _text("reason"),
    _text("at"),
    PrimaryKeyConstraint("company", "mapping", "side", "remote_id"),
)

match_keys = Table(
    "match_keys",
    metadata,
    _key("company"),
    _key("mapping"),
    _key("side"),
    _key("remote_id"),
    Column("match_group", Integer, nullable=False),
    _key("scope"),
    Column("match_key", String(500), nullable=False),
    PrimaryKeyConstraint("company", "mapping", "side", "remote_id", "match_group"),
    Index("ix_match_keys_key", "company", "mapping", "match_group", "match_key", "side"),
)

work = Table(
    "work",
    metadata,
    _id(),
    _key("company"),
    _key("mapping"),
    Column("coupling_id", Integer, nullable=True),
    Column("side", String(20), nullable=True),
    Column("remote_id", String(200), nullable=True),
    _text("number"),
    _key("state"),  # pending | parked
    _text("sales_doc", null=True),
    _text("back_office_doc", null=True),
    _text("failure"),
    _text("code"),
    _text("message"),
    _text("remedy"),
    _text("problem_side"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _text("next_at", null=True),
    _text("since"),
    _text("sales_since", null=True),
    _text("back_office_since", null=True),
    _text("updated_at"),
)
Index("uq_work_coupling", work.c.company, work.c.mapping, work.c.coupling_id, unique=True)
Index("uq_work_record", work.c.company, work.c.mapping, work.c.side, work.c.remote_id, unique=True)
Index("ix_work_state", work.c.company, work.c.mapping, work.c.state)

waits = Table(
    "waits",
    metadata,
    _key("company"),
    Column("work_id", Integer, nullable=False),
    _key("mapping"),
    _key("side"),
    _key("remote_id"),
    PrimaryKeyConstraint("company", "work_id", "mapping", "side", "remote_id"),
    Index("ix_waits_cause", "company", "mapping", "side", "remote_id"),
)

operations = Table(
    "operations",
    metadata,
    _id(),
    _key("company"),
    _key("run_id"),
    _key("mapping"),
    Column("coupling_id", Integer, nullable=True),
    Column("side", String(20), nullable=True),
    Column("remote_id", String(200), nullable=True),
    _key("kind"),
    _key("status"),  # open | done | stopped | undone
    _text("payload"),
    Column("foreign_edit", Boolean, nullable=False, server_default=text("false")),
    Column("destructive", Boolean, nullable=False, server_default=text("false")),
    _text("created_at"),
    _text("closed_at", null=True),
    Index("ix_operations_status", "company", "status"),
    Index("ix_operations_destructive", "company", "destructive", "created_at"),
)

safety_limits = Table(
    "safety_limits",
    metadata,
    _id(),
    _key("company"),
    _key("kind"),
    _key("status"),  # open | approved | closed
    _text("message"),
    Column("number", Integer, nullable=True),
    Column("approved", Integer, nullable=False, server_default="0"),
    Column("used", Integer, nullable=False, server_default="0"),
    _text("opened_at"),
    _text("approved_at", null=True),
    Index("ix_safety_limits_status", "company", "status"),
)

intents = Table(
    "intents",
    metadata,
    _key("company"),
    Column("operation_id", Integer, ForeignKey("operations.id"), nullable=False),
    Column("step_no", Integer, nullable=False),
    _text("sent_at"),
    _text("outcome", null=True),
    _text("receipt", null=True),
    PrimaryKeyConstraint("company", "operation_id", "step_no"),
)

claims = Table(
    "claims",
    metadata,
    _key("company"),
    Column("operation_id", Integer, ForeignKey("operations.id"), nullable=False),
    _key("mapping"),
    _key("side"),
    _key("kind"),  # id | key | again
    _key("value"),
    PrimaryKeyConstraint("company", "operation_id", "side", "kind", "value"),
    Index("ix_claims_value", "company", "mapping", "side", "kind", "value"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(40), primary_key=True),
    _key("company"),
    _key("kind"),
    _text("mode"),
    _key("status"),
    Column("exit_code", Integer, nullable=True),
    _text("started_at"),
    _text("finished_at", null=True),
    _text("result", null=True),
    Index("ix_runs_started", "company", "started_at"),
)

conflicts = Table(
    "conflicts",
    metadata,
    _id(),
    _key("company"),
    _key("mapping"),
    Column("coupling_id", Integer, nullable=False),
    Column("line_id", Integer, nullable=True),
    _key("field_group"),
    _text("base"),
    _text("sales"),
    _text("back_office"),
    _text("since"),
    _text("answer", null=True),
    _key("status"),  # open | closed
    _text("closed_at", null=True),
    Index("ix_conflicts_coupling", "company", "coupling_id", "status"),
)

archive_versions = Table(
    "archive_versions",
    metadata,
    _id(),
    _key("company"),
    _key("mapping"),
    Column("coupling_id", Integer, nullable=False),
    Column("operation_id", Integer, nullable=True),
    _text("order_number"),
    Column("version", Integer, nullable=False),
    _text("number"),
    _text("successor"),
    _text("reason"),
    _text("asked_by"),
    _text("archived_at"),
    _text("document"),
    _text("decisions"),
    Index("ix_archive_versions_coupling", "company", "coupling_id"),
)

history = Table(
    "history",
    metadata,
    _id(),
    _key("company"),
    _key("run_id"),
    _key("mapping"),
    Column("coupling_id", Integer, nullable=True),
    Column("side", String(20), nullable=True),
    Column("remote_id", String(200), nullable=True),
    _key("event"),
    _text("at"),
    _text("data"),
    Index("ix_history_coupling", "company", "coupling_id"),
    Index("ix_history_record", "company", "mapping", "side", "remote_id"),
)

leases = Table(
    "leases",
    metadata,
    _key("company"),
    Column("fence", Integer, nullable=False, server_default="0"),
    _text("holder"),
    _text("mode"),
    _text("run_id"),
    _text("expires_at"),
    PrimaryKeyConstraint("company"),
)

remembered = Table(
    "remembered",
    metadata,
    _key("company"),
    _key("name"),
    _text("value"),
    _text("at"),
    PrimaryKeyConstraint("company", "name"),
)
"""Facts about the systems that are dear to ask for: who answers behind a URL, what $metadata said."""
