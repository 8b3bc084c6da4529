"""Business Central through its API v2.0."""

from __future__ import annotations
