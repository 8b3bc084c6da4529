"""What Business Central answers when it refuses: code, status and wording, each written once.

Codes and wording follow "Troubleshooting web service errors" and the labels of the published AL source.
"""

from __future__ import annotations

import uuid
from typing import Any

from syncengine.sandbox.exchange import Response


class RefusedError(Exception):
    """A request, or one operation of a batch, that Business Central refuses. Nothing it did is kept."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        return error_body(self.code, self.message)

    def response(self) -> Response:
        return Response.json(self.status, self.body(), **self.headers)


def error_body(code: str, message: str) -> dict[str, Any]:
    """The error document; the correlation id follows two blanks."""
    return {"error": {"code": code, "message": f"{message}  CorrelationId:  {uuid.uuid4()}."}}


def bad_request(message: str, code: str = "BadRequest") -> RefusedError:
    return RefusedError(400, code, message)


def query_syntax() -> RefusedError:
    return RefusedError(400, "BadRequest_NotFound", "Bad Request - Error in query syntax.")


def unknown_segment(segment: str) -> RefusedError:
    return RefusedError(404, "BadRequest_ResourceNotFound", f"Resource not found for the segment '{segment}'.")


def unknown_company(name: str) -> RefusedError:
    return RefusedError(404, "Internal_CompanyNotFound", f'The company "{name}" does not exist.')


def method_not_allowed(method: str, entity_set: str, kind: str) -> RefusedError:
    return RefusedError(
        405,
        "BadRequest_MethodNotAllowed",
        f"'{method}' requests for '{entity_set}' of EdmType '{kind}' are not allowed within "
        "Dynamics 365 Business Central OData web services.",
    )


def unknown_body_property(name: str, edm_type: str) -> RefusedError:
    return bad_request(
        f"The property '{name}' does not exist on type 'Microsoft.NAV.{edm_type}'. "
        "Make sure to only use property names that are defined by the type."
    )


def unknown_query_property(name: str, edm_type: str) -> RefusedError:
    return bad_request(f"Could not find a property named '{name}' on type 'Microsoft.NAV.{edm_type}'.")


def read_only(name: str) -> RefusedError:
    return bad_request(f"Control '{name}' is read-only.", "BadRequest_InvalidOperation")


def bad_literal(raw: Any, edm_type: str) -> RefusedError:
    return bad_request(f"Cannot convert the literal '{raw}' to the expected type '{edm_type}'.")


def too_long(text: str, limit: int) -> RefusedError:
    return bad_request(
        f"The length of the string is {len(text)}, but it must be less than or equal to {limit} "
        f"characters. Value: {text}",
        "Application_StringExceededLength",
    )


def missing_token() -> RefusedError:
    return bad_request(
        "Could not validate the client concurrency token required by the service. "
        "Please provide a valid token in the client request.",
        "BadRequest_InvalidToken",
    )


def dialog(message: str) -> RefusedError:
    """An AL `Error(...)`."""
    return bad_request(message, "Application_DialogException")


def test_field(caption: str, expected: str, actual: str, record: str) -> RefusedError:
    """An AL `TestField(field, value)`; `record` is "Sales Header: Document Type=Order, No.=…"."""
    return bad_request(
        f"{caption} must be equal to '{expected}'  in {record}. Current value is '{actual}'.",
        "Application_FieldValidationException",
    )


def must_have_value(caption: str, record: str) -> RefusedError:
    """An AL `TestField(field)` on an empty field."""
    return bad_request(
        f"{caption} must have a value in {record}. It cannot be zero or empty.",
        "Application_FieldValidationException",
    )


def field_error(caption: str, problem: str, record: str) -> RefusedError:
    """An AL `FieldError(field, problem)`."""
    return bad_request(f"{caption} {problem} in {record}.", "Application_FieldValidationException")


def not_related(caption: str, table: str, value: str, related: str) -> RefusedError:
    return bad_request(
        f"The field {caption} of table {table} contains a value ({value}) that cannot be found "
        f"in the related table ({related}).",
        "Internal_InvalidTableRelation",
    )


def already_exists(status: int, table: str, identification: str) -> RefusedError:
    return RefusedError(
        status,
        "Internal_EntityWithSameKeyExists",
        f"The record in table {table} already exists. Identification fields and values: {identification}",
    )


def changed_meanwhile(status: int) -> RefusedError:
    return RefusedError(status, "Request_EntityChanged", "Another user has already changed the record.")
