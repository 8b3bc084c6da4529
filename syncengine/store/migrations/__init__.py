"""Schema revisions, run by Alembic."""

from __future__ import annotations
