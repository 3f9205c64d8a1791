"""Checks schedules from the problem's data alone, and finds optima by trying everything. Shares no code with src."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from milepost.schedule.network import FF, FS, SF, SS
from milepost.schedule.problem import Mode, Problem


def complaints(problem: Problem, start: Sequence[int], modes: Sequence[int]) -> list[str]:
    """What is wrong with a schedule: dates, links at their named ends, resources at every start and in total."""
    wrong = []
    chosen = [problem.modes[here][mode] for here, mode in enumerate(modes)]
    finish = [begin + mode.duration for begin, mode in zip(start, chosen, strict=True)]
    for here, begin in enumerate(start):
        if begin < (problem.releases[here] if problem.releases else 0):
            wrong.append(f"{here} starts too early")
    for before, after, kind, lag in problem.links:
        left = {FS: finish, SS: start, FF: finish, SF: start}[kind][before]
        right = {FS: start, SS: start, FF: finish, SF: finish}[kind][after]
        if right < left + lag:
            wrong.append(f"{after} does not wait for {before}")
    for place, resource in enumerate(problem.resources):
        needs = [mode.demands[place] for mode in chosen]
        if resource.renewable:
            for moment in start:
                used = sum(need for need, begin, end in zip(needs, start, finish, strict=True) if begin <= moment < end)
                if used > resource.capacity:
                    wrong.append(f"{resource.name} is over at {moment}")
        elif sum(needs) > resource.capacity:
            wrong.append(f"{resource.name} is spent")
    return wrong


def makespan(problem: Problem, start: Sequence[int], modes: Sequence[int]) -> int:
    """The last finish."""
    return max(
        (
            begin + problem.modes[here][mode].duration
            for here, (begin, mode) in enumerate(zip(start, modes, strict=True))
        ),
        default=0,
    )


def shortest(problem: Problem, horizon: int) -> int | None:
    """The least makespan up to a horizon, by trying every start of every mode; None if no schedule is feasible."""
    best: int | None = None
    for start, modes in _all(problem, horizon, [], []):
        length = makespan(problem, start, modes)
        if (best is None or length < best) and not complaints(problem, start, modes):
            best = length
    return best


def _all(problem: Problem, horizon: int, start: list[int], modes: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    here = len(start)
    if here == len(problem):
        yield start, modes
        return
    for place, mode in enumerate(problem.modes[here]):
        for begin in range(horizon - mode.duration + 1):
            yield from _all(problem, horizon, [*start, begin], [*modes, place])


def single(duration: int, *demands: int) -> tuple[Mode, ...]:
    """The only mode of an activity."""
    return (Mode(duration, demands),)
