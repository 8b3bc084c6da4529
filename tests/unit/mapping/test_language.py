"""What a mapping file may say, and what is said of one that says it wrongly: everything at once, where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from syncengine.config.mapping_files import build
from syncengine.config.mapping_files import read_folders
from syncengine.errors import MappingError
from syncengine.mapping.model import MatchGroup
from syncengine.mapping.model import TableMapping

SETTINGS = {"key_column": "their_key", "unset": "", "ready": ["open", "sent"]}

HEAD = """\
name: ORDER
kind: order
sales: {table: orders}
back_office: {table: documents}
"""
CUSTOMER_ROW = "c: {sales: x, back_office: y, lookup: CUSTOMER}"
CUSTOMER = """\
name: CUSTOMER
sales: {table: accounts}
back_office: {table: customers}
match: [[number], {fields: [name, city], case_sensitive: true}]
fields:
  number: {sales: number, back_office: no}
  name: {sales: name, back_office: name}
  city: {sales: city, back_office: city}
"""


def read(tmp_path: Path, *layers: dict[str, str]) -> dict[str, TableMapping]:
    folders = []
    for at, layer in enumerate(layers):
        folder = tmp_path / str(at)
        folder.mkdir()
        folders.append(folder)
        for name, text in layer.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return build(read_folders(folders), SETTINGS)


def problems(tmp_path: Path, *layers: dict[str, str]) -> list[str]:
    """`file:line:column: message (suggestion)`, with the file's own name only."""
    with pytest.raises(MappingError) as caught:
        read(tmp_path, *layers)
    return [str(one).removeprefix(f"{tmp_path}/") for one in caught.value.problems]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a: {sales: x, back_office: y, tranform: code}",
         "6:33: unknown key `tranform` (did you mean `transform`?)"),
        ("a: {sales: x, back_office: y, transform: codes}",
         "6:33: there is no transform `codes`: "),
        ("a: {sales: x, back_office: y, transform: {fitz: 3}}",
         "6:45: there is no transform `fitz` with an argument (did you mean `fits`?)"),
        ("a: {sales: x, back_office: y, transform: fits}",
         "6:33: fits takes an argument (write `{fits: …}`)"),
        ("a: {sales: x, back_office: y, transform: {fits: 0}}",
         "6:45: a whole number from 1 to 100000 is expected here"),
        ("a: {sales: x, back_office: [y, z, w], transform: status_line}",
         "6:3: row `a` goes both ways, but its transform does not (add `to: sales` or `to: back-office`)"),
        ("a: {sales: [x, z], back_office: y}",
         "6:7: 2 columns named, a row without a transform takes 1 column"),
        ("a: {sales: x, back_office: y}\n  b: {sales: z, back_office: y}",
         "7:17: `y` is written by row `a` already"),
        ("a: {sales: x, back_office: y}\n  b: {sales: z, back_office: q, with: {sales: {x: 1}}}",
         "7:7: `x` is written by row `a` already"),
        ("a: {sales: x, back_office: 'setting:key_colum'}",
         "6:17: there is no setting `key_colum` (did you mean `key_column`?)"),
        ("a: {sales: x, back_office: y, lookup: CUSTOMR}",
         "6:33: looks up `CUSTOMR`, and there is no such mapping (did you mean `CUSTOMER`?)"),
        ("a: {sales: x, back_office: y, lookup: CUSTOMER, transform: code}",
         "6:51: a reference is looked up, not transformed"),
        ("a: {sales: x, constant: 1}",
         "6:3: row `a` writes a value of its own: say where with `to:`"),
        ("a: {sales: x, constant: run_date, to: sales}",
         "6:17: it is another value in each run, and would be written in each (add `only_create: true`)"),
        ("a: {sales: x, back_office: y, constant: 1, to: sales}",
         "6:3: row `a` holds a constant: it names a column only where that is written"),
        ("a: {to: sales}", "6:3: row `a` names no column on either side"),
        ("a: {sales: x, back_office: y, on_missing: ignore}",
         "6:33: there is no answer `ignore`: `wait`, `blank`, `fail`"),
        ("a: {sales: x, back_office: y, not_null: maybe}",
         "6:33: true or false is expected here"),
        ("a: x", "6:3: a table of keys is expected here"),
        ("a: {sales: x, back_office: {line: {kind: account}}}",
         "6:17: `value` is missing"),
        ("a: {sales: x, back_office: {text_of: [line], column: c, comments: {k: v}}, transform: {continued: 9}}",
         "6:31: a text is that of `line` and `following_comments`"),
        ("a: {sales: x, back_office: y, transform: {continued: 9}}",
         "6:3: a `text_of` and `transform: {continued: N}` go together"),
        (f"{CUSTOMER_ROW}\n  a: {{sales: u, back_office: v, lookup: CUSTOMER, within: d.x}}",
         "7:51: there is no row `d`"),
        (f"{CUSTOMER_ROW}\n  a: {{sales: u, back_office: v, lookup: CUSTOMER, within: c.group}}",
         "7:51: `CUSTOMER` has no row `group`"),
        ("a: {sales: x, back_office: y}\n  b: {sales: u, back_office: v, lookup: CUSTOMER, within: a}",
         "7:51: `a` looks nothing up that could be a scope"),
        ("a: {sales: x, back_office: y, lookup: CUSTOMER, fact: nr, to: sales}",
         "6:51: `CUSTOMER` has no row `nr`"),
        ("a: {sales: x, back_office: y, lookup: CUSTOMER, fact: number}",
         "6:51: a fact is that of a record that the row looks up, and goes `to: sales`"),
        ("a: {sales: x, back_office: y, lookup: CUSTOMER, through: {CUSTOMER: number}}",
         "6:61: `CUSTOMER` has no row `number` that looks something up"),
        ("a: {one_of: [{sales: x, back_office: y}]}",
         "6:16: each of `one_of` is either a `lookup` or a `text: true`"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_told_where_it_stands(tmp_path: Path, rows: str, said: str) -> None:
    found = problems(tmp_path, {"order": f"{HEAD}fields:\n  {rows}\n", "customer": CUSTOMER})
    assert [one for one in found if one.startswith(f"0/order.yaml:{said}")], found


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("create: yes\n", "5:1: there is no answer `yes`: `none`, `sales`, `back-office`, `both`"),
        (
            "kind: orders\n",
            (
                "there is no kind `orders`: `record`, `product`, `unit`, `order`, `quote`, `invoice`, `option` "
                "(did you mean `order`?)"
            ),
        ),
        ("kind: unit\ncreate: both\n", "5:1: units of items are made in Sales only"),
        ("kind: unit\n", "4:1: `unit` needs a match group"),
        ("match: [[nr]]\n", "5:9: there is no row `nr`"),
        ("match: [[b]]\n", "5:9: `b` stands on one side only: nothing can be matched by it"),
        ("match: [{field: a}]\n", "5:10: unknown key `field` (did you mean `fields`?)"),
        ("groups: {g: [a, c]}\n", "5:10: `c` goes one way only and cannot be merged in a group"),
        ("groups: {a: [a]}\n", "5:10: `a` is a row already; a group needs a name of its own"),
        ("groups: {g: [a], h: [a]}\n", "5:18: `a` is in `g` already"),
        ("conflict: {a: newer}\n", "5:12: there is no policy `newer`"),
        ("conflict: {z: sales}\n", "5:12: `z` is no row or group"),
        ("recreates: [z]\n", "5:13: `z` is no row or group"),
        ("deleted: {in_sales: reopen}\n", "5:11: there is no answer `reopen`: `ask`, `remove`, `uncouple`"),
        ("also_after: [ITEMS]\n", "5:1: looks up `ITEMS`, and there is no such mapping"),
        ("full_sync: all\n", "5:1: there is no recommendation `all`: `full`, `couple`, `nothing`"),
        ("correlation: z\n", "5:1: there is no row `z`"),
        ("lines: {name: L, fields: {}}\n", "5:1: `sales` is missing"),
    ],
)
def test_a_wrong_key_is_told_where_it_stands(tmp_path: Path, keys: str, said: str) -> None:
    rows = "fields:\n  a: {sales: x, back_office: y}\n  b: {sales: z}\n  c: {sales: w, back_office: v, to: sales}\n"
    head = HEAD.replace("kind: order\n", "") if keys.startswith("kind") else HEAD
    found = problems(tmp_path, {"order": head + keys + rows, "customer": CUSTOMER})
    assert [one for one in found if said in one], found


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """Shape, meaning, other mappings and a circle, over two files."""
    order = HEAD + "fields:\n  a: {sales: x, back_office: y, lookup: CUSTOMER}\n  b: {sale: x}\n"
    customer = CUSTOMER + "  first: {sales: o, back_office: o, lookup: ORDER}\n  again: {sales: q, back_office: o}\n"
    found = problems(tmp_path, {"order": order, "customer": customer})
    assert [one.partition(": ")[2] for one in found] == [
        "lookups go in a circle: CUSTOMER → ORDER → CUSTOMER",
        "`o` is written by row `first` already",
        "row `b` names no column on either side",
        "unknown key `sale` (did you mean `sales`?)",
    ]


