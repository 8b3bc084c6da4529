"""What is special about orders: states, archive and recreate, totals, price computation. Pure."""

from __future__ import annotations
