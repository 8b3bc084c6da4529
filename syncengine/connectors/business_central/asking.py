"""What every reading request carries, and what its answer means where it is no data."""

from __future__ import annotations

from typing import Any

from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.business_central.schema import Schema
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable

HEADERS = {
    "accept": "application/json",
    "accept-language": "en-US",
    # Reads may be served by a replica that lags behind; ours decide what is written next.
    "data-access-intent": "ReadWrite",
}


def json_of(schema: Schema, answer: Answer, doing: str) -> Any:
    """The JSON body of a successful read. Raises CredentialsRefused, Unreachable."""
    if answer.status >= 400:  # noqa: PLR2004
        refuse(schema, answer, doing)
    try:
        return from_json(answer.body)
    except NotJson as error:
        raise Unreachable(
            f"{doing} in Business Central brought no data: {answer.words()}",
            remedy="Check the url.",
            side="back_office",
        ) from error


def refuse(schema: Schema, answer: Answer, doing: str) -> None:
    code, _ = error_of(answer)
    if answer.status in (400, 404):
        schema.forget()  # names that no longer fit: the next try reads them anew
    if answer.status in (401, 403) or code.startswith("Authorization_"):
        raise CredentialsRefused(
            f"{doing} in Business Central was refused: {answer.words()}",
            remedy="Assign the permission sets described in the README to the application there.",
            side="back_office",
        )
    raise Unreachable(
        f"{doing} in Business Central failed with status {answer.status}: {answer.words()}",
        remedy="Check url and company, and the mapping's table and column names; `syncengine check` looks at each.",
        side="back_office",
    )
