"""Schedules with calendars: verified minute by minute, and the same as without where calendars are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.schedule.calendar_checker import Item, Week, complaints, second

from milepost.errors import PlanInvalid
from milepost.schedule.calendar import ALWAYS, Calendar
from milepost.schedule.calendar_leveling import level_on_axes, search_on_axes
from milepost.schedule.calendar_path import Axes, compute_on_axes
from milepost.schedule.calendar_placement import Placement
from milepost.schedule.critical_path import compute
from milepost.schedule.distributions import ThreePoint
from milepost.schedule.forecast import simulate
from milepost.schedule.leveling import LeveledSchedule, level
from milepost.schedule.network import FF, FS, SF, SS, Activity, Link, Network
from milepost.schedule.sampling import TierModel, build_model
from milepost.schedule.simulation import Experiment, activity_list
from milepost.schedule.timescale import Calendars

HOUR = 3600
KINDS = {"FS": FS, "SS": SS, "FF": FF, "SF": SF}
DAY = ((0, 24 * 60),)


def week(hours: str, days: str = "1111100", **options: object) -> Week:
    """Hours such as 9-12,13-18 on the weekdays marked, Monday first."""
    shifts = []
    for text in hours.split(","):
        begin, end = (int(float(part) * 60) for part in text.split("-"))
        shifts.append((begin, end if end > begin else end + 24 * 60))
    return Week(tuple(tuple(shifts) if day == "1" else () for day in days), **options)  # type: ignore[arg-type]


def calendar(of: Week) -> Calendar:
    def seconds(shifts: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        return tuple((begin * 60, end * 60) for begin, end in shifts)

    made = Calendar.read(zone=of.zone)
    extra = {day: seconds(shifts) for day, shifts in of.extra.items()}
    return Calendar(tuple(map(seconds, of.hours)), of.holidays, extra, made.zone)


OFFICE = week("9-12,13-18", holidays=frozenset({date(2026, 3, 25)}), zone="Europe/Berlin")
SATURDAY = week("9-17", extra={date(2026, 3, 28): ((10 * 60, 14 * 60),)}, zone="Europe/Berlin")
NIGHT = week("22-6", "1111111", zone="Europe/Berlin")
LATE = week("14-23", "1111100", zone="America/New_York")
ROUND = Week((DAY,) * 7)
WEEKS = [OFFICE, SATURDAY, NIGHT, LATE, ROUND]


@dataclass(frozen=True)
class Case:
    """A small project: the plan starts some days before clocks change in Berlin, forward or back."""

    start: datetime
    weeks: dict[int, Week]
    capacities: dict[int, int]
    items: list[Item]
    links: list[tuple[int, int, str, int]]

    def network(self) -> Network:
        activities = [
            Activity(str(here), tier=item.tier, checkpoint=item.tier is None) for here, item in enumerate(self.items)
        ]
        links = [Link(before, after, KINDS[kind], lag) for before, after, kind, lag in self.links]
        return Network.from_links(activities, [item.length for item in self.items], links)

    def calendars(self) -> Calendars:
        known = {one: ALWAYS if one is ROUND else calendar(one) for one in set(self.weeks.values())}
        return Calendars(self.start, UTC, tiers={rank: known[one] for rank, one in self.weeks.items()})


@st.composite
def cases(draw: st.DrawFn) -> Case:
    start = draw(st.sampled_from([datetime(2026, 3, 24, tzinfo=UTC), datetime(2026, 10, 21, tzinfo=UTC)]))
    start += timedelta(minutes=draw(st.integers(0, 3 * 24 * 60)))
    weeks = {rank: draw(st.sampled_from(WEEKS)) for rank in (1, 2, 3)}
    capacities = {rank: draw(st.integers(1, 2)) for rank in (1, 2, 3)}
    first = second(start)
    items = draw(
        st.lists(
            st.builds(
                Item,
                st.sampled_from([1, 2, 3, 3, None]),
                st.integers(1, 15 * 60).map(lambda minutes: minutes * 60),
                st.one_of(st.just(first), st.integers(0, 3 * 24 * 60).map(lambda minutes: first + minutes * 60)),
            ).map(lambda item: item if item.tier else Item(None, 0, first)),
            min_size=1,
            max_size=7,
        )
    )
    pairs = [(before, after) for after in range(len(items)) for before in range(after)]
    links = draw(
        st.lists(
            st.tuples(
                st.sampled_from(pairs),
                st.sampled_from(sorted(KINDS)),
                st.sampled_from([0, 0, 0, 2 * HOUR, 12 * HOUR, -HOUR]),
            ),
            max_size=8,
        )
        if pairs
        else st.just([])
    )
    stated = []
    for (before, after), kind, lag in links:
        into_gate = items[after].tier is None
        stated.append((before, after, kind, 0 if into_gate else lag))
    return Case(start, weeks, capacities, items, stated)


def evening_before(case: Case, link: tuple[int, int, str, int], differ: bool) -> bool:
    """Whether a link from a start, in one calendar's working time, may be kept by an end the evening before.

    The end of a shift and the start of the next are one moment there: a task may end, or a gate stand, in the evening.
    """
    before, after = case.items[link[0]], case.items[link[1]]
    if before.tier is None or link[2] not in ("SS", "SF"):
        return False
    if after.tier is None:
        return not differ
    return link[2] == "SF" and case.weeks[before.tier] == case.weeks[after.tier]


@settings(max_examples=150)
@given(cases())
def test_schedules_hold_minute_by_minute(case: Case) -> None:
    network = case.network()
    scale = case.calendars().timescale(network)
    releases = {
        str(here): scale.place(str(here), datetime.fromtimestamp(item.not_before, UTC))
        for here, item in enumerate(case.items)
    }
    path = scale.compute(releases, {})
    begins = [scale.starting if item.length else scale.finishing for item in case.items]
    links = [link for link in case.links if not evening_before(case, link, scale.differ)]
    early = [begin(at) for begin, at in zip(begins, path.early_start, strict=True)]
    early_ends = [scale.finishing(at) for at in path.early_finish]
    assert complaints(case.items, links, case.weeks, None, early, early_ends) == []
    late = [begin(at) for begin, at in zip(begins, path.late_start, strict=True)]
    late_ends = [scale.finishing(at) for at in path.late_finish]
    assert complaints(case.items, links, case.weeks, None, late, late_ends) == []
    leveled = scale.level(path, case.capacities, {})
    start = [begin(at) for begin, at in zip(begins, leveled.start, strict=True)]
    finish = [scale.finishing(at) for at in leveled.finish]
    assert complaints(case.items, links, case.weeks, case.capacities, start, finish) == []
    assert path.makespan <= leveled.lower_bound <= leveled.makespan
    assert all(one <= other for one, other in zip(early_ends, finish, strict=True))


@settings(max_examples=100)
@given(cases(), st.sampled_from(WEEKS))
def test_on_axes_of_one_calendar_everything_is_as_without(case: Case, shared: Week) -> None:
    """Where all activities, gates too, keep one calendar, its working seconds are all that counts."""
    network = case.network()
    work = Calendars(case.start, UTC, tiers={1: calendar(shared)}).working_time(calendar(shared))
    axes = Axes(network, [work] * len(network))
    plain = compute(network)
    found = compute_on_axes(axes)
    assert found.begins == plain.early_start
    assert found.early_start == [work.begins(at) for at in plain.early_start]
    assert found.late_finish == [work.ends(at) for at in plain.late_finish]
    assert (found.total_float, found.free_float) == (plain.total_float, plain.free_float)
    assert found.driving_predecessors == plain.driving_predecessors
    capacities = case.capacities
    expected, leveled = level(plain, capacities), level_on_axes(found, capacities)
    assert leveled.start == [work.begins(at) for at in expected.start]
    assert leveled.makespan == work.ends(expected.makespan)


@settings(max_examples=150)
@given(cases())
def test_early_dates_are_the_earliest_and_late_dates_the_latest(case: Case) -> None:
    """Each early start is some link's bound, or the plan's start; and `latest` is just what `earliest` still allows."""
    network = case.network()
    scale = case.calendars().timescale(network)
    path = compute_on_axes(scale.axes)
    axes = scale.axes
    late = [begin + room for begin, room in zip(path.begins, path.total_float, strict=True)]
    for here, row in enumerate(axes.before):
        bounds = [axes.earliest(here, before, path.begins[before], kind, lag) for before, _, kind, lag in row]
        assert path.begins[here] == max([0, *bounds])
        for before, _, kind, lag in row:
            bound = axes.latest(before, here, late[here], kind, lag)
            assert axes.earliest(here, before, bound, kind, lag) <= late[here]
            assert axes.earliest(here, before, bound + 1, kind, lag) > late[here]


@settings(max_examples=60)
@given(cases(), st.integers(0, 9))
def test_a_search_gives_schedules_that_hold_and_are_no_longer(case: Case, seed: int) -> None:
    """Twenty schedules tried, the same ones again with the same seed."""
    network = case.network()
    scale = case.calendars().timescale(network)
    assume(scale.differ)
    path = compute_on_axes(scale.axes)

    def search() -> LeveledSchedule:
        left = iter(range(20))
        return search_on_axes(path, case.capacities, lambda: next(left, None) is None, seed=seed)

    found = search()
    assert found == search()
    assert found.lower_bound <= found.makespan <= level_on_axes(path, case.capacities).makespan
    items = [replace(item, not_before=0) for item in case.items]
    start, finish = ([scale.main.moment(at) for at in times] for times in (found.start, found.finish))
    links = [link for link in case.links if not evening_before(case, link, scale.differ)]
    assert complaints(items, links, case.weeks, case.capacities, start, finish) == []


@settings(max_examples=150)
@given(cases(), st.randoms(use_true_random=False))
def test_every_way_to_place_gives_schedules_that_hold(case: Case, chance: Random) -> None:
    """Whatever is urgent: hour by hour, one after the other, and from the end backward; none beats the bound."""
    network = case.network()
    scale = case.calendars().timescale(network)
    assume(scale.differ)
    problem = Placement(compute_on_axes(scale.axes), case.capacities)
    urgency = chance.sample(range(len(network)), len(network))
    dispatched, placed = problem.dispatch(urgency), problem.place(urgency)
    again = problem.place(problem.late_starts(dispatched.finish, dispatched.worth[1]))
    items = [replace(item, not_before=0) for item in case.items]
    links = [link for link in case.links if not evening_before(case, link, scale.differ)]
    for found in (dispatched, placed, again):
        start, finish = ([scale.main.moment(at) for at in times] for times in (found.start, found.finish))
        assert complaints(items, links, case.weeks, case.capacities, start, finish) == []
        assert problem.lower_bound <= found.worth[1] == max(found.finish)


def test_hour_by_hour_no_place_is_free_while_a_task_waits() -> None:
    """The night's most urgent task, d, waits for the office: so the others have the night first."""
    weeks = {1: week("9-17", "1111111"), 2: week("22-6", "1111111")}
    activities = [Activity("a", tier=2), Activity("b", tier=2), Activity("c", tier=1), Activity("d", tier=2)]
    network = Network.from_links(activities, [4 * HOUR, 4 * HOUR, 1 * HOUR, 6 * HOUR], [(2, 3)])
    tiers = {rank: calendar(one) for rank, one in weeks.items()}
    scale = Calendars(datetime(2026, 6, 1, tzinfo=UTC), UTC, tiers=tiers).timescale(network)
    problem = Placement(compute_on_axes(scale.axes), {1: 1, 2: 1})
    found = problem.dispatch([2, 1, 3, 0])
    # The plan starts at midnight, in the night's shift: b until 4:00, a two hours more, and two from 22:00 on.
    assert [at // HOUR for at in found.start] == [4, 0, 9, 24]
    assert [at // HOUR for at in found.finish] == [24, 4, 10, 30]
    # Of 14 hours of the night's tier 6 are worked until 6:00 and 8 until 6:00 of the next day: nothing is shorter.
    assert problem.lower_bound == found.worth[1] == 30 * HOUR


@settings(max_examples=60)
@given(cases())
def test_samples_without_doubt_are_the_critical_path(case: Case) -> None:
    """When all efforts are certain, every sample without capacities ends with the critical path; with them none ends
    before, nor, all links being finish to start, after the schedule that gave the order.
    """
    network = case.network()
    calendars = case.calendars()
    scale = calendars.timescale(network)
    assume(scale.differ)
    path = compute_on_axes(scale.axes)
    tiers = {rank: TierModel(capacity) for rank, capacity in case.capacities.items()}
    efforts = {str(here): ThreePoint(item.length, item.length, item.length) for here, item in enumerate(case.items)}
    model = build_model(network, {name: one for name, one in efforts.items() if one.high}, tiers)
    times = tuple(calendars.working_time(calendars.of(rank)) for rank in model.ranks)
    watched = tuple(range(len(network)))
    free = Experiment(network, model, path.releases, network.order, False, watched, scale.axes, times)
    found = simulate(free, 2)
    assert list(found.makespans) == [path.makespan] * 2
    assert [kept[0] for kept in found.watched.values()] == path.early_finish
    leveled = level_on_axes(path, case.capacities)
    order = activity_list(network, leveled.start)
    bound = simulate(Experiment(network, model, path.releases, order, True, watched, scale.axes, times), 1)
    assert bound.makespans[0] >= path.makespan
    if all(kind == "FS" for _, _, kind, _ in case.links):
        assert bound.makespans[0] <= leveled.makespan


@dataclass(frozen=True)
class Night:
    """A chain of two tasks around the night in which clocks change: what is expected, and why."""

    start: str
    hours: tuple[int, int]
    finishes: tuple[str, str]


@pytest.mark.parametrize(
    "night",
    [
        # The night to 29 March lacks 02:00 to 03:00: 22:00 + 8 h of work is 07:00, but the shift ends at 06:00 after 7 h.
        Night("2026-03-28 22:00+01:00", (7, 1), ("Sun 29 06:00", "Mon 30 11:00")),
        Night("2026-03-28 22:00+01:00", (8, 1), ("Sun 29 23:00", "Mon 30 11:00")),
        # The night to 25 October has 02:00 to 03:00 twice: the shift holds 9 h.
        Night("2026-10-24 22:00+02:00", (9, 1), ("Sun 25 06:00", "Mon 26 11:00")),
        Night("2026-10-24 22:00+02:00", (10, 1), ("Sun 25 23:00", "Mon 26 11:00")),
    ],
)
def test_a_night_shift_hands_over_to_the_office_when_clocks_change(night: Night) -> None:
    """The office, Monday from 10:00, waits for the night shift, every night from 22:00 to 06:00."""
    weeks = {1: NIGHT, 2: week("10-18", zone="Europe/Berlin")}
    items = (Item(1, night.hours[0] * HOUR), Item(2, night.hours[1] * HOUR))
    found = dated(weeks, night.start, *items, links=[(0, 1, "FS", 0)], zone="Europe/Berlin")
    assert found == list(night.finishes)


def test_lags_count_in_the_calendar_of_what_waits() -> None:
    """The night shift ends at 06:00 on Tuesday. Two hours later for somebody who works round the clock is 08:00; for the
    office, which opens at 9, it is 11:00, and its task of an hour ends at 12:00."""
    weeks = {1: NIGHT, 2: OFFICE, 3: ROUND}
    items = (Item(1, 8 * HOUR), Item(2, HOUR), Item(3, HOUR))
    links = [(0, 1, "FS", 2 * HOUR), (0, 2, "FS", 2 * HOUR)]
    found = dated(weeks, "2026-03-23 22:00+01:00", *items, links=links, zone="Europe/Berlin")
    assert found == ["Tue 24 06:00", "Tue 24 12:00", "Tue 24 09:00"]


def test_a_gate_between_tiers_stands_when_what_it_waits_for_ends() -> None:
    """The office ends on Friday at 18:00, the gate stands then, and the night shift goes on at 22:00."""
    weeks = {1: NIGHT, 2: OFFICE}
    items = (Item(2, 8 * HOUR), Item(None, 0), Item(1, HOUR))
    links = [(0, 1, "FS", 0), (1, 2, "FS", 0)]
    found = dated(weeks, "2026-03-27 09:00+01:00", *items, links=links, zone="Europe/Berlin")
    assert found == ["Fri 27 18:00", "Fri 27 18:00", "Fri 27 23:00"]


def test_capacity_is_kept_over_a_holiday() -> None:
    """One at a time: 8 h on Tuesday 24 March, Wednesday is a holiday, so the second takes Thursday."""
    weeks = {1: NIGHT, 2: OFFICE}
    found = dated(weeks, "2026-03-24 09:00+01:00", Item(2, 8 * HOUR), Item(2, 8 * HOUR), zone="Europe/Berlin")
    assert found == ["Tue 24 18:00", "Thu 26 18:00"]


def test_a_deadline_that_cannot_be_kept_gives_negative_float_and_its_chain() -> None:
    """The night shift works from Monday 22:00 until Tuesday 06:00, the office from 9 to 11. To end at 10:00 the office
    would have to begin an hour earlier, in its own time; the night has 8 h, so whatever it begins with is late too.

    The office would have to begin at its hour 0 less 1: before the plan's start, as its calendar has not worked yet.
    """
    case = Case(
        datetime.fromisoformat("2026-03-23 22:00+01:00"),
        {1: NIGHT, 2: OFFICE},
        {1: 1, 2: 1},
        [Item(1, 8 * HOUR), Item(2, 2 * HOUR)],
        [(0, 1, "FS", 0)],
    )
    scale = case.calendars().timescale(case.network())
    deadlines = {"1": scale.place("1", datetime.fromisoformat("2026-03-24 10:00+01:00"))}
    path = scale.compute({}, deadlines)
    assert path.total_float[1] == -HOUR
    assert path.total_float[0] < 0
    [missed] = scale.missed(path, deadlines)
    assert (missed.id, missed.late, missed.chain) == ("1", HOUR, ("0", "1"))


def test_work_on_a_calendar_that_runs_out_is_refused() -> None:
    """Only one day is ever worked: 8 h; the ninth never comes."""
    only = Week(((),) * 7, extra={date(2026, 3, 24): ((9 * 60, 17 * 60),)})
    with pytest.raises(PlanInvalid, match="too little working time"):
        dated({1: only, 2: OFFICE}, "2026-03-23 00:00+00:00", Item(1, 9 * HOUR), Item(2, HOUR))


def dated(
    weeks: dict[int, Week],
    start: str,
    *items: Item,
    links: Sequence[tuple[int, int, str, int]] = (),
    zone: str = "UTC",
) -> list[str]:
    """When the tasks finish, each tier doing one at a time."""
    case = Case(datetime.fromisoformat(start), weeks, dict.fromkeys(weeks, 1), list(items), list(links))
    scale = case.calendars().timescale(case.network())
    leveled = scale.level(scale.compute({}, {}), case.capacities, {})
    return [f"{scale.finishing(at).astimezone(ZoneInfo(zone)):%a %d %H:%M}" for at in leveled.finish]
