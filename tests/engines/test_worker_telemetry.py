"""What a collector, Prometheus and readers of logs get from workers: joined to the run by its trace."""

from __future__ import annotations

import json
import os
import re
import socket
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Milepost
from tests.cli.test_observability import Collector, collector
from tests.engines.conftest import SETTINGS, TEMPORAL
from tests.engines.temporal_scene import DEADLINE, Server, WorkerProcess
from tests.engines.test_both_engines import plan_of

pytest.importorskip("opentelemetry.sdk")

__all__ = ["collector"]
Workers = Callable[..., WorkerProcess]
TIERS = ("--tier", "2", "--tier", "3")


@pytest.fixture
def plan(project: Path, server: Server) -> Path:
    settings = SETTINGS.format(engine="temporal", run="") + TEMPORAL.format(address=server.address)
    (project / "milepost.toml").write_text(settings)
    path = project / "tasks.md"
    path.write_text(plan_of('1.1 echo "$TRACEPARENT" > context', "1.2 test $MILEPOST_ATTEMPT = 2"))
    return path


@pytest.fixture
def telling_run(
    milepost: Milepost, plan: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Have the plan done by a home that tells the collector of it."""

    def run() -> None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        assert milepost("run", plan.name, "--trust").code == 0

    return run


def spans_of(collector: Collector) -> Iterator[tuple[str, Any]]:
    """Every span that was sent, with the service that sent it."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for path, body in collector.bodies:
        if path == "/v1/traces":
            for part in ExportTraceServiceRequest.FromString(body).resource_spans:
                about = {item.key: item.value.string_value for item in part.resource.attributes}
                yield from ((about["service.name"], span) for scope in part.scope_spans for span in scope.spans)


def test_one_trace_goes_from_the_run_to_the_commands_of_its_workers(
    telling_run: Callable[[], None], project: Path, workers: Workers, collector: Collector
) -> None:
    telling = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    worker = workers(project, *TIERS, env=telling).ready()
    telling_run()
    assert worker.end() == 0

    found = list(spans_of(collector))
    assert len({span.trace_id for _, span in found}) == 1
    home = {(span.name, number_of(span)): span for service, span in found if service == "milepost"}
    away = {(span.name, number_of(span)): span for service, span in found if service == "milepost-worker"}
    tries = [("1.1", 1), ("1.2", 1), ("1.2", 2)]
    assert sorted(away) == [(f"work on {task}", number) for task, number in tries]
    for task, number in tries:
        made, seen = away[f"work on {task}", number], home[f"attempt {task}", number]
        assert made.parent_span_id == seen.span_id
        assert made.start_time_unix_nano >= seen.start_time_unix_nano  # one machine has one clock
        assert attributes(made)["milepost.run"] == "tasks.md#1"
        assert attributes(made)["milepost.worker"].split()[0].endswith(f":{worker.process.pid}")
    assert attributes(away["work on 1.2", 1])["milepost.outcome"] == "fail"
    assert away["work on 1.2", 1].status.message == "its command ended with exit code 1"
    own = away["work on 1.1", 1]
    assert (project / "context").read_text().strip() == f"00-{own.trace_id.hex()}-{own.span_id.hex()}-01"
    assert outcomes(collector) == {"complete": 2, "fail": 1}


def number_of(span: Any) -> int:
    return int(attributes(span).get("milepost.attempt", 0))


def attributes(span: Any) -> dict[str, Any]:
    return {item.key: item.value.string_value or item.value.int_value for item in span.attributes}


def outcomes(collector: Collector) -> dict[str, int]:
    """How many attempts the worker's metrics count, by their outcome."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    found: dict[str, int] = {}
    for path, body in collector.bodies:
        if path == "/v1/metrics":
            for part in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for metric in [metric for scope in part.scope_metrics for metric in scope.metrics]:
                    if metric.name == "milepost.worker.attempts":
                        for point in metric.sum.data_points:
                            outcome = attributes(point)["milepost.outcome"]
                            found[outcome] = max(found.get(outcome, 0), point.as_int)
    return found


def test_commands_are_part_of_the_runs_trace_when_only_its_home_sends_any(
    telling_run: Callable[[], None], project: Path, workers: Workers, collector: Collector
) -> None:
    workers(project, *TIERS).ready()
    telling_run()
    (attempt,) = [span for _, span in spans_of(collector) if span.name == "attempt 1.1"]
    assert (project / "context").read_text().strip() == f"00-{attempt.trace_id.hex()}-{attempt.span_id.hex()}-01"


def test_the_log_of_a_worker_can_be_read_by_programs(
    milepost: Milepost, plan: Path, project: Path, workers: Workers
) -> None:
    worker = workers(project, *TIERS, "--log-format", "json").ready()
    assert milepost("run", "tasks.md", "--trust").code == 0
    worker.process.terminate()
    out, _ = worker.process.communicate(timeout=DEADLINE)
    lines = [json.loads(line) for line in out.splitlines()]
    assert all({"time", "level", "message", "worker"} <= line.keys() for line in lines)
    said = {(line["task"], line["attempt"], line.get("outcome", ""), line["level"]) for line in lines if "task" in line}
    assert said == {
        ("1.1", 1, "", "info"),
        ("1.1", 1, "complete", "info"),
        ("1.2", 1, "", "info"),
        ("1.2", 1, "fail", "warning"),
        ("1.2", 2, "", "info"),
        ("1.2", 2, "complete", "info"),
    }
    assert {(line["run"], line["tier"]) for line in lines if "task" in line} == {("tasks.md#1", 3)}


def test_prometheus_finds_what_a_worker_did(milepost: Milepost, plan: Path, project: Path, workers: Workers) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    workers(project, *TIERS, "--metrics", address).ready()
    assert milepost("run", "tasks.md", "--trust").code == 0
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=DEADLINE) as answer:
        text = answer.read().decode()
    counted = dict(re.findall(r'^milepost_worker_attempts\{.*milepost_outcome="(\w+)".*\} (\d+)$', text, re.MULTILINE))
    assert counted == {"complete": "2", "fail": "1"}
    assert re.search(r'^milepost_worker_running\{.*milepost_tier="3".*\} 0$', text, re.MULTILINE)
    limits = re.findall(r'^milepost_worker_attempt_duration_bucket\{.*"fail".*le="(\S+)"\}', text, re.MULTILINE)
    assert limits[:3] == ["0.1", "1", "10"]  # seconds
