"""Checks dated schedules minute by minute from plain data. Shares no code with src; knows nothing of its axes.

All times are seconds since 1970; hours begin and end with whole minutes. A calendar is a week of clock hours, looked at
through `zoneinfo` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = 24 * 60


@dataclass(frozen=True)
class Week:
    """Hours by weekday in minutes after midnight, days off, and days with hours of their own."""

    hours: tuple[tuple[tuple[int, int], ...], ...]
    holidays: frozenset[date] = frozenset()
    extra: Mapping[date, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    zone: str = "UTC"

    def __hash__(self) -> int:
        return hash((self.hours, self.holidays, self.zone))

    def of(self, day: date) -> tuple[tuple[int, int], ...]:
        if day in self.extra:
            return self.extra[day]
        return () if day in self.holidays else self.hours[day.weekday()]


def works(week: Week, second: int) -> bool:
    """Whether somebody with this calendar works in a second: the clock on the wall is within a shift of its day."""
    return _works(week, second // 60)


@cache
def _works(week: Week, minute: int) -> bool:
    wall = datetime.fromtimestamp(minute * 60, ZoneInfo(week.zone))
    clock, today = wall.hour * 60 + wall.minute, wall.date()
    yesterday = today - timedelta(days=1)
    return any(begin <= clock < end for begin, end in week.of(today)) or any(
        begin <= clock + DAY < end for begin, end in week.of(yesterday)
    )


def worked(week: Week, begin: int, end: int) -> int:
    """Working seconds from one moment to another."""
    found = 0
    for minute in range(begin // 60, -(-end // 60)):
        if _works(week, minute):
            found += min(end, minute * 60 + 60) - max(begin, minute * 60)
    return found


@dataclass(frozen=True)
class Item:
    """A task with its tier, length in seconds and the least start, or a checkpoint without tier."""

    tier: int | None
    length: int
    not_before: int = 0


def complaints(
    items: Sequence[Item],
    links: Sequence[tuple[int, int, str, int]],
    weeks: Mapping[int, Week],
    capacities: Mapping[int, int] | None,
    start: Sequence[datetime],
    finish: Sequence[datetime],
) -> list[str]:
    """What is wrong with a schedule; links are (predecessor, successor, FS SS FF SF, lag in seconds)."""
    begins, ends = [second(moment) for moment in start], [second(moment) for moment in finish]
    wrong = []
    for here, item in enumerate(items):
        if begins[here] < item.not_before:
            wrong.append(f"{here} starts before it may")
        if not item.length or item.tier is None:
            if begins[here] != ends[here]:
                wrong.append(f"{here} takes time")
            continue
        week = weeks[item.tier]
        if worked(week, begins[here], ends[here]) != item.length:
            wrong.append(f"{here} is not worked on as long as it takes")
        if not works(week, begins[here]) or not works(week, ends[here] - 1):
            wrong.append(f"{here} begins or ends in a pause")
    for before, after, kind, lag in links:
        one = (ends if kind[0] == "F" else begins)[before]
        other = (ends if kind[1] == "F" else begins)[after]
        if not _holds(items[after], weeks, one, other, lag):
            wrong.append(f"{after} does not wait for {before} ({kind}{lag:+})")
    for rank, capacity in (capacities or {}).items():
        busy = [here for here, item in enumerate(items) if item.tier == rank and item.length]
        for moment in begins:
            if sum(begins[here] <= moment < ends[here] for here in busy) > capacity:
                wrong.append(f"tier {rank} does too much at {moment}")
    return wrong


def _holds(item: Item, weeks: Mapping[int, Week], one: int, other: int, lag: int) -> bool:
    """Whether one moment is so many seconds, of the waiting task's work, before the other."""
    if not lag:
        return one <= other
    if item.tier is None or not item.length:
        return one + lag <= other
    if one <= other:
        return lag < 0 or worked(weeks[item.tier], one, other) >= lag
    return lag < 0 and worked(weeks[item.tier], other, one) <= -lag


def second(moment: datetime) -> int:
    """The second of a moment."""
    return round(moment.astimezone(UTC).timestamp())
