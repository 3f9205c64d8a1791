"""Servers on a ledger in PostgreSQL: two clones of a project, as on two machines, whose agents share one run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from mcp import Client, StdioServerParameters
from tests.mcp_server.served import SETTINGS, Served

from milepost.adapters.ledger_postgres import PostgresLedger
from milepost.app.ledgers import verify
from milepost.bootstrap import open_project
from milepost.execution.commands import ExpireLeases
from milepost.execution.events import AttemptStarted, TaskCompleted
from milepost.mcp_server.callers import AGENT_SCOPES, READ, WORK, Caller

ROOT = Path(__file__).parents[2]
AGENTS, TASKS = 4, 16
ADDRESS = "ledger.url"


class Clones(NamedTuple):
    """The plan in two clones of one project, and the ledger of both."""

    one: Path
    other: Path
    ledger: PostgresLedger


@pytest.fixture
def clones(plan: Path, tmp_path: Path, postgres_url: str) -> Clones:
    project = uuid.uuid4().hex
    settings = f'[run]\nledger = "file:{ADDRESS}"\nproject = "{project}"\n\n{SETTINGS}'
    (plan.parent / "milepost.toml").write_text(settings)
    (plan.parent / ADDRESS).write_text(postgres_url)  # programs of agents hand few variables to servers
    shutil.copytree(plan.parent, tmp_path / "clone")
    return Clones(plan, tmp_path / "clone" / plan.name, PostgresLedger(postgres_url, project))


def served(plan: Path, name: str) -> StdioServerParameters:
    """A server as an agent's program starts it."""
    command = ["-m", "milepost", "mcp", str(plan), "--by", name]
    return StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ), cwd=str(plan.parent))


async def call(client: Any, tool: str, **given: Any) -> dict[str, Any]:
    """What a tool answers, or the error."""
    result = await client.call_tool(tool, given)
    found: dict[str, Any] = json.loads(result.content[0].text.split("\n")[0])
    return found["error"] if result.is_error else found


def test_two_servers_at_once_give_a_task_to_one(clones: Clones) -> None:
    async def talk() -> list[dict[str, Any]]:
        async with contextlib.AsyncExitStack() as stack:
            ada = await stack.enter_async_context(Client(served(clones.one, "ada")))
            bob = await stack.enter_async_context(Client(served(clones.other, "bob")))
            return [
                await call(ada, "claim_task", task="1.1"),
                await call(bob, "claim_task", task="1.1"),
                await call(bob, "complete_task", task="1.1", attempt_no=2),
                await call(ada, "heartbeat", task="1.1", attempt_no=1),
                await call(ada, "complete_task", task="1.1", attempt_no=1),
                await call(bob, "next_tasks"),
            ]

    claimed, second, foreign, alive, done, ready = asyncio.run(talk())
    assert (claimed["worker"], claimed["attempt_no"]) == ("ada", 1)
    assert second["message"] == "task 1.1 is held by ada (attempt 1)"
    assert foreign["message"].startswith("nobody has made an attempt 2 at task 1.1")
    assert alive["lease_seconds"] == 3600
    assert done["status"] == "done"
    assert ready["tasks"] == []  # the checkpoint after 1.1 is in the way for both
    assert "Checkpoint 1" in json.dumps(ready["waiting_for"])
    assert "- [x] **1.1**" in clones.one.read_text()
    assert not list(clones.one.parent.glob(".milepost/ledger.db*"))
    assert not list(clones.other.parent.glob(".milepost/ledger.db*"))
    assert verify(clones.ledger).faults == ()


def test_a_late_completion_is_refused_whichever_server_it_comes_through(clones: Clones) -> None:
    ada = Served(clones.one, Caller("ada", AGENT_SCOPES))
    bob = Served(clones.other, Caller("bob", AGENT_SCOPES))
    ada("claim_task", task="1.1", lease_minutes=1)
    project = open_project(str(clones.other))
    project.open_run("clock").execute(ExpireLeases(project.now() + 61))  # a second after a minute's lease
    assert bob("claim_task", task="1.1").json["attempt_no"] == 2
    late = ada("complete_task", task="1.1", attempt_no=1).error
    assert late["message"] == "attempt 1 does not hold task 1.1 any more: bob holds it now, by attempt 2"
    assert bob("complete_task", task="1.1", attempt_no=2).json["status"] == "done"
    done = [event for event in clones.ledger.read("tasks.md#1") if isinstance(event, TaskCompleted)]
    assert [(event.task, event.attempt_no, event.by) for event in done] == [("1.1", 2, "bob")]


