from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.errors import PlanInvalid
from milepost.schedule.calendar import ALWAYS, Calendar

HOUR = 3600
BERLIN = "Europe/Berlin"
OFFICE = Calendar.read(
    hours=["09:00-12:00", "13:00-18:00"],
    weekdays=["mon", "tue", "wed", "thu", "fri"],
    holidays=["2026-12-25"],
    zone=BERLIN,
    name="office",
)


def at(text: str, calendar: Calendar = OFFICE) -> datetime:
    return calendar.localize(datetime.fromisoformat(text))


def shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M %z")


def test_work_goes_on_after_lunch_and_after_the_weekend() -> None:
    """Friday 10:00: 2 h until lunch, 5 h until 18:00; the eighth hour is Monday's first."""
    work = OFFICE.working_time(at("2026-01-09 10:00"))
    assert shown(work.finishing(2 * HOUR)) == "2026-01-09 12:00 +0100"
    assert shown(work.starting(2 * HOUR)) == "2026-01-09 13:00 +0100"
    assert shown(work.finishing(7 * HOUR)) == "2026-01-09 18:00 +0100"
    assert shown(work.starting(7 * HOUR)) == "2026-01-12 09:00 +0100"
    assert shown(work.finishing(8 * HOUR)) == "2026-01-12 10:00 +0100"


def test_a_start_in_a_pause_waits_for_the_next_shift() -> None:
    work = OFFICE.working_time(at("2026-01-10 15:00"))  # a Saturday
    assert shown(work.starting(0)) == "2026-01-12 09:00 +0100"
    assert shown(work.finishing(0)) == "2026-01-10 15:00 +0100"
    assert shown(work.finishing(1)) == "2026-01-12 09:00 +0100"  # one second past nine


def test_a_holiday_is_skipped() -> None:
    """Thursday 24 December 2026 ends at 18:00, Friday is a holiday, Monday is the 28th."""
    work = OFFICE.working_time(at("2026-12-24 17:00"))
    assert shown(work.finishing(2 * HOUR)) == "2026-12-28 10:00 +0100"
    assert work.seconds_until(at("2026-12-25 12:00")) == HOUR


def test_working_seconds_between_two_moments() -> None:
    """Monday 10:00 to Tuesday 10:30: 2 + 5 h on Monday, 1.5 h on Tuesday."""
    work = OFFICE.working_time(at("2026-01-12 10:00"))
    assert work.seconds_until(at("2026-01-13 10:30")) == 8.5 * HOUR
    assert work.seconds_until(at("2026-01-12 12:30")) == 2 * HOUR
    assert work.seconds_until(at("2026-01-12 09:30")) == 0


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    """15:00 UTC is 16:00 in Berlin in winter: 2 h from 10:00 to lunch and 3 h from 13:00."""
    work = OFFICE.working_time(at("2026-01-12 10:00"))
    assert work.seconds_until(datetime(2026, 1, 12, 15, tzinfo=UTC)) == 5 * HOUR


NIGHT = Calendar.read(hours=["22:00-06:00"], zone=BERLIN)


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-03-27", 8), ("2026-03-28", 7), ("2026-10-24", 9), ("2026-10-25", 8)],
)
def test_a_night_shift_has_an_hour_less_or_more_when_the_clocks_change(evening: str, hours: int) -> None:
    """Clocks go forward in the night to 29 March 2026, and back in the night to 25 October."""
    [(begin, end)] = NIGHT.shifts_of(date.fromisoformat(evening))
    assert end - begin == hours * HOUR


def test_a_shift_that_begins_while_the_clock_jumps_begins_with_the_jump() -> None:
    """02:30 does not exist on 29 March 2026: at 02:00 the clock shows 03:00. Until 03:15 it is a quarter of an hour."""
    early = Calendar.read(hours=["02:30-03:15"], zone=BERLIN)
    [(begin, end)] = early.shifts_of(date(2026, 3, 29))
    assert end - begin == HOUR // 4
    assert shown(datetime.fromtimestamp(begin, UTC)) == "2026-03-29 01:00 +0000"


def test_a_shift_inside_the_jump_is_lost() -> None:
    lost = Calendar.read(hours=["02:10-02:50"], zone=BERLIN)
    assert lost.shifts_of(date(2026, 3, 29)) == []
    work = lost.working_time(at("2026-03-29 00:00", lost))
    assert shown(work.finishing(60)) == "2026-03-30 02:11 +0200"


def test_shifts_that_meet_in_the_repeated_hour_share_it_without_overlap() -> None:
    """On 25 October 2026 the hour from 02:00 comes twice: the whole day has 25 h, however it is cut."""
    cut = Calendar.read(hours=["00:00-02:30", "02:30-24:00"], zone=BERLIN)
    assert sum(end - begin for begin, end in cut.shifts_of(date(2026, 10, 25))) == 25 * HOUR


