"""Spellings of durations. One working day is 8 hours, one week 5 days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.plan.grammar.durations import DAY, HOUR, MINUTE, WEEK, Duration, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 minutes", 30 * MINUTE),
        ("1 hour", HOUR),
        ("2h", 2 * HOUR),
        ("1.5h", 90 * MINUTE),
        ("1,5 h", 90 * MINUTE),
        ("1h30", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("1 hour and 30 minutes", 90 * MINUTE),
        ("5s", 5),
        ("5 seconds", 5),
        ("2 days", 16 * HOUR),
        ("1w", 40 * HOUR),
        ("1 week, 1 day", WEEK + DAY),
        ("~2h", 2 * HOUR),
        ("about 2 hours", 2 * HOUR),
        ("an hour", HOUR),
        ("half a day", 4 * HOUR),
        ("2 hours (with tests)", 2 * HOUR),
        ("2小时", 2 * HOUR),
        ("0h", 0),
        ("0.5 s", 1),  # half a second rounds up
    ],
)
def test_single_values(text: str, seconds: int) -> None:
    assert parse_duration(text) == Duration(seconds, seconds, seconds)


@pytest.mark.parametrize("text", ["2-3 hours", "2–3 hours", "2 to 3 hours", "2h-3h", "2~3 h", "about 2-3 hours"])
def test_a_range_is_likely_in_its_middle(text: str) -> None:
    assert parse_duration(text) == Duration(2 * HOUR, 150 * MINUTE, 3 * HOUR)


def test_three_points() -> None:
    assert parse_duration("2h (1h-4h)") == Duration(HOUR, 2 * HOUR, 4 * HOUR)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "soon",
        "4",
        "3 months",
        "5M",
        "3-2 hours",
        "5h (1h-4h)",
        "2h+",
        "30m 1h",
        "²h",
        "[Hours]",
        "S",
        "3 points",
    ],
)
def test_what_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


def test_sizes_and_points_come_from_a_table() -> None:
    sizes = {"S": HOUR, "M": 4 * HOUR, "XL": 3 * DAY, "point": 2 * HOUR}
    assert parse_duration("M", sizes) == Duration(4 * HOUR, 4 * HOUR, 4 * HOUR)
    assert parse_duration("xl", sizes) == Duration(3 * DAY, 3 * DAY, 3 * DAY)
    assert parse_duration("3 story points", sizes) == Duration(6 * HOUR, 6 * HOUR, 6 * HOUR)
    assert parse_duration("L", sizes) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (5, "5 seconds"),
        (45 * MINUTE, "45 minutes"),
        (90, "1.5 minutes"),
        (HOUR, "1 hour"),
        (81_000, "22.5 hours"),
        (4_800, "1 hour 20 minutes"),  # 1.333… hours would not read back as the same number
        (3 * DAY, "24 hours"),
    ],
)
def test_durations_are_written_in_the_largest_unit_up_to_hours(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.integers(min_value=0, max_value=10**9))
def test_a_written_duration_reads_back_as_itself(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == Duration(seconds, seconds, seconds)


@given(st.text(alphabet="0123456789.,- –~()hmsdw toandhalf½٣", max_size=30))
def test_any_text_is_read_without_fail_and_in_order(text: str) -> None:
    duration = parse_duration(text)
    assert duration is None or 0 <= duration.low <= duration.likely <= duration.high
