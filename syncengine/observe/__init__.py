"""Logging and redaction. Imported by everything that has something to report; imports nothing of ours but errors."""

from __future__ import annotations
