"""Speaks to the two systems over HTTP. Knows wire names and vendor rules; knows no couplings and no store."""

from __future__ import annotations
