"""An emulator of Dynamics 365 Sales: the Dataverse Web API v9.2 with the sales tables and their price
engine.
"""

from __future__ import annotations

from syncengine.sandbox.sales.service import Dataverse

__all__ = ["Dataverse"]
