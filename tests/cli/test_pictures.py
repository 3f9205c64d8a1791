"""Pictures as SVG: round values, labels that stay apart and within their column, dark mode."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.cli.svg import nice_value

PLAN = """\
# Long - Implementation Plan

- [ ] **1.1** {title}
  - _Estimated: 4 hours_
- [ ] **1.2** Handed over
  - _Estimated: 0 hours_
  - _Depends: 1.1_
"""
PRICES = '[tiers.3]\ndriver = "manual"\ncost_per_hour = 73\n'


def picture(milepost: Milepost, project: Path, *asked: str, title: str = "Work") -> str:
    (project / "tasks.md").write_text(PLAN.format(title=title))
    (project / "milepost.toml").write_text(PRICES)
    assert milepost(*asked, "--svg", "out.svg").code == 0
    return (project / "out.svg").read_text()


@pytest.mark.parametrize(
    ("least", "nice"), [(1, 1), (1.1, 2), (119, 200), (0.06, 0.1), (200, 200), (0.2, 0.2), (501, 1000)]
)
def test_values_on_an_axis_are_round(least: float, nice: float) -> None:
    assert nice_value(least) == pytest.approx(nice)


def test_the_cost_of_a_front_ends_at_a_round_value(milepost: Milepost, project: Path) -> None:
    """Four hours at 73 are 292: lines at 0, 100, 200 and 300."""
    drawn = picture(milepost, project, "assign", "tasks.md")
    values = re.findall(r'text-anchor="end">([\d,.]+)</text>', drawn)
    assert values == ["0", "100", "200", "300"]


def test_percentiles_do_not_cover_each_other(milepost: Milepost, project: Path) -> None:
    """Those on one line are as far apart as they are wide, six pixels a character."""
    drawn = picture(milepost, project, "forecast", "tasks.md", "--start", "2026-12-01", "--samples", "200")
    found = re.findall(r'x="([\d.]+)" y="([\d.]+)" text-anchor="middle">(P\d+ [^<]*)<', drawn)
    assert len(found) == 4
    for line in {y for _, y, _ in found}:
        spans = sorted((float(x) - 3 * len(text), float(x) + 3 * len(text)) for x, y, text in found if y == line)
        assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_what_takes_no_time_is_a_diamond_and_long_titles_are_cut_off(milepost: Milepost, project: Path) -> None:
    drawn = picture(milepost, project, "schedule", "tasks.md", title="W" * 60)
    assert "<title>1.2 Handed over: 4h to 4h, tier 3</title></polygon>" in drawn
    assert f'<svg x="10.0" y="50.0" width="240.0" height="18"><text x="0" y="13"><title>1.1 {"W" * 60}' in drawn


def test_pictures_have_a_dark_side(milepost: Milepost, project: Path) -> None:
    drawn = picture(milepost, project, "schedule", "tasks.md")
    assert "@media(prefers-color-scheme:dark){.paper{" in drawn
    assert '<rect class="paper" width="100%" height="100%"/>' in drawn
    assert "critical</text>" in drawn
