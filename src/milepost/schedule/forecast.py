"""Forecasts by simulation: a plan's network, drawn thousands of times.

Without capacities every activity starts when its predecessors let it. With them each tier takes its tasks in a fixed
order, the one of a schedule made beforehand, each on the place that is free first: a policy that foresees nothing
(activity-based, as in Stork, 2001), and that takes no longer than the schedule when all durations are as planned
and no link leads to a finish.

Small plans are drawn in plain Python, large ones by compiled kernels where numba is installed; both give the same
samples.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, sqrt

from milepost.errors import UsageError
from milepost.schedule.compiling import can_compile
from milepost.schedule.network import Network
from milepost.schedule.simulation import Experiment, Tally

COMPILED_FROM = 1_000_000
"""Draws from which loading the compiled kernels pays: some three seconds of plain Python."""


@dataclass(frozen=True)
class Simulation:
    """What happened in all samples. Times in working seconds, costs in the tiers' currency.

    ``makespans`` and ``costs`` by sample; ``critical`` and ``escalated`` count samples by activity; ``means`` and
    ``deviations`` are those of the activities' durations, ``cruciality`` their correlation with the makespan
    (Williams, 1992); ``watched`` holds the finishes of the activities asked for, by sample.
    """

    network: Network
    makespans: array[int]
    costs: array[float]
    critical: array[int]
    escalated: array[int]
    means: list[float]
    deviations: list[float]
    cruciality: list[float]
    watched: dict[str, array[int]]
    compiled: bool

    @property
    def samples(self) -> int:
        """How many samples were drawn."""
        return len(self.makespans)

    @cached_property
    def sorted_makespans(self) -> list[int]:
        """The makespans in ascending order."""
        return sorted(self.makespans)

    def percentile(self, percent: float) -> int:
        """The makespan that so many percent of the samples keep."""
        return int(percentile(self.sorted_makespans, percent))

    def probability(self, deadline: int) -> float:
        """The share of samples that end by a deadline."""
        return bisect_right(self.sorted_makespans, deadline) / self.samples

    @cached_property
    def mean(self) -> float:
        """The mean makespan."""
        return sum(self.makespans) / self.samples

    @cached_property
    def deviation(self) -> float:
        """The standard deviation of the makespan."""
        return _deviation(self.makespans, self.mean)

    def criticality(self, here: int) -> float:
        """The share of samples in which an activity is on a longest chain (Van Slyke, 1963)."""
        return self.critical[here] / self.samples

    def sensitivity(self, here: int) -> float:
        """Schedule sensitivity index: criticality × deviation of the duration ÷ deviation of the makespan.

        Source: Vanhoucke, Measuring Time (2009), after the PMBOK Guide.
        """
        return self.criticality(here) * self.deviations[here] / self.deviation if self.deviation else 0.0


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The least of some ordered values that so many percent of them do not exceed."""
    return ordered[min(max(ceil(percent / 100 * len(ordered)) - 1, 0), len(ordered) - 1)]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of equally wide bins; bin *i* holds values from ``low + i × width`` on, in seconds."""

    low: int
    width: int
    counts: list[int]


def histogram(values: Sequence[int], bins: int = 20) -> Histogram:
    """Sort whole seconds into at most so many bins, at multiples of their width."""
    low, high = min(values), max(values)
    width = nice_step((high - low + 1) / max(bins - 1, 1)) if bins > 1 else high - low + 1
    first = low // width * width if bins > 1 else low
    counts = [0] * ((high - first) // width + 1)
    for value in values:
        counts[(value - first) // width] += 1
    return Histogram(first, width, counts)


def nice_step(least: float) -> int:
    """A round length of time that is not shorter: 1, 2, 5, 10, 15, 30 seconds or minutes, 1, 2, 4, 8 … hours."""
    for unit in (1, 60):
        for step in (1, 2, 5, 10, 15, 30):
            if step * unit >= least:
                return step * unit
    step = 3600
    while step < least:
        step *= 2
    return step


def simulate(
    experiment: Experiment, samples: int, *, seed: int = 0, threads: int = 1, compiled: bool | None = None
) -> Simulation:
    """Draw a network. The same seed gives the same samples, in plain Python or compiled, in any number of threads.

    Without ``compiled`` the faster way is taken.

    Where tiers keep different calendars it is plain Python that draws.

    Raises:
        UsageError: there is not at least one sample, or kernels are wanted that are not there.
        PlanInvalid: a calendar holds too little working time.
    """
    if samples < 1:
        raise UsageError("a forecast needs at least one sample")
    if experiment.axes:
        from milepost.schedule import calendar_simulation

        return _finish(experiment, calendar_simulation.run(experiment, samples, seed), compiled=False)
    if compiled is None:
        compiled = samples * len(experiment.network) >= COMPILED_FROM and can_compile()
    if compiled and not can_compile():
        raise UsageError("numba is not installed", remedy="pip install 'milepost[schedule]'")
    if compiled:
        from milepost.schedule import simulation_kernels

        tally = simulation_kernels.run(experiment, samples, seed, threads)
    else:
        from milepost.schedule import plain_simulation

        tally = plain_simulation.run(experiment, samples, seed)
    return _finish(experiment, tally, compiled=compiled)


def _finish(experiment: Experiment, tally: Tally, *, compiled: bool) -> Simulation:
    """Turn sums into means, deviations and correlations; the chunks' sums are added in their order."""
    network, count = experiment.network, len(tally.makespans)
    mean = sum(tally.makespans) / count
    late, spread = mean - experiment.reference, _deviation(tally.makespans, mean)
    means, deviations, cruciality = [], [], []
    for here, median in enumerate(experiment.medians):
        first = sum(part.first[here] for part in tally.moments) / count
        second = sum(part.second[here] for part in tally.moments) / count
        product = sum(part.product[here] for part in tally.moments) / count
        own = sqrt(max(second - first * first, 0.0))
        means.append(median + first)
        deviations.append(own)
        both = own * spread
        cruciality.append(max(-1.0, min((product - first * late) / both, 1.0)) if both > 1e-9 else 0.0)
    return Simulation(
        network,
        tally.makespans,
        tally.costs,
        tally.critical,
        tally.escalated,
        means,
        deviations,
        cruciality,
        {network.ids[here]: kept for here, kept in zip(experiment.watched, tally.watched, strict=True)},
        compiled,
    )


def _deviation(values: Sequence[int], mean: float) -> float:
    return sqrt(sum((value - mean) ** 2 for value in values) / len(values))
