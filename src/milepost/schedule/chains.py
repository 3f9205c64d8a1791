"""Explanations of a critical path: all its chains, what nearly is critical, and why a deadline is missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from milepost.schedule.critical_path import CriticalPath

_REDUCIBLE = 20_000


@dataclass(frozen=True, slots=True)
class CriticalChains:
    """Longest chains in plan order, at most as many as were asked for, and how many there are in all."""

    chains: tuple[tuple[str, ...], ...]
    total: int


def critical_chains(path: CriticalPath, limit: int = 100) -> CriticalChains:
    """Give every longest chain of activities, each once, up to ``limit`` of them.

    A dependency that only repeats what a longer way through the chain's activities already says (a task after a
    gate that also waits directly for the task before it) makes no chain of its own. Beyond 20,000 critical
    activities such repetitions are kept, since finding them takes memory that grows with the square.
    """
    followers = _without_shortcuts(path)
    counts: dict[int, int] = {}
    for here in reversed(path.network.order):
        if here in followers:
            counts[here] = sum(counts[there] for there in followers[here]) or 1
    found: list[tuple[str, ...]] = []
    ids = path.network.ids
    # Each entry is an activity with its depth in the chain being built: a stack instead of recursion.
    waiting = [(here, 0) for here in reversed(path.longest_starts)]
    chain: list[int] = []
    while waiting and len(found) < limit:
        here, depth = waiting.pop()
        del chain[depth:]
        chain.append(here)
        if not followers[here]:
            found.append(tuple(ids[number] for number in chain))
        waiting += [(there, depth + 1) for there in reversed(followers[here])]
    return CriticalChains(tuple(found), sum(counts[here] for here in path.longest_starts))


def near_critical(path: CriticalPath, threshold: int) -> tuple[str, ...]:
    """Ids of the activities with some total float, but no more than ``threshold`` seconds; the least float first."""
    close = [(room, here) for here, room in enumerate(path.total_float) if 0 < room <= threshold]
    return tuple(path.network.ids[here] for _, here in sorted(close))


def driving_chain(path: CriticalPath, name: str) -> tuple[str, ...]:
    """The chain of activities that keeps one from starting earlier, from the first of them to itself.

    Of several drivers the first in plan order is followed.

    Raises:
        UnknownName: the network has no such activity.
    """
    chain = [path.network.number(name)]
    while drivers := path.driving_predecessors[chain[-1]]:
        chain.append(drivers[0])
    return tuple(path.network.ids[here] for here in reversed(chain))


@dataclass(frozen=True, slots=True)
class MissedDeadline:
    """A deadline that cannot be kept. Times in working seconds from the start of the plan.

    ``chain`` is what takes so long; it cannot begin before ``begins``, which is above 0 when a release holds it.
    """

    id: str
    deadline: int
    finish: int
    chain: tuple[str, ...]
    begins: int

    @property
    def late(self) -> int:
        """By how many seconds it is missed: what the chain has to lose."""
        return self.finish - self.deadline


def missed_deadlines(path: CriticalPath, deadlines: Mapping[str, int]) -> tuple[MissedDeadline, ...]:
    """Explain every deadline that the early dates break, the worst first.

    Raises:
        UnknownName: a deadline is for an activity the network does not have.
    """
    missed = []
    for name, deadline in deadlines.items():
        finish = path.early_finish[path.network.number(name)]
        if finish > deadline:
            chain = driving_chain(path, name)
            begins = path.early_start[path.network.number(chain[0])]
            missed.append(MissedDeadline(name, deadline, finish, chain, begins))
    return tuple(sorted(missed, key=lambda item: (-item.late, path.network.number(item.id))))


def _without_shortcuts(path: CriticalPath) -> dict[int, list[int]]:
    """The followers on longest chains, less those that another follower leads to anyway."""
    followers = path.longest_successors
    if len(followers) > _REDUCIBLE:
        return followers
    bits = {here: 1 << place for place, here in enumerate(followers)}
    behind: dict[int, int] = {}
    reduced: dict[int, list[int]] = {}
    for here in reversed(path.network.order):
        if here not in followers:
            continue
        later = 0
        for there in followers[here]:
            later |= behind[there]
        reduced[here] = [there for there in followers[here] if not later & bits[there]]
        for there in reduced[here]:
            later |= bits[there]
        behind[here] = later
    return reduced
