"""What a record is, on the wire and in mapped form, and when two values are the same. Pure; anyone may import it."""

from __future__ import annotations
