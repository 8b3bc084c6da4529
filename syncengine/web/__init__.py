"""What the daemon answers over HTTP."""

from __future__ import annotations