def test_mounted_over_http_it_serves_the_shared_run(clones: Clones) -> None:
    """As `milepost serve` mounts it: the application around it has checked a token."""
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    from milepost.mcp_server.http import http_app

    tokens = {name: Caller(name, frozenset({READ, WORK}), True) for name in ("ada", "bob")}
    apps = [
        http_app(
            str(plan),
            guarded=True,
            authorize=lambda scope: tokens.get(dict(scope["headers"])[b"authorization"].decode()),
        )
        for plan in (clones.one, clones.other)
    ]

    async def ask(app: Any, name: str, tool: str, **given: Any) -> dict[str, Any]:
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": name}
        async with (
            httpx2.AsyncClient(transport=transport, headers=headers, follow_redirects=True) as web,
            Client(streamable_http_client("http://served/", http_client=web)) as client,
        ):
            return await call(client, tool, **given)

    async def talk() -> list[dict[str, Any]]:
        one, other = apps
        async with one.router.lifespan_context(one), other.router.lifespan_context(other):
            return [
                await ask(one, "ada", "claim_task"),
                await ask(other, "bob", "claim_task"),
                await ask(other, "bob", "complete_task", task="1.1", attempt_no=1),
                await ask(other, "ada", "complete_task", task="1.1", attempt_no=1),
            ]

    claimed, nothing, foreign, done = asyncio.run(talk())
    assert (claimed["id"], claimed["worker"]) == ("1.1", "ada")
    assert nothing["message"] == "no task can be claimed now"
    assert foreign["message"] == "task 1.1 is held by ada (attempt 1), not by bob"
    assert done["status"] == "done"  # through the other server than the one that gave it


def test_agents_on_two_clones_work_one_plan_to_its_end(clones: Clones) -> None:
    """Of each task one attempt and one completion, by whom says so; both documents say so in the end."""
    tasks = "".join(f"- [ ] **1.{number}** Do it\n  - _Estimated: 1 hour_\n\n" for number in range(1, TASKS + 1))
    text = f"# Many - Implementation Plan\n\n**Total Tasks:** {TASKS}\n\n### **Phase 1: Part**\n\n{tasks}"
    for plan in (clones.one, clones.other):
        plan.write_text(text)
    agents = {
        f"agent-{number}": subprocess.Popen(
            [sys.executable, "-m", "tests.mcp_server.agent", str(plan), f"agent-{number}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for number, plan in zip(range(AGENTS), [clones.one, clones.other] * AGENTS, strict=False)
    }
    reported = {name: process.communicate(timeout=600)[0].split() for name, process in agents.items()}
    assert [process.returncode for process in agents.values()] == [0] * AGENTS
    events = clones.ledger.read("tasks.md#1")
    starts = Counter(event.task for event in events if isinstance(event, AttemptStarted))
    done = {event.task: event.by for event in events if isinstance(event, TaskCompleted)}
    assert (len(starts), set(starts.values())) == (TASKS, {1})
    assert done == {task: name for name, mine in reported.items() for task in mine}
    assert len(done) == TASKS
    assert verify(clones.ledger).faults == ()
    for plan in (clones.one, clones.other):
        project = open_project(str(plan))
        project.sync(project.open_run("test"))
        assert plan.read_text().count("- [x]") == TASKS


def test_a_database_that_is_not_there_is_said_in_the_answer(clones: Clones) -> None:
    address = clones.one.parent / ADDRESS
    address.write_text(urlsplit(address.read_text())._replace(path="/nothing").geturl())
    refused = Served(clones.one, Caller("ada", AGENT_SCOPES))("claim_task").error
    assert "no such database" in refused["message"]
    assert refused["next"]
    assert "- [ ] **1.1**" in clones.one.read_text()
