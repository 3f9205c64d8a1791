"""Working calendars: which real time is working time, and the way between the two.

The cumulative work function ``W(t)`` counts the working seconds from a calendar's start to a moment; it and its
inverse carry schedules, which know working seconds only, to dates and back. Hours are local wall time; lengths are
real: a night shift is an hour shorter in the night that daylight saving begins, and an hour longer when it ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property

from milepost.errors import PlanInvalid
from milepost.schedule import calendar_texts as texts
from milepost.schedule.calendar_texts import DAY, WEEKDAYS, Shift, merged

_SEARCHED = timedelta(days=3 * 366)
"""Further ahead than any run of holidays; without work until then a calendar counts as one without any."""

_HORIZON = timedelta(days=400 * 366)
"""No date further ahead is computed."""

_EPOCH = date(1970, 1, 1).toordinal()
_ALL_DAY: tuple[Shift, ...] = ((0, DAY),)


@dataclass(frozen=True)
class Calendar:
    """Hours of work by weekday (``week[0]`` is Monday's), as (from, to) seconds after local midnight.

    Nobody works on ``holidays``, but on ``extra`` days in the hours given there, whatever weekday or holiday it is.
    A shift belongs to the day on which it begins and may end on the next: ``(79_200, 108_000)`` is 22:00 to 06:00.
    """

    week: tuple[tuple[Shift, ...], ...] = (_ALL_DAY,) * 7
    holidays: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)
    zone: tzinfo = UTC
    name: str = ""

    def __post_init__(self) -> None:
        if not any(end > start for shifts in (*self.week, *self.extra.values()) for start, end in shifts):
            raise PlanInvalid(
                f"the calendar {self.name or 'given'} has no working time",
                remedy='give it weekdays and hours, such as weekdays = ["mon"] and hours = ["09:00-17:00"]',
            )

    @classmethod
    def read(
        cls,
        *,
        hours: Iterable[str] | Mapping[str, Iterable[str]] = ("00:00-24:00",),
        weekdays: Iterable[str] = WEEKDAYS,
        holidays: Iterable[str] = (),
        extra: Iterable[str] = (),
        zone: str = "UTC",
        name: str = "",
    ) -> Calendar:
        """Build a calendar from texts.

        ``hours`` are like ``22:00-06:00``, for all ``weekdays`` (``mon``, ``mon-fri``) or by weekday; ``holidays`` like
        ``2026-12-25`` or ``2026-12-24/2027-01-01``; ``extra`` working days like ``2026-12-19``, with the weekday's
        hours or else the first working weekday's, or like ``2026-12-19 10:00-14:00``; ``zone`` like ``Europe/Berlin``.

        Raises:
            PlanInvalid: one of them cannot be read, or there is no working time.
        """
        week: list[tuple[Shift, ...]] = [()] * 7
        if not isinstance(hours, Mapping):
            shifts = merged([texts.shift(text) for text in hours])
            hours_of = dict.fromkeys(weekdays, shifts)
        else:
            hours_of = {text: merged([texts.shift(one) for one in given]) for text, given in hours.items()}
        for text, shifts in hours_of.items():
            for day in texts.weekdays(text):
                week[day] = shifts
        free = frozenset(day for text in holidays for day in texts.days(text))
        return cls(tuple(week), free, dict(_extra_days(extra, week)), texts.zone(zone), name)

    @property
    def continuous(self) -> bool:
        """Whether all time is working time."""
        return not self.holidays and not self.extra and all(merged(shifts) == _ALL_DAY for shifts in self.week)

    def working_time(self, start: datetime) -> WorkingTime:
        """Count working seconds from a moment on; one without zone is taken as local."""
        return WorkingTime(self, self.localize(start))

    def localize(self, moment: datetime) -> datetime:
        """A moment in the calendar's zone; one without zone is taken as local."""
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment.astimezone(self.zone)

    def shifts_of(self, day: date) -> list[tuple[int, int]]:
        """The working intervals that begin on a local day, as seconds since 1970, in order and without overlap."""
        hours = self._hours_of(day)
        steady = self._steady(day) if hours else None
        if steady is not None:
            return [(steady + begin, steady + end) for begin, end in hours if end > begin]
        found: list[tuple[int, int]] = []
        for begin, end in hours:
            first, last = self._instant(day, begin), self._instant(day, end)
            if last > first:
                found.append((first, last))
        return found

    def _hours_of(self, day: date) -> tuple[Shift, ...]:
        if day in self.extra:
            return self.extra[day]
        return () if day in self.holidays else self._merged_week[day.weekday()]

    @cached_property
    def _merged_week(self) -> tuple[tuple[Shift, ...], ...]:
        return tuple(merged(shifts) for shifts in self.week)

    def _steady(self, day: date) -> int | None:
        """The midnight a day begins with, in seconds since 1970, if clocks do not change on it nor on the next."""
        midnight = datetime.combine(day, time.min, self.zone)
        offset = midnight.utcoffset()
        if offset is None or offset != (midnight + timedelta(days=2)).replace(fold=1).utcoffset():
            return None
        return (day.toordinal() - _EPOCH) * DAY - round(offset.total_seconds())

    def _instant(self, day: date, seconds: int) -> int:
        """The moment at which the local clock first shows a time; inside a gap, the moment of the gap."""
        days, rest = divmod(seconds, DAY)
        local = datetime.combine(day + timedelta(days=days), time.min, self.zone) + timedelta(seconds=rest)
        moment = local.astimezone(UTC)
        if moment.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return round(moment.timestamp())
        # The clock jumps over this time: of the two readings one lies before the jump and one behind it.
        late, early = sorted((moment, local.replace(fold=1).astimezone(UTC)), reverse=True)
        return self._jump(round(early.timestamp()), round(late.timestamp()))

    def _jump(self, before: int, after: int) -> int:
        def offset(moment: int) -> timedelta | None:
            return datetime.fromtimestamp(moment, self.zone).utcoffset()

        old = offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == old else (before, middle)
        return after


def _extra_days(extra: Iterable[str], week: list[tuple[Shift, ...]]) -> Iterable[tuple[date, tuple[Shift, ...]]]:
    usual = next((shifts for shifts in week if shifts), ())
    for text in extra:
        first, _, hours = text.strip().partition(" ")
        stated = merged([texts.shift(one) for one in hours.split(",")]) if hours else ()
        for day in texts.days(first):
            yield day, stated or week[day.weekday()] or usual


class WorkingTime:
    """The cumulative work function of a calendar from a start on. Days are looked at only as far as asked for.

    Real time is counted in seconds from the start, or given as moments. Before the start all time is working time, so
    that what comes too late by some seconds has a place on the axis.
    """

    def __init__(self, calendar: Calendar, start: datetime) -> None:
        """Begin to count at ``start``, which has a zone."""
        self.calendar = calendar
        self.start = start
        self._continuous = calendar.continuous
        self._origin = round(start.timestamp())
        self._day = calendar.localize(start).date() - timedelta(days=1)
        self._horizon = self._day + min(_HORIZON, date.max - _SEARCHED - self._day)
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._worked: list[int] = []
        self._paused: list[int] = []

    def worked(self, elapsed: int) -> int:
        """``W``: working seconds in the first so many real seconds.

        Raises:
            PlanInvalid: years pass without work, or the moment lies further ahead than anybody plans.
        """
        if self._continuous or elapsed <= 0:
            return elapsed
        ends = self._ends
        while not ends or ends[-1] < elapsed:
            if not self._extend(elapsed):
                break
        place = bisect_right(self._begins, elapsed) - 1
        if place < 0:
            return 0
        return self._worked[place] if elapsed >= ends[place] else elapsed - self._paused[place]

    def begins(self, seconds: int) -> int:
        """When something that may begin after so many working seconds does begin: never in a pause.

        Raises:
            PlanInvalid: as :meth:`worked`.
        """
        if self._continuous or seconds < 0:
            return seconds
        worked = self._worked
        while not worked or worked[-1] <= seconds:
            self._extend(None)
        return seconds + self._paused[bisect_right(worked, seconds)]

    def ends(self, seconds: int) -> int:
        """When so many working seconds are over: the end of a shift, not the next one's start.

        Raises:
            PlanInvalid: as :meth:`worked`.
        """
        if self._continuous or seconds <= 0:
            return seconds
        worked = self._worked
        while not worked or worked[-1] < seconds:
            self._extend(None)
        return seconds + self._paused[bisect_left(worked, seconds)]

    def elapsed(self, moment: datetime) -> int:
        """Real seconds from the start to a moment."""
        return round(self.calendar.localize(moment).timestamp()) - self._origin

    def moment(self, elapsed: int, zone: tzinfo | None = None) -> datetime:
        """The moment so many real seconds after the start, in the calendar's zone or the one given.

        Raises:
            PlanInvalid: it lies beyond all dates.
        """
        try:
            return datetime.fromtimestamp(self._origin + elapsed, zone or self.calendar.zone)
        except (OverflowError, ValueError, OSError):
            raise self._too_little("9999") from None

    def seconds_until(self, moment: datetime) -> int:
        """``W(moment)``: working seconds between the start and a moment; 0 before the start."""
        return max(self.worked(self.elapsed(moment)), 0)

    def starting(self, seconds: int) -> datetime:
        """The moment at which something that may begin after so many working seconds does begin."""
        return self.moment(self.begins(max(seconds, 0)))

    def finishing(self, seconds: int) -> datetime:
        """The first moment by which so many working seconds are over."""
        return self.moment(self.ends(max(seconds, 0)))

    def _extend(self, until: int | None) -> bool:
        """Add the next day that holds work; False when ``until`` (real seconds from the start) comes first."""
        last = min(self._day + _SEARCHED, self._horizon)
        while self._day < last:
            shifts = self.calendar.shifts_of(self._day)
            self._day += timedelta(days=1)
            if added := [self._add(begin - self._origin, end - self._origin) for begin, end in shifts]:
                if any(added):
                    return True
            elif until is not None and self._midnight() > until + DAY:
                return False
        raise self._too_little(str(last))

    def _too_little(self, last: str) -> PlanInvalid:
        return PlanInvalid(
            f"the calendar {self.calendar.name or 'given'} has too little working time before {last}",
            remedy="give it more hours or fewer holidays, or the plan less work",
        )

    def _midnight(self) -> int:
        return round(datetime.combine(self._day, time.min, self.calendar.zone).timestamp()) - self._origin

    def _add(self, begin: int, end: int) -> bool:
        """Append an interval, without what lies before the start or inside the interval before it."""
        begin = max(begin, 0, self._ends[-1] if self._ends else 0)
        if end <= begin:
            return False
        self._begins.append(begin)
        self._ends.append(end)
        self._worked.append((self._worked[-1] if self._worked else 0) + end - begin)
        self._paused.append(end - self._worked[-1])
        return True


ALWAYS = Calendar(name="always")
"""Working time is real time: what holds when nothing is configured."""


def moment_of(text: str, calendar: Calendar, *, end: bool = False) -> datetime:
    """Read a date or a date with time; a date alone is its first moment, or with ``end`` its last.

    Raises:
        PlanInvalid: it is neither.
    """
    return texts.moment(text, calendar.zone, end=end)
