"""Dynamics 365 Sales through the Dataverse Web API v9.2."""

from __future__ import annotations
