"""The AL of the companion extension against what the sandbox serves in its place: one surface, stated twice."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

EXTENSION = Path(__file__).parents[3] / "extensions" / "business-central"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


class AlPage:
    """What an API page in AL says of its outside."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.title = re.findall(r'^page \d+ "([^"]+)"', text, re.MULTILINE)[0]
        head = text.partition("layout")[0]
        self.properties = dict(re.findall(r"^    (\w+) = '?([^;']+)'?;$", head, re.MULTILINE))
        self.fields = {
            name: "Editable = false;" not in body
            for name, body in re.findall(r"field\((\w+); [^)]+\)\s*\{(.*?)\n {16}\}", text, re.DOTALL)
        }
        self.parts = re.findall(r"part\((\w+); \"([^\"]+)\"\)", text)
        self.actions = {
            name[0].lower() + name[1:] for name in re.findall(r"\[ServiceEnabled\]\s*procedure (\w+)\(", text)
        }

    def allows(self, what: str) -> bool:
        closed = self.properties.get("Editable") == "false" and what == "Modify"
        return self.properties.get(f"{what}Allowed") != "false" and not closed


def _pages() -> dict[str, AlPage]:
    found = (AlPage(path.read_text(encoding="utf-8")) for path in sorted(EXTENSION.glob("src/*.Page.al")))
    return {page.properties["EntityName"]: page for page in found}


PAGES = _pages()


@pytest.fixture
def schema(lab: Any) -> Any:
    lab.switch(has_companion=True)
    root = f"{lab.origin}/v2.0/sandbox-tenant/production/api/syncengine/companion/v1.0"
    found = ET.fromstring(lab.get(f"{root}/$metadata").text).find(f".//{EDM}Schema")  # noqa: S314  our own document
    assert found is not None
    return found


def test_every_page_is_at_the_route_that_is_served() -> None:
    """Publisher, group and version make the address: api/syncengine/companion/v1.0."""
    assert {
        (page.properties["APIPublisher"], page.properties["APIGroup"], page.properties["APIVersion"])
        for page in PAGES.values()
    } == {("syncengine", "companion", "v1.0")}
    assert {page.properties["PageType"] for page in PAGES.values()} == {"API"}


def test_the_sandbox_serves_the_entities_of_the_extension(schema: Any) -> None:
    """Names of entities and entity sets; `company` is the platform's own."""
    served = {one.get("EntityType").rpartition(".")[2]: one.get("Name") for one in schema.iter(f"{EDM}EntitySet")}
    served.pop("company", None)
    assert served == {name: page.properties["EntitySetName"] for name, page in PAGES.items()}


@pytest.mark.parametrize("entity", sorted(PAGES))
def test_an_entity_has_the_fields_of_its_page_in_their_order(schema: Any, entity: str) -> None:
    """Property by property, and the key."""
    kind = next(one for one in schema.iter(f"{EDM}EntityType") if one.get("Name") == entity)
    assert [one.get("Name") for one in kind.findall(f"{EDM}Property")] == list(PAGES[entity].fields)
    assert [one.get("Name") for one in kind.iter(f"{EDM}PropertyRef")] == ["id"]


@pytest.mark.parametrize("entity", sorted(PAGES))
def test_what_can_be_written_is_what_the_page_lets_be_edited(lab: Any, schema: Any, entity: str) -> None:
    """Whether records can be made, changed and deleted, and which fields may be sent."""
    page = PAGES[entity]
    entry = next(one for one in schema.iter(f"{EDM}EntitySet") if one.get("EntityType").rpartition(".")[2] == entity)
    can = {one.get("Property"): one.get("Bool") == "true" for one in entry.iter(f"{EDM}PropertyValue")}
    assert (can["Insertable"], can["Updatable"], can["Deletable"]) == (
        page.allows("Insert"),
        page.allows("Modify"),
        page.allows("Delete"),
    )
    kind = next(one for name, one in lab.service.environment.pages.items() if "companion" in name)[entity].kind
    closed = not (page.allows("Insert") or page.allows("Modify"))
    assert {name: not column.read_only for name, column in kind.properties.items()} == {
        name: editable and not closed for name, editable in page.fields.items()
    }


def test_parts_are_navigations(schema: Any) -> None:
    """A part is a collection below the record; the platform adds the way back by itself."""
    titles = {page.title: name for name, page in PAGES.items()}
    for entity, page in PAGES.items():
        kind = next(one for one in schema.iter(f"{EDM}EntityType") if one.get("Name") == entity)
        below = {
            (one.get("Name"), one.get("Type"))
            for one in kind.findall(f"{EDM}NavigationProperty")
            if one.get("Type").startswith("Collection(")
        }
        assert below == {(name, f"Collection(Microsoft.NAV.{titles[title]})") for name, title in page.parts}, entity


def test_bound_actions_are_the_service_enabled_procedures(schema: Any) -> None:
    """In camel case, as the platform shows them."""
    served = {(one.get("Name"), one[0].get("Type").rpartition(".")[2]) for one in schema.iter(f"{EDM}Action")}
    assert served == {(action, entity) for entity, page in PAGES.items() for action in page.actions}
    assert {name for name, _ in served} == {"archive", "release", "reopen"}


def test_archive_pages_have_the_names_of_the_standard_ones(lab: Any, schema: Any) -> None:
    """So that a reader of either reads both."""
    standard = ET.fromstring(lab.get(f"{lab.root}/$metadata").text)  # noqa: S314  our own document
    for entity in ("salesOrderArchive", "salesOrderArchiveLine"):
        names = [
            [one.get("Name") for one in kind.findall(f"{EDM}Property")]
            for document in (standard, schema)
            for kind in document.iter(f"{EDM}EntityType")
            if kind.get("Name") == entity
        ]
        assert names[0] == names[1]


def test_objects_lie_within_the_range_of_the_app() -> None:
    """Each object once, within app.json's range; and each page and table is in the permission set."""
    app = json.loads((EXTENSION / "app.json").read_text(encoding="utf-8"))
    low, high = app["idRanges"][0]["from"], app["idRanges"][0]["to"]
    pattern = re.compile(r'^(page|table|tableextension|codeunit|permissionset) (\d+) "([^"]+)"', re.MULTILINE)
    objects = [
        found for path in EXTENSION.glob("src/*.al") for found in pattern.findall(path.read_text(encoding="utf-8"))
    ]
    numbers = [int(number) for _, number, _ in objects]
    assert len(numbers) == len(set(numbers)) == len(list(EXTENSION.glob("src/*.al")))
    assert all(low <= number <= high for number in numbers)
    granted = (EXTENSION / "src" / "Companion.PermissionSet.al").read_text(encoding="utf-8")
    for kind, _, name in objects:
        if kind in ("page", "table", "codeunit"):
            assert f'{kind} "{name}" = X' in granted, name
