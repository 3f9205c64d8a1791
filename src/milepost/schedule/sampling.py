"""Random durations of activities: the model, and the counter-based numbers behind it.

Every random number is a function of (seed, name, sample number): the name of a task, or of a tier for what its tasks
share. Nothing depends on the order in which numbers are drawn, so that threads change nothing, and a plan that was
altered in one place meets the same luck everywhere else. The generator is SplitMix64 (Steele, Lea and Flood, 2014)
with a key of its own for each name, itself hashed from the seed.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import repeat
from math import inf, sqrt

from milepost.schedule.distributions import (
    STEPS,
    Distribution,
    QuantileTables,
    ThreePoint,
    cumulative,
    fit,
)
from milepost.schedule.network import Network

GOLDEN = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = 2**64 - 1
_CHOICES = 2048
_OVERDUE = 0.1


@dataclass(frozen=True, slots=True)
class Spread:
    """Low, high and likely effort as multiples of an estimate that is a single value."""

    low: float
    high: float
    likely: float = 1.0


DEFAULT_SPREADS: Mapping[int, Spread] = {1: Spread(0.8, 1.5), 2: Spread(0.75, 2.0), 3: Spread(0.7, 2.5)}
"""What is assumed of a tier that has no record: the weaker, the less its estimates hold. Ranks beyond 3 are like 3."""


@dataclass(frozen=True, slots=True)
class TierModel:
    """A tier as the forecast sees it: duration is effort ÷ speed, cost in any currency per working hour."""

    capacity: int
    speed: float = 1.0
    cost_per_hour: float = 0.0
    spread: Spread = Spread(0.7, 2.5)


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How durations vary. ``correlation`` (0 to 1) is that of two tasks of one tier.

    ``escalation`` is the multiple of its likely duration after which a task goes on at the next stronger tier; None:
    never. ``elapsed`` holds the working seconds that tasks being worked on have used already.
    """

    distribution: Distribution = Distribution.PERT
    correlation: float = 0.0
    escalation: float | None = 2.0
    elapsed: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DurationModel:
    """Everything needed to draw durations, by activity number; times in seconds at the activity's own tier.

    ``key`` is the activity's hashed name. A duration is ``offset + scale × table(u)``, the table of 2,049 values
    beginning at ``table`` in ``tables``, for u from ``floor`` to 1. What lies beyond ``limit`` is worked off on the
    next stronger tier, and there too up to the same effort. ``tier`` counts from the strongest tier at 0, −1 for
    checkpoints. ``elapsed`` is subtracted from the duration, which stays at least a second.
    """

    key: list[int]
    table: array[int]
    tables: array[float]
    offset: array[float]
    scale: array[float]
    limit: array[float]
    floor: array[float]
    elapsed: array[float]
    tier: array[int]
    ranks: tuple[int, ...]
    speed: array[float]
    rate: array[float]
    capacity: array[int]
    share: int

    def median(self, here: int) -> float:
        """The duration in the middle of the distribution, in seconds."""
        middle = self.tables[self.table[here] + STEPS // 2] if self.scale[here] else 0.0
        return self.offset[here] + self.scale[here] * middle


def build_model(
    network: Network,
    efforts: Mapping[str, ThreePoint],
    tiers: Mapping[int, TierModel],
    options: ModelOptions | None = None,
) -> DurationModel:
    """Put a model together. ``efforts`` in working seconds, by id; an activity without one takes no time.

    An unassigned task goes to the weakest tier, as does one whose tier is unknown.

    Raises:
        PlanInvalid: an estimate is none.
    """
    options = options or ModelOptions()
    ranks = tuple(sorted(tiers)) or (1,)
    known = [tiers.get(rank, TierModel(1)) for rank in ranks]
    places = {rank: place for place, rank in enumerate(ranks)}
    tier = array("q")
    fitted = []
    for activity in network.activities:
        place = -1 if activity.checkpoint else places.get(activity.tier or ranks[-1], len(ranks) - 1)
        duration = efforts.get(activity.id, ThreePoint(0, 0, 0)).scaled(1 / known[place].speed)
        tier.append(place)
        fitted.append((duration.likely, fit(duration, options.distribution)))
    tables = QuantileTables(options.distribution, [shape.shape for _, shape in fitted if shape.scale] or [0.5])
    count = len(network)
    model = DurationModel(
        key=[hashed(activity.id) for activity in network.activities],
        table=array("q", [tables.start(shape.shape) if shape.scale else 0 for _, shape in fitted]),
        tables=tables.values,
        offset=array("d", [shape.offset for _, shape in fitted]),
        scale=array("d", [shape.scale for _, shape in fitted]),
        limit=array("d", repeat(inf, count)),
        floor=array("d", bytes(8 * count)),
        elapsed=array("d", bytes(8 * count)),
        tier=tier,
        ranks=ranks,
        speed=array("d", [one.speed for one in known]),
        rate=array("d", [one.cost_per_hour / 3600 for one in known]),
        capacity=array("q", [one.capacity for one in known]),
        share=round(sqrt(min(max(options.correlation, 0.0), 1.0)) * _CHOICES),
    )
    if options.escalation is not None:
        for here, (likely, _) in enumerate(fitted):
            if tier[here] > 0 and likely:
                model.limit[here] = options.escalation * likely
    for name, elapsed in options.elapsed.items():
        if name in network.index:
            _condition(model, network.index[name], elapsed, fitted[network.index[name]][0])
    return model


def _condition(model: DurationModel, here: int, elapsed: float, likely: float) -> None:
    """Leave out the durations that an activity has already outlived.

    One that outlived them all refutes its estimate; it is given another tenth of the likely duration.
    """
    if elapsed <= 0 or not likely:
        return
    model.elapsed[here] = elapsed
    scale = model.scale[here]
    start = model.table[here]
    floor = cumulative(model.tables, start, (elapsed - model.offset[here]) / scale) if scale else 0.0
    if floor < 1 and model.offset[here] + scale * model.tables[start + STEPS] > elapsed:
        model.floor[here] = floor
    else:
        model.offset[here], model.scale[here] = elapsed + _OVERDUE * likely, 0.0
        model.limit[here] = inf


def hashed(name: str) -> int:
    """A number of 64 bits for a name, the same everywhere."""
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def mix(number: int) -> int:
    """SplitMix64's mixing function: every bit of the result hangs on every bit of the number."""
    number = ((number ^ (number >> 30)) * FIRST) & _MASK
    number = ((number ^ (number >> 27)) * SECOND) & _MASK
    return number ^ (number >> 31)


def keys(model: DurationModel, seed: int) -> list[int]:
    """The generator's keys under a seed, of all activities."""
    start = mix(mix(seed & _MASK) ^ GOLDEN)
    return [mix(start ^ key) for key in model.key]


def tier_keys(model: DurationModel, seed: int) -> list[int]:
    """The generator's keys of what the tasks of each tier share."""
    start = mix(mix(seed & _MASK) ^ GOLDEN)
    return [mix(start ^ hashed(f"tier {rank}")) for rank in model.ranks]


def bits(key: int, samples: range) -> list[int]:
    """The random 64 bits of a key in each sample."""
    found = []
    counter = (key + GOLDEN * (samples.start + 1)) & _MASK
    for _ in samples:
        number = ((counter ^ (counter >> 30)) * FIRST) & _MASK
        number = ((number ^ (number >> 27)) * SECOND) & _MASK
        found.append(number ^ (number >> 31))
        counter = (counter + GOLDEN) & _MASK
    return found


def draw(model: DurationModel, here: int, key: int, shared: Sequence[int], samples: range) -> list[float]:
    """Durations of an activity in some samples, in seconds at its own tier, before escalation.

    ``shared`` are the bits of its tier in these samples. Each task takes its tier's luck instead of its own with a
    probability of √correlation: that leaves its distribution as it is, and gives any two tasks of a tier exactly
    that rank correlation.
    """
    offset, scale, start, values = model.offset[here], model.scale[here], model.table[here], model.tables
    if not scale:
        return [offset] * len(samples)
    own = bits(key, samples)
    if model.share and model.tier[here] >= 0:
        share = model.share
        own = [ours if one & 2047 < share else one for one, ours in zip(own, shared, strict=True)]
    floor = model.floor[here]
    found = []
    for one in own:
        level = (one >> 11) * 2.0**-53
        if floor:
            level = floor + (1.0 - floor) * level
        position = level * 2048.0
        step = min(int(position), 2047)
        low = values[start + step]
        found.append(offset + scale * (low + (position - step) * (values[start + step + 1] - low)))
    return found


def segments(model: DurationModel, here: int, duration: float) -> list[tuple[int, float]]:
    """What a duration beyond the limit becomes: (tier, seconds there), from the own tier to ever stronger ones."""
    tier, limit = model.tier[here], model.limit[here]
    if duration <= limit:
        return [(tier, duration)]
    found = [(tier, limit)]
    step = limit * model.speed[tier]
    rest = (duration - limit) * model.speed[tier]
    while True:
        tier -= 1
        if tier == 0 or rest <= step:
            return [*found, (tier, rest / model.speed[tier])]
        found.append((tier, step / model.speed[tier]))
        rest -= step
