"""since when each side of a record holds a change that has not been carried over

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sales_since", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("back_office_since", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("work", schema=None) as batch_op:
        batch_op.drop_column("back_office_since")
        batch_op.drop_column("sales_since")
