"""Workers that come back from the dead, are of another version, or whose clock is off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.cli.conftest import Milepost
from tests.engines.conftest import SETTINGS, TEMPORAL
from tests.engines.links import KINDS, link
from tests.engines.temporal_scene import AS_IT_IS, DEADLINE, Server, WorkerProcess, read_until
from tests.engines.test_both_engines import alive, of, plan_of, until_exists

Workers = Callable[..., WorkerProcess]
Record = Callable[[str, object], None]
TIERS = ("--tier", "2", "--tier", "3")
HOUR = 3600
UNDERSTANDS_LESS = (
    "import milepost.adapters.temporal_messages as messages\n"
    "messages.FORM = 0\n"
    "from milepost.__main__ import main\n"
    "main()\n"
)


Home = subprocess.Popen[str]


@dataclass
class Story:
    """A project whose tier 3 is served by workers, its run, and the faults that are counted."""

    milepost: Milepost
    project: Path
    server: Server
    workers: Workers
    record: Record
    runs: list[Home] = field(default_factory=list)

    def write(self, *tasks: str) -> None:
        """Write the settings of the project and a plan of some tasks on tier 3."""
        settings = SETTINGS.format(engine="temporal", run="") + TEMPORAL.format(address=self.server.address)
        (self.project / "milepost.toml").write_text(settings + 'project = "strange"\n')
        (self.project / "tasks.md").write_text(plan_of(*tasks))

    def work(self, folder: Path | None = None, **how: Any) -> WorkerProcess:
        """Start a worker of all tiers, in the project's folder unless another is given."""
        return self.workers(folder or self.project, *TIERS, **how).ready()

    def run(self, **env: str) -> Home:
        """Start the run, with further variables of the environment."""
        command = [*AS_IT_IS, "run", "tasks.md", "--trust"]
        environment = {**os.environ, **env}
        pipe = subprocess.PIPE
        self.runs.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True))
        return self.runs[-1]

    def fault(self, name: str) -> None:
        """Count a fault."""
        self.record(f"fault:{name}", 1)


@pytest.fixture
def story(
    milepost: Milepost, project: Path, server: Server, workers: Workers, record_property: Record
) -> Iterator[Story]:
    """A project and what happens in it; what still runs at the end is killed."""
    told = Story(milepost, project, server, workers, record_property)
    yield told
    for run in told.runs:
        run.kill()
        run.communicate()


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_is_cut_off_and_what_it_says_later_is_not_heard(story: Story, tmp_path: Path, kind: str) -> None:
    """Its command is gone before the network heals, the task was done by another, and it goes on as a worker."""
    project, server = story.project, story.server
    story.write("1.1 echo $$ >> runs; test $MILEPOST_ATTEMPT != 1 || sleep 600", "1.2 true")
    with link(kind, server.address) as way:
        far = tmp_path / "far"
        shutil.copytree(project, far)
        settings = (far / "milepost.toml").read_text()
        (far / "milepost.toml").write_text(settings.replace(server.address, way.address))
        (far / "runs").symlink_to(project / "runs")
        subprocess.run([*AS_IT_IS, "trust", "tasks.md"], cwd=far, check=True, capture_output=True)
        zombie = story.work(far, prefix=way.prefix)
        run = story.run()
        until_exists(project / "runs")
        way.cut()
        story.fault(f"partition by {kind}")
        zombie.until("stopped: the server was out of reach of its worker")
        assert not alive(int((project / "runs").read_text().split()[0]))
        other = story.work()
        run.communicate(timeout=DEADLINE)
        assert run.returncode == 0
        other.kill()
        way.heal()
        (project / "other.md").write_text(plan_of("1.1 true"))
        assert story.milepost("run", "other.md").code == 0  # the zombie does it
    done = {event["task"]: event["attempt_no"] for event in of(story.milepost, "TaskCompleted")}
    assert done.keys() == {"1.1", "1.2"}
    assert done["1.1"] > 1
    assert story.milepost("ledger", "verify").code == 0


def test_a_worker_of_an_older_version_leaves_its_tasks_to_others(story: Story) -> None:
    story.write("1.1 echo x >> runs")
    old = story.work(prefix=(sys.executable, "-c", UNDERSTANDS_LESS))
    run = story.run()
    old.until("leaving: nothing new is taken")
    story.fault("worker of an old version")
    said = old.until("error[worker-unavailable]")
    assert "it is given orders of form 1" in said
    assert "understands form 0" in said
    assert old.process.wait(DEADLINE) == 1
    story.work()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    (lost,) = of(story.milepost, "AttemptLost")
    assert "is too old: it is given orders of form 1" in lost["reason"]
    assert [event["attempt_no"] for event in of(story.milepost, "TaskCompleted")] == [2]
    assert (story.project / "runs").read_text() == "x\n"


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A library that sets the clock of whatever is started with it."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("another clock for single processes needs a C compiler")
    library = tmp_path_factory.mktemp("clock") / "clock_ahead.so"
    source = Path(__file__).parent / "clock_ahead.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return str(library)


class Clock(NamedTuple):
    """A clock that is off: the variables that make it so for a process, and what is said of it."""

    env: dict[str, str]
    words: str


@pytest.fixture
def clock(preloaded: str, request: pytest.FixtureRequest) -> Clock:
    """A clock that is ahead by as many seconds as the parameter says."""
    said = "1h ahead of" if request.param == HOUR else "1h behind"
    env = {"LD_PRELOAD": preloaded, "CLOCK_AHEAD": str(request.param)}
    return Clock(env, f"this machine's clock is {said} the Temporal server's")


@pytest.mark.parametrize("clock", [HOUR], indirect=True)
def test_a_worker_whose_clock_is_off_says_so_and_works(story: Story, clock: Clock) -> None:
    story.write("1.1 sleep 1.5")  # longer than its worker may be silent
    worker = story.work(env={**os.environ, **clock.env})
    began = time.time()
    run = story.run()
    assert clock.words in worker.until("clock")
    story.fault("clock of a worker an hour off")
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    (done,) = of(story.milepost, "TaskCompleted")
    assert 0 < done["at"] - began < DEADLINE
    assert of(story.milepost, "AttemptLost") == of(story.milepost, "AttemptOverran") == []


@pytest.mark.parametrize("clock", [HOUR, -HOUR], indirect=True)
def test_a_home_whose_clock_is_off_says_so_and_knows_who_works(story: Story, clock: Clock) -> None:
    story.write("1.1 until test -e go; do sleep 0.02; done; true > started")
    worker = story.work()
    run = story.run(**clock.env)
    assert clock.words in read_until(run, "clock")
    story.fault("clock of a home an hour off")
    listing = subprocess.run(
        [*AS_IT_IS, "workers"], env={**os.environ, **clock.env}, capture_output=True, text=True, check=False
    )
    assert listing.returncode == 0, listing.stdout
    assert f":{worker.process.pid}" in listing.stdout
    (story.project / "go").touch()
    out, _ = run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert "waits for a worker" not in out
    assert story.milepost("ledger", "verify").code == 0
