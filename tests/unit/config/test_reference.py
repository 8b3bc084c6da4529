"""The reference names every key that the configuration has, so that nobody has to read the code for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from syncengine.config import models

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "configuration.md").read_text(encoding="utf-8")


def _keys(part: type[BaseModel]) -> list[str]:
    return [name for name in part.model_fields if name != "auth"]


@pytest.mark.parametrize(
    "part",
    [
        *(models.StorePart, models.SalesPart, models.BackOfficePart, models.AuthPart, models.IntegrationPart),
        *(
            models.MappingsPart,
            models.SchedulePart,
            models.WebPart,
            models.LimitsPart,
            models.LogPart,
            models.RetentionPart,
        ),
        models.RetentionPart,
        *(models.WebhooksPart, models.AlertsPart, models.AlertWebhook, models.AlertEmail, models.TracesPart),
    ],
)
def test_every_key_is_described(part: type[BaseModel]) -> None:
    assert [name for name in _keys(part) if f"`{name}`" not in PAGE] == []
