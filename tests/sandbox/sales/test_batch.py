from __future__ import annotations

import json
import re
from typing import Any

import pytest

CRLF = "\r\n"


def part(method: str, path: str, body: Any = None, content_id: int | None = None, **headers: str) -> str:
    """One application/http part, written as the documentation shows it."""
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    target = path if path.startswith(("/", "$", "http")) else f"/api/data/v9.2/{path}"
    lines += ["", f"{method} {target} HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append("Content-Type: application/json; type=entry")
    return CRLF.join([*lines, "", json.dumps(body) if body is not None else ""])


def change_set(*parts: str, mark: str = "changeset_1") -> str:
    inside = "".join(f"--{mark}{CRLF}{one}{CRLF}" for one in parts)
    return f'Content-Type: multipart/mixed; boundary="{mark}"{CRLF}{CRLF}{inside}--{mark}--{CRLF}'


def envelope(*parts: str) -> bytes:
    return ("".join(f"--batch_1{CRLF}{one}{CRLF}" for one in parts) + f"--batch_1--{CRLF}").encode()


def send(who: Any, *parts: str, content: bytes | None = None, **headers: str) -> Any:
    sent = {"content-type": 'multipart/mixed; boundary="batch_1"'} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return who.http.post("/api/data/v9.2/$batch", content=content or envelope(*parts), headers=sent)


def statuses(response: Any) -> list[int]:
    return [int(code) for code in re.findall(r"HTTP/1\.1 (\d{3}) ", response.text)]


def test_operations_run_in_order_and_answer_in_order(sales: Any) -> None:
    """A GET after two POSTs sees them; the answer is multipart with its own boundary."""
    response = send(
        sales.integration,
        part("POST", "accounts", {"name": "One"}),
        part("POST", "accounts", {"name": "Two"}),
        part("GET", "accounts?$select=name&$filter=name eq 'Two'"),
    )
    assert response.status_code == 200
    assert re.fullmatch(r"multipart/mixed; boundary=batchresponse_[0-9a-f-]{36}", response.headers["content-type"])
    assert statuses(response) == [204, 204, 200]
    assert response.text.count("OData-EntityId: ") == 2
    assert '"name":"Two"' in response.text


def test_absolute_addresses_and_spaces_in_get_parts_are_read(sales: Any) -> None:
    """Public clients send whole URLs with plain spaces in the request line, and no blank line after it."""
    sales.integration.make("accounts", {"name": "Spacy"})
    get = CRLF.join(
        [
            "Content-Type: application/http",
            "Content-Transfer-Encoding: binary",
            "",
            f"GET {sales.url}/api/data/v9.2/accounts?$filter=name eq 'Spacy' HTTP/1.1",
            "",
        ]
    )
    response = send(sales.integration, get)
    assert statuses(response) == [200]
    assert '"name":"Spacy"' in response.text


def test_a_failure_stops_the_batch_with_its_status(sales: Any) -> None:
    """Without continue-on-error the outer status is the failure's, the failing part is the last one."""
    response = send(
        sales.integration,
        part("POST", "accounts", {"name": "One"}),
        part("POST", "accounts", {"name": "x" * 161}),
        part("POST", "accounts", {"name": "Three"}),
    )
    assert response.status_code == 400
    assert statuses(response) == [204, 400]
    assert "REQ_ID: " in response.text
    assert "0x80044331" in response.text
    assert [row["name"] for row in sales.admin.read("accounts?$select=name")["value"]] == ["One"]


def test_continue_on_error_gives_each_part_its_own_status(sales: Any) -> None:
    """With the preference the outer status is 200 and all parts run."""
    response = send(
        sales.integration,
        part("POST", "accounts", {"name": "x" * 161}),
        part("POST", "accounts", {"name": "Two"}),
        prefer="odata.continue-on-error",
    )
    assert response.status_code == 200
    assert statuses(response) == [400, 204]


def test_a_change_set_is_all_or_nothing(sales: Any, catalog: Any) -> None:
    """One refusal undoes all of it, answers a single part, and leaves no version behind."""
    before = sales.admin.read(f"accounts({catalog.account})")
    response = send(
        sales.integration,
        change_set(
            part("POST", "accounts", {"name": "New"}, 1),
            part("PATCH", f"accounts({catalog.account})", {"name": "Changed"}, 2),
            part("DELETE", f"contacts({catalog.contact})", None, 3),
            part("PATCH", f"accounts({catalog.account})", {"name": "x" * 161}, 4),
        ),
        part("GET", "accounts?$select=name"),
    )
    assert response.status_code == 400
    assert statuses(response) == [400]
    assert sales.admin.read(f"accounts({catalog.account})") == before
    assert len(sales.admin.read("accounts")["value"]) == 1
    assert sales.admin.get(f"contacts({catalog.contact})").status_code == 200


def test_a_change_set_answers_its_content_ids(sales: Any) -> None:
    """Success is a nested multipart that echoes each Content-ID."""
    response = send(
        sales.integration,
        change_set(part("POST", "accounts", {"name": "A"}, 1), part("POST", "accounts", {"name": "B"}, 2)),
    )
    assert response.status_code == 200
    assert re.search(r"boundary=changesetresponse_[0-9a-f-]{36}", response.text)
    assert re.findall(r"Content-ID: (\d)", response.text) == ["1", "2"]
    assert statuses(response) == [204, 204]


def test_content_ids_stand_for_rows_in_addresses_and_binds(sales: Any) -> None:
    """PATCH $1 and "$2" in a bind mean rows of the same change set."""
    response = send(
        sales.integration,
        change_set(
            part("POST", "accounts", {"name": "Parent"}, 1),
            part("POST", "contacts", {"firstname": "Kim"}, 2),
            part("PATCH", "$1", {"primarycontactid@odata.bind": "$2"}, 3),
        ),
    )
    assert response.status_code == 200
    row = sales.admin.read("accounts?$select=name&$expand=primarycontactid($select=firstname)")["value"][0]
    assert row["primarycontactid"]["firstname"] == "Kim"


def test_a_forward_reference_is_refused(sales: Any) -> None:
    """A Content-ID must be declared before it is used."""
    response = send(
        sales.integration,
        change_set(
            part("POST", "accounts", {"name": "x", "primarycontactid@odata.bind": "$1"}, 2),
            part("POST", "contacts", {"firstname": "Kim"}, 1),
        ),
    )
    assert response.status_code == 400
    assert "Content-ID Reference: '$1' does not exist in the batch context." in response.text


def test_members_of_a_change_set_need_a_content_id_and_no_get(sales: Any) -> None:
    """A missing Content-ID is 0x80060888; GET is not allowed inside."""
    without = send(sales.integration, change_set(part("POST", "accounts", {"name": "x"})))
    assert (without.status_code, "0x80060888" in without.text) == (400, True)
    reading = send(sales.integration, change_set(part("GET", "accounts", None, 1)))
    assert reading.status_code == 400


def test_after_a_failed_change_set_others_go_on_when_asked(sales: Any) -> None:
    """continue-on-error holds for units: the failed change set is one 400 part."""
    response = send(
        sales.integration,
        change_set(part("POST", "accounts", {"name": "A"}, 1), part("POST", "accounts", {"name": "x" * 161}, 2)),
        change_set(part("POST", "accounts", {"name": "B"}, 1), mark="changeset_2"),
        prefer="odata.continue-on-error",
    )
    assert response.status_code == 200
    assert statuses(response) == [400, 204]
    assert [row["name"] for row in sales.admin.read("accounts?$select=name")["value"]] == ["B"]


def test_batches_cannot_be_nested_and_have_a_thousand_operations(sales: Any) -> None:
    """A nested batch is refused, and the 1,001st operation refuses the whole."""
    assert send(sales.integration, part("POST", "/api/data/v9.2/$batch", {})).status_code == 400
    thousand = [part("GET", "WhoAmI")] * 1000
    assert send(sales.integration, *thousand).status_code == 200
    refused = send(sales.integration, *thousand, part("GET", "WhoAmI"))
    assert refused.status_code == 400
    assert "1000" in refused.json()["error"]["message"]


def test_addresses_in_a_batch_may_be_longer(sales: Any) -> None:
    """65,536 characters inside a batch, where 32,768 is the limit outside."""

    def query(length: int) -> str:
        return "accounts?$select=name&$filter=name eq '" + "x" * length + "'"

    assert statuses(send(sales.integration, part("GET", query(40_000)))) == [200]
    assert statuses(send(sales.integration, part("GET", query(66_000)))) == [414]


def test_bare_line_feeds_lose_the_body(sales: Any) -> None:
    """Without CRLF the body is not readable, unless the batch ends with blank lines."""
    bad = envelope(part("POST", "accounts", {"name": "x"})).replace(b"\r\n", b"\n")
    refused = send(sales.integration, content=bad)
    assert refused.status_code == 400
    assert "Stream was not readable" in refused.text
    assert send(sales.integration, content=bad.replace(b"}\n--", b"}\n\n--")).status_code == 200


@pytest.mark.parametrize("content", [b"", b"--batch_1\r\n", b"no multipart"])
def test_a_malformed_batch_is_refused_as_json(sales: Any, content: bytes) -> None:
    """What is no multipart body is answered 400 with a JSON error."""
    refused = send(sales.integration, content=content or b"\r\n")
    assert refused.status_code == 400
    assert refused.json()["error"]["message"]


def test_a_batch_is_signed_once_and_acts_as_one_user(sales: Any) -> None:
    """Authorization stands on the outer request only."""
    assert send(sales.nobody, part("GET", "WhoAmI")).status_code == 401
    assert sales.user("seller") in send(sales.seller, part("GET", "WhoAmI")).text


def test_if_match_and_prefer_belong_to_the_part(sales: Any, catalog: Any) -> None:
    """Headers inside a part hold for that operation."""
    path = f"accounts({catalog.account})"
    tag = sales.admin.read(path)["@odata.etag"]
    response = send(
        sales.integration,
        part("PATCH", f"{path}?$select=name", {"name": "A"}, If_Match=tag, Prefer="return=representation"),
        part("PATCH", path, {"name": "B"}, If_Match=tag),
    )
    assert statuses(response) == [200, 412]
    assert '"name":"A"' in response.text


def test_the_request_log_keeps_every_operation(sales: Any, catalog: Any) -> None:
    """Method, path, status, headers without secrets and the body of each part."""
    send(
        sales.integration,
        part("PATCH", f"accounts({catalog.account})", {"name": "A"}, If_Match="*"),
        change_set(part("POST", "contacts", {"firstname": "Kim"}, 1)),
    )
    entry = sales.requests()[-1]
    assert entry["path"] == "/api/data/v9.2/$batch"
    assert entry["who"] == "integration"
    assert [(p["method"], p["status"]) for p in entry["parts"]] == [("PATCH", 204), ("POST", 204)]
    assert entry["parts"][0]["path"] == f"/api/data/v9.2/accounts({catalog.account})"
    assert entry["parts"][0]["body"] == {"name": "A"}
    assert entry["parts"][0]["headers"]["if-match"] == "*"
    assert "authorization" not in str(entry).lower()


def test_a_plug_in_refuses_one_operation_inside_a_change_set(sales: Any, catalog: Any) -> None:
    """The fault strikes the part, and the change set is undone."""
    sales.fault(kind="refuse", next=1, match={"path": "contacts"}, message="No contacts today")
    response = send(
        sales.integration,
        change_set(part("POST", "accounts", {"name": "A"}, 1), part("POST", "contacts", {"firstname": "Kim"}, 2)),
    )
    assert response.status_code == 400
    assert "No contacts today" in response.text
    assert len(sales.admin.read("accounts")["value"]) == 1


def test_active_write_submitted_is_one_change_set(sales: Any, catalog: Any) -> None:
    """A locked order is opened, written and submitted again in one transaction, guarded by its tag."""
    order = catalog.order()
    catalog.submit(order)
    sales.setup(submitted_lock="nobody")
    path = f"salesorders({order})"
    tag = sales.admin.read(path)["@odata.etag"]
    response = send(
        sales.integration,
        change_set(
            part("PATCH", path, {"statecode": 0, "statuscode": 2}, 1, If_Match=tag),
            part("PATCH", path, {"submitstatusdescription": "S-ORD101001"}, 2),
            part("PATCH", path, {"statecode": 1, "statuscode": 3}, 3),
        ),
    )
    assert statuses(response) == [204, 204, 204]
    row = sales.admin.read(path)
    assert (row["statecode"], row["submitstatusdescription"]) == (1, "S-ORD101001")


@pytest.mark.parametrize(("reading", "expected", "nested"), [("in-change-set", [400], 1), ("each", [400, 400], 1)])
def test_how_a_failed_change_set_answers_is_a_switch(
    sales: Any, reading: str, expected: list[int], nested: int
) -> None:
    """Its one refusal within a change set's own multipart, or the refusal once for each operation."""
    sales.setup(failed_change_set=reading)
    response = send(
        sales.integration,
        change_set(part("POST", "accounts", {"name": "A"}, 1), part("POST", "accounts", {"name": "x" * 161}, 2)),
        part("GET", "accounts?$select=name"),
        prefer="odata.continue-on-error",
    )
    assert statuses(response) == [*expected, 200]
    assert response.text.count("Content-Type: multipart/mixed; boundary=changesetresponse_") == nested
    assert sales.admin.read("accounts")["value"] == []


def test_members_without_content_id_are_accepted_by_switch(sales: Any) -> None:
    """One public client reports that they are refused; nothing documents it."""
    sales.setup(missing_content_id="accepted")
    sent = change_set(part("POST", "accounts", {"name": "A"}), part("POST", "accounts", {"name": "B"}))
    assert statuses(send(sales.integration, sent)) == [204, 204]
    assert len(sales.admin.read("accounts")["value"]) == 2