def test_a_night_shift_running_into_the_next_day_s_shift_counts_once() -> None:
    """22:00 to 10:00 and 09:00 to 17:00: from 22:00 on, the first 24 h hold 12 + 7 + 2 h."""
    both = Calendar.read(hours=["09:00-17:00", "22:00-10:00"])
    start = datetime(2026, 5, 4, 22, tzinfo=UTC)
    assert both.working_time(start).seconds_until(start + timedelta(days=1)) == (12 + 7) * HOUR
    assert both.working_time(start).seconds_until(start + timedelta(days=1, hours=2)) == 21 * HOUR


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hours": []}, "no working time"),
        ({"weekdays": []}, "no working time"),
        ({"hours": ["9-17"]}, "no hours of work"),
        ({"hours": ["25:00-26:00"]}, "no hours of work"),
        ({"weekdays": ["someday"]}, "no weekday"),
        ({"holidays": ["25.12.2026"]}, "no date"),
        ({"zone": "Europe/Atlantis"}, "time zone Europe/Atlantis"),
        ({"zone": "../etc/passwd"}, "time zone"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(options: dict[str, list[str]], words: str) -> None:
    with pytest.raises(PlanInvalid, match=words):
        Calendar.read(**options)  # type: ignore[arg-type]


def test_a_calendar_of_holidays_only_has_no_working_time() -> None:
    """All Mondays of four years are holidays, and only Mondays are working days."""
    mondays = [(date(2026, 1, 5) + timedelta(weeks=week)).isoformat() for week in range(210)]
    work = Calendar.read(weekdays=["mon"], holidays=mondays).working_time(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(PlanInvalid, match="too little working time"):
        work.finishing(1)


def test_an_end_beyond_all_planning_is_refused() -> None:
    with pytest.raises(PlanInvalid, match="too little working time"):
        ALWAYS.working_time(datetime(9990, 1, 1, tzinfo=UTC)).finishing(10**12)


def test_without_a_calendar_working_time_is_real_time() -> None:
    start = datetime(2026, 1, 1, 5, 30, tzinfo=UTC)
    assert ALWAYS.working_time(start).finishing(100 * HOUR) == start + timedelta(hours=100)


moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(st.sampled_from([OFFICE, NIGHT, ALWAYS]), moments, st.integers(0, 40 * 8 * HOUR))
def test_dates_and_working_seconds_are_inverse(calendar: Calendar, start: datetime, seconds: int) -> None:
    work = calendar.working_time(start)
    assert work.seconds_until(work.starting(seconds)) == seconds
    assert work.seconds_until(work.finishing(seconds)) == seconds
    assert work.finishing(seconds).timestamp() <= work.starting(seconds).timestamp()


@given(st.sampled_from([OFFICE, NIGHT]), moments, st.lists(st.integers(0, 60 * 24 * 60), min_size=2, max_size=5))
def test_work_never_shrinks_and_is_counted_in_parts(calendar: Calendar, start: datetime, steps: list[int]) -> None:
    """W grows with time, by no more than the time itself, and W(a, c) = W(a, b) + W(b, c)."""
    moments = [start]
    for minutes in steps:
        moments.append(moments[-1] + timedelta(minutes=minutes))
    whole = calendar.working_time(start)
    parts = 0
    for before, after in pairwise(moments):
        part = calendar.working_time(before).seconds_until(after)
        assert 0 <= part <= (after - before).total_seconds()
        parts += part
        assert whole.seconds_until(after) == parts


ZONES = ["Europe/Berlin", "America/Sao_Paulo", "Africa/Casablanca", "Australia/Lord_Howe", "Asia/Beirut", "UTC"]


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2030, 12, 31)))
def test_a_day_s_shift_begins_and_ends_with_the_clock(zone: str, day: date) -> None:
    """A clock that shows the time a shift begins at showed another a second before; so with its end, a day later.

    In the night that clocks jump over the time, the jump takes its place.
    """
    night = Calendar.read(hours=["00:30-23:30", "23:45-02:15"], zone=zone)
    clock = ZoneInfo(zone)
    for (begin, end), (first, last) in zip(night.shifts_of(day), [(30, 1410), (1425, 1575)], strict=True):
        for moment, minutes in ((begin, first), (end, last)):
            wanted = datetime.combine(day, time.min) + timedelta(minutes=minutes)
            shown, before = (datetime.fromtimestamp(at, clock).replace(tzinfo=None) for at in (moment, moment - 1))
            assert before < wanted <= shown
