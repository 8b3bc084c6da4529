"""What the service refuses, with the status, the hex code and the words that go with it.

`DataverseError` carries one refusal to the place where answers are made; the functions name the refusals
that more than one place makes. Codes and texts are from "Web service error codes" and "Compose HTTP
requests and handle errors" where those name them.
"""

from __future__ import annotations

HELP = "For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293"


class DataverseError(Exception):
    """One refused operation."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.planted = False  # by a fault, with the status and code that it names
        self.operation_status = ""  # of a plug-in's refusal, see "Include more details with errors"


def unknown_segment(name: str) -> DataverseError:
    return DataverseError(404, "0x8006088a", f"Resource not found for the segment '{name}'.")


def wrong_verb(method: str) -> DataverseError:
    return DataverseError(405, "0x0", f"The requested resource does not support http method '{method}'.")


def bad_query(message: str, code: str = "0x80060888") -> DataverseError:
    return DataverseError(400, code, message)


def unknown_property(name: str, table: str, code: str = "0x80060888") -> DataverseError:
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.", code)


def bad_payload(entity_set: str, inner: str, code: str = "0x80048d19") -> DataverseError:
    text = f"Error identified in Payload provided by the user for Entity :'{entity_set}', {HELP}  ---->  "
    return DataverseError(400, code, f"{text}InnerException : Microsoft.OData.ODataException: {inner}")


def row_not_found(table: str, key: str) -> DataverseError:
    return DataverseError(404, "0x80040217", f"{table} With Id = {key} Does Not Exist")


def key_not_found(table: str) -> DataverseError:
    return DataverseError(404, "0x80060891", f"A record with the specified key values does not exist in {table} entity")


def version_mismatch() -> DataverseError:
    text = "The version of the existing record doesn't match the RowVersion property provided."
    return DataverseError(412, "0x80060882", text)


def duplicate_row() -> DataverseError:
    return DataverseError(412, "0x80040237", "A record with matching key values already exists.")


def duplicate_found() -> DataverseError:
    text = "A record was not created or updated because a duplicate of the current record already exists."
    return DataverseError(412, "0x80040333", text)


def duplicate_key(key: str, columns: str) -> DataverseError:
    text = f"Entity Key {key} violated. A record with the same value for {columns} already exists. A duplicate record"
    return DataverseError(
        412, "0x80060892", f"{text} cannot be created. Select one or more unique values and try again."
    )


def invalid_argument(message: str) -> DataverseError:
    return DataverseError(400, "0x80040203", message)


def privilege_missing(user: str, privilege: str, table: str) -> DataverseError:
    text = f"Principal user (Id={user}, type=8) is missing {privilege} privilege on entity '{table}'."
    return DataverseError(403, "0x80040220", text)


def invalid_status(status: int | str, state: str, table: str, key: str) -> DataverseError:
    text = f"{status} is not a valid status code for state code {state} on {table} with Id {key}."
    return DataverseError(400, "0x80048408", text)


def not_supported(message: str) -> DataverseError:
    return DataverseError(405, "0x80040800", message)


def not_emulated(what: str) -> DataverseError:
    return DataverseError(501, "0x80040800", f"The sandbox does not emulate {what}.")
