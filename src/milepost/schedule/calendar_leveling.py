"""Schedules within capacity where tiers keep different calendars.

The same priority rules and forward-backward improvement as without calendars, but that the first schedules are made
hour by hour: parallel schedule generation leaves no hour of a scarce tier unused for which there is work, which serial
generation with its tasks placed far ahead often does (Kolisch, 1996, compares the two).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from milepost.schedule.calendar_path import CalendarPath
from milepost.schedule.calendar_placement import Placed, Placement
from milepost.schedule.leveling import IMPROVEMENTS, LeveledSchedule

_SHAKEN = 30

_THOROUGH = 300
"""Up to so many activities all rules are tried and improved, beyond only two, and the better: an answer is instant."""


def level_on_axes(path: CalendarPath, capacities: Mapping[int, int]) -> LeveledSchedule:
    """Find a short schedule within the tiers' capacities; its dates are real seconds from the start.

    Of the schedules tried the one that breaks the path's deadlines least is taken, of those the shortest.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    problem = Placement(path, capacities)
    return _schedule(problem, *_by_rule(problem))


def search_on_axes(
    path: CalendarPath,
    capacities: Mapping[int, int],
    enough: Callable[[], bool],
    *,
    seed: int = 0,
    on_best: Callable[[int], None] | None = None,
) -> LeveledSchedule:
    """Look for a shorter schedule until it is ``enough``, or until none can be shorter.

    Iterated local search (Lourenço, Martin and Stützle, 2003): the starts of the best schedule are shaken by up to a
    thirtieth of the makespan, give the order of another one, and that is improved; what is no worse is kept. The same
    seed gives the same schedules, but how many are tried depends on what is enough. ``on_best`` hears of makespans.

    Raises:
        PlanInvalid: a task needs a tier that is not there or takes on nothing.
    """
    problem, chance = Placement(path, capacities), Random(seed)
    best, rule = _by_rule(problem)
    while best.worth > (0, problem.lower_bound) and not enough():
        width = best.worth[1] // _SHAKEN
        found = _improve(problem, problem.place([start + chance.randint(0, width) for start in best.start]))
        if found.worth < best.worth:
            rule = "search"
            if on_best and found.worth[1] < best.worth[1]:
                on_best(found.worth[1])
        if found.worth <= best.worth:
            best = found
    return _schedule(problem, best, rule)


def _by_rule(problem: Placement) -> tuple[Placed, str]:
    """The best schedule of the priority rules, the first one when they tie, and its rule."""
    found: list[tuple[Placed, str]] = []
    thorough = len(problem.path.network) <= _THOROUGH or not problem.varied
    for rule, first in _firsts(problem, thorough):
        found.append((_improve(problem, first) if thorough else first, rule))
        if found[-1][0].worth <= (0, problem.lower_bound):
            return found[-1]
    best, rule = min(found, key=lambda one: one[0].worth)
    return best if thorough else _improve(problem, best), rule


def _firsts(problem: Placement, thorough: bool) -> Iterator[tuple[str, Placed]]:
    """Schedules by rules, the most promising first; on one axis just those that are tried without calendars."""
    path = problem.path
    if not problem.varied:
        yield "LFT", problem.place(path.late_finish)
        yield "LST", problem.place(path.late_start)
        return
    yield "LFT", problem.dispatch(path.late_finish)
    yield "backward", problem.place(problem.late_starts(path.early_start, problem.lower_bound))
    if thorough:
        yield "LST", problem.dispatch(path.late_start)


def _schedule(problem: Placement, best: Placed, rule: str) -> LeveledSchedule:
    return LeveledSchedule(best.start, best.finish, problem.tiers, best.worth[1], rule, problem.lower_bound)


def _improve(problem: Placement, best: Placed) -> Placed:
    for _ in range(IMPROVEMENTS):
        if best.worth <= (0, problem.lower_bound):
            break
        found = problem.place(problem.late_starts(best.finish, best.worth[1]))
        if found.worth >= best.worth:
            break
        best = found
    return best
