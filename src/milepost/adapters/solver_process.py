"""What runs in the solver's child process: read a task, build the model, solve it, and write what is found.

The task comes pickled on standard input; each finding is a line of JSON on standard output, so that whoever waits
keeps the last one when the process is killed. Times are in the problem's unit divided by ``unit``.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from dataclasses import dataclass, replace
from importlib import import_module
from math import gcd
from typing import Any

from milepost.schedule.bounds import early_times
from milepost.schedule.network import FF, FS, SS
from milepost.schedule.problem import Problem


@dataclass(frozen=True, slots=True)
class SolverTask:
    """A problem to solve: within ``seconds``, for a makespan of at least ``lower`` and less than ``upper``.

    ``start`` and ``modes`` are a schedule near which to look (empty: none); ``deterministic_time`` limits the work
    whatever the machine's speed. ``before`` and ``after`` are the least times before each activity's start and after
    its finish, if more is known than its chains (empty: not). ``refute``: all strength goes on what learns most from
    contradictions, one worker without linear relaxation; else workers of all kinds. ``yielding``: to other processes.
    """

    problem: Problem
    seconds: float
    lower: int
    upper: int
    start: tuple[int, ...] = ()
    modes: tuple[int, ...] = ()
    workers: int = 8
    seed: int = 0
    deterministic_time: float | None = None
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    refute: bool = False
    yielding: bool = False


def main() -> None:
    """Solve the task on standard input."""
    task: SolverTask = pickle.load(sys.stdin.buffer)
    if task.yielding:
        os.nice(10)
    end = time.monotonic() + task.seconds
    # One that refutes knows no objective: what it finds is the next to undercut.
    while (shorter := Solver(task).run()) is not None:
        task = replace(task, upper=shorter, seconds=max(0.1, end - time.monotonic()))


class Solver:
    """A CP-SAT model of a problem, and its run."""

    def __init__(self, task: SolverTask) -> None:
        self._cp: Any = import_module("ortools.sat.python.cp_model")
        self._task = task
        self._problem = task.problem
        times = [mode.duration for modes in self._problem.modes for mode in modes]
        self._unit = gcd(*times, *(link.lag for link in self._problem.links), *self._problem.releases) or 1
        self._model = self._cp.CpModel()
        self._starts: list[Any] = []
        self._ends: list[Any] = []
        self._present: list[dict[int, Any]] = []
        self._uses: list[list[tuple[Any, int]]] = [[] for _ in self._problem.resources]
        self._needs: list[list[tuple[Any, int]]] = [[] for _ in self._problem.resources]
        self._found: int | None = None
        self._last = (task.upper - 1) // self._unit
        self._makespan = self._model.new_int_var(-(-task.lower // self._unit), self._last, "makespan")

    def run(self) -> int | None:
        """Build, solve, and write the findings; the makespan found, if it is to be undercut next."""
        if -(-self._task.lower // self._unit) > self._last:
            say(lower=self._task.upper, finished=True)
            return None
        self._add_activities()
        self._add_links()
        self._add_resources()
        if not self._task.refute:
            self._model.minimize(self._makespan)
            self._hint()
        return self._solve()

    def _add_activities(self) -> None:
        heads, tails = early_times(self._problem), early_times(self._problem.mirrored)
        if self._task.before and self._task.after:
            heads = self._later(heads, self._task.before)
            tails = self._later(tails, self._task.after)
        for here, choices in enumerate(self._problem.choices):
            earliest, latest = heads[here][0] // self._unit, self._last - tails[here][1] // self._unit
            # An empty window is legal: it makes the model infeasible, which is a proof.
            start = self._model.new_int_var(earliest, max(earliest, latest), f"start {here}")
            if latest < earliest:
                self._model.add(start < earliest)
            self._starts.append(start)
            if len(choices) == 1:
                self._present.append({})
                self._ends.append(start + self._add_mode(here, choices[0], None))
            else:
                present = {mode: self._model.new_bool_var(f"mode {here} {mode}") for mode in choices}
                self._model.add_exactly_one(present.values())
                self._present.append(present)
                durations = [self._add_mode(here, mode, flag) * flag for mode, flag in present.items()]
                self._ends.append(start + sum(durations))
            self._model.add(self._ends[here] <= self._last - tails[here][0] // self._unit)
            self._model.add(self._makespan >= self._ends[here] + tails[here][0] // self._unit)

    def _later(self, times: list[tuple[int, int]], known: tuple[int, ...]) -> list[tuple[int, int]]:
        """Earliest starts and finishes with what is known of the starts, for activities of one mode."""
        return [
            (max(start, other), max(finish, other + modes[0].duration))
            for (start, finish), other, modes in zip(times, known, self._problem.modes, strict=True)
        ]

    def _add_mode(self, here: int, choice: int, flag: Any | None) -> int:
        """Add what a mode uses; give its duration."""
        mode, start = self._problem.modes[here][choice], self._starts[here]
        duration = mode.duration // self._unit
        name = f"interval {here} {choice}"
        if flag is None:
            interval = self._model.new_fixed_size_interval_var(start, duration, name)
        else:
            interval = self._model.new_optional_fixed_size_interval_var(start, duration, flag, name)
        for place, (demand, resource) in enumerate(zip(mode.demands, self._problem.resources, strict=True)):
            if demand and resource.renewable and duration:
                self._uses[place].append((interval, demand))
            elif demand and not resource.renewable:
                self._needs[place].append((1 if flag is None else flag, demand))
        return duration

    def _add_links(self) -> None:
        for before, after, kind, lag in self._problem.links:
            first = (self._ends if kind in (FS, FF) else self._starts)[before]
            second = (self._starts if kind in (FS, SS) else self._ends)[after]
            self._model.add(second >= first + lag // self._unit)

    def _add_resources(self) -> None:
        for resource, uses, needs in zip(self._problem.resources, self._uses, self._needs, strict=True):
            if uses:
                intervals, demands = zip(*uses, strict=True)
                self._model.add_cumulative(intervals, demands, resource.capacity)
            if needs:
                self._model.add(sum(flag * demand for flag, demand in needs) <= resource.capacity)

    def _hint(self) -> None:
        for variable, start in zip(self._starts, self._task.start, strict=False):
            self._model.add_hint(variable, start // self._unit)
        for present, chosen in zip(self._present, self._task.modes, strict=False):
            for mode, flag in present.items():
                self._model.add_hint(flag, mode == chosen)
        if self._task.start:
            problem, task = self._problem, self._task
            found = problem.schedule(task.start, task.modes).makespan // self._unit
            self._model.add_hint(self._makespan, min(found, self._last))

    def _solve(self) -> int | None:
        solver = self._cp.CpSolver()
        parameters = solver.parameters
        parameters.max_time_in_seconds = self._task.seconds
        parameters.num_workers = self._task.workers
        parameters.random_seed = self._task.seed
        if self._task.refute:
            # Edge finding saves few conflicts of hard instances, and each takes three times as long.
            parameters.num_workers = 1
            parameters.linearization_level = 0
        else:
            parameters.use_timetable_edge_finding_in_cumulative = True
            parameters.use_overload_checker_in_cumulative = True
        if self._task.start and not any(self._present):
            # The genetic search beats large neighbourhoods at single-mode schedules: all workers on the bound.
            parameters.use_lns = False
            parameters.num_violation_ls = 0
        if self._task.deterministic_time is not None:
            parameters.max_deterministic_time = self._task.deterministic_time
            parameters.interleave_search = True
        if not self._task.refute:
            solver.best_bound_callback = lambda bound: say(lower=round(bound) * self._unit)
        status = solver.solve(self._model, self._callback())
        if status == self._cp.INFEASIBLE:
            say(lower=self._task.upper, finished=True)
        elif self._task.refute:
            # The callback has told the schedule.
            return self._found if status in (self._cp.OPTIMAL, self._cp.FEASIBLE) else None
        elif status == self._cp.OPTIMAL:
            say(lower=round(solver.objective_value) * self._unit, finished=True)
        else:
            say(lower=round(solver.best_objective_bound) * self._unit)
        return None

    def _callback(self) -> Any:
        def tell(values: Any) -> None:
            start = [values.value(variable) * self._unit for variable in self._starts]
            modes = [
                next((mode for mode, flag in present.items() if values.value(flag)), choices[0])
                for present, choices in zip(self._present, self._problem.choices, strict=True)
            ]
            self._found = self._problem.schedule(start, modes).makespan
            say(start=start, modes=modes)

        return type("Told", (self._cp.CpSolverSolutionCallback,), {"on_solution_callback": tell})()


def say(**finding: object) -> None:
    """Write a finding as a line of JSON."""
    sys.stdout.write(json.dumps(finding) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # Under its own name, so that the task's class is the one that was pickled.
    import_module("milepost.adapters.solver_process").main()
