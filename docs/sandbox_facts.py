"""Writes docs/reference/sandbox-facts.md from the sandbox's own tests and switches: `python docs/sandbox_facts.py`.

Each test of the sandbox is named after one fact and says it in its docstring, so the list of facts is read from them;
a test compares the file with what this makes, so it is never behind.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncengine.sandbox.back_office.switches import Switches as BackOfficeSwitches
from syncengine.sandbox.sales.switches import Switches as SalesSwitches

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "sandbox"
PAGE = ROOT / "docs" / "reference" / "sandbox-facts.md"
SYSTEMS = (("Dynamics 365 Sales", "sales", SalesSwitches), ("Business Central", "back_office", BackOfficeSwitches))
# Files in the order a reader wants them; one that is missing here comes last, under its own name.
TITLES = {
    "test_sign_in": "Who is calling",
    "test_user_facts": "What a user may do",
    "test_order_of_checks": "Which check comes first",
    "test_definitions": "Schema and definitions",
    "test_reading": "Reading",
    "test_filters": "Filters",
    "test_paging": "Pages",
    "test_values": "Values",
    "test_create": "Creating",
    "test_update": "Changing and deleting",
    "test_batch": "Batches",
    "test_bulk_messages": "Bulk messages",
    "test_change_tracking": "Change tracking",
    "test_order_states": "States and actions",
    "test_order_lock": "The lock of submitted orders",
    "test_documents": "Quotes, invoices, notes, people, price lists",
    "test_price_computation": "When prices are computed",
    "test_price_arithmetic": "Price arithmetic",
    "test_currencies": "Currencies",
    "test_webhooks": "Webhooks",
    "test_limits": "Limits",
    "test_seeding": "Seed data",
    "test_addresses": "Addresses and sign-in",
    "test_metadata": "Schema",
    "test_shapes": "Shapes of answers",
    "test_queries": "Queries and pages",
    "test_change_detection": "What a poll sees",
    "test_tokens": "Entity tags",
    "test_refusals": "Refusals",
    "test_master_data": "Master data",
    "test_contacts": "Contacts, files, printed documents",
    "test_lines": "Numbers and lines",
    "test_recalculation": "What validation changes",
    "test_line_maths": "Arithmetic",
    "test_status": "Released and reviewed orders",
    "test_posting": "Shipping, invoicing, the end of an order",
    "test_archive": "Archive",
    "test_quotes": "Quotes",
    "test_dimensions": "Dimensions",
    "test_companion": "The companion extension",
    "test_companion_extension": "The companion's AL",
    "test_doors": "Doors",
    "test_anything": "Random requests",
    "test_token_endpoint": "The token endpoint",
    "test_faults": "Faults",
    "test_pages": "Pages for people",
    "test_microsofts_client": "Microsoft's own Dataverse client",
    "test_throughput": "Throughput",
    "test_sandbox_facts": "This list",
}
NOT_SHOWN = """\
## What is not shown

Known, and left out on purpose:

- **Sales.** FetchXML and `?sql=` queries (refused as 501); many-to-many relationships; file and image columns; field
  and column security, and roles other than the three users; business-unit-level visibility of rows (only its effect on
  change tracking); plug-ins but for their refusal; optimistic concurrency turned off for a table (0x8006088D); elastic
  tables and DeleteMultiple; `useinbuiltrulefordefaultpricelistselection`; bundles, product properties and discounts by
  product relationship; stale metadata caches; system jobs other than those of webhooks and bulk deletes.
- **Business Central.** The automation and beta APIs, published UI pages and codeunits (`ODataV4`); delegated
  administrators' webhooks that wait; default dimensions on new documents; warehouse documents, prepayment,
  reservations, item tracking and approval workflows (a door sets the status); *Post with Job Queue*; credit memos as
  entities; pictures, financial details and aged receivables of customers; a change of a contact that changes its
  customer; other languages; on-premises sign-in by web service key.
- **Taken as given**, though no page says so: a POST may carry its own primary key, the names and numbers of a webhook's
  registration, token lifetimes, the order of keys in a page's rows; how tags, delta tokens and the tokens of pages are
  made is opaque, and nothing depends on it.
- **Both.** TLS between client and gateway (but for tests that need it), the latency of the real services, several web
  servers with limits of their own.
