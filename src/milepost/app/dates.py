"""Dates of a plan: when it starts, by which calendars it is worked, and what its tasks say of dates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from milepost.app.settings import Settings
from milepost.errors import PlanInvalid, SettingsInvalid, UsageError
from milepost.plan.model import Plan
from milepost.schedule.calendar import ALWAYS, Calendar, WorkingTime
from milepost.schedule.calendar_texts import moment
from milepost.schedule.calendar_texts import zone as zone_of
from milepost.schedule.network import Activity, Network
from milepost.schedule.timescale import Calendars, Timescale


@dataclass(frozen=True)
class PlanDates:
    """What turns a plan's seconds into dates. ``stated`` says where the start comes from: a name, or ``now``."""

    calendars: Calendars
    stated: str

    def timescale(self, network: Network) -> Timescale:
        """The timescale of a network of the plan."""
        return self.calendars.timescale(network)

    @property
    def differ(self) -> bool:
        """Whether the tiers keep different calendars."""
        return len({id(calendar) for calendar in self.calendars.tiers.values()}) > 1

    @property
    def main(self) -> WorkingTime:
        """The working time of the one calendar, or real time where they differ."""
        weakest = max(self.calendars.tiers, default=1)
        return self.calendars.working_time(ALWAYS if self.differ else self.calendars.of(weakest))

    def worked(self, rank: int, begin: float, end: float) -> float:
        """The working seconds of a tier between two moments, in seconds since 1970."""
        calendar = self.calendars.of(rank)
        if calendar is ALWAYS:
            return end - begin
        start = datetime.fromtimestamp(begin, self.calendars.zone)
        return float(calendar.working_time(start).worked(max(round(end - begin), 0)))

    def named_calendars(self) -> dict[int, str]:
        """The names of the tiers' calendars by rank; those that work all the time have none."""
        return {rank: calendar.name for rank, calendar in self.calendars.tiers.items() if calendar is not ALWAYS}


@dataclass(frozen=True, slots=True)
class DateLimits:
    """What the tasks say of dates, as moments by id: the earliest start, the soft and the hard latest finish.

    ``notes`` say which of them could not be read, and do not count.
    """

    not_before: Mapping[str, datetime]
    due: Mapping[str, datetime]
    deadline: Mapping[str, datetime]
    notes: tuple[str, ...] = ()

    def releases(self, scale: Timescale) -> dict[str, int]:
        """The earliest starts as places on the activities' axes."""
        return {name: scale.place(name, at) for name, at in self.not_before.items()}

    def deadlines(self, scale: Timescale) -> dict[str, int]:
        """The hard latest finishes as places on the activities' axes."""
        return {name: scale.place(name, at) for name, at in self.deadline.items()}


def dates_of(plan: Plan, settings: Settings, start: str | None, now: Callable[[], float]) -> PlanDates | None:
    """The dates of a plan, or None where neither anybody asks for any nor the plan or the settings state some.

    Without a start, stated or configured, a plan starts ``now`` (seconds since 1970), to the minute.

    Raises:
        UsageError: the start that is asked for is no date.
        SettingsInvalid: the settings' start, zone or calendars make no sense.
    """
    asked = start or settings.start or settings.calendar or any(tier.calendar for tier in settings.tiers.values())
    if not asked and not any(task.not_before or task.due or task.deadline for task in plan.tasks):
        return None
    return make_dates(settings, start, now)


def make_dates(settings: Settings, start: str | None, now: Callable[[], float]) -> PlanDates:
    """What turns the seconds of any plan with these settings into dates.

    Raises:
        UsageError: the start that is asked for is no date.
        SettingsInvalid: the settings' start, zone or calendars make no sense.
    """
    stated = _stated_zone(settings)
    made = {name: one.calendar(settings.zone) for name, one in settings.calendars.items()}
    usual = made[settings.calendar] if settings.calendar else ALWAYS
    tiers = {rank: made[tier.calendar] if tier.calendar else usual for rank, tier in settings.tiers.items()}
    zone = stated or _zone(usual, tiers)
    begin, begins_from = _start(settings, start, zone, now)
    return PlanDates(Calendars(begin, zone, usual, tiers), begins_from)


