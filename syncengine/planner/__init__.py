"""What should happen, as values: detect, pair lines, merge, plan, settle. Pure: no I/O, no clock, no randomness."""

from __future__ import annotations