def test_a_record_without_states_is_not_reopened(tmp_path: Path) -> None:
    found = problems(tmp_path, {"customer": CUSTOMER + "deleted: {in_sales: remove}\n"})
    assert found == ["0/customer.yaml:9:11: `remove` is for orders; a record takes `ask` or `uncouple`"]


def test_groups_of_a_match_may_ask_for_exact_case(tmp_path: Path) -> None:
    mapping = read(tmp_path, {"customer": CUSTOMER})["CUSTOMER"]
    assert mapping.match == (MatchGroup(("number",)), MatchGroup(("name", "city"), case_sensitive=True))


def test_settings_stand_for_columns_values_and_lists(tmp_path: Path) -> None:
    order = HEAD.replace("{table: orders}", "{table: orders, enters_when: {state: 'setting:ready'}}") + (
        "fields:\n  a: {sales: x, back_office: 'setting:key_column'}\n  b: {sales: 'setting:unset', back_office: y}\n"
    )
    mapping = read(tmp_path, {"order": order})["ORDER"]
    assert mapping.sales.enters_when[0].any_of == ("open", "sent")
    assert mapping.rows["a"].back_office == ("their_key",)
    assert "b" not in mapping.rows  # a row whose column no setting names is left out


OVERLAY = """\
name: CUSTOMER
fields:
  city: null
  phone: {sales: phone, back_office: phone}
"""


