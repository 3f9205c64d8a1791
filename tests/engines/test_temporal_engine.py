"""What only the Temporal engine has: workers that are trusted, drained or missing, and histories that grow too long."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost
from tests.engines.conftest import SETTINGS, TEMPORAL
from tests.engines.temporal_scene import DEADLINE, Server, WorkerProcess, read_until
from tests.engines.test_both_engines import GRAPH, alive, of, plan_of, until_exists

from milepost.adapters import temporal_supervision, temporal_workflow
from milepost.adapters.temporal_connection import connect
from milepost.adapters.temporal_messages import Orders, Turn
from milepost.adapters.temporal_supervision import RemoteSupervision
from milepost.app.temporal_settings import TemporalSettings

Workers = Callable[..., WorkerProcess]
TIERS = ("--tier", "2", "--tier", "3")
SHORT = timedelta(seconds=1)


@pytest.fixture
def plan(project: Path, server: Server) -> Path:
    """A plan of one task on tier 3, of a project on the server; nobody works for it yet."""
    (project / "milepost.toml").write_text(
        SETTINGS.format(engine="temporal", run="") + TEMPORAL.format(address=server.address)
    )
    path = project / "tasks.md"
    path.write_text(plan_of("1.1 echo x >> runs"))
    return path


def run_in_background() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "milepost", "run", "tasks.md", "--trust"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_history_that_grows_too_long_is_begun_anew(
    milepost: Milepost, plan: Path, project: Path, server: Server, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An attempt takes about seven events; the second limit holds new ones back until nothing runs.
    monkeypatch.setattr(temporal_workflow, "SOFT_LIMIT", 60)
    monkeypatch.setattr(temporal_workflow, "HARD_LIMIT", 90)
    names = [f"1.{number}" for number in range(1, 31)]
    fan = "\n".join(f"{name} → 1.31" for name in names)
    plan.write_text(plan_of(*(f"{name} true" for name in names), "1.31 true", more=GRAPH.format(fan)))
    workers(project, *TIERS).ready()
    assert milepost("run", "tasks.md", "--trust").code == 0

    async def executions() -> tuple[str, str]:
        settings = TemporalSettings(server.address)
        client = await connect(settings, project, "test")
        handle = client.get_workflow_handle(settings.run_name(project, "tasks.md#1"))
        info = (await handle.describe()).raw_description.workflow_execution_info
        return info.first_run_id, info.execution.run_id

    first, last = asyncio.run(executions())
    assert first != last
    assert len(of(milepost, "TaskCompleted")) == 31
    assert of(milepost, "AttemptLost") == []


def test_an_answer_that_came_too_late_is_given_again(
    milepost: Milepost, plan: Path, project: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that is very busy: the server gives the first turn up, and it is taken anew. Nothing is lost by it."""
    answer = RemoteSupervision.answer
    asked = []

    def slow(self: RemoteSupervision, turn: Turn, held: list[str]) -> Orders:
        orders = answer(self, turn, held)
        asked.append(turn.fresh)
        if len(asked) == 1:
            time.sleep(3 * SHORT.total_seconds())
        return orders

    monkeypatch.setattr(temporal_supervision, "_TURN", SHORT)
    monkeypatch.setattr(RemoteSupervision, "answer", slow)
    workers(project, *TIERS).ready()
    assert milepost("run", "tasks.md", "--trust").code == 0
    assert asked[0]
    assert of(milepost, "AttemptLost") == []
    assert [event["attempt_no"] for event in of(milepost, "TaskCompleted")] == [1]


