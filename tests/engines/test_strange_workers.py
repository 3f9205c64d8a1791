"""Workers that come back from the dead, are of another version, or whose clock is off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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


@pytest.fixture
def write(project: Path, server: Server) -> Callable[..., None]:
    """Write the settings of the project and a plan of some tasks on tier 3."""

    def write(*tasks: str) -> None:
        settings = SETTINGS.format(engine="temporal", run="") + TEMPORAL.format(address=server.address)
        (project / "milepost.toml").write_text(settings + 'project = "strange"\n')
        (project / "tasks.md").write_text(plan_of(*tasks))

    return write


Home = subprocess.Popen[str]


@pytest.fixture
def start_run() -> Iterator[Callable[..., Home]]:
    """Start the run, with further variables of the environment; what still runs at the end is killed."""
    started: list[Home] = []

    def start(**env: str) -> Home:
        command = [*AS_IT_IS, "run", "tasks.md", "--trust"]
        environment = {**os.environ, **env}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True))
        return started[-1]

    yield start
    for run in started:
        run.kill()
        run.communicate()


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_is_cut_off_and_what_it_says_later_is_not_heard(
    milepost: Milepost,
    write: Callable[..., None],
    project: Path,
    tmp_path: Path,
    server: Server,
    workers: Workers,
    record_property: Record,
    start_run: Callable[..., Home],
    kind: str,
) -> None:
    """Its command is gone before the network heals, the task was done by another, and it goes on as a worker."""
    write("1.1 echo $$ >> runs; test $MILEPOST_ATTEMPT != 1 || sleep 600", "1.2 true")
    with link(kind, server.address) as way:
        far = tmp_path / "far"
        shutil.copytree(project, far)
        settings = (far / "milepost.toml").read_text()
        (far / "milepost.toml").write_text(settings.replace(server.address, way.address))
        (far / "runs").symlink_to(project / "runs")
        subprocess.run([*AS_IT_IS, "trust", "tasks.md"], cwd=far, check=True, capture_output=True)
        zombie = workers(far, *TIERS, prefix=way.prefix).ready()
        run = start_run()
        until_exists(project / "runs")
        way.cut()
        record_property(f"fault:partition by {kind}", 1)
        zombie.until("stopped: the server was out of reach of its worker")
        assert not alive(int((project / "runs").read_text().split()[0]))
        other = workers(project, *TIERS).ready()
        run.communicate(timeout=DEADLINE)
        assert run.returncode == 0
        other.kill()
        way.heal()
        (project / "other.md").write_text(plan_of("1.1 true"))
        assert milepost("run", "other.md").code == 0  # the zombie does it
    done = {event["task"]: event["attempt_no"] for event in of(milepost, "TaskCompleted")}
    assert done.keys() == {"1.1", "1.2"}
    assert done["1.1"] > 1
    assert milepost("ledger", "verify").code == 0


def test_a_worker_of_an_older_version_leaves_its_tasks_to_others(
    milepost: Milepost,
    write: Callable[..., None],
    project: Path,
    workers: Workers,
    record_property: Record,
    start_run: Callable[..., Home],
) -> None:
    write("1.1 echo x >> runs")
    old = workers(project, *TIERS, prefix=(sys.executable, "-c", UNDERSTANDS_LESS)).ready()
    run = start_run()
    old.until("leaving: nothing new is taken")
    record_property("fault:worker of an old version", 1)
    said = old.until("error[worker-unavailable]")
    assert "it is given orders of form 1" in said
    assert "understands form 0" in said
    assert old.process.wait(DEADLINE) == 1
    workers(project, *TIERS).ready()
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    (lost,) = of(milepost, "AttemptLost")
    assert "is too old: it is given orders of form 1" in lost["reason"]
    assert [event["attempt_no"] for event in of(milepost, "TaskCompleted")] == [2]
    assert (project / "runs").read_text() == "x\n"


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


@pytest.mark.parametrize(("ahead", "words"), [(HOUR, "1h ahead of")])
def test_a_worker_whose_clock_is_off_says_so_and_works(
    milepost: Milepost,
    write: Callable[..., None],
    project: Path,
    workers: Workers,
    preloaded: str,
    record_property: Record,
    start_run: Callable[..., Home],
    ahead: int,
    words: str,
) -> None:
    write("1.1 sleep 1.5")  # longer than its worker may be silent
    skewed = {**os.environ, "LD_PRELOAD": preloaded, "CLOCK_AHEAD": str(ahead)}
    worker = workers(project, *TIERS, env=skewed).ready()
    began = time.time()
    run = start_run()
    assert f"this machine's clock is {words} the Temporal server's" in worker.until("clock")
    record_property("fault:clock of a worker an hour off", 1)
    run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    (done,) = of(milepost, "TaskCompleted")
    assert 0 < done["at"] - began < DEADLINE
    assert of(milepost, "AttemptLost") == of(milepost, "AttemptOverran") == []


@pytest.mark.parametrize(("ahead", "words"), [(HOUR, "1h ahead of"), (-HOUR, "1h behind")])
def test_a_home_whose_clock_is_off_says_so_and_knows_who_works(
    milepost: Milepost,
    write: Callable[..., None],
    project: Path,
    workers: Workers,
    preloaded: str,
    record_property: Record,
    start_run: Callable[..., Home],
    ahead: int,
    words: str,
) -> None:
    write("1.1 until test -e go; do sleep 0.02; done; true > started")
    skewed = {"LD_PRELOAD": preloaded, "CLOCK_AHEAD": str(ahead)}
    worker = workers(project, *TIERS).ready()
    run = start_run(**skewed)
    assert f"this machine's clock is {words} the Temporal server's" in read_until(run, "clock")
    record_property("fault:clock of a home an hour off", 1)
    listing = subprocess.run(
        [*AS_IT_IS, "workers"], env={**os.environ, **skewed}, capture_output=True, text=True, check=False
    )
    assert listing.returncode == 0, listing.stdout
    assert f":{worker.process.pid}" in listing.stdout
    (project / "go").touch()
    out, _ = run.communicate(timeout=DEADLINE)
    assert run.returncode == 0
    assert "waits for a worker" not in out
    assert milepost("ledger", "verify").code == 0
