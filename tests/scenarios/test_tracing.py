"""A run is one trace: its records, and its requests with links to the records they carry."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from syncengine.errors import ConfigurationError
from syncengine.observe import tracing
from tests.bench.bench import Bench

pytestmark = [pytest.mark.slow, pytest.mark.loaded]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.use(SimpleSpanProcessor(exporter))
    yield exporter
    tracing.use(None)


def test_a_run_joins_its_records_and_their_requests(bench: Bench, spans: InMemorySpanExporter) -> None:
    bench.full_sync()
    numbers = {bench.sales_order(1), bench.sales_order(2, 3)}
    spans.clear()
    result = bench.sync()
    found = spans.get_finished_spans()
    (run,) = [one for one in found if one.name == "run"]
    assert run.attributes is not None
    assert run.attributes["syncengine.id"] == result["run_id"]
    assert run.attributes["syncengine.status"] == "completed"
    assert {one.context.trace_id for one in found if one.name in ("record", "write")} == {run.context.trace_id}
    records = {one.context.span_id: one.attributes for one in found if one.name == "record"}
    assert {one["syncengine.number"] for one in records.values() if one} == numbers
    creates = _writes_of(found, "back_office")
    assert {link.context.span_id for one in creates for link in one.links} <= records.keys()
    carried = {records[link.context.span_id]["syncengine.number"] for one in creates for link in one.links}  # type: ignore[index]
    assert carried == numbers
    requests = [one for one in found if one.name == "request" and one.context.trace_id == run.context.trace_id]
    assert len(requests) == sum(result["requests"].values())
    by_id = {one.context.span_id: one for one in found}
    posted = [one for one in requests if one.attributes and one.attributes["syncengine.method"] == "POST"]
    assert any(
        by_id[one.parent.span_id].name == "write" for one in posted if one.parent and one.parent.span_id in by_id
    )


def _writes_of(found: Any, side: str) -> list[Any]:
    return [one for one in found if one.name == "write" and one.attributes["syncengine.side"] == side]


def test_no_address_query_or_secret_is_in_a_span(bench: Bench, spans: InMemorySpanExporter) -> None:
    bench.sales_order(1)
    bench.sync()
    secret = bench.running.sales.clients["integration"].client_secret
    told = " ".join(str(value) for one in spans.get_finished_spans() for value in (one.attributes or {}).values())
    assert secret not in told
    assert "?" not in told
    assert "Bearer" not in told


def test_without_an_endpoint_nothing_is_traced(bench: Bench) -> None:
    with tracing.span("anything") as trace:
        assert trace.otel is None
    assert tracing.begin("anything").otel is None


def test_an_endpoint_without_the_packages_is_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match="traces") as told:
        tracing.configure("http://localhost:4318/v1/traces")
    assert "syncengine[otel]" in told.value.remedy