def test_a_tier_that_nobody_serves_is_named(
    milepost: Milepost, plan: Path, project: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert milepost("workers").code == 1
    run = run_in_background()
    line = read_until(run, "nobody serves")  # ten seconds, and up to five until somebody looks again
    assert "1 task waits for a worker of tier 3" in line
    assert "`milepost worker --tier 3` does" in line
    worker = workers(project, *TIERS).ready()
    assert run.wait(DEADLINE) == 0
    assert run.stdout is not None
    run.stdout.close()
    listed = milepost("workers", "--json")
    assert (listed.code, listed.json["unserved_tiers"]) == (0, [])
    assert {line["tier"] for line in listed.json["workers"]} == {2, 3}
    assert listed.json["workers"][0]["name"].endswith(f":{worker.process.pid}")


def test_what_a_worker_is_at_is_listed(milepost: Milepost, plan: Path, project: Path, workers: Workers) -> None:
    plan.write_text(plan_of("1.1 echo x > runs; until test -e go; do sleep 0.02; done"))
    worker = workers(project, *TIERS, "--label", "big box", "--capacity", "3").ready()
    run = run_in_background()
    until_exists(project / "runs")
    (line,) = [line for line in milepost("workers", "--json").json["workers"] if line["tier"] == 3]
    assert line["name"].endswith(f":{worker.process.pid}")
    assert (line["attempts"], line["labels"], line["capacity"]) == (["tasks.md#1 1.1#1"], ["big box"], 6)
    assert re.search(r"tier 3 .* \[big box\] .* 1/6 at work .* tasks.md#1 1.1#1", milepost("workers").out)
    (project / "go").touch()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0


def test_a_worker_that_is_asked_to_leave_sees_its_attempt_through(
    milepost: Milepost, plan: Path, project: Path, workers: Workers
) -> None:
    plan.write_text(plan_of("1.1 echo x > runs; until test -e go; do sleep 0.02; done", "1.2 true"))
    worker = workers(project, *TIERS).ready()
    run = run_in_background()
    until_exists(project / "runs")
    worker.process.send_signal(signal.SIGTERM)
    worker.until("leaving: nothing new is taken, 1 attempt is seen through")
    (project / "go").touch()
    assert worker.process.wait(DEADLINE) == 0
    workers(project, *TIERS).ready()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert of(milepost, "AttemptLost") == []
    assert of(milepost, "TaskCompleted")[0]["evidence"]["worker"].split()[0].endswith(f":{worker.process.pid}")


def test_a_worker_asked_twice_gives_its_attempt_to_another(
    milepost: Milepost, plan: Path, project: Path, workers: Workers
) -> None:
    plan.write_text(plan_of("1.1 echo x >> runs; test $MILEPOST_ATTEMPT = 2 || sleep 600"))
    worker = workers(project, *TIERS).ready()
    run = run_in_background()
    until_exists(project / "runs")
    worker.process.send_signal(signal.SIGTERM)
    worker.until("leaving")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(DEADLINE) == 0
    workers(project, *TIERS).ready()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert [event["reason"] for event in of(milepost, "AttemptLost")] == ["its worker was stopped"]


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has trusted nothing, on whose machine the signing key is `SIGNING_KEY`."""

    return {**os.environ, "XDG_STATE_HOME": str(tmp_path / "other"), "SIGNING_KEY": "correct horse"}


def test_a_worker_runs_nothing_that_nobody_trusted_on_its_machine(
    milepost: Milepost, plan: Path, project: Path, workers: Workers, stranger: dict[str, str]
) -> None:
    worker = workers(project, *TIERS, env=stranger).ready()
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == 1
    assert not (project / "runs").exists()
    assert "does not allow its command" in worker.until("1.1#1 blocked: the worker ")
    (held,) = of(milepost, "TaskBlocked")
    assert held["by"] == "worker"
    assert held["reason"].endswith("does not allow its command: nobody has trusted it on that machine")


@pytest.mark.parametrize(("key", "code"), [("correct horse", 0), ("wrong horse", 1)])
def test_a_worker_runs_what_is_signed_with_its_key(
    milepost: Milepost,
    plan: Path,
    project: Path,
    workers: Workers,
    stranger: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    code: int,
) -> None:
    settings = project / "milepost.toml"
    settings.write_text(settings.read_text() + 'signing_key = "env:SIGNING_KEY"\n')
    monkeypatch.setenv("SIGNING_KEY", key)
    workers(project, *TIERS, env=stranger).ready()
    assert milepost("run", "tasks.md", "--trust", "--no-wait").code == code
    assert (project / "runs").exists() == (code == 0)
    if code:
        assert "the order is signed with another key" in of(milepost, "TaskBlocked")[0]["reason"]


AGENT = """#!/bin/sh
cat > /dev/null
echo '{"type": "thread.started", "thread_id": "t-1"}'
echo '{"type": "item.completed", "item": {"type": "agent_message", "text": "All done."}}'
echo '{"type": "turn.completed", "usage": {"input_tokens": 7, "cached_input_tokens": 3, "output_tokens": 2}}'
"""


def test_what_a_coding_agent_says_is_understood_where_its_worker_is(
    milepost: Milepost, plan: Path, project: Path, tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script stands in for it, first on the path."""
    agent = tmp_path / "bin" / "codex"
    agent.parent.mkdir()
    agent.write_text(AGENT)
    agent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{agent.parent}{os.pathsep}{os.environ['PATH']}")
    settings = (project / "milepost.toml").read_text()
    (project / "milepost.toml").write_text(
        settings.replace('[tiers.3]\ndriver = "command"', '[tiers.3]\nagent = "codex"')
    )
    workers(project, *TIERS).ready()
    assert milepost("run", "tasks.md", "--trust").code == 0
    (done,) = of(milepost, "TaskCompleted")
    assert (done["evidence"]["report"], done["evidence"]["tokens"]) == ("All done.", 6)


FIRST_ONE_HANGS = "1.1 echo $$ >> runs; test $MILEPOST_ATTEMPT != 1 || sleep 600"


def test_a_worker_cut_off_from_the_server_ends_its_commands_itself(
    milepost: Milepost, plan: Path, project: Path, workers: Workers, server: Server
) -> None:
    plan.write_text(plan_of(FIRST_ONE_HANGS))
    worker = workers(project, *TIERS).ready()
    run = run_in_background()
    until_exists(project / "runs")
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        worker.until("the server has been out of reach")
        worker.until("stopped: the server was out of reach of its worker")
        assert not alive(int((project / "runs").read_text().split()[0]))
    finally:
        server.process.send_signal(signal.SIGCONT)
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert [event["attempt_no"] for event in of(milepost, "TaskCompleted")] == [2]


def test_a_run_can_be_left_when_its_server_says_nothing_and_goes_on_later(
    milepost: Milepost, plan: Path, project: Path, workers: Workers, server: Server
) -> None:
    plan.write_text(plan_of("1.1 echo x >> runs; until test -e go; do sleep 0.02; done"))
    workers(project, *TIERS).ready()
    run = run_in_background()
    until_exists(project / "runs")
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        run.send_signal(signal.SIGINT)
        read_until(run, "once more, and we leave at once")
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=DEADLINE)
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert run.returncode == 130
    (project / "go").touch()
    assert milepost("run", "tasks.md").code == 0
    assert len(of(milepost, "TaskCompleted")) == 1


