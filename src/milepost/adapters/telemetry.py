"""Traces and metrics of runs by OpenTelemetry, for those who ask for them with its standard variables.

``OTEL_EXPORTER_OTLP_ENDPOINT`` turns both on; ``OTEL_TRACES_EXPORTER`` (``otlp``, ``console``, ``none``) and
``OTEL_METRICS_EXPORTER`` (besides, ``prometheus``: see ``OTEL_EXPORTER_PROMETHEUS_HOST`` and ``_PORT``) choose one by
one. What else the variables of its specification say is read by the library itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from milepost import __version__
from milepost.app.observations import DURATIONS, Key, Measurement, Span, attempt_key, measurements, spans
from milepost.errors import UsageError
from milepost.execution.events import Event
from milepost.execution.state import RunState

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

Hear = Callable[[Event, RunState], None]


class Closing(Protocol):
    """What has something to send before it is let go."""

    def close(self) -> None:
        """Send what is left."""


Sender = TypeVar("Sender", bound=Closing)

LOST = "telemetry is asked for by {name}, but not installed: pip install 'milepost[telemetry]'"
PROTOCOL = "http/protobuf"
UNITS = {
    "milepost.attempt.duration": ("s", "How long attempts took."),
    "milepost.task.wait": ("s", "From when a task could start to its first attempt."),
    "milepost.checkpoint.duration": ("s", "From when a checkpoint was due to when it passed."),
    "milepost.escalations": ("{escalation}", "Tasks that went to a stronger tier."),
    "milepost.spent.money": ("{unit}", "Money spent, in the settings' own currency."),
    "milepost.spent.tokens": ("{token}", "Tokens that workers reported."),
}
PATIENCE = 3.0
"""Seconds that a collector which does not answer may take."""


def asked_for(environ: Mapping[str, str]) -> dict[str, str]:
    """Which exporter each signal shall have; none for what nobody asked for.

    Raises:
        UsageError: a variable names an exporter, or a protocol, that there is not.
    """
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return {}
    found = {}
    for signal, known in {"traces": ("otlp", "console"), "metrics": ("otlp", "console", "prometheus")}.items():
        name = f"OTEL_{signal.upper()}_EXPORTER"
        everywhere = (
            "OTEL_EXPORTER_OTLP_ENDPOINT" in environ or f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT" in environ
        )
        value = environ.get(name, "").strip() or ("otlp" if everywhere else "none")
        if value == "none":
            continue
        if value not in known:
            raise UsageError(f"{name} is `{value}`", remedy=f"exporters are {', '.join(known)} and none")
        protocol = environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL") or environ.get(
            "OTEL_EXPORTER_OTLP_PROTOCOL"
        )
        if value == "otlp" and (protocol or PROTOCOL) != PROTOCOL:
            raise UsageError(
                f"the OTLP protocol `{protocol}` is not spoken here",
                remedy=f"set OTEL_EXPORTER_OTLP_PROTOCOL={PROTOCOL}, which every collector understands (port 4318)",
            )
        found[signal] = value
    return found


@contextlib.contextmanager
def watching(
    environ: Mapping[str, str], on_notice: Callable[[str], None], make: Callable[..., Sender]
) -> Iterator[Sender | None]:
    """What sends what it hears of, made of the exporters that are asked for; ``None`` when nobody asked for any.

    All is sent before the block is left. ``on_notice`` is told once when the packages are missing.

    Raises:
        UsageError: as :func:`asked_for`.
    """
    wanted = asked_for(environ)
    if not wanted:
        yield None
        return
    try:
        telemetry = make(wanted, environ)
    except ImportError:
        name = next((name for name in environ if name.startswith("OTEL_")), "OTEL_TRACES_EXPORTER")
        on_notice(LOST.format(name=name))
        yield None
        return
    with _complaints(on_notice):
        try:
            yield telemetry
        finally:
            telemetry.close()


@contextlib.contextmanager
def _complaints(on_notice: Callable[[str], None]) -> Iterator[None]:
    """Have somebody told once, not in the library's many lines, that nothing can be sent."""

    class Teller(logging.Handler):
        told = False

        def emit(self, record: logging.LogRecord) -> None:
            if not self.told:
                self.told = True
                on_notice(f"telemetry cannot be sent; the run goes on without it: {record.getMessage()}")

    logger = logging.getLogger("opentelemetry")
    teller, passed_on = Teller(logging.WARNING), logger.propagate
    logger.addHandler(teller)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(teller)
        logger.propagate = passed_on


