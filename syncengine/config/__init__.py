"""Configuration and mapping files: read, checked at once and entirely, and never silently corrected."""

from __future__ import annotations
