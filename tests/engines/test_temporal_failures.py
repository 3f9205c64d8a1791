"""SIGKILL of workers, servers, databases and homes at random moments, and workers that are cut off: nothing is lost.

`MILEPOST_EXPLORE=1` draws the moments of more seeds, and injects more faults into each run.
"""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.databases import start_server
from tests.engines.cluster import Cluster
from tests.engines.links import KINDS, link
from tests.engines.temporal_scene import running_server
from tests.failures.scene import until

from milepost.execution import events as ev

EXPLORE = "MILEPOST_EXPLORE" in os.environ
SEEDS = range(1, 6) if EXPLORE else [1]
FAULTS = 5 if EXPLORE else 2
Home = subprocess.Popen[str]


def worker_dies(cluster: Cluster, home: Home) -> None:
    cluster.workers.pop(0).kill()
    cluster.worker()


def all_workers_die(cluster: Cluster, home: Home) -> None:
    cluster.kill_workers()
    cluster.two_workers()


def server_dies(cluster: Cluster, home: Home) -> None:
    cluster.server.kill()
    cluster.server.start()


def home_dies(cluster: Cluster, home: Home) -> None:
    home.kill()
    cluster.end(home)


def database_dies(cluster: Cluster, home: Home) -> None:
    cluster.kill_database()
    cluster.start_database()


def everything_dies(cluster: Cluster, home: Home) -> None:
    """As when the lights go out: what was written is all that is left."""
    home_dies(cluster, home)
    cluster.kill_workers()
    cluster.server.kill()
    cluster.kill_database()
    cluster.start_database()
    cluster.server.start()
    cluster.two_workers()


KILLS = {"worker": worker_dies, "all workers": all_workers_die, "server": server_dies, "home": home_dies}
KILLS_OF_MORE = {"PostgreSQL": database_dies, "everything": everything_dies}

Make = Callable[..., Cluster]


@pytest.fixture
def make_cluster(tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Make]:
    """Make a cluster on a Temporal server of its own, with a ledger in a file or on a PostgreSQL server of its own."""
    made: list[Cluster] = []
    with running_server(tmp_path) as server:

        def make(seed: int, *, postgres: bool = False) -> Cluster:
            database = start_server(f"matrix-{uuid.uuid4().hex[:12]}") if postgres else None
            made.append(Cluster(tmp_path / "project", seed, record_property, server, database))
            return made[-1]

        yield make
        for cluster in made:
            cluster.close()
            if cluster.database is not None:
                cluster.database.cleanup()


def disturb(cluster: Cluster, what: str, fault: Callable[[Cluster, Home], None]) -> None:
    """Inject faults into a run until it is over; a home that died is followed by another."""
    home = cluster.supervisor()
    for _ in range(FAULTS):
        if not cluster.after_events(cluster.some(), home):
            break
        fault(cluster, home)
        cluster.injected(what)
        if home.poll() is not None:
            home = cluster.supervisor()
    complaints = cluster.end(home)
    assert home.returncode == 0, complaints + cluster.milepost("status", "tasks.md", code=1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("victim", [*KILLS, *KILLS_OF_MORE])
def test_whoever_is_killed_every_task_is_finished_exactly_once(make_cluster: Make, victim: str, seed: int) -> None:
    cluster = make_cluster(seed, postgres=victim in KILLS_OF_MORE)
    cluster.two_workers()
    disturb(cluster, f"Temporal, {victim}", {**KILLS, **KILLS_OF_MORE}[victim])
    cluster.keeps_its_promises()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", KINDS if EXPLORE else KINDS[:1])
def test_a_worker_is_cut_off_again_and_again(make_cluster: Make, kind: str, seed: int) -> None:
    """Each time for so long that what it has at hand is taken for lost; what it says of that later is not heard."""
    cluster = make_cluster(seed)
    with link(kind, cluster.server.address) as way:
        cluster.worker()
        cluster.worker(cluster.machine("far", way.address), way.prefix)

        def is_cut_off(cluster: Cluster, home: Home) -> None:
            lost = len(losses(cluster))
            way.cut()
            until(lambda: len(losses(cluster)) > lost or home.poll() is not None)
            way.heal()

        disturb(cluster, f"partition by {kind}", is_cut_off)
        cluster.keeps_its_promises()
        assert {event.reason for event in losses(cluster)} <= REASONS


REASONS = {"its worker was silent for 1s", "the server was out of reach of its worker"}


def losses(cluster: Cluster) -> list[ev.AttemptLost]:
    return [event for event in cluster.events() if isinstance(event, ev.AttemptLost)]
