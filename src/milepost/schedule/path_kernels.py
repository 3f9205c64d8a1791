"""The critical path method on bare arrays, compiled by numba: a million activities in some hundredths of a second.

Importing this module imports numba (about half a second), so only large networks do. The passes are those of
:mod:`milepost.schedule.critical_path`. Where every link leads from a lower number to a higher one and the links lie in
the order of their successors, as they do in a plan, the arrays are walked through from end to end; else the
activities are put in an order first (Kahn, 1962), in which the earliest starts are found on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from milepost.errors import PlanInvalid
from milepost.schedule.compiling import compiled
from milepost.schedule.network import FF, SF, SS, Network

if TYPE_CHECKING:
    np: Any = None
else:
    import numpy as np

Ints = Any
"""Any flat numpy array of integers."""

IMPOSSIBLE, AS_THEY_COME, MIXED = range(3)
"""What links are like: some activity is not there, all in order, or anything else."""


class Dates(NamedTuple):
    """Dates and floats by activity, as 64-bit integers, in the unit of the durations.

    ``driving`` says of each link, in the order given, whether it alone would let its successor start no earlier.
    """

    early_start: Ints
    early_finish: Ints
    late_start: Ints
    late_finish: Ints
    total_float: Ints
    free_float: Ints
    driving: Ints
    makespan: int


def dates(
    durations: Ints,
    before: Ints,
    after: Ints,
    *,
    kinds: Ints | None = None,
    lags: Ints | None = None,
    releases: Ints | None = None,
    deadlines: Ints | None = None,
) -> Dates | None:
    """Find all dates and floats of the activities 0 to ``len(durations) - 1``; None when the links form a cycle.

    Link *i* leads from activity ``before[i]`` to ``after[i]``; ``kinds`` holds codes of the module ``network`` (none:
    all finish to start), ``lags`` times (none: all 0). ``releases`` are the least starts, ``deadlines`` the greatest
    finishes, by activity. Takes at most some 90 bytes an activity with three links, the result included.

    Raises:
        PlanInvalid: a link is of an activity that is not there, or arrays do not fit together.
    """
    count, links = len(durations), len(before)
    lengths = [(after, links), (kinds, links), (lags, links), (releases, count), (deadlines, count)]
    if any(values is not None and len(values) != wanted for values, wanted in lengths):
        raise PlanInvalid("the arrays of a network do not have the same lengths")
    found = survey(count, before, after)
    if found == IMPOSSIBLE:
        raise PlanInvalid(f"a link is of an activity that is not there: they are numbered from 0 to {count - 1}")
    early_start = np.zeros(count, dtype=np.int64) if releases is None else np.maximum(releases, 0).astype(np.int64)
    early_finish = np.empty(count, dtype=np.int64)
    ties = (durations, before, after, *_delays(links, kinds, lags))
    if found == AS_THEY_COME:
        rows = None
        forward(*ties, early_start, early_finish)
    else:
        rows = _rows(count, before, after)
        if forward_by_rows(*ties, *rows, early_start, early_finish) < count:
            return None
    makespan = int(early_finish.max(initial=0))
    late_finish = np.full(count, makespan, dtype=np.int64)
    free_float = late_finish.copy()
    if deadlines is not None:
        np.minimum(late_finish, deadlines, out=late_finish)
    late_start, total_float = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    results = Dates(
        early_start, early_finish, late_start, late_finish, total_float, free_float, np.empty(links, np.bool_), makespan
    )
    if rows is None:
        backward(*ties, *results[:-1])
    else:
        backward_by_rows(*ties, *rows, *results[:-1])
    return results


def network_dates(network: Network, releases: Sequence[int], deadlines: Mapping[int, int]) -> Dates | None:
    """The dates of a network; ``releases`` of all activities, ``deadlines`` of some. None if there is a cycle."""
    links, count = network.predecessors, len(network)
    after = np.repeat(np.arange(count), np.diff(np.asarray(links.starts)))
    kinds, lags = np.asarray(links.kinds), np.asarray(links.lags)
    latest = None
    if deadlines:
        latest = np.full(count, np.iinfo(np.int64).max)
        for here, deadline in deadlines.items():
            latest[here] = deadline
    return dates(
        np.asarray(network.durations),
        np.asarray(links.nodes),
        after,
        kinds=kinds if kinds.any() else None,
        lags=lags if lags.any() else None,
        releases=np.array(releases, dtype=np.int64) if any(releases) else None,
        deadlines=latest,
    )


def _delays(links: int, kinds: Ints | None, lags: Ints | None) -> tuple[Ints, Ints]:
    """Kinds and lags for the kernels: both empty if there are neither."""
    if kinds is None and lags is None:
        return np.zeros(0, dtype=np.int8), np.zeros(0, dtype=np.int64)
    return (
        np.zeros(links, dtype=np.int8) if kinds is None else kinds,
        np.zeros(links, dtype=np.int64) if lags is None else lags,
    )


def _rows(count: int, before: Ints, after: Ints) -> tuple[Ints, Ints, Ints]:
    """The links by predecessor: where each row starts, the links' places, and room for an order of activities."""
    kind = np.int32 if len(before) < 2**31 else np.int64
    starts, places = np.zeros(count + 1, dtype=kind), np.empty(len(before), dtype=kind)
    sort_links(before, starts, places)
    return starts, places, np.empty(count, dtype=kind)


