"""The forecast of a plan: when it will probably end, what it will probably cost, and which tasks decide that."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from milepost.app.dates import DateLimits, PlanDates, limits_of, moment_of_deadline
from milepost.app.forecast_reports import Chance, ForecastReport, Milestone, Percentile, Promise, TaskForecast
from milepost.app.run_specs import DEFAULT_FACTOR
from milepost.app.settings import Settings
from milepost.errors import UsageError
from milepost.execution.records import TaskStatus
from milepost.execution.state import RunState
from milepost.plan.model import Plan
from milepost.schedule.calibration import Actual, Calibration, calibrate
from milepost.schedule.compiling import can_compile
from milepost.schedule.critical_path import compute
from milepost.schedule.distributions import Distribution, ThreePoint
from milepost.schedule.forecast import COMPILED_FROM, Simulation, histogram, percentile, simulate
from milepost.schedule.leveling import level
from milepost.schedule.network import Network
from milepost.schedule.sampling import DEFAULT_SPREADS, ModelOptions, Spread, TierModel, build_model
from milepost.schedule.simulation import Experiment, activity_list
from milepost.schedule.timescale import Timescale

PERCENTS = (10, 50, 80, 95)
SAMPLES = 10_000
_WIDEST = max(DEFAULT_SPREADS)
_TOP = 10
_PLAIN_DRAWS = 400_000
_FEWEST = 1000


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a plan under way: tasks done, working seconds spent on running ones, tiers they moved to.

    ``calibrations`` is what finished tasks say of their tiers' estimates, by rank.
    """

    done: frozenset[str] = frozenset()
    elapsed: Mapping[str, float] = field(default_factory=dict)
    tiers: Mapping[str, int] = field(default_factory=dict)
    calibrations: Mapping[int, Calibration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """What is asked. ``samples`` None: as many as take a few seconds at most.

    ``deadline`` is in working seconds from now, or a date. ``dates`` are those of the plan, counted from the moment
    that is now; without them nothing is given as a date. ``tiers`` says whether capacities count.
    """

    samples: int | None = None
    seed: int = 0
    deadline: int | str | None = None
    confidence: float = 80
    gates: bool = True
    tiers: bool = True
    distribution: Distribution = Distribution.PERT
    correlation: float = 0.0
    threads: int = 1
    dates: PlanDates | None = None


Spent = Callable[[int, float, float], float]
"""Working seconds of a tier, by rank, between two moments in seconds since 1970."""


def _real_time(_rank: int, begin: float, end: float) -> float:
    return end - begin


def progress_of(state: RunState, now: float, spent: Spent = _real_time) -> Progress:
    """What a run tells about its plan; ``now`` in seconds since 1970."""
    records = state.tasks.values()
    return Progress(
        frozenset(record.spec.id for record in records if record.status is TaskStatus.DONE),
        {
            record.spec.id: max(spent(record.tier, record.current.started_at, now), 0.0)
            for record in records
            if record.current
        },
        {
            record.spec.id: record.tier
            for record in records
            if record.status is not TaskStatus.DONE and record.tier != record.spec.tier
        },
    )


def forecast_plan(
    plan: Plan, settings: Settings, options: ForecastOptions | None = None, progress: Progress | None = None
) -> ForecastReport:
    """Forecast what remains of a plan.

    Raises:
        PlanInvalid: the dependencies form a cycle, an estimate is none, or a tier in use has no capacity.
            A calendar holds too little working time.
        UsageError: a percentage makes no sense.
    """
    return _Forecast(plan, settings, options or ForecastOptions(), progress or Progress()).report()


def planned_end(
    plan: Plan, settings: Settings, options: ForecastOptions, progress: Progress
) -> tuple[int, bool, str | None]:
    """When what remains of a plan ends if nothing varies: seconds from now, whether of real time, and the date if any.

    Raises:
        PlanInvalid: the dependencies form a cycle, an estimate is none, or a tier in use has no capacity.
            A calendar holds too little working time.
    """
    return _Forecast(plan, settings, options, progress).planned()


def default_samples(tasks: int, *, calendars: bool = False) -> int:
    """How many samples are worth their time: 10,000, but fewer for a larger plan in plain Python.

    With ``calendars`` that differ still fewer.
    """
    if calendars:
        return min(SAMPLES // 5, max(_FEWEST // 2, _PLAIN_DRAWS // 4 // max(tasks, 1)))
    if tasks * SAMPLES >= COMPILED_FROM and can_compile():
        return SAMPLES
    return min(SAMPLES, max(_FEWEST, _PLAIN_DRAWS // max(tasks, 1)))


class _Forecast:
    """One forecast in the making."""

    def __init__(self, plan: Plan, settings: Settings, options: ForecastOptions, progress: Progress) -> None:
        if not 0 < options.confidence < 100:
            raise UsageError("a confidence lies between 0 and 100 percent")
        if not 0 <= options.correlation <= 1:
            raise UsageError("a correlation lies between 0 and 1")
        self._plan = plan
        self._settings = settings
        self._options = options
        self._progress = progress
        self._factor = settings.escalation_factor or (plan.escalation.factor if plan.escalation else DEFAULT_FACTOR)
        self._tiers = tier_models(settings, progress.calibrations)
        self._network = self._remaining()
        dates = options.dates
        self._scale = dates.timescale(self._network) if dates else None
        self._limits = limits_of(plan, self._network, dates) if dates else DateLimits({}, {}, {})
        self._efforts, self._guessed = self._estimates()

    def _remaining(self) -> Network:
        speeds = {rank: tier.speed for rank, tier in self._tiers.items()}
        network = Network.from_plan(
            self._plan,
            gates=self._options.gates,
            speeds=speeds,
            default_effort=self._settings.default_effort,
            remaining=True,
        )
        activities = tuple(
            replace(
                one,
                tier=self._progress.tiers.get(one.id, one.tier),
                done=one.done or one.id in self._progress.done,
            )
            for one in network.activities
        )
        durations = network.durations[:]
        for here, activity in enumerate(activities):
            if activity.done:
                durations[here] = 0
            elif activity.id in self._progress.elapsed and durations[here]:
                durations[here] = max(durations[here] - round(self._progress.elapsed[activity.id]), 1)
        return replace(network, activities=activities, durations=durations)

    def _estimates(self) -> tuple[dict[str, ThreePoint], int]:
        """The efforts of what is not done, in working seconds, and how many of their ranges are a tier's."""
        found, guessed = {}, 0
        weakest = max(self._tiers)
        for activity in self._network.activities:
            if activity.checkpoint or activity.done:
                continue
            effort = self._plan.by_id[activity.id].effort
            if effort and effort.low < effort.high:
                found[activity.id] = ThreePoint(effort.low, effort.likely, effort.high)
                continue
            spread = self._tiers.get(activity.tier or weakest, self._tiers[weakest]).spread
            stated = effort.likely if effort else self._settings.default_effort
            found[activity.id] = ThreePoint(stated * spread.low, stated * spread.likely, stated * spread.high)
            guessed += 1
        return found, guessed

    def planned(self) -> tuple[int, bool, str | None]:
        _, seconds = self._experiment()
        return seconds, bool(self._scale and self._scale.differ), self._date(seconds)

    def report(self) -> ForecastReport:
        options, scale = self._options, self._scale
        experiment, planned = self._experiment()
        open_tasks = len(self._efforts)
        samples = options.samples or default_samples(open_tasks, calendars=bool(scale and scale.differ))
        found = simulate(experiment, samples, seed=options.seed, threads=options.threads)
        return ForecastReport(
            title=self._plan.title,
            samples=found.samples,
            seed=options.seed,
            gates=options.gates,
            capacities=options.tiers,
            distribution=options.distribution.value,
            correlation=options.correlation,
            escalation_factor=self._factor,
            compiled=found.compiled,
            tasks=sum(not one.checkpoint for one in self._network.activities),
            done=sum(one.done for one in self._network.activities),
            guessed=self._guessed,
            planned=Chance(planned, found.probability(planned)),
            mean_seconds=round(found.mean, 1),
            deviation_seconds=round(found.deviation, 1),
            mean_cost=round(sum(found.costs) / found.samples, 4),
            confidence=options.confidence,
            percentiles=self._percentiles(found),
            deadline=self._deadline(found),
            histogram=histogram(found.makespans),
            milestones=self._milestones(found),
            matters=self._matters(found),
            calibrations=self._progress.calibrations,
            start=self._date(0),
            planned_date=self._date(planned),
            start_from=options.dates.stated if options.dates else None,
            elapsed=bool(scale and scale.differ),
            promises=tuple(self._promises(found)),
            notes=self._limits.notes,
        )

    def _experiment(self) -> tuple[Experiment, int]:
        """What is to be drawn, and the makespan without doubt."""
        options = ModelOptions(
            self._options.distribution, self._options.correlation, self._factor, self._progress.elapsed
        )
        model = build_model(self._network, self._efforts, self._tiers, options)
        scale, network = self._scale, self._network
        deadlines = self._limits.deadlines(scale) if scale else {}
        path = scale.compute(self._limits.releases(scale), deadlines) if scale else compute(network)
        dated = {*self._limits.due, *self._limits.deadline}
        watched = tuple(here for here, one in enumerate(network.activities) if one.checkpoint or one.id in dated)
        experiment = Experiment(network, model, path.releases, network.order, False, watched)
        if scale and scale.differ and self._options.dates:
            calendars = self._options.dates.calendars
            times = tuple(calendars.working_time(calendars.of(rank)) for rank in model.ranks)
            experiment = replace(experiment, axes=scale.axes, tier_times=times)
        if not self._options.tiers:
            return experiment, path.makespan
        capacities = {rank: tier.capacity for rank, tier in self._tiers.items()}
        leveled = scale.level(path, capacities, deadlines) if scale else level(path, capacities)
        order = activity_list(network, leveled.start)
        return replace(experiment, order=order, capacities=True), leveled.makespan

    def _date(self, seconds: float) -> str | None:
        """When so many seconds from now are over, where there are dates."""
        return self._scale.finishing(int(seconds)).isoformat(timespec="seconds") if self._scale else None

    def _percentiles(self, found: Simulation) -> tuple[Percentile, ...]:
        costs = sorted(found.costs)
        return tuple(
            Percentile(
                percent,
                seconds := found.percentile(percent),
                round(percentile(costs, percent), 4),
                self._date(seconds),
            )
            for percent in sorted({*PERCENTS, self._options.confidence})
        )

    def _deadline(self, found: Simulation) -> Chance | None:
        deadline = self._options.deadline
        if deadline is None:
            return None
        if isinstance(deadline, int):
            return Chance(deadline, found.probability(deadline))
        if self._scale is None or self._options.dates is None:
            raise UsageError("a date as deadline needs a start", remedy="give a moment to count from: --start")
        seconds = max(self._scale.position(moment_of_deadline(deadline, self._options.dates)), 0)
        return Chance(seconds, found.probability(seconds), deadline)

    def _milestones(self, found: Simulation) -> tuple[Milestone, ...]:
        confidence = self._options.confidence
        rows = []
        for gate in self._plan.checkpoints:
            if gate.id in found.watched:
                ordered = sorted(found.watched[gate.id])
                half, sure = int(percentile(ordered, 50)), int(percentile(ordered, confidence))
                rows.append(Milestone(gate.id, gate.name, half, sure, self._date(half), self._date(sure)))
        return tuple(rows)

    def _promises(self, found: Simulation) -> Iterator[Promise]:
        """The odds of what tasks state, deadlines before due dates."""
        scale: Timescale | None = self._scale
        if scale is None:
            return
        for kind, moments in (("deadline", self._limits.deadline), ("due", self._limits.due)):
            for name, at in moments.items():
                if self._network.activities[self._network.number(name)].done:
                    continue
                ordered = sorted(found.watched[name])
                kept = bisect_right(ordered, scale.position(at)) / len(ordered)
                sure = self._date(percentile(ordered, self._options.confidence)) or ""
                yield Promise(name, kind, at.isoformat(timespec="seconds"), kept, sure)

    def _matters(self, found: Simulation) -> tuple[TaskForecast, ...]:
        numbers = [here for here, one in enumerate(self._network.activities) if one.id in self._efforts]
        numbers.sort(key=lambda here: (-found.sensitivity(here), -found.criticality(here), here))
        return tuple(self._task(found, here) for here in numbers[:_TOP])

    def _task(self, found: Simulation, here: int) -> TaskForecast:
        activity = self._network.activities[here]
        return TaskForecast(
            id=activity.id,
            title=self._plan.by_id[activity.id].title,
            tier=activity.tier,
            mean_seconds=round(found.means[here], 1),
            deviation_seconds=round(found.deviations[here], 1),
            criticality=round(found.criticality(here), 4),
            cruciality=round(found.cruciality[here], 4),
            sensitivity=round(found.sensitivity(here), 4),
            escalation=round(found.escalated[here] / found.samples, 4),
        )


def tier_models(settings: Settings, calibrations: Mapping[int, Calibration] | None = None) -> dict[int, TierModel]:
    """The tiers as the forecast sees them; those with a record have its spread."""
    known = calibrations or {}
    return {
        rank: TierModel(
            tier.capacity,
            tier.speed,
            tier.cost_per_hour,
            known[rank].spread if rank in known else tier_spread(settings, rank),
        )
        for rank, tier in settings.tiers.items()
    }


def tier_spread(settings: Settings, rank: int) -> Spread:
    """What is assumed of a tier's single-valued estimates: what the settings say, or what is usual."""
    stated = settings.tiers[rank].spread
    if stated:
        low, likely, high = stated
        return Spread(low, high, likely)
    return DEFAULT_SPREADS[min(rank, _WIDEST)]


def actuals_of(state: RunState, spent: Spent = _real_time) -> list[Actual]:
    """The tasks that a run's workers finished at their first tier: estimated and actual seconds of the last attempt."""
    found = []
    for record in state.tasks.values():
        tier = state.tiers.get(record.tier)
        if record.status is TaskStatus.DONE and record.attempts and tier and record.tier == record.spec.tier:
            last = record.attempts[-1]
            # What is reported done without a claim began when it ended: nobody knows how long it took.
            if last.ended_at is not None and last.ended_at > last.started_at and record.spec.effort:
                found.append(
                    Actual(
                        record.tier, record.spec.effort / tier.speed, spent(record.tier, last.started_at, last.ended_at)
                    )
                )
    return found


def calibrations_of(
    states: Iterable[RunState], settings: Settings, spent: Spent = _real_time
) -> dict[int, Calibration]:
    """What the finished tasks of some runs say of their tiers' estimates."""
    spreads = {rank: tier_spread(settings, rank) for rank in settings.tiers}
    return calibrate([one for state in states for one in actuals_of(state, spent)], spreads)
