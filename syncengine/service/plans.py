"""A plan as a file: written by `plan --out`, carried out by `apply`, and by nobody else's configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from typing import Final

from syncengine.engine.scripted import Script
from syncengine.errors import UsageError
from syncengine.service.results import from_text
from syncengine.service.results import to_text
from syncengine.service.wiring import Company
from syncengine.store.session import moment

FORMAT: Final = "syncengine plan 1"
REMEDY: Final = "`syncengine plan --out FILE` writes one."
NEEDED: Final = ("format", "company", "mode", "planned_at", "mappings", "actions")


def write(company: Company, result: Mapping[str, Any], file: Path) -> None:
    """Only its owner can read it: it holds business data. Raises UsageError where it cannot be written."""
    told = {
        "format": FORMAT,
        "company": company.name,
        "mode": company.mode,
        "planned_at": result["planned_at"],
        "mappings": _digests(company),
        "actions": result["actions"],
    }
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(to_text(told) + b"\n")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", remedy="Name another --out FILE.") from error


def read(company: Company, file: Path) -> Script:
    """Raises UsageError where the file is none of this company, or of mappings that have been edited since."""
    try:
        told = from_text(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", remedy="`syncengine plan --out FILE` writes one."
        ) from error
    if not isinstance(told, dict) or any(name not in told for name in NEEDED) or told["format"] != FORMAT:
        raise UsageError(f"{file} is no plan of this version", remedy=REMEDY)
    for name, now in (("company", company.name), ("mode", company.require_mode())):
        if told[name] != now:
            raise UsageError(f"the plan was made for {name} {told[name]!r}, not {now!r}", remedy="Make a new plan.")
    edited = [name for name, digest in _digests(company).items() if told["mappings"].get(name) != digest]
    if edited:
        raise UsageError(
            f"{', '.join(edited)}: the mapping was edited after the plan was made", remedy="Make a new plan."
        )
    return Script(told["actions"], moment(told["planned_at"]))


def _digests(company: Company) -> dict[str, str]:
    return {name: one.digest() for name, one in company.written.items()}
