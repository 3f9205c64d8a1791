"""Working calendars: which real time is working time, and the way between the two.

The cumulative work function ``W(t)`` counts the working seconds from a calendar's start to a moment; it and its
inverse carry schedules, which know working seconds only, to dates and back. Hours are local wall time; lengths are
real: a night shift is an hour shorter in the night that daylight saving begins, and an hour longer when it ends.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from milepost.errors import PlanInvalid
from milepost.source.lazy_regex import lazy_regex

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_CLOCK = lazy_regex(r"\A(\d{1,2}):(\d{2})\Z")
_SEARCHED = timedelta(days=3 * 366)
"""Further ahead than any run of holidays; without work until then a calendar counts as one without any."""

_HORIZON = timedelta(days=400 * 366)
"""No date further ahead is computed."""


@dataclass(frozen=True)
class Calendar:
    """Hours of work, as (from, to) seconds after local midnight, on weekdays (Monday is 0) that are no holidays.

    A shift belongs to the day on which it begins and may end on the next: ``(79_200, 108_000)`` is 22:00 to 06:00.
    """

    hours: tuple[tuple[int, int], ...] = ((0, DAY),)
    weekdays: frozenset[int] = frozenset(range(7))
    holidays: frozenset[date] = frozenset()
    zone: tzinfo = UTC
    name: str = ""

    def __post_init__(self) -> None:
        if not self.weekdays or not any(end > start for start, end in self.hours):
            raise PlanInvalid(
                f"the calendar {self.name or 'given'} has no working time",
                remedy='give it weekdays and hours, such as weekdays = ["mon"] and hours = ["09:00-17:00"]',
            )

    @classmethod
    def read(
        cls,
        *,
        hours: Iterable[str] = ("00:00-24:00",),
        weekdays: Iterable[str] = WEEKDAYS,
        holidays: Iterable[str] = (),
        zone: str = "UTC",
        name: str = "",
    ) -> Calendar:
        """Build a calendar from texts: ``22:00-06:00``, ``mon``, ``2026-12-25``, ``Europe/Berlin``.

        Raises:
            PlanInvalid: one of them cannot be read, or there is no working time.
        """
        return cls(
            tuple(sorted(_shift(text) for text in hours)),
            frozenset(_weekday(text) for text in weekdays),
            frozenset(_holiday(text) for text in holidays),
            _zone(zone),
            name,
        )

    def working_time(self, start: datetime) -> WorkingTime:
        """Count working seconds from a moment on; one without zone is taken as local."""
        return WorkingTime(self, self.localize(start))

    def localize(self, moment: datetime) -> datetime:
        """A moment in the calendar's zone; one without zone is taken as local."""
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment.astimezone(self.zone)

    def shifts_of(self, day: date) -> list[tuple[int, int]]:
        """The working intervals that begin on a local day, as seconds since 1970, in order and without overlap."""
        if day.weekday() not in self.weekdays or day in self.holidays:
            return []
        found: list[tuple[int, int]] = []
        for begin, end in self._merged_hours:
            first, last = self._instant(day, begin), self._instant(day, end)
            if last > first:
                found.append((first, last))
        return found

    @cached_property
    def _merged_hours(self) -> tuple[tuple[int, int], ...]:
        return tuple(_merged(self.hours))

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


