"""The command line: one file for each group of commands, and one place that renders."""

from __future__ import annotations
