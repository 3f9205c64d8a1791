"""Traces and metrics of a run as a collector gets them, and its log as programs read it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost, run_without

pytest.importorskip("opentelemetry.sdk")

PLAN = "# P\n\n- [ ] **1.1** First\n  - _Estimated: 1h_\n- [ ] **1.2** Second\n  - _Estimated: 1h_\n  - _Depends on: 1.1_\n"
SETTINGS = '[tiers.3]\ndriver = "command"\ncommand = """{}"""\n'


class Collector(ThreadingHTTPServer):
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Accepts everything."""

    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def run(project: Path, command: str = "true", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the plan in a process of its own: the library keeps to one set of exporters in each."""
    (project / "tasks.md").write_text(PLAN)
    (project / "milepost.toml").write_text(SETTINGS.format(command))
    call = [sys.executable, "-m", "milepost", "run", "--trust", "tasks.md"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return subprocess.run(call, cwd=project, env={**env, **variables}, capture_output=True, text=True, timeout=120)


def test_a_collector_gets_one_trace_of_the_run(project: Path, collector: Collector) -> None:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    command = f'echo "$TRACEPARENT" > {project}/context-$MILEPOST_TASK'
    done = run(project, command, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert done.returncode == 0, done.stderr
    spans = [
        span
        for path, body in collector.bodies
        if path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    by_name = {span.name: span for span in spans}
    assert sorted(span.name for span in spans) == ["attempt 1.1", "attempt 1.2", "run", "task 1.1", "task 1.2"]
    assert len({span.trace_id for span in spans}) == 1
    whole = by_name["run"]
    assert not whole.parent_span_id
    assert by_name["task 1.2"].parent_span_id == whole.span_id
    assert by_name["attempt 1.2"].parent_span_id == by_name["task 1.2"].span_id
    assert [link.span_id for link in by_name["task 1.2"].links] == [by_name["task 1.1"].span_id]
    assert whole.start_time_unix_nano <= by_name["attempt 1.1"].start_time_unix_nano
    assert by_name["attempt 1.2"].end_time_unix_nano <= whole.end_time_unix_nano
    attempt = by_name["attempt 1.2"]
    context = f"00-{attempt.trace_id.hex()}-{attempt.span_id.hex()}-01"
    assert (project / "context-1.2").read_text().strip() == context
    metrics = {
        metric.name: metric
        for path, body in collector.bodies
        if path == "/v1/metrics"
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert sum(point.count for point in metrics["milepost.attempt.duration"].histogram.data_points) == 2
    assert [point.as_int for point in metrics["milepost.tasks.open"].gauge.data_points] == [0]


def test_metrics_can_be_fetched_while_it_runs(project: Path) -> None:
    """The first task looks at them itself: it is the one that runs."""
    port = free_port()
    script = project / "look.py"
    script.write_text(
        "import pathlib, urllib.request\n"
        f"text = urllib.request.urlopen('http://localhost:{port}/metrics').read()\n"
        "pathlib.Path('seen.txt').write_bytes(text)\n"
    )
    command = f"test -e {project}/seen.txt || (cd {project} && {sys.executable} look.py)"
    done = run(project, command, OTEL_METRICS_EXPORTER="prometheus", OTEL_EXPORTER_PROMETHEUS_PORT=str(port))
    assert done.returncode == 0, done.stderr
    seen = (project / "seen.txt").read_text()
    assert re.search(r'^milepost_tasks_running\{.*milepost_tier="3".*\} 1', seen, re.MULTILINE)


def test_a_run_does_without_a_collector_that_is_away(project: Path) -> None:
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    done = run(project, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_TIMEOUT="1")
    assert done.returncode == 0
    assert (done.stdout + done.stderr).count("telemetry cannot be sent") == 1


def test_a_taken_port_is_named(project: Path, collector: Collector) -> None:
    port = collector.url.rpartition(":")[2]
    host = {"OTEL_EXPORTER_PROMETHEUS_HOST": "127.0.0.1", "OTEL_EXPORTER_PROMETHEUS_PORT": port}
    done = run(project, OTEL_METRICS_EXPORTER="prometheus", **host)
    assert done.returncode == 2
    assert f"metrics cannot be offered at 127.0.0.1:{port}" in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "exporters are otlp, console and none"),
        ("OTEL_METRICS_EXPORTER", "statsd", "exporters are otlp, console, prometheus and none"),
    ],
)
def test_an_unknown_exporter_is_refused(
    milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    (project / "tasks.md").write_text(PLAN)
    monkeypatch.setenv(name, value)
    done = milepost("run", "tasks.md", "--no-wait")
    assert done.code == 2
    assert words in done.err


def test_another_protocol_is_refused(milepost: Milepost, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "tasks.md").write_text(PLAN)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    done = milepost("run", "tasks.md", "--no-wait")
    assert done.code == 2
    assert "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in done.err


def test_without_the_extra_the_run_goes_on(project: Path) -> None:
    (project / "tasks.md").write_text(PLAN)
    done = run_without("opentelemetry", "run", "tasks.md", "--no-wait", OTEL_TRACES_EXPORTER="console")
    assert done.code == 1  # there is nobody to do it
    assert "pip install 'milepost[telemetry]'" in done.out + done.err


def test_the_log_can_be_read_by_programs(milepost: Milepost, project: Path) -> None:
    (project / "tasks.md").write_text(PLAN)
    (project / "milepost.toml").write_text(SETTINGS.format("true"))
    done = milepost("run", "tasks.md", "--trust", "--log-format", "json")
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert all({"time", "level", "message", "plan", "run"} <= line.keys() for line in lines)
    started = next(line for line in lines if line.get("event") == "AttemptStarted")
    assert (started["run"], started["attempt"], started["level"]) == ("tasks.md#1", 1, "info")
    assert {"task", "tier", "worker"} <= started.keys()
    assert datetime.fromisoformat(started["time"]).tzinfo is not None
    assert done.out.strip().startswith("Run tasks.md#1 finished")


def free_port() -> int:
    """A port that nobody has now."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