@dataclass
class Telemetry:
    """Sends the spans and measurements of runs."""

    tracing: TracerProvider | None
    metering: MeterProvider | None
    ids: Identifiers
    levels: Levels = field(default_factory=lambda: Levels())
    _histograms: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, wanted: Mapping[str, str], environ: Mapping[str, str]) -> Telemetry:
        """Make what the variables ask for."""
        about = resource(environ, "milepost")
        ids = Identifiers()
        levels = Levels()
        tracer = tracing(wanted["traces"], about, ids) if "traces" in wanted else None
        metering = _metering(wanted["metrics"], about, environ, levels) if "metrics" in wanted else None
        return cls(tracer, metering, ids, levels)

    def hear(self, event: Event, state: RunState) -> None:
        """Send what ended with an event, and what it adds to the figures."""
        if self.tracing is not None:
            for span in spans(event, state):
                self._send(span, state)
        if self.metering is not None:
            self.levels.take(state)
            for measurement in measurements(event, state):
                self._record(self.metering.get_meter("milepost", __version__), measurement)

    def besides(self, hear: Hear) -> Hear:
        """Hear of what somebody else hears of, too."""

        def both(event: Event, state: RunState) -> None:
            hear(event, state)
            self.hear(event, state)

        return both

    def context(self, state: RunState, task: str, attempt_no: int) -> dict[str, str]:
        """What makes the spans of an attempt's command parts of the attempt's (W3C trace context)."""
        if self.tracing is None:
            return {}
        trace, span = self.ids.of(state, attempt_key(task, attempt_no))
        return {"TRACEPARENT": f"00-{trace:032x}-{span:016x}-01"}

    def close(self) -> None:
        """Send what is left."""
        for provider in (self.tracing, self.metering):
            if provider is not None:
                provider.shutdown()

    def _send(self, span: Span, state: RunState) -> None:
        from opentelemetry.trace import Link, NonRecordingSpan, Status, StatusCode, set_span_in_context

        assert self.tracing is not None
        context = set_span_in_context(NonRecordingSpan(self.ids.context(state, span.parent))) if span.parent else None
        self.ids.next = self.ids.of(state, span.key)
        sent = self.tracing.get_tracer("milepost", __version__).start_span(
            span.name,
            context,
            attributes=span.attributes,
            links=[Link(self.ids.context(state, key)) for key in span.after],
            start_time=_nanoseconds(span.start),
        )
        if span.failed:
            sent.set_status(Status(StatusCode.ERROR, span.failed))
        sent.end(_nanoseconds(max(span.end, span.start)))

    def _record(self, meter: Meter, measurement: Measurement) -> None:
        unit, text = UNITS[measurement.name]
        known = self._histograms.get(measurement.name)
        if unit == "s":
            known = known or meter.create_histogram(
                measurement.name, unit, text, explicit_bucket_boundaries_advisory=DURATIONS
            )
            known.record(measurement.value, measurement.attributes)
        else:
            known = known or meter.create_counter(measurement.name, unit, text)
            known.add(measurement.value, measurement.attributes)
        self._histograms[measurement.name] = known


