"""The store: what is coupled, what is to be done, what is being done. SQLAlchemy Core on SQLite or PostgreSQL."""

from __future__ import annotations
