"""What `check` finds: one line each, with what to do about it and the page that explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from typing import Final
from typing import Literal

from syncengine.errors import SyncError
from syncengine.records.values import Side

Level = Literal["ok", "warning", "error"]

NAMES: Final[dict[Side, str]] = {"sales": "Sales", "back_office": "Business Central"}

PAGE: Final = "docs/how-to/check.md"
MAPPINGS_PAGE: Final = "docs/reference/mappings.md"

PRECEDENCE: Final = (2, 7, 4, 5, 3, 6, 1)
"""Exit codes where several apply: the first of these."""


@dataclass(frozen=True)
class Finding:
    """`exit_code` is what an error of this kind makes of the command."""

    id: str
    level: Level
    message: str
    remedy: str = ""
    exit_code: int = 2

    @property
    def doc(self) -> str:
        """The page, and the heading of this finding on it."""
        if self.id.startswith("mapping"):
            return MAPPINGS_PAGE
        return f"{PAGE}#{self.id.replace('.', '')}"

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "level": self.level, "message": self.message, "remedy": self.remedy, "doc": self.doc}


def failed(name: str, error: SyncError) -> Finding:
    """A question that could not be asked, or was refused."""
    return Finding(name, "error", error.message, error.remedy or "The log says more.", error.exit_code)


def exit_code(findings: list[Finding]) -> int:
    codes = {finding.exit_code for finding in findings if finding.level == "error"}
    return next((code for code in PRECEDENCE if code in codes), 0)
