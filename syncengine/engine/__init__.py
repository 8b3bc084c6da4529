"""The use cases: detect, apply, recover, full sync, couple, sweep, verify, guard. Imports ports, never adapters."""

from __future__ import annotations