class Levels:
    """How many tasks of each tier run and could start, by the last state that was heard of."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.running: dict[int, int] = {}
        self.ready: dict[int, int] = {}
        self.open = 0

    def take(self, state: RunState) -> None:
        """Look at a state."""
        self.running = dict(state.running)
        self.ready = {tier: len(tasks) for tier, tasks in state.ready.items()}
        self.open = state.open_tasks


class Identifiers:
    """The numbers of traces and spans, made from what they stand for. An ``IdGenerator`` that knows what comes next."""

    def __init__(self) -> None:
        """Nothing comes next."""
        self.next = (0, 0)

    def of(self, state: RunState, key: Key) -> tuple[int, int]:
        """The numbers of a run's trace, and of the span with a key in it."""
        run = f"{state.run}\0{state.started_at}".encode()
        trace = int.from_bytes(hashlib.sha256(run).digest()[:16], "big")
        span = int.from_bytes(hashlib.sha256(run + "\0".join(("", *key)).encode()).digest()[:8], "big")
        return trace, span

    def context(self, state: RunState, key: Key) -> SpanContext:
        """A span as another one refers to it."""
        from opentelemetry.trace import SpanContext, TraceFlags

        return SpanContext(*self.of(state, key), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    def generate_trace_id(self) -> int:
        """The number of the next span's trace."""
        return self.next[0]

    def generate_span_id(self) -> int:
        """The number of the next span."""
        return self.next[1]

    def is_trace_id_random(self) -> bool:
        """Whether nothing can be told from a trace's number: it is a digest."""
        return True


def resource(environ: Mapping[str, str], service: str) -> Resource:
    """Who sends: a service of this name, unless the variables give it another one."""
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource

    return Resource.create({SERVICE_NAME: environ.get("OTEL_SERVICE_NAME") or service, SERVICE_VERSION: __version__})


def tracing(exporter: str, resource: Resource, ids: Identifiers | None = None) -> TracerProvider:
    """What sends spans with an exporter of ``otlp`` or ``console``; ``ids`` gives them their numbers, else chance."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor

    provider = TracerProvider(resource=resource, id_generator=ids)  # type: ignore[arg-type]  # it is one in all but name
    if exporter == "console":
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        sending: SpanExporter = OTLPSpanExporter(timeout=_patience("TRACES"))
        provider.add_span_processor(BatchSpanProcessor(sending))
    return provider


def _metering(exporter: str, resource: Resource, environ: Mapping[str, str], levels: Levels) -> MeterProvider:
    from opentelemetry.metrics import CallbackOptions, Observation
    from opentelemetry.sdk.metrics import MeterProvider

    provider = MeterProvider([reader(exporter, environ)], resource=resource)
    meter = provider.get_meter("milepost", __version__)

    def running(options: CallbackOptions) -> list[Observation]:
        return [Observation(count, {"milepost.tier": tier}) for tier, count in levels.running.items()]

    def ready(options: CallbackOptions) -> list[Observation]:
        return [Observation(count, {"milepost.tier": tier}) for tier, count in levels.ready.items()]

    meter.create_observable_gauge("milepost.tasks.running", [running], "{task}", "Tasks that are being worked on.")
    meter.create_observable_gauge("milepost.tasks.ready", [ready], "{task}", "Tasks that wait for a worker alone.")
    meter.create_observable_gauge(
        "milepost.tasks.open", [lambda _: [Observation(levels.open)]], "{task}", "Tasks that are not over."
    )
    return provider


def reader(exporter: str, environ: Mapping[str, str]) -> MetricReader:
    """What hands metrics to an exporter of ``otlp``, ``console`` or ``prometheus``.

    Raises:
        UsageError: they cannot be offered where the variables say.
    """
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader

    if exporter == "console":
        return PeriodicExportingMetricReader(ConsoleMetricExporter(out=sys.stderr))
    if exporter == "otlp":
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

        return PeriodicExportingMetricReader(OTLPMetricExporter(timeout=_patience("METRICS")))
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from prometheus_client import start_http_server

    host = environ.get("OTEL_EXPORTER_PROMETHEUS_HOST") or "localhost"
    text = environ.get("OTEL_EXPORTER_PROMETHEUS_PORT") or "9464"
    try:
        start_http_server(int(text), host)
    except (OSError, ValueError, OverflowError) as error:
        raise UsageError(
            f"metrics cannot be offered at {host}:{text}: {error}",
            remedy="set OTEL_EXPORTER_PROMETHEUS_PORT to a free port",
        ) from error
    return PrometheusMetricReader()


def _patience(signal: str) -> float | None:
    """Seconds to try for; the library's own default would hold up the end of a run for long."""
    names = ("OTEL_EXPORTER_OTLP_TIMEOUT", f"OTEL_EXPORTER_OTLP_{signal}_TIMEOUT")
    return None if any(name in os.environ for name in names) else PATIENCE


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)
