"""What calendars are written with: hours, weekdays, days and stretches of days, time zones, moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from milepost.errors import PlanInvalid
from milepost.source.lazy_regex import lazy_regex

DAY = 86_400
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Shift = tuple[int, int]
"""From and to, in seconds after local midnight; the end may lie on the next day."""

_CLOCK = lazy_regex(r"\A(\d{1,2}):(\d{2})\Z")
_DAY_ALONE = lazy_regex(r"\A\s*\d{4}-?\d{2}-?\d{2}\s*\Z")
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_LONGEST = 3660
"""Days that a stretch may hold: ten years are a slip of the pen."""


def shift(text: str) -> Shift:
    """Read hours of work: ``09:00-17:30``, or ``22:00-06:00`` into the next day.

    Raises:
        PlanInvalid: they are none, or end when they begin.
    """
    begin, _, end = text.replace(" ", "").partition("-")
    first, last = _seconds(begin, text), _seconds(end, text)
    if first == last:
        raise PlanInvalid(f"`{text}` is no length of time", remedy="the whole day is 00:00-24:00")
    return first, last if last > first else last + DAY


def _seconds(clock: str, text: str) -> int:
    found = _CLOCK.match(clock)
    if not found or int(found[2]) > 59 or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise PlanInvalid(f"`{text}` are no hours of work", remedy="write them like 09:00-17:30 or 22:00-06:00")
    return int(found[1]) * 3600 + int(found[2]) * 60


def merged(shifts: Iterator[Shift] | list[Shift] | tuple[Shift, ...]) -> tuple[Shift, ...]:
    """Shifts in order, those that meet or overlap made one."""
    done: list[Shift] = []
    for begin, end in sorted(shifts):
        if done and begin <= done[-1][1]:
            done[-1] = (done[-1][0], max(done[-1][1], end))
        else:
            done.append((begin, end))
    return tuple(done)


def weekdays(text: str) -> Iterator[int]:
    """The weekdays of ``mon`` or ``mon-fri``; Monday is 0.

    Raises:
        PlanInvalid: there is no such weekday.
    """
    first, _, last = text.partition("-")
    begin, end = _weekday(first, text), _weekday(last or first, text)
    day = begin
    yield day
    while day != end:
        day = (day + 1) % 7
        yield day


def _weekday(name: str, text: str) -> int:
    short = name.strip().lower()[:3]
    if short not in WEEKDAYS:
        raise PlanInvalid(f"`{text}` is no weekday", remedy="write " + ", ".join(WEEKDAYS) + ", or mon-fri")
    return WEEKDAYS.index(short)


def days(text: str) -> Iterator[date]:
    """The days of ``2026-12-25``, or of a stretch, both ends included: ``2026-12-24/2027-01-01``.

    Raises:
        PlanInvalid: it is neither, or the stretch ends before it begins or is longer than ten years.
    """
    first, _, last = text.partition("/")
    begin = _day(first, text)
    end = _day(last, text) if last else begin
    if not begin <= end <= begin + timedelta(days=_LONGEST):
        raise PlanInvalid(
            f"`{text}` is no stretch of days", remedy="write the first day before the last, at most ten years"
        )
    for place in range((end - begin).days + 1):
        yield begin + timedelta(days=place)


def _day(text: str, whole: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise PlanInvalid(
            f"`{whole}` is no date", remedy="write it like 2026-12-25, or 2026-12-24/2027-01-01"
        ) from None


def zone(name: str) -> tzinfo:
    """A time zone by its name, such as ``Europe/Berlin``.

    Raises:
        PlanInvalid: this machine knows none of that name.
    """
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PlanInvalid(
            f"the time zone {name} is not known on this machine",
            remedy="name it like Europe/Berlin; the package tzdata brings the zones where the system has none",
        ) from None


def moment(text: str, where: tzinfo, *, end: bool = False) -> datetime:
    """Read a date, or a date with time, in a zone unless it states its own.

    A date alone is its first moment, or with ``end`` its last.

    Raises:
        PlanInvalid: it is neither.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise ValueError("no year for a plan")
        if end and _DAY_ALONE.match(text):
            found += timedelta(days=1)
        return found.replace(tzinfo=where) if found.tzinfo is None else found.astimezone(where)
    except (ValueError, OverflowError):
        raise PlanInvalid(
            f"`{text}` is no date that can be planned with",
            remedy="write it like 2026-12-24, or 2026-12-24 17:00 with a time",
        ) from None
