"""Business Central's API v2.0, emulated: `BusinessCentral` is the service."""

from __future__ import annotations

from syncengine.sandbox.back_office.service import BusinessCentral

__all__ = ["BusinessCentral"]
