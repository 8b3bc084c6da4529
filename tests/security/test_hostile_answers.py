"""Bodies that were built to harm: the codec reads them or says they are none; it never breaks the process."""

from __future__ import annotations

import pytest

from syncengine.connectors import codec

HOSTILE = {
    "brackets without end": b"[" * 200_000,
    "objects without end": b'{"a":' * 100_000,
    "a number of a million digits": b'{"value":[{"amount":' + b"9" * 1_000_000 + b"}]}",
    "an exponent that fills the memory": b'{"value":[{"amount":1e999999999}]}',
    "half a surrogate": b'{"value":[{"name":"\\ud800"}]}',
    "bytes that are no text": b'{"value":"\xff\xfe"}',
    "nothing": b"",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_body_is_an_answer_that_cannot_be_read(body: bytes) -> None:
    try:
        read = codec.from_json(body)
    except codec.NotJson:
        return
    codec.to_json(read)  # what can be read can be written again
