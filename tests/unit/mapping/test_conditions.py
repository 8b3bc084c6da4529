"""What of a mapping depends on what the systems can: there with a capability, left out without, and told either way."""

from __future__ import annotations

from pathlib import Path

import pytest

from syncengine.config.mapping_files import Written
from syncengine.config.mapping_files import build
from syncengine.config.mapping_files import build_all
from syncengine.config.mapping_files import read_folders
from syncengine.errors import MappingError
from syncengine.mapping.model import Condition
from syncengine.mapping.model import TableMapping
from syncengine.mapping.model import conditions

AGENT = """\
name: AGENT
requires: more/agents
otherwise: agents stay as they are
sales: {table: carriers}
back_office: {table: more/agents}
match: [[code]]
fields:
  code: {sales: label, back_office: code}
"""
ORDER = """\
name: ORDER
sales: {table: orders}
back_office: {table: documents}
match: [[number], [agent]]
groups: {delivery: [day, agent]}
conflict: {default: manual, agent: sales}
fields:
  number: {sales: number, back_office: no}
  day: {sales: day, back_office: shipmentDate}
  agent: {sales: carrier, back_office: agentCode, lookup: AGENT, requires: more/agents}
  comment: {sales: carrier, back_office: comment, unless: more/agents}
"""
CAPABILITIES = frozenset({"more/agents", "more/else"})


def _written(folder: Path, *texts: str) -> dict[str, Written]:
    for at, text in enumerate(texts):
        (folder / f"{at}.yaml").write_text(text, encoding="utf-8")
    return read_folders([folder])


def _rows(mappings: dict[str, TableMapping], name: str) -> list[str]:
    return list(mappings[name].rows)


def test_with_the_capability_what_requires_it_is_there(tmp_path: Path) -> None:
    """And what does without it is not; the order of mappings follows the lookups that there are."""
    found = build(_written(tmp_path, ORDER, AGENT), {}, CAPABILITIES)
    assert list(found) == ["AGENT", "ORDER"]
    assert _rows(found, "ORDER") == ["number", "day", "agent"]
    assert found["ORDER"].groups == {"delivery": ("day", "agent")}


def test_without_it_what_names_the_row_goes_on_without(tmp_path: Path) -> None:
    """Groups, policies and match groups: as if an overlay had removed it."""
    found = build(_written(tmp_path, ORDER, AGENT), {})
    assert list(found) == ["ORDER"]
    assert _rows(found, "ORDER") == ["number", "day", "comment"]
    assert found["ORDER"].groups == {"delivery": ("day",)}
    assert [group.rows for group in found["ORDER"].match] == [("number",)]


def test_of_a_lines_alternatives_those_are_there_whose_condition_holds(tmp_path: Path) -> None:
    text = ORDER.replace("ORDER", "CASE").replace("  day:", "  # day:").replace("groups: {delivery: [day, agent]}", "")
    text = text.partition("lines:")[0] + (
        "lines:\n  name: LINE\n  sales: {table: details, parent: order}\n"
        "  back_office: {table: lines, parent: document}\n  fields:\n    goods:\n      one_of:\n"
        "        - {lookup: AGENT, sales: a, back_office: b, requires: more/agents}\n"
        "        - {text: true, sales: t, back_office: d}\n"
    )
    written = _written(tmp_path, text, AGENT)
    for capabilities, expected in ((CAPABILITIES, [("AGENT",), ()]), ((), [()])):
        lines = build(written, {}, capabilities)["CASE"].lines
        assert lines is not None
        assert [one.lookup for one in lines.rows["goods"].one_of] == expected


def test_a_lookup_of_what_is_not_always_there_must_say_so(tmp_path: Path) -> None:
    """Whoever looks it up would wait for ever."""
    order = ORDER.replace(", requires: more/agents}", "}").partition("  comment:")[0]
    written = _written(tmp_path, order, AGENT)
    build(written, {}, CAPABILITIES)
    with pytest.raises(MappingError) as caught:
        build_all(written, {})
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (10, "looks up `AGENT`, which is not always there")
    assert problem.suggestion == "say `requires: more/agents` here as well"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("otherwise: agents stay as they are", "unless: more/agents", "both with and without `more/agents`"),
        ("requires: more/agents\notherwise:", "otherwise:", "`otherwise` goes with `requires` or `unless`"),
        ("requires: more/agents\n", "requires: [more/agents]\n", "a text is expected here"),
    ],
)
def test_a_condition_that_says_nothing_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        build_all(_written(tmp_path, AGENT.replace(old, new)), {})
    assert said in caught.value.problems[0].message


def test_what_is_wrong_is_told_of_both_shapes_of_a_file(tmp_path: Path) -> None:
    """Whatever the systems turn out to be: nobody finds out on the day the extension comes."""
    text = ORDER.replace("back_office: agentCode", "back_office: no").replace("back_office: comment", "back_office: no")
    with pytest.raises(MappingError) as caught:
        build_all(_written(tmp_path, text, AGENT), {})
    assert [one.message for one in caught.value.problems] == ["`no` is written by row `number` already"] * 2


def test_all_mappings_are_known_whatever_the_systems_can(tmp_path: Path) -> None:
    """Those that need a capability to be missing are listed as well."""
    without = AGENT.replace("AGENT", "PLAIN").replace(
        "requires: more/agents\notherwise: agents stay as they are\n", "unless: more/agents\n"
    )
    found = build_all(_written(tmp_path, ORDER, AGENT, without), {})
    assert sorted(found) == ["AGENT", "ORDER", "PLAIN"]
    told = [(what, one.named) for what, one in conditions(found["ORDER"])]
    assert told == [("row agent", "more/agents")]
    assert found["AGENT"].condition == Condition("more/agents", "", "agents stay as they are")


def test_a_mapping_is_another_where_the_systems_can_more(tmp_path: Path) -> None:
    """So that what was set aside is tried again; a capability it does not speak of changes nothing."""
    written = _written(tmp_path, ORDER, AGENT)["ORDER"]
    assert written.digest({"more/agents"}) != written.digest()
    assert written.digest({"more/else"}) == written.digest()


def test_a_capability_can_be_taken_back_by_an_overlay(tmp_path: Path) -> None:
    """`requires: null` makes a mapping unconditional."""
    above = "name: AGENT\nrequires: null\notherwise: null\n"
    (tmp_path / "above").mkdir()
    (tmp_path / "above" / "agent.yaml").write_text(above, encoding="utf-8")
    (tmp_path / "agent.yaml").write_text(AGENT, encoding="utf-8")
    assert list(build(read_folders([tmp_path, tmp_path / "above"]), {})) == ["AGENT"]


def test_an_order_follows_nothing(tmp_path: Path) -> None:
    """`follow` is for records that belong to a document."""
    text = ORDER.replace("name: ORDER\n", "name: ORDER\nkind: order\ndeleted: {in_back_office: follow}\n")
    with pytest.raises(MappingError) as caught:
        build_all(_written(tmp_path, text, AGENT), {})
    assert "an order follows nothing" in caught.value.problems[0].message
