"""Figures as people read them."""

from __future__ import annotations

from milepost.cli.gantt import compact_time


def rough_time(seconds: float) -> str:
    """Working time to about three digits: seconds below ten minutes, minutes below 100 hours, else hours."""
    size = abs(seconds)
    unit = 1 if size < 600 else 60 if size < 360_000 else 3600
    return compact_time(round(seconds / unit) * unit)


def signed_time(seconds: float) -> str:
    """A difference of working time, with its sign."""
    return ("+" if seconds > 0 else "") + rough_time(seconds)


def share(value: float) -> str:
    """A share in percent; near its ends with a digit more, so that a little never looks like nothing."""
    return f"{value:.1%}" if 0 < value < 0.01 or 0.99 < value < 1 else f"{value:.0%}"
