"""A Temporal server for all tests of a process, and a project whose runs one engine or the other drives."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost, Result, milepost, project
from tests.engines.temporal_scene import AS_IT_IS, Server, WorkerProcess, running_server

from milepost.adapters.temporal_connection import connect
from milepost.app.temporal_settings import TemporalSettings

HISTORIES = Path(__file__).parent / "histories"
__all__ = ["milepost", "project"]

SETTINGS = """\
[run]
engine = "{engine}"
grace_seconds = 0.2
{run}

[tiers.1]
driver = "manual"
capacity = 1

[tiers.2]
driver = "command"
capacity = 2
attempts = 1

[tiers.3]
driver = "command"
capacity = 4
attempts = 2
cost_per_hour = 3600.0
"""
TEMPORAL = """
[temporal]
address = "{address}"
heartbeat_seconds = 1
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("temporal")) as server:
        yield server


@pytest.fixture
def workers() -> Iterator[Callable[..., WorkerProcess]]:
    """Start workers; those that are left are killed."""
    started: list[WorkerProcess] = []

    def start(
        root: Path, *args: str, env: dict[str, str] | None = None, prefix: Sequence[str] = AS_IT_IS
    ) -> WorkerProcess:
        started.append(WorkerProcess(root, *args, env=env, prefix=prefix))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


@pytest.fixture(params=["local", "temporal"])
def engine(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


Begin = Callable[..., Path]


@pytest.fixture
def begin(
    engine: str, request: pytest.FixtureRequest, project: Path, workers: Callable[..., WorkerProcess]
) -> Iterator[Begin]:
    """Write a plan and the settings of the engine, and start whom the engine needs; gives the plan's path.

    With MILEPOST_RECORD_HISTORIES the run's history is kept for the tests that replay it.
    """

    def write(plan: str, *, run: str = "") -> Path:
        settings = SETTINGS.format(engine=engine, run=run)
        if engine == "temporal":
            settings += TEMPORAL.format(address=request.getfixturevalue("server").address)
        (project / "milepost.toml").write_text(settings)
        (project / "tasks.md").write_text(plan)
        if engine == "temporal":
            workers(project, "--tier", "2", "--tier", "3").ready()
        return project / "tasks.md"

    yield write
    if engine == "temporal" and os.environ.get("MILEPOST_RECORD_HISTORIES"):
        name = request.function.__name__.removeprefix("test_")
        (HISTORIES / f"{name}.json").write_text(history(request.getfixturevalue("server"), project))


def history(server: Server, project: Path) -> str:
    """What the server recorded of the workflow of the project's run, as JSON."""

    async def fetch() -> str:
        settings = TemporalSettings(server.address)
        client = await connect(settings, project, "test")
        handle = client.get_workflow_handle(settings.run_name(project, "tasks.md#1"))
        return (await handle.fetch_history()).to_json()

    return asyncio.run(fetch())


__all__ += ["Begin", "Milepost", "Result"]
