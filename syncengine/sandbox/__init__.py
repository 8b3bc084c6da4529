"""Emulators of both systems, faithful in what an honest client can notice.

Nothing in here is known to the engine, and nothing of the engine is known in here: the two meet over HTTP.
"""

from __future__ import annotations