def _stated_zone(settings: Settings) -> tzinfo | None:
    """The zone of the settings, if they state one."""
    if not settings.zone:
        return None
    try:
        return zone_of(settings.zone)
    except PlanInvalid as error:
        raise SettingsInvalid(str(error), place=settings.places.get("zone", ""), remedy=error.remedy) from None


def _zone(usual: Calendar, tiers: Mapping[int, Calendar]) -> tzinfo:
    """The usual calendar's zone, else the one that all other calendars share, else UTC."""
    if usual is not ALWAYS:
        return usual.zone
    zones = {str(calendar.zone): calendar.zone for calendar in tiers.values() if calendar is not ALWAYS}
    return next(iter(zones.values())) if len(zones) == 1 else UTC


def _start(settings: Settings, start: str | None, zone: tzinfo, now: Callable[[], float]) -> tuple[datetime, str]:
    if start:
        try:
            return moment(start, zone), "--start"
        except PlanInvalid as error:
            raise UsageError(str(error), remedy=error.remedy) from None
    if settings.start:
        try:
            return moment(settings.start, zone), "settings"
        except PlanInvalid as error:
            raise SettingsInvalid(str(error), place=settings.places.get("start", ""), remedy=error.remedy) from None
    return datetime.fromtimestamp(now() // 60 * 60, zone), "now"


def limits_of(plan: Plan, network: Network, dates: PlanDates) -> DateLimits:
    """What the tasks of a network say of dates; one that says nothing has what its parent says.

    A date alone begins with its first moment, and ends with its last, in the zone of the task's calendar.
    """
    found: dict[str, dict[str, datetime]] = {"not before": {}, "due": {}, "deadline": {}}
    notes: dict[str, None] = {}
    weakest = max(dates.calendars.tiers, default=1)
    for activity in network.activities:
        if activity.checkpoint:
            continue
        calendar = dates.calendars.of(weakest if activity.tier is None else activity.tier)
        zone = dates.calendars.zone if calendar is ALWAYS else calendar.zone
        for kind, owner, text in _stated(plan, activity):
            try:
                found[kind][activity.id] = moment(text, zone, end=kind != "not before")
            except PlanInvalid:
                notes[f"task {owner}: its {kind} date `{text}` is none that could be read, and does not count"] = None
    return DateLimits(found["not before"], found["due"], found["deadline"], tuple(notes))


def _stated(plan: Plan, activity: Activity) -> Iterator[tuple[str, str, str]]:
    """What a task or the nearest one above it says, as (kind, id of who says it, text)."""
    known: set[str] = set()
    seen: set[str] = set()
    task = plan.by_id.get(activity.id)
    while task and task.id not in seen:
        seen.add(task.id)
        if task.not_before or task.due or task.deadline:
            for kind, text in (("not before", task.not_before), ("due", task.due), ("deadline", task.deadline)):
                if text and kind not in known:
                    known.add(kind)
                    yield kind, task.id, text
        task = plan.by_id.get(task.parent) if task.parent else None


def moment_of_deadline(text: str, dates: PlanDates) -> datetime:
    """Read a deadline that somebody asks for: a date alone is its last moment.

    Raises:
        UsageError: it is no date.
    """
    try:
        return moment(text, dates.calendars.zone, end=True)
    except PlanInvalid as error:
        raise UsageError(str(error), remedy=error.remedy) from None


def from_now(dates: PlanDates, now: float) -> PlanDates:
    """The same calendars, counted from now on (seconds since 1970), unless the start is still ahead."""
    begin = max(dates.calendars.start, datetime.fromtimestamp(now // 60 * 60, dates.calendars.zone))
    return replace(dates, calendars=replace(dates.calendars, start=begin, _counted={}))
