"""Changes one value of the configuration file in place; comments, order and everything else stay as they are."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path


def set_text(file: Path, table: str, key: str, value: str) -> bool:
    """Give a text another value. False where the file has no such key in that table."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    inside = False
    for at, line in enumerate(lines):
        if re.match(r"\s*\[", line):
            inside = line.strip().partition("#")[0].strip() == f"[{table}]"
        found = re.match(rf"(\s*{re.escape(key)}\s*=\s*)([\"'])[^\"']*\2(.*)", line, re.DOTALL)
        if inside and found:
            lines[at] = f'{found.group(1)}"{value}"{found.group(3)}'
            _replace(file, "".join(lines))
            return True
    return False


def _replace(file: Path, text: str) -> None:
    """All or nothing: a crash leaves the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as fresh:
            fresh.write(text)
            fresh.flush()
            os.fsync(fresh.fileno())
        Path(name).chmod(file.stat().st_mode & 0o777)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
