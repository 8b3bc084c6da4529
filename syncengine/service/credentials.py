"""When what we sign in with ends: the certificate says so itself, a secret's end stands in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from syncengine.config.loading import Loaded
from syncengine.config.models import AuthPart
from syncengine.connectors.tokens import certificate_ends
from syncengine.records.values import Side


@dataclass(frozen=True)
class Ending:
    """`remedy` says what to do before that day."""

    on: date
    remedy: str


def endings(loaded: Loaded) -> Mapping[Side, Ending]:
    """The side is left out where nobody knows."""
    configuration = loaded.configuration
    found: dict[Side, Ending] = {}
    parts: dict[Side, AuthPart] = {"sales": configuration.sales.auth, "back_office": configuration.back_office.auth}
    for side, part in parts.items():
        known = [Ending(part.expires_on, _secret(side))] if part.expires_on is not None else []
        if part.kind == "certificate":
            ends = certificate_ends(str(loaded.path(part.certificate_file)))
            known += [Ending(ends.date(), _certificate(part))] if ends is not None else []
        if known:
            found[side] = min(known, key=lambda one: one.on)
    return found


def _secret(side: Side) -> str:
    return f"Make a new client secret, put it in place, and set [{side}.auth] expires_on to its end."


def _certificate(part: AuthPart) -> str:
    return f"Make a new certificate, upload it to the app registration, and put it into {part.certificate_file}."
