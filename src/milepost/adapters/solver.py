"""Bounds and proofs by OR-Tools CP-SAT, which runs in a child process that can be killed at any time."""

from __future__ import annotations

import contextlib
import json
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from milepost.adapters.solver_process import SolverTask
from milepost.errors import WorkerUnavailable
from milepost.schedule.bounds import Bound, lower_bound
from milepost.schedule.problem import Problem, Schedule

LOST = "OR-Tools is not installed (pip install 'milepost[schedule]'): the bound is by chains and work alone, no proof"
"""What a user loses without the solver."""

_GRACE = 3.0


def available() -> bool:
    """Whether OR-Tools is installed; does not import it."""
    return find_spec("ortools") is not None


def prove(
    problem: Problem,
    *,
    seconds: float,
    hint: tuple[Sequence[int], Sequence[int]] | None = None,
    workers: int = 8,
    seed: int = 0,
    deterministic_time: float | None = None,
    on_bound: Callable[[int], None] | None = None,
) -> Bound:
    """Look for a proof that the schedule of ``hint`` (start times, modes) is optimal, or for a shorter one.

    ``seconds`` of wall time include the child's start, half a second. With ``deterministic_time`` the same task has
    the same result, unless the wall time strikes first. On Ctrl-C the child is killed and what it found stands.
    Eight workers pay even on two cores: they are different strategies. ``on_bound`` hears of every better bound.

    Raises:
        WorkerUnavailable: the child process cannot be started or fails.
    """
    lower = lower_bound(problem)
    best = None if hint is None else problem.schedule(*hint)
    if best is not None and best.makespan <= lower:
        return Bound(lower, best, proven=True)
    if not available():
        return Bound(lower, best, proven=False, note=LOST)
    # With modes to choose, neighbourhoods of the hint are the solver's strength: then the hint must be a solution.
    several = any(len(choices) > 1 for choices in problem.choices)
    task = SolverTask(
        problem,
        seconds=seconds,
        lower=lower,
        upper=best.makespan + several if best else _horizon(problem),
        start=best.start if best else (),
        modes=best.modes if best else (),
        workers=workers,
        seed=seed,
        deterministic_time=deterministic_time,
    )
    return _Child(task, best, on_bound).run()


class _Child:
    """The child process and what it has told so far."""

    def __init__(self, task: SolverTask, best: Schedule | None, on_bound: Callable[[int], None] | None) -> None:
        self._task = task
        self._best = best
        self._lower = task.lower
        self._finished = False
        self._on_bound = on_bound

    def run(self) -> Bound:
        command = [sys.executable, "-m", "milepost.adapters.solver_process"]
        interrupted = False
        with tempfile.TemporaryFile() as errors:
            try:
                # Its own session: Ctrl-C in the terminal comes to us, and we end it.
                child = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
                )
            except OSError as error:
                raise WorkerUnavailable(f"the solver's process cannot be started: {error}") from error
            watch = threading.Timer(self._task.seconds + _GRACE, child.kill)
            watch.start()
            try:
                self._talk(child)
            except KeyboardInterrupt:
                interrupted = True
            finally:
                watch.cancel()
                child.kill()
                code = child.wait()
            if code > 0 and not interrupted:
                errors.seek(0)
                told = errors.read().decode(errors="replace").strip()
                raise WorkerUnavailable(f"the solver failed: {told[-500:]}")
        proven = self._finished or (self._best is not None and self._best.makespan <= self._lower)
        return Bound(self._lower, self._best, proven)

    def _talk(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        with contextlib.suppress(BrokenPipeError), child.stdin as task:
            pickle.dump(self._task, task)
        with child.stdout as findings:
            for line in findings:
                self._learn(json.loads(line))
        child.wait()

    def _learn(self, finding: dict[str, Any]) -> None:
        if "start" in finding:
            self._best = self._task.problem.schedule(finding["start"], finding["modes"])
        lower = min(finding.get("lower", 0), self._best.makespan if self._best else self._task.upper)
        if lower > self._lower:
            self._lower = lower
            if self._on_bound is not None:
                self._on_bound(lower)
        self._finished = self._finished or bool(finding.get("finished"))


def _horizon(problem: Problem) -> int:
    """A makespan that any problem with a feasible choice of modes undercuts."""
    longest = sum(max(mode.duration for mode in modes) for modes in problem.modes)
    return longest + sum(max(link.lag, 0) for link in problem.links) + max(problem.releases, default=0) + 1
