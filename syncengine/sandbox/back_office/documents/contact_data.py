"""Fields that documents, customers and contacts check alike. [AL: tables 18, 36, 5050; Mail Management]"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from syncengine.sandbox.back_office.refusals import dialog
from syncengine.sandbox.back_office.refusals import field_error
from syncengine.sandbox.back_office.refusals import not_related

if TYPE_CHECKING:
    from syncengine.sandbox.back_office.store.company import Company

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check_email(text: str) -> None:
    """Several addresses are separated by semicolons."""
    for one in text.split(";") if text else ():
        if not _EMAIL.fullmatch(one.strip()):
            raise dialog(f'The email address "{one.strip()}" is not valid.')


def check_phone(text: str, caption: str, record: str) -> None:
    if any(character.isalpha() for character in text):
        raise field_error(caption, "must not contain letters", record)


def check_country(company: Company, code: str, caption: str, table: str) -> None:
    if code and company.by_code("countryRegion", code) is None:
        raise not_related(caption, table, code, "Country/Region")
