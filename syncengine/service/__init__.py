"""Joins engine, connectors and store: the one place that names them all; schedule, lease, daemon."""

from __future__ import annotations