"""


@dataclass(frozen=True)
class Fact:
    file: Path
    test: str
    words: str
    switches: tuple[str, ...]

    def row(self) -> str:
        name = self.test.removeprefix("test_").replace("_", " ")
        switches = ", ".join(f"`{one}`" for one in self.switches)
        words = re.sub(r"\s+", " ", self.words).replace("|", "\\|")
        return f"| **{name[:1].upper()}{name[1:]}.** {words} | `{self.test}` | {switches} |"


def facts(file: Path, known: frozenset[str]) -> list[Fact]:
    """The tests of one file in their order; a switch belongs to a fact whose test names it, or whose fixture does."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    named = {node.name: _named(node, lines, known) for node in functions}
    found = []
    for node in functions:
        if node.name.startswith("test_"):
            given = [named.get(argument.arg, set()) for argument in node.args.args]
            switches = tuple(sorted(named[node.name].union(*given)))
            found.append(Fact(file, node.name, ast.get_docstring(node) or "", switches))
    return found


def _named(node: ast.FunctionDef, lines: list[str], known: frozenset[str]) -> set[str]:
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    source = "\n".join(lines[first - 1 : node.end_lineno])
    return {one for one in known if re.search(rf"\b{one}\b(?= ?=|[\"'])", source)}


def files(folder: Path) -> list[Path]:
    order = list(TITLES)
    found = folder.glob("test_*.py")
    return sorted(found, key=lambda one: (order.index(one.stem) if one.stem in order else len(order), one.stem))


def switches_of(kind: type[Any]) -> frozenset[str]:
    return frozenset(one.name for one in dataclasses.fields(kind))


def all_facts() -> dict[str, list[Fact]]:
    """By system; "both" has those shown on either."""
    found = {
        folder: [fact for file in files(TESTS / folder) for fact in facts(file, switches_of(kind))]
        for _, folder, kind in SYSTEMS
    }
    everywhere = frozenset().union(*(switches_of(kind) for _, _, kind in SYSTEMS))
    shared = [*files(TESTS), *files(TESTS / "sdk")]
    return {**found, "both": [fact for file in shared for fact in facts(file, everywhere)]}


def _switch_rows(kind: type[Any], of: list[Fact]) -> list[str]:
    rows = []
    for one in dataclasses.fields(kind):
        shown = [fact.test for fact in of if one.name in fact.switches]
        default = one.default if one.default is not dataclasses.MISSING else one.default_factory()  # type: ignore[misc]
        if isinstance(default, tuple):
            default = " ".join(default)
        mark = one.metadata["mark"].strip("[]").replace("]/[", "/")
        tests = ", ".join(f"`{test}`" for test in shown)
        meaning = one.metadata["meaning"].replace("|", "\\|")
        rows.append(f"| `{one.name}` | {meaning} | `{default}` | {mark} | {tests} |")
    return rows


def _tables(of: list[Fact]) -> list[str]:
    lines: list[str] = []
    for file in dict.fromkeys(fact.file for fact in of):
        title = TITLES.get(file.stem, file.stem.removeprefix("test_").replace("_", " ").capitalize())
        path = file.relative_to(ROOT).as_posix()
        lines += [f"### {title}", "", f"`{path}`", "", "| fact | test | switch |", "|---|---|---|"]
        lines += [fact.row() for fact in of if fact.file == file]
        lines.append("")
    return lines


def page() -> str:
    found = all_facts()
    count = sum(len(one) for one in found.values())
    lines = [
        "# What the sandbox shows, fact by fact",
        "",
        f"{count} facts about the two services, each with the test that shows it, in plain HTTP and without a line of",
        "the connectors. Where public sources leave a fact open there is a switch in `/sandbox/setup`; the default is",
        "the likeliest reading. Written by `docs/sandbox_facts.py` from the tests themselves: change those, not this",
        "page.",
        "",
        "Marks of the switches: D Microsoft's documentation, AL published source of Business Central, S other source",
        "of Microsoft's, X captured from a tenant, C or 3P reported by others, K general knowledge of the platform,",
        "I inferred, ? not known.",
        "",
    ]
    for title, folder, kind in SYSTEMS:
        lines += [f"## {title}", "", *_tables(found[folder])]
        lines += [
            "### Switches",
            "",
            "| switch | what it decides | default | mark | shown by |",
            "|---|---|---|---|---|",
        ]
        lines += [*_switch_rows(kind, found[folder] + found["both"]), ""]
    lines += ["## Both", "", *_tables(found["both"])]
    return "\n".join(lines) + "\n" + NOT_SHOWN


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
