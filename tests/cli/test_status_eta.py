"""``milepost status --eta``: when a plan is expected to end, as things stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.etas import ExpectedEnd
from milepost.app.forecasts import progress_of
from milepost.bootstrap import open_project
from milepost.bootstrap.outlooks import expected_end
from milepost.cli.status import eta_line

HOUR = 3600
SOUP = """\
# Soup

- [ ] **1.1** Cut
  - _Estimated: 2 h_
- [{mark}] **1.2** Stir
  - _Estimated: 3 h_{tier}
- [ ] **1.3** Serve
  - _Estimated: 1 h_
  - _Depends: 1.1, 1.2_
"""
NIGHTS = """\
[schedule]
calendar = "office"
zone = "Europe/Berlin"
[calendars.office]
[calendars.night]
hours = ["18:00-24:00"]
[tiers.2]
driver = "manual"
[tiers.3]
driver = "manual"
calendar = "night"
"""


@pytest.fixture
def plan(project: Path) -> Path:
    (project / "tasks.md").write_text(SOUP.format(mark=" ", tier=""))
    return project / "tasks.md"


def test_what_is_left_of_a_plan(milepost: Milepost, plan: Path) -> None:
    """Stirring and serving, 3 + 1 hours; with stirring done, cutting and serving."""
    assert milepost("status", "tasks.md", "--eta", "--json").json["expected"]["left_seconds"] == 4 * HOUR
    plan.write_text(SOUP.format(mark="x", tier=""))
    assert "in 3h of working time" in milepost("status", "tasks.md", "--eta").out


def test_a_run_goes_on_from_its_baseline(milepost: Milepost, plan: Path) -> None:
    """What is done at once leaves the rest where it was, to the minute: nobody has lost or won anything."""
    milepost("baseline", "set", "tasks.md")
    assert milepost("claim", "tasks.md", "1.1", "--by", "ann").code == 0
    assert milepost("done", "tasks.md", "1.1", "--by", "ann").code == 0
    assert "of working time, as in its baseline" in milepost("status", "tasks.md", "--eta").out


def test_nothing_is_said_unasked(milepost: Milepost, plan: Path) -> None:
    assert "expected" not in milepost("status", "tasks.md", "--json").json
    assert "Expected" not in milepost("status", "tasks.md").out


def test_calendars_that_differ_count_real_time(milepost: Milepost, plan: Path, project: Path) -> None:
    """Stirring is the office's, serving the night's: whenever it is now, serving takes an hour of some evening."""
    plan.write_text(SOUP.format(mark=" ", tier="\n  - _Tier: 2_"))
    (project / "milepost.toml").write_text(NIGHTS)
    found = milepost("status", "tasks.md", "--eta", "--json").json["expected"]
    assert found["real"]
    assert 19 <= int(found["finish"][11:13]) <= 23 or found["finish"][11:16] == "00:00"
    assert "of real time" in milepost("status", "tasks.md", "--eta").out


def test_a_plan_s_new_assignment_counts_for_what_remains(milepost: Milepost, plan: Path, project: Path) -> None:
    """The run began with stirring on tier 3; only what escalated stays where the run moved it."""
    (project / "milepost.toml").write_text(NIGHTS)
    assert milepost("claim", "tasks.md", "1.1", "--by", "ann").code == 0
    plan.write_text(SOUP.format(mark=" ", tier="\n  - _Tier: 2_"))
    opened = open_project("tasks.md")
    assert progress_of(opened.peek_run(), opened.now()).tiers == {}
    assert expected_end(opened).real


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (None, "in 2h of working time"),
        (0, "as in its baseline"),
        (-59, "as in its baseline"),
        (HOUR, "1h later than in its baseline"),
        (-2 * HOUR, "2h sooner than in its baseline"),
    ],
)
def test_how_the_end_compares(late: int | None, words: str) -> None:
    assert eta_line(ExpectedEnd("2026-12-01T17:30:00+01:00", 2 * HOUR, False, late)).endswith(words)


def test_what_was_done_without_a_claim_teaches_nothing(milepost: Milepost, plan: Path) -> None:
    """Nobody knows how long it took, so its tier's estimates are not said to be far too high."""
    assert milepost("done", "tasks.md", "1.1", "--by", "ann").code == 0
    assert milepost("forecast", "tasks.md", "--samples", "20", "--json").json["calibrations"] == {}
