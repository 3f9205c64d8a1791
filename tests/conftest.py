"""What all tests share: no test measures time, and the count of faults that were injected is told at the end."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import settings

pytest_plugins = ["tests.databases"]

# The same examples every time, so that no change is blamed for what chance finds; MILEPOST_EXPLORE=1 looks for new ones.
settings.register_profile("milepost", deadline=None, derandomize="MILEPOST_EXPLORE" not in os.environ)
settings.load_profile("milepost")

# Commands under test buffer their output as they do for users, whatever the shell of who runs the tests says.
os.environ.pop("PYTHONUNBUFFERED", None)


SEVERAL_PROGRAMS = ("web", "engines", "crash", "failures", "mcp_server")
"""Folders whose tests drive a browser or several servers and workers at once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of many programs a second try where the machine is too busy for them; the summary counts those."""
    for item in items:
        if item.path.relative_to(item.config.rootpath).parts[1:2] in {(name,) for name in SEVERAL_PROGRAMS}:
            item.add_marker(pytest.mark.flaky(reruns=2))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sum up what the tests of failures recorded, from whichever process they ran in."""
    faults: Counter[str] = Counter()
    runs = violations = 0
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            injected = [
                (str(name)[6:], int(str(count))) for name, count in report.user_properties if name[:6] == "fault:"
            ]
            if report.when == "call" and injected:
                runs += 1
                violations += outcome == "failed"
                for name, count in injected:
                    faults[name] += count
    if runs:
        each = ", ".join(f"{name} {count}" for name, count in sorted(faults.items()))
        terminalreporter.write_sep("-", "failure matrix")
        terminalreporter.write_line(
            f"{runs} runs, {faults.total()} faults injected ({each}); runs that broke a promise: {violations}"
        )
