"""The pages where a person acts as seller or clerk: plain HTML, used here as a browser without scripts uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from syncengine.sandbox import world


class Form:
    def __init__(self, action: str) -> None:
        self.action = action
        self.values: dict[str, str] = {}
        self.words = ""


class Reader(HTMLParser):
    """Forms, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.text = ""
        self._href = self._select = ""
        self._in_button = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and self.forms:
            self.forms[-1].values[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option":
            self.forms[-1].values.setdefault(self._select, given["value"])
        elif tag == "a":
            self._href = given["href"]
        self._in_button = tag == "button"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._href:
            self.links[data] = self._href
            self._href = ""
        if self._in_button:
            self.forms[-1].words = data
            self._in_button = False


class Browser:
    def __init__(self, origin: str) -> None:
        self.http = httpx.Client(base_url=origin, timeout=20, follow_redirects=True)
        self.page = Reader("")
        self.status = 0

    def open(self, path: str) -> None:
        self._take(self.http.get(path))

    def _take(self, answer: httpx.Response) -> None:
        assert answer.headers["content-type"] == "text/html; charset=utf-8", answer.text
        self.status = answer.status_code
        self.raw = answer.text
        self.page = Reader(answer.text)

    def follow(self, words: str) -> None:
        self.open(self.page.links[words])

    def press(self, words: str, **filled: str) -> None:
        """The first form with this button."""
        form = next(one for one in self.page.forms if one.words == words)
        unknown = filled.keys() - form.values.keys()
        assert not unknown, unknown
        self._take(self.http.post(form.action, data={**form.values, **filled}))

    def first_order(self) -> str:
        return next(words for words in self.page.links if re.search(r"\d{4,}", words))


@pytest.fixture(scope="module")
def running() -> Iterator[world.Sandbox]:
    found = world.start(orders=10)
    yield found
    found.host.stop()


@pytest.fixture
def seller(running: world.Sandbox) -> Iterator[Browser]:
    browser = Browser(running.sales_url)
    browser.open("/sandbox/")
    yield browser
    browser.http.close()


@pytest.fixture
def clerk(running: world.Sandbox) -> Iterator[Browser]:
    browser = Browser(running.back_office_url)
    browser.open("/sandbox/")
    yield browser
    browser.http.close()


def test_a_seller_enters_edits_submits_and_cancels_an_order(seller: Browser) -> None:
    """As in Sales: what is submitted is locked until it is set back to Active."""
    seller.follow("New order")
    seller.press("Create", quantity="3")
    assert "Active" in seller.page.text
    seller.press("Save", name="For the lobby", shipto_city="Boston")
    assert any(one.values.get("shipto_city") == "Boston" for one in seller.page.forms)
    seller.press("Change", quantity="4", priceperunit="12.50")
    assert "total 50" in seller.page.text
    seller.press("Submit")
    assert "Submitted" in seller.page.text
    seller.press("Change", quantity="5")
    assert seller.status == 400
    assert "0x80043b09" in seller.page.text
    seller.press("Reactivate")
    seller.press("Add", quantity="1")
    seller.press("Remove")
    seller.press("Cancel the order")
    assert "Canceled" in seller.page.text


def test_a_seller_finds_an_order_by_its_number(seller: Browser) -> None:
    """The list shows those changed last; the search narrows it."""
    number = seller.first_order()
    seller.open(f"/sandbox/?q={number}")
    assert [words for words in seller.page.links if words.startswith("ORD-")] == [number]


def test_an_administrator_turns_order_processing_on_and_off(seller: Browser, running: world.Sandbox) -> None:
    """The organization's flag, as the settings page shows it."""
    seller.press("Turn it on")
    assert running.sales.world.sop is True
    seller.press("Turn it off")
    assert running.sales.world.sop is False


def test_a_clerk_enters_releases_ships_and_invoices_an_order(clerk: Browser) -> None:
    """As in Business Central: released orders refuse lines, invoiced ones are gone, invoices are paid."""
    clerk.follow("New order")
    clerk.press("Create", item="1896-S", quantity="2")
    clerk.press("Save", externalDocumentNumber="PO-1", requestedDeliveryDate=datetime.now(UTC).date().isoformat())
    clerk.press("Change", quantity="3", unitPrice="10")
    assert "Draft" in clerk.page.text
    clerk.press("Release")
    assert "Open" in clerk.page.text
    clerk.press("Change", quantity="4")
    assert clerk.status == 400
    assert "Status must be equal to 'Open'" in clerk.page.text
    clerk.press("Archive a version")
    clerk.press("Ship what is outstanding")
    clerk.press("Invoice what is shipped")
    assert "PO-1" not in clerk.page.text
    clerk.follow("Invoices")
    clerk.press("Pay")
    assert "Paid" in clerk.page.text


def test_a_clerk_reopens_and_deletes_an_order(clerk: Browser) -> None:
    """And comes back to the list, where it is no more."""
    clerk.follow("New order")
    clerk.press("Create", item="1896-S", quantity="1")
    clerk.press("Release")
    clerk.press("Reopen")
    clerk.press("Add", item="1900-S", quantity="2")
    clerk.press("Remove")
    number = re.findall(r"Order (S-ORD\d+)", clerk.page.text)[0]
    clerk.press("Delete")
    assert number not in clerk.page.links


def test_a_number_that_is_none_is_told_to_the_person(seller: Browser, clerk: Browser) -> None:
    """In words, on the page, with nothing written."""
    for browser in (seller, clerk):
        browser.follow(browser.first_order())
        browser.press("Add", quantity="many")
        assert browser.status == 400
        assert "'many' is no number." in browser.page.text


def test_pages_carry_no_script_and_escape_what_they_show(seller: Browser, running: world.Sandbox) -> None:
    """A name with markup stays text; the policy forbids scripts anyway."""
    order = running.world.sales_orders[0]
    running.sales.patch("salesorder", order, {"name": "<script>alert(1)</script>"})
    answer = seller.http.get("/sandbox/")
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_unknown_page_is_not_found(seller: Browser, clerk: Browser) -> None:
    """404; an order that is gone leads back to the list, which says so."""
    missing: Any = "00000000-0000-0000-0000-00000000beef"
    for browser in (seller, clerk):
        assert browser.http.get("/sandbox/page/nonsense").status_code == 404
        browser.open(f"/sandbox/page/orders/{missing}")
        assert (browser.status, "Sales orders" in browser.page.text) == (400, True)
