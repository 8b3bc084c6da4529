"""`check`, several companies over one Sales: does something tell whose a record is?"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping

from syncengine.mapping.filters import Condition
from syncengine.mapping.model import FOLLOW
from syncengine.mapping.model import SideOf
from syncengine.mapping.model import TableMapping
from syncengine.records.values import same
from syncengine.service.findings import Finding
from syncengine.service.wiring import Company
from syncengine.service.wiring import companies


def look(company: Company, mappings: Mapping[str, TableMapping]) -> Iterator[Finding]:
    """Nothing where one company alone is configured. Raises MappingError: the other companies' files are read too."""
    others = [one for one in companies(company.loaded) if one.name != company.name]
    if not others:
        return
    rivals: dict[str, list[str]] = {}
    for one in others:
        theirs = one.offline_mappings()
        for mapping in mappings.values():
            if mapping.deleted.get("back_office") == FOLLOW:
                continue  # whose it is, the record tells that it belongs to
            if mapping.creates("back_office") and mapping.name in theirs:
                rival = theirs[mapping.name]
                if rival.creates("back_office") and not apart(mapping.sales, rival.sales):
                    rivals.setdefault(mapping.name, []).append(one.name)
    if not rivals:
        yield Finding("companies", "ok", f"nothing of {company.name} in Sales is taken for another company's")
    for name, found in rivals.items():
        yield Finding(
            "companies",
            "warning",
            f"{name}: {company.name} and {', '.join(found)} would each take the same records of Sales, and create them",
            "Lay a condition over each company's mapping that says whose a record is: "
            '`sales: {considered_when: {COLUMN: "setting:sales_company"}}`, with another `sales_company` for each.',
        )


def apart(one: SideOf, two: SideOf) -> bool:
    """Can no record be of both?"""
    theirs = (*two.considered_when, *two.enters_when)
    return any(
        mine.column == other.column and _disjoint(mine, other)
        for mine in (*one.considered_when, *one.enters_when)
        for other in theirs
    )


def _disjoint(one: Condition, two: Condition) -> bool:
    if one.any_of and two.any_of:
        return not any(same(a, b) for a in one.any_of for b in two.any_of)
    if one.blank is not None and two.blank is not None:
        return one.blank != two.blank
    return _past(one, two) or _past(two, one)


def _past(low: Condition, high: Condition) -> bool:
    """Does one range end before the other begins?"""
    return low.at_most is not None and high.at_least is not None and bool(low.at_most < high.at_least)
