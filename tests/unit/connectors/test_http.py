"""One exchange: what is repeated, what never is, what an error says of what happened."""

from __future__ import annotations

import httpx
import pytest

from syncengine import __version__
from syncengine.connectors.answers import Answer
from syncengine.connectors.answers import error_of
from syncengine.connectors.answers import server_time
from syncengine.connectors.http import AnswerTooLarge
from syncengine.connectors.http import NoAnswer
from syncengine.connectors.http import NotSent
from syncengine.errors import CredentialsRefused
from syncengine.errors import Unreachable
from tests.unit.connectors.serving import URL
from tests.unit.connectors.serving import Service
from tests.unit.connectors.serving import client
from tests.unit.connectors.serving import ok
from tests.unit.connectors.serving import status

LOST = httpx.ReadError("the connection was reset")
NO_CONNECTION = httpx.ConnectError("nobody listens")
LATE = httpx.ReadTimeout("nothing came")


@pytest.mark.parametrize("passing", [status(429), status(503), status(500), status(502), status(504), status(408)])
def test_a_read_is_repeated_while_it_fails_in_passing(passing: httpx.Response) -> None:
    """The statuses that both services document as worth another try."""
    passing.headers["retry-after"] = "0"
    service = Service(passing, passing, ok())
    http = client(service)
    assert http.get(URL).status == 200
    assert (len(service.requests), http.counts.retries) == (3, 2)
    assert http.counts.throttled == (2 if passing.status_code in (429, 503) else 0)


@pytest.mark.parametrize("failure", [LOST, NO_CONNECTION, LATE])
def test_a_read_is_repeated_when_no_answer_comes(failure: Exception) -> None:
    """A read changes nothing, whatever became of it."""
    service = Service(failure, ok())
    assert client(service).get(URL).status == 200


@pytest.mark.parametrize("code", [400, 403, 404, 405, 409, 410, 412, 413, 501])
def test_a_refusal_is_an_answer_and_comes_once(code: int) -> None:
    """Asking again would be refused again; the caller reads the words."""
    service = Service(status(code, "no"))
    assert client(service).get(URL).status == code
    assert len(service.requests) == 1


def test_in_the_end_a_read_gives_up_and_says_why() -> None:
    """Exit 4: which host, what it said."""
    with pytest.raises(Unreachable, match=r"https://x\.example .*status 500: broken"):
        client(Service(status(500, "broken"))).get(URL)


@pytest.mark.parametrize(("failure", "error"), [(LOST, NoAnswer), (LATE, NoAnswer), (NO_CONNECTION, NotSent)])
def test_a_write_is_never_repeated(failure: Exception, error: type[Exception]) -> None:
    """Not sent is only what never had a connection; of everything else nobody knows."""
    service = Service(failure, ok())
    with pytest.raises(error):
        client(service).once("POST", URL, {}, b"{}")
    assert len(service.requests) == 1


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_write_that_failed_is_an_answer(code: int) -> None:
    """What may follow is for the journal to say."""
    service = Service(status(code))
    assert client(service).once("POST", URL, {}, b"{}").status == code
    assert len(service.requests) == 1


def test_a_page_for_people_is_no_data() -> None:
    """A proxy's sign-in page with status 200 is repeated, then reported with its first words."""
    page = httpx.Response(200, headers={"content-type": "text/html"}, text="<html>Please sign in</html>")
    with pytest.raises(Unreachable, match="text/html, not with data: <html>Please sign in"):
        client(Service(page)).get(URL)


def test_an_answer_that_does_not_end_is_cut() -> None:
    """The size limit holds for what comes, not for what is announced, and is not tried again."""
    service = Service(ok("x" * 5000))
    with pytest.raises(AnswerTooLarge, match="larger than 4999 bytes"):
        client(service, max_body_bytes=4999).get(URL)
    assert len(service.requests) == 1
    assert client(service, max_body_bytes=5000).get(URL).status == 200


def test_a_compressed_answer_is_measured_unpacked() -> None:
    """A small body that unpacks to a large one is a large one."""
    import gzip  # noqa: PLC0415

    packed = gzip.compress(b"x" * 1_000_000)
    bomb = httpx.Response(200, headers={"content-type": "application/json", "content-encoding": "gzip"}, content=packed)

    def answer(_: httpx.Request) -> httpx.Response:
        return bomb

    with pytest.raises(AnswerTooLarge):
        client(answer, max_body_bytes=10_000).get(URL)