@compiled
def survey(count: int, before: Ints, after: Ints) -> int:
    """Say what links are like."""
    ordered, last = True, 0
    for link in range(len(before)):
        if before[link] < 0 or before[link] >= count or after[link] < 0 or after[link] >= count:
            return IMPOSSIBLE
        if before[link] >= after[link] or after[link] < last:
            ordered = False
        last = after[link]
    return AS_THEY_COME if ordered else MIXED


@compiled
def delay(kind: int, lag: int, before: int, after: int) -> int:
    """How long after its predecessor's finish a link lets its successor start; both durations are given.

    Numbers alone: were arrays handed over, references to them would be counted at each call.
    """
    if kind in (SS, SF):
        lag -= before
    if kind in (FF, SF):
        lag -= after
    return lag


@compiled
def forward(
    durations: Ints, before: Ints, after: Ints, kinds: Ints, lags: Ints, early_start: Ints, early_finish: Ints
) -> None:
    """Early dates, from ``early_start`` on, where links and activities lie in order."""
    link, links, plain = 0, len(before), len(kinds) == 0
    for here in range(len(durations)):
        start, time = early_start[here], durations[here]
        while link < links and after[link] == here:
            there = before[link]
            least = 0 if plain else delay(kinds[link], lags[link], durations[there], time)
            start = max(start, early_finish[there] + least)
            link += 1
        early_start[here] = start
        early_finish[here] = start + time


@compiled
def backward(
    durations: Ints,
    before: Ints,
    after: Ints,
    kinds: Ints,
    lags: Ints,
    early_start: Ints,
    early_finish: Ints,
    late_start: Ints,
    late_finish: Ints,
    total_float: Ints,
    free_float: Ints,
    driving: Ints,
) -> None:
    """Late dates and floats, from ``late_finish`` on; ``free_float`` comes holding the end of the plan."""
    link, plain = len(before) - 1, len(kinds) == 0
    for here in range(len(durations) - 1, -1, -1):
        time = durations[here]
        early, late = early_start[here], late_finish[here] - time
        late_start[here] = late
        total_float[here] = late - early
        free_float[here] -= early_finish[here]
        while link >= 0 and after[link] == here:
            there = before[link]
            least = 0 if plain else delay(kinds[link], lags[link], durations[there], time)
            late_finish[there] = min(late_finish[there], late - least)
            free_float[there] = min(free_float[there], early - least)
            driving[link] = early_finish[there] + least == early
            link -= 1


@compiled
def sort_links(before: Ints, starts: Ints, places: Ints) -> None:
    """Sort the places of links by predecessor; ``starts`` comes as zeros, one more than activities."""
    for link in range(len(before)):
        starts[before[link]] += 1
    total = 0
    for here in range(len(starts)):
        total += starts[here]
        starts[here] = total
    # Each start comes down from the end of its row to its beginning.
    for link in range(len(before) - 1, -1, -1):
        starts[before[link]] -= 1
        places[starts[before[link]]] = link


@compiled
def forward_by_rows(
    durations: Ints,
    before: Ints,
    after: Ints,
    kinds: Ints,
    lags: Ints,
    starts: Ints,
    places: Ints,
    order: Ints,
    early_start: Ints,
    early_finish: Ints,
) -> int:
    """Early dates, from ``early_start`` on, and an order; give its length, which is short if there is a cycle.

    ``early_finish`` serves to count the links that are still open.
    """
    early_finish[:] = 0
    for link in range(len(after)):
        early_finish[after[link]] += 1
    known = 0
    for here in range(len(durations)):
        if early_finish[here] == 0:
            order[known] = here
            known += 1
    done, plain = 0, len(kinds) == 0
    while done < known:
        here = order[done]
        done += 1
        time = durations[here]
        finish = early_start[here] + time
        early_finish[here] = finish
        for place in range(starts[here], starts[here + 1]):
            link = places[place]
            there = after[link]
            least = 0 if plain else delay(kinds[link], lags[link], time, durations[there])
            early_start[there] = max(early_start[there], finish + least)
            early_finish[there] -= 1
            if early_finish[there] == 0:
                order[known] = there
                known += 1
    return known


@compiled
def backward_by_rows(
    durations: Ints,
    before: Ints,
    after: Ints,
    kinds: Ints,
    lags: Ints,
    starts: Ints,
    places: Ints,
    order: Ints,
    early_start: Ints,
    early_finish: Ints,
    late_start: Ints,
    late_finish: Ints,
    total_float: Ints,
    free_float: Ints,
    driving: Ints,
) -> None:
    """Late dates and floats, from ``late_finish`` on; ``free_float`` comes holding the end of the plan."""
    plain = len(kinds) == 0
    for at in range(len(order) - 1, -1, -1):
        here = order[at]
        time = durations[here]
        finish, late, room = early_finish[here], late_finish[here], free_float[here]
        for place in range(starts[here], starts[here + 1]):
            link = places[place]
            there = after[link]
            least = 0 if plain else delay(kinds[link], lags[link], time, durations[there])
            late = min(late, late_start[there] - least)
            room = min(room, early_start[there] - least)
            driving[link] = finish + least == early_start[there]
        late_finish[here] = late
        late_start[here] = late - time
        total_float[here] = late - finish
        free_float[here] = room - finish
