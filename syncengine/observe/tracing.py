"""OpenTelemetry traces, where the `otel` extra is installed and an endpoint is configured; nothing otherwise.

A run is one trace: its spans are the records it carries over and the requests it makes. A request that carries several
records, a batch, links to the span of each of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from syncengine import __version__
from syncengine.errors import ConfigurationError

_tracer: Any = None


def configure(endpoint: str) -> None:
    """Send traces to an OTLP/HTTP endpoint. Raises ConfigurationError where the extra is not installed."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  slow
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "[traces] endpoint is set, and the OpenTelemetry packages are not installed",
            remedy="Install syncengine[otel], or leave [traces] out.",
        ) from error
    use(BatchSpanProcessor(OTLPSpanExporter(endpoint)))


def use(processor: Any) -> None:
    """Hand every span to this span processor; None turns tracing off."""
    global _tracer  # noqa: PLW0603  one process, one destination
    if processor is None:
        _tracer = None
        return
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "syncengine", "service.version": __version__}))
    provider.add_span_processor(processor)
    _tracer = provider.get_tracer("syncengine", __version__)


class Trace:
    """A span that begins and ends in different places: of a record, while an operation works on it."""

    def __init__(self, otel: Any = None) -> None:
        self.otel = otel

    def note(self, **attributes: Any) -> None:
        """More about it, while it is open."""
        if self.otel is not None:
            self.otel.set_attributes(_named(attributes))

    def end(self) -> None:
        if self.otel is not None:
            self.otel.end()


def begin(name: str, **attributes: Any) -> Trace:
    """A span below the current one; who begins it ends it."""
    if _tracer is None:
        return Trace()
    return Trace(_tracer.start_span(name, attributes=_named(attributes)))


@contextlib.contextmanager
def span(name: str, about: Sequence[Trace] = (), **attributes: Any) -> Iterator[Trace]:
    """A span around what happens inside. `about`: the records it concerns."""
    if _tracer is None:
        yield Trace()
        return
    from opentelemetry.trace import Link  # noqa: PLC0415

    links = [Link(one.otel.get_span_context()) for one in about if one.otel is not None]
    with _tracer.start_as_current_span(name, attributes=_named(attributes), links=links) as current:
        yield Trace(current)


def _named(attributes: dict[str, Any]) -> dict[str, Any]:
    return {f"syncengine.{name}": value for name, value in attributes.items() if value is not None}
