"""`$batch` as JSON: ids tie answers to operations, and only what is said is taken as said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from syncengine.connectors.answers import Answer
from syncengine.connectors.codec import NotJson
from syncengine.connectors.codec import from_json
from syncengine.connectors.codec import to_json
from syncengine.connectors.odata.jsonbatch import Operation
from syncengine.connectors.odata.jsonbatch import build
from syncengine.connectors.odata.jsonbatch import parse


def answered(*responses: Any) -> dict[int, Answer]:
    return parse(Answer(200, {}, to_json({"responses": list(responses)})))


def test_a_batch_is_built_as_documented() -> None:
    """Ids, methods, urls relative to the root, headers and bodies; a body brings its content type."""
    body = build([Operation("GET", "companies(c)/items"), Operation("PATCH", "x", {"if-match": "*"}, {"quantity": 3})])
    assert from_json(body) == {
        "requests": [
            {"id": "0", "method": "GET", "url": "companies(c)/items", "headers": {}},
            {
                "id": "1",
                "method": "PATCH",
                "url": "x",
                "headers": {"if-match": "*", "Content-Type": "application/json"},
                "body": {"quantity": 3},
            },
        ]
    }


def test_money_in_a_batch_is_exact_both_ways() -> None:
    """Decimals are numbers with their digits in the body of a part, and in the answer's."""
    assert b'"unitPrice":1000.80' in build([Operation("POST", "x", {}, {"unitPrice": Decimal("1000.80")})])
    found = parse(Answer(200, {}, b'{"responses":[{"id":"0","status":200,"body":{"unitPrice":0.00001}}]}'))
    assert from_json(found[0].body)["unitPrice"] == Decimal("0.00001")


def test_answers_are_found_by_id_whatever_their_order() -> None:
    """A refused item fails alone."""
    found = answered(
        {"id": "1", "status": 400, "body": {"error": {"code": "Application_DialogException", "message": "No."}}},
        {"id": "0", "status": 201, "headers": {"Location": "x"}, "body": {"id": "7"}},
    )
    assert [found[0].status, found[1].status] == [201, 400]
    assert found[0].headers == {"location": "x"}
    assert found[1].words() == "No. (Application_DialogException)"


def test_what_was_not_carried_out_is_missing() -> None:
    """The service stopped at the first failure: nobody knows of the rest."""
    assert answered({"id": "0", "status": 400}).keys() == {0}


@pytest.mark.parametrize(
    "response",
    [None, 7, "x", [], {}, {"id": None, "status": 200}, {"id": "x", "status": 200}, {"id": "0", "status": "fine"},
     {"id": "0"}, {"id": "0", "status": None}, {"id": "-1", "status": 200}, {"id": "0", "status": True}],
)  # fmt: skip
def test_a_response_that_says_nothing_is_missing(response: Any) -> None:
    """One malformed response does not take the others down."""
    assert answered(response, {"id": "5", "status": 204}).keys() == {5}


def test_headers_that_are_none_are_no_harm() -> None:
    """The status counts."""
    assert answered({"id": "0", "status": 204, "headers": ["x"]})[0].headers == {}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"responses":{}}', b'{"value":[]}'])
def test_what_is_no_batch_answer_is_said_to_be_none(body: bytes) -> None:
    """Then nobody knows what became of any of its operations."""
    with pytest.raises(NotJson):
        parse(Answer(200, {}, body))
