"""SIGKILL of a worker, of the supervisor, of both, of the shim, of everything at once, at random moments of a run."""

from __future__ import annotations

import subprocess

import pytest
from tests.failures.conftest import MakeScene
from tests.failures.scene import Scene, kill

FAULTS = 6
SEEDS = [1, 2]


def supervisor_dies(scene: Scene, supervisor: subprocess.Popen[str]) -> None:
    supervisor.kill()
    scene.end(supervisor)


def worker_dies(scene: Scene, supervisor: subprocess.Popen[str]) -> None:
    kill(*scene.commands()[:1], group=True)


def shim_dies(scene: Scene, supervisor: subprocess.Popen[str]) -> None:
    kill(*scene.shims())


def both_die(scene: Scene, supervisor: subprocess.Popen[str]) -> None:
    supervisor_dies(scene, supervisor)
    worker_dies(scene, supervisor)


def machine_dies(scene: Scene, supervisor: subprocess.Popen[str]) -> None:
    """All processes of a run die, as in a reboot that keeps what was written."""
    supervisor_dies(scene, supervisor)
    kill(*scene.shims())
    kill(*scene.commands(), group=True)


KILLS = {
    "worker": worker_dies,
    "supervisor": supervisor_dies,
    "supervisor and worker": both_die,
    "shim": shim_dies,
    "reboot": machine_dies,
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("victim", KILLS)
def test_whoever_is_killed_every_task_is_finished_exactly_once(make_scene: MakeScene, victim: str, seed: int) -> None:
    scene = make_scene(seed)
    supervisor = scene.supervisor()
    for _ in range(FAULTS):
        if not scene.after_events(scene.some(), supervisor):
            break
        KILLS[victim](scene, supervisor)
        scene.injected(victim)
        if supervisor.poll() is not None:
            scene.end(supervisor)
            supervisor = scene.supervisor()
    scene.end(supervisor)
    scene.finish()
    # Only the supervisor's death costs nothing: its commands go on and are adopted.
    scene.keeps_its_promises(lost=victim != "supervisor")


@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_supervisors_the_second_takes_over_when_the_first_is_killed(make_scene: MakeScene, seed: int) -> None:
    scene = make_scene(seed)
    supervisors = [scene.supervisor("--wait"), scene.supervisor("--wait")]
    for _ in range(FAULTS):
        if not scene.after_events(scene.some(), *supervisors):
            break
        pids = {supervisor.pid: supervisor for supervisor in supervisors}
        driving = next((at.supervisor for at in reversed(scene.events()) if hasattr(at, "supervisor")), "")
        supervisors.remove(victim := pids.get(int(driving.rpartition(":")[2] or 0), supervisors[0]))
        victim.kill()
        scene.end(victim)
        scene.injected("one of two supervisors")
        supervisors.append(scene.supervisor("--wait"))
    for supervisor in supervisors:
        scene.end(supervisor)
        assert supervisor.returncode == 0
    scene.keeps_its_promises(lost=False)
