"""One sandbox process for each file of tests, with a small company."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.shell import Shell
from tests.acceptance.shell import sandbox


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    process, shell = sandbox(tmp_path_factory.mktemp("sandbox"), "--orders", "30")
    yield shell
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
