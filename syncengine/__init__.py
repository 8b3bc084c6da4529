"""Keeps sales orders the same in Dynamics 365 Sales and a back office, in both directions."""

from __future__ import annotations

__version__ = "0.1.0"
