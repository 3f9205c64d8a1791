"""What a worker tells those who watch many systems: a span for each attempt that it makes, and figures on its work.

The span is a part of the attempt's, which the home of the run sends: its context comes with the order. What is asked
for, and how, is as with :mod:`milepost.adapters.telemetry`; ``--metrics`` offers the figures for Prometheus besides.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from milepost import __version__
from milepost.adapters.telemetry import reader, resource, tracing
from milepost.adapters.temporal_messages import Order
from milepost.app.observations import DURATIONS

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span
    from temporalio.common import MetricMeter

SERVICE = "milepost-worker"
ATTEMPTS = ("milepost.worker.attempts", "{attempt}", "Attempts that ended here.")
SECONDS = ("milepost.worker.attempt.duration", "s", "How long attempts took here.")
RUNNING = ("milepost.worker.running", "{attempt}", "Attempts that are being made here.")
"""Name, unit and description of each figure; Prometheus gets the names with underscores."""

_CONTEXT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_FAILED = {"Fail": "failed", "Overrun": "overran", "Lose": "lost", "Block": "not allowed here"}


@dataclass
class Making:
    """An attempt that is being made: ``verdict`` is the name of its verdict, ``evidence`` what it holds."""

    trace: str
    span: Span | None = None
    verdict: str = "Lose"
    evidence: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What makes the spans of its commands parts of this one (W3C trace context)."""
        return {"TRACEPARENT": self.trace} if self.trace else {}

    @property
    def about(self) -> dict[str, str]:
        """Where its lines of the log belong."""
        found = _CONTEXT.fullmatch(self.trace)
        return {"trace_id": found[1], "span_id": found[2]} if found else {}

    def ended(self) -> None:
        """Tell its span how it ended."""
        if self.span is None:
            return
        from opentelemetry.trace import Status, StatusCode

        self.span.set_attribute("milepost.outcome", self.verdict.lower())
        for name in ("exit_code", "cpu_seconds", "max_rss_kib"):
            if isinstance(self.evidence.get(name), (int, float)):
                self.span.set_attribute(f"milepost.{name}", self.evidence[name])
        if self.verdict in _FAILED:
            self.span.set_status(Status(StatusCode.ERROR, self.reason or _FAILED[self.verdict]))


@dataclass
class WorkerTelemetry:
    """Tells of attempts: by spans and measurements of OpenTelemetry, and to the meter of the worker's own endpoint."""

    worker: str = ""
    tracer: TracerProvider | None = None
    meters: MeterProvider | None = None
    own: MetricMeter | None = None
    running: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, wanted: Mapping[str, str], environ: Mapping[str, str]) -> WorkerTelemetry:
        """Make what the variables ask for."""
        about = resource(environ, SERVICE)
        made = cls(tracer=tracing(wanted["traces"], about) if "traces" in wanted else None)
        if "metrics" in wanted:
            from opentelemetry.sdk.metrics import MeterProvider

            made.meters = MeterProvider([reader(wanted["metrics"], environ)], resource=about)
            made._observe(made.meters)
        return made

    @contextlib.contextmanager
    def attempt(self, order: Order) -> Iterator[Making]:
        """An attempt from when the worker took it to when it has a verdict."""
        making = self._begin(order)
        began = time.monotonic()
        self._count(order.tier, 1)
        try:
            yield making
        finally:
            self._count(order.tier, -1)
            self._measure(order.tier, making.verdict, time.monotonic() - began)
            making.ended()
            if making.span is not None:
                making.span.end()

    def close(self) -> None:
        """Send what is left."""
        for provider in (self.tracer, self.meters):
            if provider is not None:
                provider.shutdown()

    def _begin(self, order: Order) -> Making:
        trace = order.trace if _CONTEXT.fullmatch(order.trace) else ""
        if self.tracer is None:
            return Making(trace)
        from opentelemetry.trace import SpanKind

        attributes: dict[str, str | int] = {
            "milepost.run": order.run,
            "milepost.task": order.task,
            "milepost.title": order.title,
            "milepost.attempt": order.attempt_no,
            "milepost.tier": order.tier,
            "milepost.worker": self.worker,
        }
        span = self.tracer.get_tracer("milepost", __version__).start_span(
            f"work on {order.task}", _parent(trace), SpanKind.CONSUMER, attributes
        )
        own = span.get_span_context()
        return Making(f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}", span)

    def _count(self, tier: int, change: int) -> None:
        self.running[tier] = self.running.get(tier, 0) + change
        if self.own is not None:
            name, unit, text = RUNNING
            self.own.create_gauge(_flat(name), text, unit).set(self.running[tier], {"milepost_tier": tier})

    def _measure(self, tier: int, verdict: str, seconds: float) -> None:
        if self.meters is not None:
            meter = self.meters.get_meter("milepost", __version__)
            about: dict[str, str | int] = {"milepost.tier": tier, "milepost.outcome": verdict.lower()}
            meter.create_counter(*ATTEMPTS).add(1, about)
            meter.create_histogram(*SECONDS, explicit_bucket_boundaries_advisory=DURATIONS).record(seconds, about)
        if self.own is not None:
            flat: dict[str, str | int | float | bool] = {"milepost_tier": tier, "milepost_outcome": verdict.lower()}
            name, unit, text = ATTEMPTS
            self.own.create_counter(_flat(name), text, unit).add(1, flat)
            name, unit, text = SECONDS
            self.own.create_histogram_float(_flat(name), text, unit).record(seconds, flat)

    def _observe(self, meters: MeterProvider) -> None:
        from opentelemetry.metrics import CallbackOptions, Observation

        def running(options: CallbackOptions) -> list[Observation]:
            return [Observation(count, {"milepost.tier": tier}) for tier, count in self.running.items()]

        name, unit, text = RUNNING
        meters.get_meter("milepost", __version__).create_observable_gauge(name, [running], unit, text)


def _parent(trace: str) -> Context | None:
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    found = _CONTEXT.fullmatch(trace)
    if found is None:
        return None
    numbers = int(found[1], 16), int(found[2], 16)
    flags = TraceFlags(int(found[3], 16))
    return set_span_in_context(NonRecordingSpan(SpanContext(*numbers, is_remote=True, trace_flags=flags)))


def _flat(name: str) -> str:
    return name.replace(".", "_")