class WorkingTime:
    """The cumulative work function of a calendar from a start on. Days are looked at only as far as asked for."""

    def __init__(self, calendar: Calendar, start: datetime) -> None:
        """Begin to count at ``start``, which has a zone."""
        self.calendar = calendar
        self.start = start
        self._origin = round(start.timestamp())
        self._day = calendar.localize(start).date() - timedelta(days=1)
        self._horizon = self._day + min(_HORIZON, date.max - _SEARCHED - self._day)
        self._begins: list[int] = []
        self._ends: list[int] = []
        self._worked: list[int] = []

    def seconds_until(self, moment: datetime) -> int:
        """``W(moment)``: working seconds between the start and a moment; 0 before the start."""
        at = round(self.calendar.localize(moment).timestamp())
        while not self._ends or self._ends[-1] < at:
            if not self._extend(at):
                break
        place = bisect_right(self._begins, at) - 1
        if place < 0:
            return 0
        return self._worked[place] - max(self._ends[place] - max(at, self._begins[place]), 0)

    def starting(self, seconds: int) -> datetime:
        """The moment at which something that may begin after so many working seconds does begin: never in a pause."""
        seconds = max(seconds, 0)
        while not self._worked or self._worked[-1] <= seconds:
            self._extend(None)
        return self._moment(bisect_right(self._worked, seconds), seconds)

    def finishing(self, seconds: int) -> datetime:
        """The first moment by which so many working seconds are over: the end of a shift, not the next one's start."""
        if seconds <= 0:
            return self.calendar.localize(self.start)
        while not self._worked or self._worked[-1] < seconds:
            self._extend(None)
        return self._moment(bisect_left(self._worked, seconds), seconds)

    def _moment(self, place: int, seconds: int) -> datetime:
        return datetime.fromtimestamp(self._ends[place] - self._worked[place] + seconds, self.calendar.zone)

    def _extend(self, until: int | None) -> bool:
        """Add the next day that holds work; False when ``until`` (seconds since 1970) comes first.

        Raises:
            PlanInvalid: years pass without work, or the end lies further ahead than anybody plans.
        """
        last = min(self._day + _SEARCHED, self._horizon)
        while self._day < last:
            shifts = self.calendar.shifts_of(self._day)
            self._day += timedelta(days=1)
            if added := [self._add(begin, end) for begin, end in shifts]:
                if any(added):
                    return True
            elif until is not None and self._midnight() > until + DAY:
                return False
        raise PlanInvalid(f"the calendar {self.calendar.name or 'given'} has too little working time before {last}")

    def _midnight(self) -> int:
        return round(datetime.combine(self._day, time.min, self.calendar.zone).timestamp())

    def _add(self, begin: int, end: int) -> bool:
        """Append an interval, without what lies before the start or inside the interval before it."""
        begin = max(begin, self._origin, self._ends[-1] if self._ends else self._origin)
        if end <= begin:
            return False
        self._begins.append(begin)
        self._ends.append(end)
        self._worked.append((self._worked[-1] if self._worked else 0) + end - begin)
        return True


ALWAYS = Calendar(name="always")
"""Working time is real time: what holds when nothing is configured."""


def _merged(hours: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    done: list[tuple[int, int]] = []
    for begin, end in sorted(hours):
        if done and begin <= done[-1][1]:
            done[-1] = (done[-1][0], max(done[-1][1], end))
        else:
            done.append((begin, end))
    return done


def _shift(text: str) -> tuple[int, int]:
    begin, _, end = text.replace(" ", "").partition("-")
    first, last = _seconds(begin, text), _seconds(end, text)
    return first, last if last > first else last + DAY


def _seconds(clock: str, text: str) -> int:
    found = _CLOCK.match(clock)
    if not found or int(found[2]) > 59 or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise PlanInvalid(f"`{text}` are no hours of work", remedy="write them like 09:00-17:30 or 22:00-06:00")
    return int(found[1]) * 3600 + int(found[2]) * 60


def _weekday(text: str) -> int:
    short = text.strip().lower()[:3]
    if short not in WEEKDAYS:
        raise PlanInvalid(f"`{text}` is no weekday", remedy="write " + ", ".join(WEEKDAYS))
    return WEEKDAYS.index(short)


def _holiday(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PlanInvalid(f"`{text}` is no date", remedy="write it like 2026-12-25") from None


def _zone(name: str) -> tzinfo:
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PlanInvalid(
            f"the time zone {name} is not known on this machine",
            remedy="name it like Europe/Berlin; the package tzdata brings the zones where the system has none",
        ) from None


def moment_of(text: str, calendar: Calendar, *, end: bool = False) -> datetime:
    """Read a date or a date with time; a date alone is its first moment, or with ``end`` its last.

    Raises:
        PlanInvalid: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PlanInvalid(
            f"`{text}` is no date", remedy="write it like 2026-12-24, or 2026-12-24 17:00 with a time"
        ) from None
    if end and re.fullmatch(r"\s*\d{4}-?\d{2}-?\d{2}\s*", text):
        moment += timedelta(days=1)
    return calendar.localize(moment)
