"""When credentials end: what the certificate says, what the configuration says, and the nearer of the two."""

from __future__ import annotations

from datetime import UTC
from datetime import date
from datetime import datetime
from datetime import timedelta
from pathlib import Path

import pytest

from syncengine.config.loading import load
from syncengine.service.credentials import endings
from tests.unit.connectors.certificates import certificate

CONFIGURATION = """
[sales]
url = "https://sales.invalid"
[sales.auth]
kind = "certificate"
token_url = "https://login.invalid/token"
client_id = "us"
certificate_file = "ours.pem"
{more}
[back_office]
url = "https://back-office.invalid"
company = "CRONUS"
auth = {{ kind = "none" }}
"""


def _ends(folder: Path, more: str = "") -> dict[str, tuple[date, str]]:
    file = folder / "syncengine.toml"
    file.write_text(CONFIGURATION.format(more=more), encoding="utf-8")
    return {side: (one.on, one.remedy) for side, one in endings(load(str(file), {})).items()}


@pytest.fixture
def in_30_days(tmp_path: Path) -> date:
    made = certificate("syncengine", days=30)
    (tmp_path / "ours.pem").write_bytes(made.key + made.pem)
    return (datetime.now(UTC) + timedelta(days=30)).date()


def test_a_certificate_says_when_it_ends(tmp_path: Path, in_30_days: date) -> None:
    ((on, remedy),) = _ends(tmp_path).values()
    assert on == in_30_days
    assert "ours.pem" in remedy


def test_the_nearer_of_two_ends_counts(tmp_path: Path, in_30_days: date) -> None:
    assert _ends(tmp_path, f"expires_on = {in_30_days - timedelta(days=9)}")["sales"][0] < in_30_days
    assert _ends(tmp_path, f"expires_on = {in_30_days + timedelta(days=9)}")["sales"][0] == in_30_days


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_a_certificate_that_cannot_be_read_has_no_end_and_the_configured_one_counts(
    tmp_path: Path, content: bytes | None
) -> None:
    """Signing in says what is wrong with it."""
    if content is not None:
        (tmp_path / "ours.pem").write_bytes(content)
    assert _ends(tmp_path) == {}
    found = _ends(tmp_path, "expires_on = 2027-03-31")
    assert found["sales"][0] == date(2027, 3, 31)
    assert "[sales.auth] expires_on" in found["sales"][1]
