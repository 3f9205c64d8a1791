"""What searches for better schedules, with the solver and the clock it may use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from milepost.app.assignment_searches import AssignmentSearch
    from milepost.app.instances import Effort
    from milepost.app.schedules import Leveler


def optimizing_leveler(seconds: float, on_progress: Callable[[str], None]) -> Leveler:
    """A leveler that searches for a shorter schedule and proves how good it is, for so many seconds.

    ``on_progress`` hears in words of better schedules, better bounds, and of what is lost without an extra.
    """
    from milepost.adapters.solver import prove
    from milepost.app.optimizations import OptimizingLeveler

    return OptimizingLeveler(prove, time.perf_counter, seconds, on_progress)


def assignment_search(seconds: float) -> AssignmentSearch:
    """What ``milepost assign --optimize`` searches with, for so many seconds of wall time."""
    from milepost.adapters.solver import prove
    from milepost.app.assignment_searches import AssignmentSearch
    from milepost.app.optimizations import optimize

    return AssignmentSearch(
        lambda problem, part, start: optimize(problem, prove, time.perf_counter, seconds=part, start=start),
        seconds,
        time.perf_counter,
    )


def solving_effort(seconds: float, on_progress: Callable[[str], None]) -> Effort:
    """What ``milepost schedule --optimize`` may spend on an instance of a scheduling library."""
    from milepost.adapters.solver import prove
    from milepost.app.instances import Effort

    return Effort(seconds, time.perf_counter, prove, on_progress)
