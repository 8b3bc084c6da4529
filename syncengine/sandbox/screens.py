"""What the pages for people are made of: plain HTML without scripts, and a hand that acts over the API."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from decimal import InvalidOperation
from html import escape
from typing import Any
from typing import Protocol
from urllib.parse import parse_qsl
from urllib.parse import quote

from syncengine.sandbox.exchange import Caller
from syncengine.sandbox.exchange import Client
from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import from_json
from syncengine.sandbox.exchange import to_json

HOME = "/sandbox/"
BELOW = "/sandbox/page/"
_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } th, td { text-align: left; padding: .3rem .6rem }
tr { border-bottom: 1px solid #ccc } td.number, th.number { text-align: right } nav a { margin-right: 1rem }
form.row { display: inline } fieldset { border: 1px solid #ccc; margin: 1rem 0 } label { margin-right: 1rem }
[role=alert], [role=status] { border: 2px solid #060; padding: .5rem 1rem } [role=alert] { border-color: #a00 }
"""


class Html(str):
    """Text that is already HTML; everything else is escaped where it is put in."""

    __slots__ = ()


def html(value: Any) -> Html:
    if isinstance(value, Html):
        return value
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    return Html(escape("" if value is None else str(value)))


def joined(pieces: Iterable[Any]) -> Html:
    return Html("".join(html(one) for one in pieces))


def page(title: str, links: Iterable[Html], pieces: Iterable[Any], *, refused: str = "", done: str = "") -> Response:
    """A whole page; `refused` are the service's own words."""
    message = Html(f'<p role="alert">{html(refused)}</p>') if refused else html("")
    if done:
        message = Html(f'<p role="status">{html(done)}</p>')
    text = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>'
        f"{html(title)}</title><style>{_STYLE}</style></head><body><nav>{joined(links)}</nav><main>"
        f"<h1>{html(title)}</h1>{message}{joined(pieces)}</main></body></html>"
    )
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
        "x-content-type-options": "nosniff",
    }
    return Response(400 if refused else 200, text.encode(), headers)


def seen(path: str, done: str) -> Response:
    """After a change: go and see it."""
    return Response(303, b"", {"location": f"{path}?done={quote(done)}"})


def link(path: str, words: Any) -> Html:
    return Html(f'<a href="{html(path)}">{html(words)}</a>')


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> Html:
    head = joined(Html(f'<th scope="col">{html(one)}</th>') for one in heads)
    body = joined(Html(f"<tr>{joined(Html(f'<td>{html(cell)}</td>') for cell in row)}</tr>") for row in rows)
    return Html(f"<table><caption>{html(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")


def button(path: str, words: str, **hidden: Any) -> Html:
    """A form of one button; `hidden` says what it does."""
    inputs = joined(Html(f'<input type="hidden" name="{html(k)}" value="{html(v)}">') for k, v in hidden.items())
    return Html(f'<form class="row" method="post" action="{html(path)}">{inputs}<button>{html(words)}</button></form> ')


def form(path: str, legend: str, fields: Iterable[Html], words: str, **hidden: Any) -> Html:
    inputs = joined(Html(f'<input type="hidden" name="{html(k)}" value="{html(v)}">') for k, v in hidden.items())
    return Html(
        f'<form method="post" action="{html(path)}"><fieldset><legend>{html(legend)}</legend>{inputs}{joined(fields)}'
        f"<button>{html(words)}</button></fieldset></form>"
    )


def field(name: str, label: str, value: Any = "") -> Html:
    return Html(f'<label>{html(label)} <input name="{html(name)}" value="{html(value)}"></label> ')


def choice(name: str, label: str, options: Iterable[tuple[str, str]]) -> Html:
    shown = joined(Html(f'<option value="{html(value)}">{html(words)}</option>') for value, words in options)
    return Html(f'<label>{html(label)} <select name="{html(name)}">{shown}</select></label> ')


def number(text: str) -> Decimal:
    """Raises ValueError in words for the person who typed it."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number.") from None


def posted(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def is_screen(request: Request) -> bool:
    return request.path == HOME or request.path.startswith(BELOW)


class RefusedError(Exception):
    """The service said no; its own words."""


class Served(Protocol):
    @property
    def clients(self) -> Mapping[str, Client]: ...

    def answer(self, request: Request, caller: Caller) -> Response: ...


@dataclass(frozen=True)
class Hand:
    """Acts as one of the service's users, over the same API that every client uses."""

    service: Served
    role: str
    root: str
    origin: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON answer, None where there is none. Raises RefusedError."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"accept": "application/json", "content-type": "application/json", **named}
        target = self.root + quote(path, safe="/()$=&?,':@*%")
        request = Request(method, target, sent, b"" if body is None else to_json(body), self.origin)
        response = self.service.answer(request, Caller(self.service.clients[self.role]))
        if response.status >= 400:
            raise RefusedError(_words(response))
        return from_json(response.body) if response.body and response.status != 204 else None

    def list(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("GET", path)["value"]
        return found


def _words(response: Response) -> str:
    if not response.body:
        return f"The service answered {response.status}."
    error = from_json(response.body)["error"]
    return f"{error['message']} ({error['code']})"
