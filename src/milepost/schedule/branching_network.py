"""What branch and bound works on: a problem's tasks and who follows whom, and parts of it as the kernel takes them.

Importing this module imports numba, if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from math import gcd
from typing import Any

from milepost.schedule import branching_kernel
from milepost.schedule.bounds import shared
from milepost.schedule.kernel import COMPILED
from milepost.schedule.network import FS
from milepost.schedule.problem import Problem, Schedule

_NODES = 20_000
"""Nodes for what follows one activity; few need more, and those are near the whole."""

_SMALL, _LARGE, _PLAIN = 1 << 13, 1 << 20, 1 << 12
"""States to remember: for a part, for the whole, and for either where nothing is compiled."""


class Part:
    """Some tasks, ``before`` whom others of them must be done, and after whose start at least a ``tail`` follows."""

    kernel = branching_kernel
    compiled = COMPILED

    def __init__(
        self,
        durations: Sequence[int],
        demands: Sequence[Sequence[int]],
        capacities: Sequence[int],
        before: Sequence[int],
        tails: Sequence[int],
        memory: branching_kernel.Memory,
    ) -> None:
        count, depth = len(durations), 2 * len(durations) + 2
        self.durations = durations
        self._tails = tails
        self._memory = memory
        urgent = sorted(range(count), key=lambda task: -tails[task])
        flat = [need for needs in demands for need in needs]
        numbers = (durations, flat, capacities, before, [0] * count, urgent, [0])
        self._tasks = self.kernel.Tasks(*map(_array, numbers))
        sizes = (*[depth] * 7, depth * len(capacities), count, 0)
        self._frames = self.kernel.Frames(*(_array([0] * size) for size in sizes))

    def begin(self, horizon: int) -> None:
        """Ask whether there is a schedule within a horizon, which no tail may exceed."""
        tasks = self._tasks
        tasks.horizon[0] = horizon
        for task, tail in enumerate(self._tails):
            tasks.latest[task] = horizon - tail
        self._frames = self._frames._replace(work=_array([0] * (len(tasks.capacities) * (horizon + 1))))
        self.kernel.begin(tasks, self._frames, self._memory)

    def search(self, nodes: int) -> int:
        """Go on for so many nodes: ``REFUTED``, ``FOUND`` or ``OPEN``."""
        return int(self.kernel.search(self._tasks, self._frames, self._memory, nodes))

    @property
    def nodes(self) -> int:
        """Nodes searched since the question was asked."""
        return int(self._memory.state[self.kernel.NODES])

    @property
    def finish(self) -> list[int]:
        """When each task finishes in the schedule that was found."""
        return [int(time) for time in self._frames.finish]


class BranchingNetwork:
    """Tasks that take time, with lags and earliest starts as tasks that need nothing; who comes before and after whom.

    The first are the problem's activities by number. Sets are the bits of an integer of any size; times are in units
    of ``unit``. ``heads`` and ``tails`` are the least times before a start and after a finish.
    """

    def __init__(self, problem: Problem, unit: int) -> None:
        self.unit = unit
        self._problem = problem
        self._durations = [modes[0].duration // unit for modes in problem.modes]
        before = self._closure()
        self._tasks = [task for task, time in enumerate(self._durations) if time]
        kept = sum(1 << task for task in self._tasks)
        after = [0] * len(before)
        for task in self._tasks:
            for other in _members(before[task]):
                after[other] |= 1 << task
        self._before = [others & kept for others in before]
        self._after = after
        self._capacities = [problem.resources[place].capacity for place in problem.renewable]
        self._demands = [[modes[0].demands[place] for place in problem.renewable] for modes in problem.modes]
        self._demands += [[0] * len(self._capacities)] * (len(before) - len(problem))
        self.heads = [0] * len(before)
        self.tails = [0] * len(before)

    @classmethod
    def of(cls, problem: Problem) -> BranchingNetwork | None:
        """The network of a problem, None if it has modes to choose, other links, or totals to keep."""
        plain = all(link.kind == FS and link.lag >= 0 for link in problem.links)
        if not plain or problem.nonrenewable or any(len(modes) > 1 for modes in problem.modes):
            return None
        times = [modes[0].duration for modes in problem.modes]
        return cls(problem, gcd(*times, *(link.lag for link in problem.links), *problem.releases) or 1)

    def _closure(self) -> list[int]:
        """The set before each task, whether direct or not, with lags and earliest starts as tasks of their own."""
        problem, unit = self._problem, self.unit
        before = [0] * len(problem)
        incoming: list[list[tuple[int, int]]] = [[] for _ in range(len(problem))]
        for link in problem.links:
            incoming[link.successor].append((link.predecessor, link.lag))

        def extra(others: int, time: int) -> int:
            before.append(others)
            self._durations.append(time // unit)
            return others | 1 << (len(before) - 1)

        for here in problem.order:
            for other, lag in incoming[here]:
                others = before[other] | 1 << other
                before[here] |= extra(others, lag) if lag else others
            if problem.releases and problem.releases[here]:
                before[here] |= extra(0, problem.releases[here])
        return before

    def measure(self, going: Callable[[], bool]) -> None:
        """Find heads and tails, as exact as some nodes each allow, while it is ``going``."""
        memory = _memory(_SMALL)
        self._measure(self.tails, self._before, self._after, memory, going)
        self._measure(self.heads, self._after, self._before, memory, going)

    def _measure(
        self,
        tails: list[int],
        before: Sequence[int],
        after: Sequence[int],
        memory: branching_kernel.Memory,
        going: Callable[[], bool],
    ) -> None:
        # Whoever follows a follower follows: the smaller sets are done first.
        for task in sorted(range(len(after)), key=lambda task: after[task].bit_count()):
            members = list(_members(after[task]))
            least = self._simple(members, tails)
            if 1 < len(members) <= branching_kernel.MOST and going():
                least = self._exact(self._part(members, before, tails, memory), least)
            tails[task] = least

    def _simple(self, members: Sequence[int], tails: Sequence[int]) -> int:
        """The time that some tasks take at least, for the longest chain or the work on one resource."""
        least = max((self._durations[task] + tails[task] for task in members), default=0)
        for what, capacity in enumerate(self._capacities):
            work = [(0, tails[task], self._durations[task] * self._demands[task][what]) for task in members]
            turned = [(tail, head, more) for head, tail, more in work if more]
            least = max(least, shared(turned, capacity))
        return least

    def _exact(self, part: Part, least: int) -> int:
        """The least time that is not refuted."""
        left = _NODES if COMPILED else _NODES // 100
        while left > 0:
            part.begin(least)
            outcome = part.search(left)
            left -= part.nodes
            if outcome != branching_kernel.REFUTED:
                break
            least += 1
        return least

    def _part(
        self, members: Sequence[int], before: Sequence[int], tails: Sequence[int], memory: branching_kernel.Memory
    ) -> Part:
        number = {task: place for place, task in enumerate(members)}
        sets = [sum(1 << number[other] for other in _members(before[task]) if other in number) for task in members]
        times = [self._durations[task] for task in members]
        whole = [time + tails[task] for time, task in zip(times, members, strict=True)]
        return Part(times, [self._demands[task] for task in members], self._capacities, sets, whole, memory)

    @property
    def empty(self) -> bool:
        """Whether nothing takes time."""
        return not self._tasks

    def sides(self) -> list[Part]:
        """All tasks, forward and backward in time; none if they are too many for the kernel."""
        if not 0 < len(self._tasks) <= branching_kernel.MOST:
            return []
        forward = self._part(self._tasks, self._before, self.tails, _memory(_LARGE))
        return [forward, self._part(self._tasks, self._after, self.heads, _memory(_LARGE))]

    def reach(self) -> tuple[list[int], list[int]]:
        """Heads and tails of the problem's activities, in its unit of time."""
        count = len(self._problem)
        return [time * self.unit for time in self.heads[:count]], [time * self.unit for time in self.tails[:count]]

    def schedule(self, starts: Sequence[int]) -> Schedule:
        """The schedule in which the tasks start so; what takes no time comes as early as it can."""
        problem = self._problem
        found = {task: start * self.unit for task, start in zip(self._tasks, starts, strict=True)}
        finish = list(problem.releases) or [0] * len(problem)
        incoming: list[list[tuple[int, int]]] = [[] for _ in range(len(problem))]
        for link in problem.links:
            incoming[link.successor].append((link.predecessor, link.lag))
        for here in problem.order:
            if here in found:
                finish[here] = found[here] + problem.modes[here][0].duration
            else:
                finish[here] = max([finish[here], *(finish[other] + lag for other, lag in incoming[here])])
        starts = [end - modes[0].duration for end, modes in zip(finish, problem.modes, strict=True)]
        return problem.schedule(starts, [0] * len(problem))


def _members(tasks: int) -> Iterator[int]:
    while tasks:
        bit = tasks & -tasks
        tasks ^= bit
        yield bit.bit_length() - 1


def _array(values: Sequence[int]) -> Any:
    """Numbers as the kernel takes them: a numpy array if there is numba, else a list."""
    if not COMPILED:
        return list(values)
    numpy = import_module("numpy")
    return numpy.array(values, dtype=numpy.int64)


def _memory(size: int) -> branching_kernel.Memory:
    """Room for so many states; the system gives it as it is used."""
    if not COMPILED:
        return branching_kernel.Memory(*([0] * room for room in (*[min(size, _PLAIN)] * 7, 3)))
    numpy = import_module("numpy")
    return branching_kernel.Memory(*(numpy.zeros(room, dtype=numpy.int64) for room in (*[size] * 7, 3)))
