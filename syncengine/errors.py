"""Every error the engine raises on purpose, on two axes: what failed (the class) and what may follow (`FailureClass`).

    SyncError
    ├── UsageError                 exit 2   the command line, the configuration
    │   ├── ConfigurationError              … with the file and line
    │   └── MappingError                    … with file:line:column for every problem at once
    ├── StoreError                 exit 7   unreachable, full, read-only, not upgraded
    ├── RemoteSystemError          exit 4   a system as a whole
    │   ├── Unreachable                     no connection, no answer, not the service that was expected
    │   └── CredentialsRefused              token refused, user unknown, privilege missing
    ├── LeaseHeld                  exit 5   another run of this company is in progress
    ├── LeaseLost                  exit 5   … took over while we were at work
    ├── Refused                    exit 3   a competing one-way integration is active
    └── WritingStopped             exit 6   a safety limit stopped the run

Errors carry data; the sentence for a person is made of `message` and `remedy`, and printed in one place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class FailureClass(StrEnum):
    """What may follow a failure of one record."""

    TRANSIENT = "transient"  # try again with backoff
    THROTTLED = "throttled"  # try again when the service says so
    WAITING = "waiting"  # released when its cause is gone
    PERSON = "needs-a-person"  # retried when the record or the mapping changes, or on `retry`
    BUG = "bug"


class SyncError(Exception):
    """Root. `code` is stable and for machines; `remedy` says what to do; `side` names the system concerned."""

    exit_code: ClassVar[int] = 70
    code: str = "internal"

    def __init__(self, message: str, *, remedy: str = "", side: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.side = side
        if code:
            self.code = code


class UsageError(SyncError):
    exit_code = 2
    code = "usage"


class ConfigurationError(UsageError):
    code = "configuration"


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file. `line` and `column` count from 1; 0 where the file as a whole is meant."""

    file: str
    line: int
    column: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.message}{hint}"


class MappingError(UsageError):
    """Everything wrong with the mapping files, at once."""

    code = "mapping"

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(
            "\n".join(str(problem) for problem in problems),
            remedy="Correct the lines named above; `syncengine mappings validate` checks them again.",
        )
        self.problems = problems


class StoreError(SyncError):
    exit_code = 7
    code = "store"


class RemoteSystemError(SyncError):
    exit_code = 4
    code = "system"


class Unreachable(RemoteSystemError):
    code = "unreachable"


class CredentialsRefused(RemoteSystemError):
    code = "credentials"


class LeaseHeld(SyncError):
    exit_code = 5
    code = "lease-held"


class LeaseLost(SyncError):
    exit_code = 5
    code = "lease-lost"


class Refused(SyncError):
    """A competing one-way integration is active, or the mode and the setting exclude each other."""

    exit_code = 3
    code = "competing-integration"


class WritingStopped(SyncError):
    exit_code = 6
    code = "safety-limit"
