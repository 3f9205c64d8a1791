"""Simulation compiled by numba: the same samples as in plain Python, some hundred times faster.

Importing this module imports numba (about half a second; the first use ever compiles for some more). A chunk of
samples is one unit of work for a thread; inside it 64 samples at a time go through the network side by side, so that
the processor takes several at once and the rows stay in its cache.

The inner kernels take plain arrays: what they got in tuples numba would count references to, in every call.
"""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from milepost.schedule.compiling import compiled
from milepost.schedule.network import FF, FS, SS
from milepost.schedule.sampling import FIRST, GOLDEN, SECOND, keys, tier_keys
from milepost.schedule.simulation import CHUNK, Experiment, Moments, Tally

if TYPE_CHECKING:
    np: Any = None
else:
    import numpy as np

_LANES = 64
_GOLDEN, _FIRST, _SECOND = np.uint64(GOLDEN), np.uint64(FIRST), np.uint64(SECOND)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
_S53, _LOW, _REST = np.uint64(53), np.uint64(2047), np.uint64(2**42 - 1)

OFFSET, SCALE, LIMIT, FLOOR, ELAPSED, MEDIAN = range(6)
"""Columns of the numbers by activity: see :class:`~milepost.schedule.sampling.DurationModel`."""

TABLE, TIER, RELEASE = range(3)
"""Columns of the integers by activity."""

SPEED, RATE = range(2)
"""Columns of the numbers by tier."""

NODE, KIND, LAG = range(3)
"""Columns of the links: the predecessor, the code of the kind, working seconds."""


class Inputs(NamedTuple):
    """An experiment in arrays, in the order in which the kernels take them. Keys are under the seed."""

    order: Any
    starts: Any
    links: Any
    watched: Any
    numbers: Any
    integers: Any
    keys: Any
    tables: Any
    tiers: Any
    tier_keys: Any
    capacity: Any
    share: int
    reference: int


class Sums(NamedTuple):
    """What a chunk of samples yields: by sample, by activity, and the moments as rows."""

    makespans: Any
    costs: Any
    watched: Any
    critical: Any
    escalated: Any
    moments: Any


def run(experiment: Experiment, samples: int, seed: int, threads: int) -> Tally:
    """Draw all samples."""
    from milepost.schedule.placement_kernels import placed_chunk

    inputs = _inputs(experiment, seed)
    kind = np.zeros(0, dtype=np.int32 if _longest(experiment) < 2**31 else np.int64)

    def work(first: int) -> Sums:
        sums = _sums(experiment, min(CHUNK, samples - first))
        if experiment.capacities:
            placed_chunk(inputs, first, sums)
        else:
            free_chunk(inputs, first, sums, kind)
        return sums

    with ThreadPoolExecutor(max(threads, 1)) as pool:
        return _tally(list(pool.map(work, range(0, samples, CHUNK))))


def _longest(experiment: Experiment) -> float:
    """No time in any sample is beyond this many seconds."""
    model, lags = experiment.model, experiment.network.predecessors.lags
    slowest = max(1.0, max(model.speed) / min(model.speed))
    work = sum(model.offset) + sum(model.scale) * max(model.tables)
    return slowest * work + sum(map(abs, lags)) + max(experiment.releases, default=0) + len(experiment.releases)


def _inputs(experiment: Experiment, seed: int) -> Inputs:
    model, links = experiment.model, experiment.network.predecessors
    numbers = (model.offset, model.scale, model.limit, model.floor, model.elapsed, experiment.medians)
    return Inputs(
        order=np.array(experiment.order, dtype=np.int64),
        starts=np.array(links.starts, dtype=np.int64),
        links=_columns((links.nodes, links.kinds, links.lags), np.int64),
        watched=np.array(experiment.watched, dtype=np.int64),
        numbers=_columns(numbers, np.float64),
        integers=_columns((model.table, model.tier, experiment.releases), np.int64),
        keys=np.array(keys(model, seed), dtype=np.uint64),
        tables=np.array(model.tables, dtype=np.float32),
        tiers=_columns((model.speed, model.rate), np.float64),
        tier_keys=np.array(tier_keys(model, seed), dtype=np.uint64),
        capacity=np.array(model.capacity, dtype=np.int64),
        share=model.share,
        reference=experiment.reference,
    )


def _columns(values: tuple[Any, ...], kind: Any) -> Any:
    return np.ascontiguousarray(np.array([np.array(column, dtype=kind) for column in values]).T)