def test_a_worker_that_comes_back_from_the_dead_is_not_heard(
    milepost: Milepost, plan: Path, project: Path, workers: Workers
) -> None:
    plan.write_text(plan_of(FIRST_ONE_HANGS))
    zombie = workers(project, *TIERS).ready()
    run = run_in_background()
    until_exists(project / "runs")
    zombie.process.send_signal(signal.SIGSTOP)
    workers(project, *TIERS).ready()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    zombie.process.send_signal(signal.SIGCONT)
    zombie.until("1.1#1 stopped")
    assert not alive(int((project / "runs").read_text().split()[0]))
    # The server may give it another attempt or two before it notices: their answers never come either.
    assert {event["reason"] for event in of(milepost, "AttemptLost")} == {"its worker was silent for 1s"}
    assert [event["attempt_no"] > 1 for event in of(milepost, "TaskCompleted")] == [True]
    assert milepost("ledger", "verify").code == 0


def test_cancelling_a_run_that_nobody_drives_ends_its_workflow_and_what_workers_do_for_it(
    milepost: Milepost, plan: Path, project: Path, workers: Workers, server: Server
) -> None:
    plan.write_text(plan_of("1.1 echo $$ > runs; sleep 600"))
    worker = workers(project, *TIERS).ready()
    run = run_in_background()
    until_exists(project / "runs")
    run.kill()
    run.communicate()
    assert milepost("cancel", "tasks.md").code == 0
    assert not alive(int((project / "runs").read_text()))

    async def status() -> str:
        settings = TemporalSettings(server.address)
        client = await connect(settings, project, "test")
        described = await client.get_workflow_handle(settings.run_name(project, "tasks.md#1")).describe()
        return described.status.name if described.status else ""

    assert asyncio.run(status()) == "TERMINATED"
    assert worker.end() == 0


def test_a_worker_offers_figures(project: Path, plan: Path, workers: Workers) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    workers(project, *TIERS, "--metrics", address).ready()
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=DEADLINE) as answer:
        assert b"temporal_request" in answer.read()


def test_figures_at_an_address_that_is_none(milepost: Milepost, plan: Path) -> None:
    said = milepost("worker", "--tier", "3", "--metrics", "nowhere")
    assert (said.code, "`nowhere` is no address for metrics" in said.err) == (2, True)


def test_figures_at_an_address_that_is_taken(project: Path, plan: Path, workers: Workers) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert address in workers(project, *TIERS, "--metrics", address).until(address)
