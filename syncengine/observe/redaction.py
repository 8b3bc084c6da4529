"""Secrets are taken out of everything that leaves the process, in this one place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from typing import Final

HIDDEN: Final = "[hidden]"
_NAMES = re.compile(
    r"(secret|password|passwd|authorization|access_token|refresh_token|api_?key|assertion|cookie)", re.IGNORECASE
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_PAIRS = re.compile(r"(?i)((?:client_secret|password|access_token|client_assertion|code)=)[^&\s\"']+")
_USERINFO = re.compile(r"(://[^/\s:@]+:)[^@/\s]+@")

_known: set[str] = set()


def hide(secret: str) -> None:
    """From now on this very text never appears; called for each secret the moment it is read."""
    if len(secret) >= 4:  # noqa: PLR2004  shorter texts would blank out ordinary words
        _known.add(secret)


def redacted(text: str) -> str:
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _PAIRS.sub(rf"\1{HIDDEN}", text)
    return _USERINFO.sub(rf"\1{HIDDEN}@", text)


def redact(value: Any, name: str = "") -> Any:
    """The same value without secrets: by the name it goes under, by known secrets, by their usual shapes."""
    if isinstance(value, Mapping):
        return {key: redact(one, str(key)) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(one, name) for one in value]
    if isinstance(value, str):
        return HIDDEN if name and _NAMES.search(name) else redacted(value)
    return value