def _sums(experiment: Experiment, width: int) -> Sums:
    count = len(experiment.network)
    return Sums(
        np.zeros(width, dtype=np.int64),
        np.zeros(width),
        np.zeros((len(experiment.watched), width), dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.zeros((3, count)),
    )


def _tally(parts: list[Sums]) -> Tally:
    def joined(kind: str, rows: list[Any]) -> array[Any]:
        return array(kind, np.concatenate(rows).tobytes())

    watched = range(len(parts[0].watched))
    return Tally(
        joined("q", [part.makespans for part in parts]),
        joined("d", [part.costs for part in parts]),
        [joined("q", [part.watched[row] for part in parts]) for row in watched],
        joined("q", [sum(part.critical for part in parts)]),
        joined("q", [sum(part.escalated for part in parts)]),
        [Moments(*(array("d", row.tobytes()) for row in part.moments)) for part in parts],
    )


@compiled
def random_bits(key: Any, sample: int) -> Any:
    """SplitMix64 at a place of its sequence: see :func:`milepost.schedule.sampling.bits`."""
    number = key + _GOLDEN * np.uint64(sample + 1)
    number = (number ^ (number >> _S30)) * _FIRST
    number = (number ^ (number >> _S27)) * _SECOND
    return number ^ (number >> _S31)


@compiled
def share_luck(tier_keys: Any, shared: Any, first: int) -> None:
    """Draw what the tasks of each tier share."""
    for tier in range(shared.shape[0]):
        for lane in range(shared.shape[1]):
            shared[tier, lane] = random_bits(tier_keys[tier], first + lane)


@compiled
def draw_row(
    numbers: Any, integers: Any, keys: Any, tables: Any, share: int, shared: Any, here: int, first: int, raw: Any
) -> None:
    """See :func:`milepost.schedule.sampling.draw`: fill a row with durations at the own tier."""
    offset, scale, floor = numbers[here, OFFSET], numbers[here, SCALE], numbers[here, FLOOR]
    key, tier, start = keys[here], integers[here, TIER], integers[here, TABLE]
    if scale == 0.0:
        raw[:] = offset
        return
    mixed = share > 0 and tier >= 0
    for lane in range(len(raw)):
        own = random_bits(key, first + lane)
        if mixed and np.int64(own & _LOW) < share:
            own = shared[tier, lane]
        if floor == 0.0:
            # The same figures as below, taken from the bits without a detour.
            step, rest = np.int64(own >> _S53), np.float64(np.int64((own >> _S11) & _REST)) * 2.0**-42
        else:
            position = (floor + (1.0 - floor) * (np.float64(np.int64(own >> _S11)) * 2.0**-53)) * 2048.0
            step = min(np.int64(position), 2047)
            rest = position - step
        low, high = np.float64(tables[start + step]), np.float64(tables[start + step + 1])
        raw[lane] = offset + scale * (low + rest * (high - low))


@compiled
def escalate(numbers: Any, integers: Any, tiers: Any, here: int, duration: float, parts: Any) -> int:
    """See :func:`milepost.schedule.sampling.segments`: fill rows of (tier, seconds), and give their number."""
    tier, limit = integers[here, TIER], numbers[here, LIMIT]
    parts[0, 0], parts[0, 1] = tier, limit
    step = limit * tiers[tier, SPEED]
    rest = (duration - limit) * tiers[tier, SPEED]
    count = 1
    while True:
        tier -= 1
        parts[count, 0] = tier
        if tier == 0 or rest <= step:
            parts[count, 1] = rest / tiers[tier, SPEED]
            return count + 1
        parts[count, 1] = step / tiers[tier, SPEED]
        rest -= step
        count += 1


@compiled
def settle_row(
    numbers: Any, integers: Any, tiers: Any, here: int, raw: Any, row: Any, costs: Any, escalated: Any, parts: Any
) -> None:
    """Fill a row with the whole seconds that remain after escalation; costs are added to the samples'."""
    tier, elapsed, limit = integers[here, TIER], numbers[here, ELAPSED], numbers[here, LIMIT]
    rate = tiers[tier, RATE] if tier >= 0 else 0.0
    least, most = raw[0], raw[0]
    for lane in range(len(raw)):
        least, most = min(least, raw[lane]), max(most, raw[lane])
    if most <= limit and rate == 0.0 and least != 0.0:
        # The usual case by itself: the processor takes several lanes at once.
        for lane in range(len(raw)):
            row[lane] = max(row.dtype.type(raw[lane] - elapsed + 0.5), 1)
        return
    for lane in range(len(raw)):
        drawn = raw[lane]
        if drawn > limit:
            escalated[here] += 1
            count = escalate(numbers, integers, tiers, here, drawn, parts)
            cost = -elapsed * rate
            drawn = 0.0
            for part in range(count):
                drawn += parts[part, 1]
                cost += parts[part, 1] * tiers[np.int64(parts[part, 0]), RATE]
            costs[lane] += max(cost, 0.0)
        elif rate != 0.0:
            costs[lane] += max((drawn - elapsed) * rate, 0.0)
        row[lane] = max(np.int64(drawn - elapsed + 0.5), 1) if drawn != 0.0 else 0


@compiled
def add_moments(moments: Any, here: int, row: Any, median: float, late: Any) -> None:
    """Add samples of an activity to its sums."""
    first, second, product = moments[0, here], moments[1, here], moments[2, here]
    for lane in range(len(late)):
        more = row[lane] - median
        first += more
        second += more * more
        product += more * late[lane]
    moments[0, here], moments[1, here], moments[2, here] = first, second, product


@compiled
def free_chunk(inputs: Inputs, first: int, sums: Sums, kind: Any) -> None:
    """Draw a chunk of samples without capacities; ``kind`` is an array of the type of integer to count seconds in."""
    order, starts, links, watched, numbers, integers, keys, tables, tiers, tier_keys, _, share, reference = inputs
    makespans, costs, watched_finishes, critical, escalated, moments = sums
    times = np.zeros((len(order), _LANES), dtype=kind.dtype)
    finish = np.zeros((len(order), _LANES), dtype=kind.dtype)
    marks = np.zeros((len(order), _LANES), dtype=kind.dtype)
    parts = np.zeros((len(tiers) + 1, 2))
    for base in range(0, len(makespans), _LANES):
        lanes = min(_LANES, len(makespans) - base)
        raw, most, late = np.zeros(lanes), np.zeros(lanes, dtype=kind.dtype), np.zeros(lanes)
        shared = np.zeros((len(tier_keys), lanes), dtype=np.uint64)
        share_luck(tier_keys, shared, first + base)
        for here in order:
            draw_row(numbers, integers, keys, tables, share, shared, here, first + base, raw)
            settle_row(numbers, integers, tiers, here, raw, times[here], costs[base:], escalated, parts)
            start_row(starts, links, integers[here, RELEASE], here, times, finish, most)
        mark_rows(order, starts, links, times, finish, marks, most, critical)
        for row in range(len(watched)):
            watched_finishes[row, base : base + lanes] = finish[watched[row], :lanes]
        makespans[base : base + lanes] = most
        for lane in range(lanes):
            late[lane] = np.int64(most[lane]) - reference
        for here in range(len(order)):
            if numbers[here, SCALE] != 0.0:
                add_moments(moments, here, times[here], numbers[here, MEDIAN], late)


@compiled
def start_row(starts: Any, links: Any, release: int, here: int, times: Any, finish: Any, most: Any) -> None:
    """The earliest finishes of an activity, and the latest of all so far."""
    row, own, lanes = finish[here], times[here], range(len(most))
    row[:] = release
    for place in range(starts[here], starts[here + 1]):
        kind, lag = links[place, KIND], row.dtype.type(links[place, LAG])
        base, time = finish[links[place, NODE]], times[links[place, NODE]]
        if kind == FS:
            for lane in lanes:
                row[lane] = max(row[lane], base[lane] + lag)
        elif kind == FF:
            for lane in lanes:
                row[lane] = max(row[lane], base[lane] + lag - own[lane])
        elif kind == SS:
            for lane in lanes:
                row[lane] = max(row[lane], base[lane] - time[lane] + lag)
        else:
            for lane in lanes:
                row[lane] = max(row[lane], base[lane] - time[lane] + lag - own[lane])
    for lane in lanes:
        row[lane] += own[lane]
        most[lane] = max(most[lane], row[lane])


@compiled
def mark_rows(
    order: Any, starts: Any, links: Any, times: Any, finish: Any, marks: Any, most: Any, critical: Any
) -> None:
    """Count what is critical: what ends last, and what holds back something critical."""
    lanes = range(len(most))
    for here in range(len(order)):
        for lane in lanes:
            marks[here, lane] = finish[here, lane] == most[lane]
    for here in order[::-1]:
        row, own, mine = finish[here], times[here], marks[here]
        found = 0
        for lane in lanes:
            found += mine[lane]
        if found == 0:
            continue
        critical[here] += found
        for place in range(starts[here], starts[here + 1]):
            kind, lag, before = links[place, KIND], links[place, LAG], links[place, NODE]
            base, time, other = finish[before], times[before], marks[before]
            if kind == FS:
                for lane in lanes:
                    other[lane] |= mine[lane] & (base[lane] + lag == row[lane] - own[lane])
            elif kind == FF:
                for lane in lanes:
                    other[lane] |= mine[lane] & (base[lane] + lag == row[lane])
            elif kind == SS:
                for lane in lanes:
                    other[lane] |= mine[lane] & (base[lane] - time[lane] + lag == row[lane] - own[lane])
            else:
                for lane in lanes:
                    other[lane] |= mine[lane] & (base[lane] - time[lane] + lag == row[lane])