def test_credentials_are_never_sent_after_a_redirect() -> None:
    """Neither a read nor a write follows: it names where it was to go."""
    service = Service(httpx.Response(307, headers={"location": "https://evil.example/"}))
    for call in (lambda: client(service).get(URL), lambda: client(service).once("POST", URL, {}, b"{}")):
        with pytest.raises(Unreachable, match=r"redirects to https://evil\.example/"):
            call()
    assert {request.url.host for request in service.requests} == {"x.example"}


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/data",
        "http://x.example/api/data",
        "https://x.example:8443/api",
        "https://x.example@evil.example/api",
        "https://x.example.evil.example/api",
        "//evil.example/api",
        "/api/data",
        "",
    ],
)
def test_links_to_elsewhere_are_not_followed(link: str) -> None:
    """A nextLink or deltaLink is as hostile as the body it stands in."""
    with pytest.raises(Unreachable, match="link to another host"):
        client(Service(ok())).same_origin(link)


@pytest.mark.parametrize(
    "link", ["https://x.example/api?$skiptoken=1", "https://X.example:443/api", "HTTPS://x.example/"]
)
def test_links_to_the_same_origin_are_followed(link: str) -> None:
    """However it is written."""
    assert client(Service(ok())).same_origin(link) == link


def test_it_says_who_it_is() -> None:
    """Name and version, for whoever reads the service's logs."""
    service = Service(ok())
    client(service).get(URL)
    assert service.requests[0].headers["user-agent"] == f"syncengine/{__version__}"


def test_requests_and_operations_are_counted_apart() -> None:
    """A batch is one round trip and as many operations as it has parts."""
    http = client(Service(ok()))
    http.get(URL)
    http.safely("POST", URL, {}, b"", operations=40)
    assert (http.counts.requests, http.counts.operations) == (2, 41)


def test_a_401_without_a_body_is_understood() -> None:
    """Dataverse answers so: WWW-Authenticate and nothing else."""
    with pytest.raises(CredentialsRefused, match="status 401 without a word"):
        client(Service(status(401))).get(URL)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17.0), ("0", 0.0), ("1.5", 1.5), (" 30 ", 30.0), ("Mon, 02 Mar 2026 10:00:30 GMT", 30.0),
     ("Mon, 02 Mar 2026 09:00:00 GMT", 0.0), ("", None), ("soon", None), ("-5", None), ("1e9", None), ("nan", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_moment(header: str, seconds: float | None) -> None:
    """A moment is told by the service's clock, so it is compared with the service's Date; nonsense says nothing."""
    answer = Answer(503, {"retry-after": header, "date": "Mon, 02 Mar 2026 10:00:00 GMT"}, b"")
    assert answer.retry_after_s == seconds


def test_server_time_is_the_date_of_the_answer() -> None:
    """In UTC, whatever the header leaves out."""
    for text in ("Mon, 02 Mar 2026 10:00:00 GMT", "Mon, 02 Mar 2026 10:00:00 -0000", "Mon, 02 Mar 2026 11:00:00 +0100"):
        assert server_time({"date": text}).isoformat().startswith("2026-03-02T1")
        assert server_time({"date": text}).timestamp() == 1772445600


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b'{"error":{"code":"0x80060882","message":"stale"}}', "0x80060882", "stale"),
        (b'{"error":{"code":"","message":"no code"}}', "", "no code"),
        (b'{"error":{"code":null,"message":null}}', "", ""),
        (b'{"error":"invalid_client"}', "", '{"error":"invalid_client"}'),
        (b"<html>Bad  Gateway</html>", "", "<html>Bad Gateway</html>"),
        (b"\xff\xfe", "", "��"),
        (b"[" * 100_000, "", "[" * 200),
        (b"", "", "status 502 without a word"),
    ],
)
def test_error_bodies_are_read_as_far_as_they_can_be(body: bytes, code: str, message: str) -> None:
    """OData's form, else the first of whatever it is."""
    assert error_of(Answer(502, {}, body)) == (code, message)
