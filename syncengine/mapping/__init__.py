"""Integration table mappings: what pairs with what, and how values cross. Pure."""

from __future__ import annotations
