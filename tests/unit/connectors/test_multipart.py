"""`$batch` as multipart: built as the Dataverse documentation shows it, read as far as it is whole."""

from __future__ import annotations

from syncengine.connectors.answers import Answer
from syncengine.connectors.odata.multipart import Operation
from syncengine.connectors.odata.multipart import build
from syncengine.connectors.odata.multipart import parse

B = "batchresponse_18cfba3a"
CREATED = "HTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\nOData-EntityId: https://x/accounts(1)\r\n\r\n\r\n"
REFUSED = (
    "HTTP/1.1 400 Bad Request\r\nREQ_ID: 7\r\nContent-Type: application/json\r\n\r\n"
    '{"error":{"code":"0x80044331","message":"too long"}}\r\n'
)


def part(text: str, content_id: int | None = None) -> str:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    return head + (f"Content-ID: {content_id}\r\n" if content_id is not None else "") + "\r\n" + text


def answer(*parts: str, status: int = 200, boundary: str = B, end: str = "--", kind: str | None = None) -> Answer:
    body = "".join(f"--{boundary}\r\n{one}\r\n" for one in parts) + f"--{boundary}{end}\r\n"
    return Answer(status, {"content-type": kind or f"multipart/mixed; boundary={boundary}"}, body.encode())


def changeset(*parts: str, boundary: str = "changesetresponse_1") -> str:
    inner = "".join(f"--{boundary}\r\n{one}\r\n" for one in parts) + f"--{boundary}--\r\n"
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n{inner}"


def test_a_batch_is_built_as_documented() -> None:
    """CRLF everywhere, a blank line after the request line of a GET, and the closing delimiter."""
    kind, body = build([[Operation("GET", "/api/data/v9.2/accounts?$top=1", {"accept": "application/json"})]])
    boundary = kind.partition('boundary="')[2].rstrip('"')
    assert kind.startswith("multipart/mixed;")
    assert body.decode().split("\r\n") == [
        f"--{boundary}",
        "Content-Type: application/http",
        "Content-Transfer-Encoding: binary",
        "",
        "GET /api/data/v9.2/accounts?$top=1 HTTP/1.1",
        "accept: application/json",
        "",
        "",
        f"--{boundary}--",
        "",
    ]


def test_a_group_of_several_is_a_change_set_with_content_ids() -> None:
    """Every part of a change set needs its Content-ID; a group of one stands by itself."""
    one, two = Operation("PATCH", "/a(1)", {}, b'{"x":1}'), Operation("DELETE", "/a(2)")
    _, body = build([[one, two], [one]])
    text = body.decode()
    assert text.count('Content-Type: multipart/mixed; boundary="changeset_') == 1
    assert [line for line in text.split("\r\n") if line.startswith("Content-ID")] == ["Content-ID: 1", "Content-ID: 2"]
    assert text.count("Content-Type: application/json; type=entry") == 2


def test_no_boundary_of_ours_can_stand_in_a_body() -> None:
    """Two batches never share a delimiter, so no stored text can end a part early."""
    first, second = build([[Operation("GET", "/a")]])[0], build([[Operation("GET", "/a")]])[0]
    assert first != second


def test_answers_come_back_in_the_order_of_the_groups() -> None:
    """A refused item fails alone: its status and words stand in its own part."""
    found = parse(answer(part(CREATED), part(REFUSED), part(CREATED)))
    assert [[one.status for one in group] for group in found] == [[204], [400], [204]]
    assert found[1][0].words() == "too long (0x80044331)"
    assert found[0][0].headers["odata-entityid"] == "https://x/accounts(1)"


def test_a_change_sets_answers_stand_together() -> None:
    """One group, several answers, each under its Content-ID."""
    found = parse(answer(changeset(part(CREATED, 1), part(CREATED, 2)), part(CREATED)))
    assert [[one.status for one in group] for group in found] == [[204, 204], [204]]


def test_a_change_set_may_answer_out_of_order() -> None:
    """Content-ID says which operation an answer belongs to, whatever its place."""
    other = CREATED.replace("accounts(1)", "accounts(2)")
    found = parse(answer(changeset(part(other, 2), part(CREATED, 1))))
    assert [one.headers["odata-entityid"] for one in found[0]] == ["https://x/accounts(1)", "https://x/accounts(2)"]


def test_a_failed_change_set_answers_once() -> None:
    """One error for all of it, as a part of the batch, or alone in the change set."""
    assert [[one.status for one in g] for g in parse(answer(part(REFUSED), part(CREATED)))] == [[400], [204]]
    assert [[one.status for one in g] for g in parse(answer(changeset(part(REFUSED, 1))))] == [[400]]


def test_a_batch_that_stopped_has_its_parts_all_the_same() -> None:
    """Without continue-on-error the outer status is the failure's; the parts so far are there."""
    assert [[one.status for one in g] for g in parse(answer(part(CREATED), part(REFUSED), status=400))] == [
        [204],
        [400],
    ]


def test_what_was_cut_off_is_missing() -> None:
    """A part without a delimiter behind it may be half a part: nobody may rely on it."""
    whole = answer(part(CREATED), part(REFUSED))
    for length in range(len(whole.body)):
        cut = Answer(200, whole.headers, whole.body[:length])
        found = parse(cut)
        assert len(found) <= 2
        assert [[one.status for one in g] for g in found] == [[204], [400]][: len(found)]
    assert len(parse(Answer(200, whole.headers, whole.body[: whole.body.rindex(b"\r\n--")]))) == 1


def test_a_change_set_that_was_cut_off_is_missing() -> None:
    """The outer part is not whole, so none of its answers is."""
    whole = answer(changeset(part(CREATED, 1), part(CREATED, 2)))
    cut = whole.body[: whole.body.index(b"Content-ID: 2")]
    assert parse(Answer(200, whole.headers, cut)) == []


def test_a_body_that_holds_a_delimiter_like_text_is_whole() -> None:
    """Somebody's description may say anything; only our answer's own delimiter on a line of its own ends a part."""
    text = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"description":"--batchresponse_18cfba3a--"}\r\n'
    found = parse(answer(part(text)))
    assert found[0][0].body == b'{"description":"--batchresponse_18cfba3a--"}'


def test_what_is_no_batch_has_no_parts() -> None:
    """A page for people, JSON, a type without boundary: nothing to read."""
    for kind in ("text/html", "application/json", "multipart/mixed", "multipart/mixed; boundary=", ""):
        assert parse(answer(part(CREATED), kind=kind or "x")) == []


def test_parts_of_nonsense_have_status_0() -> None:
    """An answer that is none says nothing of what happened."""
    for text in ("", "garbage", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n"):
        assert [one.status for group in parse(answer(part(text))) for one in group] == [0]


def test_bare_line_feeds_are_understood() -> None:
    """Some gateways normalise line ends."""
    made = answer(part(CREATED), part(REFUSED))
    found = parse(Answer(200, made.headers, made.body.replace(b"\r\n", b"\n")))
    assert [[one.status for one in g] for g in found] == [[204], [400]]
