"""Bounds and proofs by OR-Tools CP-SAT, which runs in a child process that can be killed at any time."""

from __future__ import annotations

import contextlib
import json
import pickle
import selectors
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import IO, Any

from milepost.adapters.solver_process import SolverTask
from milepost.errors import WorkerUnavailable
from milepost.schedule.bounds import Bound, lower_bound
from milepost.schedule.branch_and_bound import Reach
from milepost.schedule.problem import Problem, Schedule

LOST = "OR-Tools is not installed (pip install 'milepost[schedule]'): proofs for small problems only, and looser bounds"
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
    reach: Reach | None = None,
    lower: int = 0,
    on_bound: Callable[[int], None] | None = None,
) -> Bound:
    """Look for a proof that the schedule of ``hint`` (start times, modes) is optimal, or for a shorter one.

    ``seconds`` of wall time include the child's start, half a second. With ``deterministic_time`` the same task has
    the same result, unless the wall time strikes first. On Ctrl-C the child is killed and what it found stands.
    Eight workers pay even on two cores: they are different strategies. For a problem with one mode an activity another
    child does nothing but refute a shorter schedule, unless ``deterministic_time`` is to repeat. ``reach`` and
    ``lower`` are what is known already. ``on_bound`` hears of every better bound.

    Raises:
        WorkerUnavailable: the child process cannot be started or fails.
    """
    lower = max(lower, lower_bound(problem))
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
        before=reach.before if reach else (),
        after=reach.after if reach else (),
    )
    tasks = [task]
    if best is not None and not several and deterministic_time is None:
        tasks = [replace(task, yielding=True), replace(task, refute=True)]
    return _Children(tasks, best, on_bound).run()


class _Children:
    """The child processes and what they have told so far; the first that finishes has the answer."""

    def __init__(
        self, tasks: Sequence[SolverTask], best: Schedule | None, on_bound: Callable[[int], None] | None
    ) -> None:
        self._tasks = tasks
        self._best = best
        self._lower = tasks[0].lower
        self._upper = tasks[0].upper
        self._finished = False
        self._on_bound = on_bound

    def run(self) -> Bound:
        """Start them, hear them out, and end them."""
        interrupted = False
        with tempfile.TemporaryFile() as errors:
            children: list[subprocess.Popen[bytes]] = []
            watch = threading.Timer(self._tasks[0].seconds + _GRACE, _kill, [children])
            try:
                children += [_start(errors) for _ in self._tasks]
                watch.start()
                for child, task in zip(children, self._tasks, strict=True):
                    _send(child, task)
                self._hear(children)
            except KeyboardInterrupt:
                interrupted = True
            finally:
                watch.cancel()
                failed = any((child.poll() or 0) > 0 for child in children)
                _end(children)
            if failed and not interrupted and not self._finished:
                errors.seek(0)
                told = errors.read().decode(errors="replace").strip()
                raise WorkerUnavailable(f"the solver failed: {told[-500:]}")
        proven = self._finished or (self._best is not None and self._best.makespan <= self._lower)
        return Bound(self._lower, self._best, proven)

    def _hear(self, children: Sequence[subprocess.Popen[bytes]]) -> None:
        """Read findings until one has finished or all have ended."""
        with selectors.DefaultSelector() as waiting:
            for child in children:
                waiting.register(_output(child), selectors.EVENT_READ, child)
            while waiting.get_map() and not self._finished:
                for key, _ in waiting.select():
                    line = _output(key.data).readline()
                    if line:
                        self._learn(json.loads(line))
                    else:
                        waiting.unregister(key.fileobj)
                        key.data.wait()

    def _learn(self, finding: dict[str, Any]) -> None:
        if "start" in finding:
            found = self._tasks[0].problem.schedule(finding["start"], finding["modes"])
            if self._best is None or found.makespan < self._best.makespan:
                self._best = found
        lower = min(finding.get("lower", 0), self._best.makespan if self._best else self._upper)
        if lower > self._lower:
            self._lower = lower
            if self._on_bound is not None:
                self._on_bound(lower)
        self._finished = self._finished or bool(finding.get("finished"))


def _start(errors: IO[bytes]) -> subprocess.Popen[bytes]:
    # Its own session: Ctrl-C in the terminal comes to us, and we end it. No buffer: what is read is what select sees.
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "milepost.adapters.solver_process"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    except OSError as error:
        raise WorkerUnavailable(f"the solver's process cannot be started: {error}") from error


def _send(child: subprocess.Popen[bytes], task: SolverTask) -> None:
    assert child.stdin is not None
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
        pickle.dump(task, pipe)


def _output(child: subprocess.Popen[bytes]) -> IO[bytes]:
    assert child.stdout is not None
    return child.stdout


def _kill(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.kill()


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    _kill(children)
    for child in children:
        child.wait()
        _output(child).close()


def _horizon(problem: Problem) -> int:
    """A makespan that any problem with a feasible choice of modes undercuts."""
    longest = sum(max(mode.duration for mode in modes) for modes in problem.modes)
    return longest + sum(max(link.lag, 0) for link in problem.links) + max(problem.releases, default=0) + 1
