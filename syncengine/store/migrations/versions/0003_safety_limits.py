"""safety limits: what they hold back, until a person approves it by its number

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_limits",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("approved", sa.Integer(), server_default="0", nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", sa.Text(), server_default="", nullable=False),
        sa.Column("approved_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_limits")),
    )
    with op.batch_alter_table("safety_limits", schema=None) as batch_op:
        batch_op.create_index("ix_safety_limits_status", ["company", "status"], unique=False)
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("destructive", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.create_index("ix_operations_destructive", ["company", "destructive", "created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index("ix_operations_destructive")
        batch_op.drop_column("destructive")
    with op.batch_alter_table("safety_limits", schema=None) as batch_op:
        batch_op.drop_index("ix_safety_limits_status")
    op.drop_table("safety_limits")
