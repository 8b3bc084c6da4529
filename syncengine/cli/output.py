"""How commands answer: JSON for scripts, tables on a terminal, plain lines in a pipe; errors in one shape."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from syncengine.errors import SyncError
from syncengine.observe.redaction import redact

_encoder = msgspec.json.Encoder(decimal_format="number")

# Control characters, and those that turn the direction of writing: an order that holds them paints on no screen.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def emit_text(text: str, *, err: bool = False) -> None:
    """Text for a person; what people typed into orders stands in it, so what cannot be seen is written out."""
    click.echo(visible(text), err=err)


def visible(text: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def emit_json(value: Any) -> None:
    """One document on standard output; money as numbers with their exact decimals."""
    click.echo(_encoder.encode(redact(_plain(value))).decode())


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (str, int, bool, float, Decimal)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "table") and hasattr(value, "id"):
        return f"{value.table}({value.id})"
    return str(value)


def emit_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, nothing: str) -> None:
    """A listing: an array of objects with `id` first, a table on a terminal, tab-separated lines in a pipe."""
    if as_json:
        emit_json(list(rows))
        return
    if not rows:
        click.echo(nothing)
        return
    if not sys.stdout.isatty():
        for row in rows:
            emit_text("\t".join(text_of(row.get(column)) for column in columns))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(text_of(row.get(column)))) for column in columns))
    Console().print(table)


def text_of(value: Any) -> str:
    """A value for a person: blank for none, groups as `name: value`."""
    value = _plain(value)
    if value is None or value == "":
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {text_of(one)}" for key, one in value.items() if one not in (None, ""))
    if isinstance(value, list):
        return ", ".join(text_of(one) for one in value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value)


def emit_usage_error(error: click.UsageError) -> None:
    """The one JSON document where the command line itself was wrong; click tells a person."""
    remedy = f"See `{error.ctx.command_path} --help`." if error.ctx is not None else "See `syncengine --help`."
    emit_json({"error": {"code": "usage", "message": error.format_message(), "remedy": remedy, "side": None}})


def emit_error(error: SyncError, *, as_json: bool) -> None:
    """What failed and what to do: to standard error, and as the one JSON document where JSON was asked for."""
    if as_json:
        body = {"code": error.code, "message": error.message, "remedy": error.remedy, "side": error.side or None}
        emit_json({"error": body})
    message = redact(error.message)
    emit_text(f"Error: {message}", err=True)
    if error.remedy:
        emit_text(f"  {redact(error.remedy)}", err=True)
