"""One operation on the wire, batch part or not, and the shapes of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from syncengine.sandbox.exchange import Request
from syncengine.sandbox.exchange import Response
from syncengine.sandbox.exchange import to_json
from syncengine.sandbox.sales.addresses import BASE
from syncengine.sandbox.sales.representation import includes
from syncengine.sandbox.sales.representation import wanted_annotations

if TYPE_CHECKING:
    from syncengine.sandbox.sales.errors import DataverseError
    from syncengine.sandbox.sales.world import Session

JSON = "application/json; odata.metadata=minimal"
HELP_LINK = "http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a{code}&client=platform"


@dataclass(frozen=True)
class Operation:
    request: Request
    session: Session

    @property
    def prefer(self) -> dict[str, str]:
        return self.request.prefer()

    @property
    def annotations(self) -> tuple[str, ...]:
        return wanted_annotations(self.prefer.get("odata.include-annotations"))

    @property
    def wants_body(self) -> bool:
        return self.prefer.get("return") == "representation"

    @property
    def origin(self) -> str:
        return origin_of(self.request)

    @property
    def base(self) -> str:
        """Origin and API root, in the version the client uses."""
        found = BASE.match(self.request.path)
        return self.origin + (found[0].rstrip("/") if found else "/api/data/v9.2")


def origin_of(request: Request) -> str:
    """As the client sees it, also behind a front that speaks TLS for this server."""
    scheme, _, host = request.origin.partition("://")
    scheme = request.headers.get("x-forwarded-proto", scheme)
    return f"{scheme}://{request.headers.get('x-forwarded-host', host)}"


def answer(status: int, value: Any, **headers: str) -> Response:
    """JSON as the service sends it; keyword names are header names with `_` for `-`."""
    named = {name.replace("_", "-"): text for name, text in headers.items() if text}
    return Response(status, to_json(value), {"content-type": JSON, "odata-version": "4.0", **named})


def no_content(**headers: str) -> Response:
    named = {name.replace("_", "-"): text for name, text in headers.items() if text}
    return Response(204, b"", {"odata-version": "4.0", **named})


def applied(prefer: dict[str, str], *names: str) -> str:
    """`Preference-Applied`: those of the names that the client sent."""
    found = []
    for name in names:
        if name in prefer:
            value = prefer[name]
            quoted = f'"{value}"' if name == "odata.include-annotations" else value
            found.append(f"{name}={quoted}" if value else name)
    return ",".join(found)


def refusal(error: DataverseError, annotations: tuple[str, ...] = ()) -> Response:
    """The error body; more members inside `error` when annotations are asked for."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    more = {
        "Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus": error.operation_status,
        "Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode": "0" if error.operation_status else "",
        "Microsoft.PowerApps.CDS.HelpLink": HELP_LINK.format(code=error.code.removeprefix("0x")),
        "Microsoft.PowerApps.CDS.TraceText": "",
        "Microsoft.PowerApps.CDS.InnerError.Message": error.message,
    }
    for name, value in more.items():
        if value and includes(annotations, name):
            body[f"@{name}"] = value
    if error.status == 401:
        return Response(401, b"", error.headers)
    return answer(error.status, {"error": body}, **error.headers)


def plain_number(op: Operation, number: int) -> Response:
    """As `/$count` answers, with the byte order mark that "Retrieve navigation property values" shows."""
    mark = "\ufeff" if op.session.switches.count_with_bom else ""
    return Response(200, f"{mark}{number}".encode(), {"content-type": "text/plain", "odata-version": "4.0"})
