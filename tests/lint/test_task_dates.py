"""Dates of tasks that cannot be read: what is suggested in their place."""

from __future__ import annotations

import pytest

from milepost.lint.runner import check
from milepost.plan.reader import read_plan
from milepost.source import SourceText


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026/3/4", "2026-03-04"),  # a year comes first, then always the month
        ("2026.03.04 9:30", "2026-03-04 09:30"),
        ("20260304", "2026-03-04"),
        ("14.3.2026", "2026-03-14"),  # no month is the fourteenth
        ("3/14/2026", "2026-03-14"),
        ("4.4.2026", "2026-04-04"),
        ("4th March 2026", "2026-03-04"),
        ("Sept. 4, 2026", "2026-09-04"),
        ("March 4 2026 at 17:00", "2026-03-04 17:00"),
        ("2026-02-30", "2026-02-28"),  # the month's last day
        ("3/4/2026", None),  # March or April: nobody knows
        ("2026-13-01", None),
        ("next week", None),
        ("4 Foo 2026", None),
        ("2026-03-04 if all goes well", None),
    ],
)
def test_only_the_date_that_can_be_meant_is_suggested(written: str, meant: str | None) -> None:
    plan = read_plan(SourceText(f"# T - Implementation Plan\n\n- [ ] **1.1** Dig\n  - _Due: {written}_\n"))
    (found,) = check(plan, select=("unreadable-task-date",))
    assert (found.fix.title if found.fix else None) == (f"Did you mean `{meant}`?" if meant else None)
