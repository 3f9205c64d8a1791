"""SIGKILL of a worker, of all workers, of the server, of the home, at random moments: no task is lost or done twice."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.engines.conftest import TEMPORAL
from tests.engines.temporal_scene import Server, WorkerProcess, running_server
from tests.failures.scene import Scene, kill

FAULTS = 2


class Cluster(Scene):
    """The scene of the local engine's failures, on a server of its own with two workers."""

    def __init__(self, root: Path, seed: int, record: Callable[[str, object], None], server: Server) -> None:
        super().__init__(root, seed, record)
        settings = root / "milepost.toml"
        text = settings.read_text().replace("[run]", '[run]\nengine = "temporal"')
        settings.write_text(text + TEMPORAL.format(address=server.address))
        self.server = server
        self.workers = [self.worker(), self.worker()]

    def worker(self) -> WorkerProcess:
        return WorkerProcess(self.root, "--tier", "2", "--tier", "3", env=self.environment).ready()


def worker_dies(cluster: Cluster, home: subprocess.Popen[str]) -> None:
    cluster.workers.pop(0).kill()
    cluster.workers.append(cluster.worker())


def all_workers_die(cluster: Cluster, home: subprocess.Popen[str]) -> None:
    for worker in cluster.workers:
        worker.kill()
    cluster.workers = [cluster.worker(), cluster.worker()]


def server_dies(cluster: Cluster, home: subprocess.Popen[str]) -> None:
    cluster.server.kill()
    cluster.server.start()


def home_dies(cluster: Cluster, home: subprocess.Popen[str]) -> None:
    home.kill()
    cluster.end(home)


KILLS = {"worker": worker_dies, "all workers": all_workers_die, "server": server_dies, "home": home_dies}


@pytest.fixture
def cluster(
    tmp_path: Path, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[Cluster]:
    with running_server(tmp_path) as server:
        made = Cluster(tmp_path / "project", 1, record_property, server)
        yield made
        for worker in made.workers:
            worker.kill()
        kill(*made.shims())
        kill(*made.commands(), group=True)


@pytest.mark.parametrize("victim", KILLS)
def test_whoever_is_killed_every_task_is_finished_exactly_once(cluster: Cluster, victim: str) -> None:
    home = cluster.supervisor()
    for _ in range(FAULTS):
        if not cluster.after_events(cluster.some(), home):
            break
        KILLS[victim](cluster, home)
        cluster.injected(victim)
        if home.poll() is not None:
            home = cluster.supervisor()
    complaints = cluster.end(home)
    assert home.returncode == 0, complaints
    cluster.keeps_its_promises()
