"""Documents read as what somebody says they are, by an option or by the settings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.plan.dialects import DIALECTS
from milepost.plan.formats import FORMATS

NAMES = [*(one.name for one in DIALECTS), *(one.name for one in FORMATS)]

# Kiro nests by numbers: 2 is made of 2.1 and 2.2. Plain checklists know no numbers: what nests is indented.
KIRO = """\
# Implementation Plan

- [ ] 1. Set up
- [ ] 2. Search
- [ ] 2.1 Index
- [ ] 2.2 Rank
"""


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(KIRO, encoding="utf-8")
    return path


def read_as(milepost: Milepost, *args: str) -> tuple[str, int]:
    """The dialect in which `check` reads the plan, and how many tasks it finds."""
    found = milepost("check", "--explain-dialect", "--format", "json", *args).json["plans"][0]
    return found["dialect"], found["tasks"]


def test_check_reads_what_it_is_told(milepost: Milepost, plan: Path) -> None:
    assert read_as(milepost, "tasks.md") == ("kiro", 3)
    assert read_as(milepost, "tasks.md", "--dialect", "plain") == ("plain", 4)


def test_the_reason_is_that_it_was_asked_for(milepost: Milepost, plan: Path) -> None:
    told = milepost("check", "tasks.md", "--explain-dialect", "--dialect", "plain").out
    assert told == "tasks.md: plain: it is to be read so, whatever it shows\n"


def test_standard_input_too(milepost: Milepost, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(KIRO.encode())))
    told = milepost("check", "-", "--explain-dialect", "--dialect", "plain").out
    assert told.startswith("tasks.md: plain:")


@pytest.mark.parametrize("name", ["speckit", "Spec-Kit", "spec-kit"])
def test_hyphens_and_case_do_not_matter(milepost: Milepost, plan: Path, name: str) -> None:
    assert read_as(milepost, "tasks.md", "--dialect", name)[0] == "speckit"


@pytest.mark.parametrize(
    "args",
    [
        ("check", "tasks.md"),
        ("check", "tasks.md", "--fix"),
        ("check", "tasks.md", "--diff"),
        ("check", "tasks.md", "--explain-dialect"),
        ("convert", "tasks.md", "--to", "reference"),
        ("schedule", "tasks.md"),
        ("schedule", "tasks.md", "--audit"),
    ],
)
def test_an_unknown_dialect_is_refused_with_the_known_ones(
    milepost: Milepost, plan: Path, args: tuple[str, ...]
) -> None:
    done = milepost(*args, "--dialect", "klingon")
    assert done.code in (2, 3)
    assert "there is no dialect 'klingon'" in done.err
    assert "kiro" in done.err
    assert plan.read_text() == KIRO


def test_schedule_and_convert_read_what_they_are_told(milepost: Milepost, plan: Path) -> None:
    shown = milepost("schedule", "tasks.md", "--json", "--dialect", "plain").json
    assert len(shown["rows"]) == 4
    assert len(milepost("schedule", "tasks.md", "--json").json["rows"]) == 3
    written = milepost("convert", "tasks.md", "--to", "plain", "--json", "--dialect", "plain").json
    assert written["text"].count("- [ ]") == 4


SETTINGS = '[dialects]\n"docs/**" = "plain"\n"tasks.md" = "plain"\n'


def test_the_settings_hold_for_every_command(milepost: Milepost, plan: Path) -> None:
    (plan.parent / "milepost.toml").write_text(SETTINGS)
    assert read_as(milepost, "tasks.md") == ("plain", 4)
    assert read_as(milepost, "tasks.md", "--dialect", "kiro") == ("kiro", 3)
    assert len(milepost("schedule", "tasks.md", "--json").json["rows"]) == 4
    assert milepost("status", "tasks.md", "--json").json["tasks"]["pending"] == 4
    ready = milepost("next", "tasks.md", "--json").json["tasks"]
    assert milepost("done", "tasks.md", ready[0]["id"]).code == 0
    assert plan.read_text().count("- [x]") == 1


def test_a_plan_that_no_pattern_names_shows_what_it_is(milepost: Milepost, plan: Path) -> None:
    (plan.parent / "milepost.toml").write_text('[dialects]\n"other.md" = "plain"\n')
    assert read_as(milepost, "tasks.md") == ("kiro", 3)


def test_changed_settings_are_obeyed_at_once(milepost: Milepost, plan: Path) -> None:
    assert milepost("status", "tasks.md", "--json").json["tasks"]["pending"] == 3
    (plan.parent / "milepost.toml").write_text(SETTINGS)
    assert milepost("status", "tasks.md", "--json").json["tasks"]["pending"] == 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('dialects = "kiro"\n', "`dialects` needs the name of a dialect for each pattern"),
        ('[dialects]\n"tasks.md" = 3\n', "`dialects` needs the name of a dialect for each pattern"),
        ('[dialects]\n"tasks.md" = "klingon"\n', "there is no dialect 'klingon'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(milepost: Milepost, plan: Path, text: str, told: str) -> None:
    (plan.parent / "milepost.toml").write_text(text)
    done = milepost("check", "tasks.md")
    assert done.code in (2, 3)
    assert told in done.err


def test_the_documentation_lists_every_name() -> None:
    page = (Path(__file__).parents[2] / "docs" / "dialects.md").read_text("utf-8").partition("\n## ")[0]
    assert [name for name in NAMES if f"`{name}`" not in page] == []