def test_an_overlay_changes_rows_by_name(tmp_path: Path) -> None:
    mapping = read(tmp_path, {"customer": CUSTOMER}, {"ours": OVERLAY})["CUSTOMER"]
    assert list(mapping.rows) == ["number", "name", "phone"]
    assert [Path(mapping.rows[name].origin).name for name in ("name", "phone")] == ["customer.yaml", "ours.yaml"]


def test_what_named_a_removed_row_goes_without_it(tmp_path: Path) -> None:
    """A match group of which a row is gone would match too much: it goes; a group to be merged goes on smaller."""
    base = CUSTOMER + "groups: {address: [name, city]}\nconflict: {city: sales}\n"
    mapping = read(tmp_path, {"customer": base}, {"ours": OVERLAY})["CUSTOMER"]
    assert mapping.match == (MatchGroup(("number",)),)
    assert mapping.groups == {"address": ("name",)}


def test_a_row_that_is_not_there_cannot_be_removed(tmp_path: Path) -> None:
    found = problems(tmp_path, {"customer": CUSTOMER}, {"ours": "name: CUSTOMER\nfields:\n  cty: null\n"})
    assert found == ["1/ours.yaml:3:3: there is no `cty` below that could be removed"]


def test_a_problem_of_an_overlay_is_told_in_the_overlay(tmp_path: Path) -> None:
    overlay = "name: CUSTOMER\nfields:\n  number: {sales: number, back_office: no, transform: code_}\n"
    found = problems(tmp_path, {"customer": CUSTOMER}, {"ours": overlay})
    assert [one.split(": ")[0] for one in found] == ["1/ours.yaml:3:44"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: A\nname: B\n", "duplicate key"),
        ("name: &x A\nkind: *x\n", "aliases are not allowed"),
        ("- a\n", "a mapping is a table of keys"),
        ("kind: record\n", "`name` is missing"),
    ],
)
def test_yaml_that_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in one for one in problems(tmp_path, {"a": text}))


def test_values_keep_the_type_of_their_keys(tmp_path: Path) -> None:
    text = CUSTOMER + "  state: {sales: state, back_office: state, transform: {values: {100001: Open, true: Yes}}}\n"
    transform: Any = read(tmp_path, {"customer": text})["CUSTOMER"].rows["state"].transform
    assert transform.pairs == ((100001, "Open"), (True, "Yes"))
