"""``[lint]`` in milepost.toml and pyproject.toml, as ``milepost check`` obeys it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Milepost

from milepost.app.globs import matches

# A stale total (MP601, warning), a leftover placeholder (MP701, warning), an empty phase (MP702, info).
PLAN = """\
# Birdhouse - Implementation Plan

**Total Tasks:** 7

### **Phase 1: Wood**

- [x] **1.1** Saw the boards
  - _Estimated: 2 days_
  - _Requirements: [REQ-X.X]_

### **Phase 2: Paint**
"""
TOML = "[lint]\n"
PYPROJECT = '[project]\nname = "birdhouse"\nselect = "no rule"\n\n[tool.milepost.lint]\n'


@pytest.fixture(params=["milepost.toml", "pyproject.toml"])
def settings(request: pytest.FixtureRequest, project: Path) -> Path:
    """The file that holds the settings, with its [lint] section still empty; its last line is 1 or 5."""
    (project / "specs" / "old").mkdir(parents=True)
    for folder in ("specs", "specs/old"):
        (project / folder / "tasks.md").write_text(PLAN)
    (project / "milepost.toml").unlink()
    path = project / str(request.param)
    path.write_text(TOML if path.name == "milepost.toml" else PYPROJECT)
    return path


def add(settings: Path, *lines: str) -> int:
    """Write lines into the [lint] section; gives the number of the first of them."""
    before = settings.read_text()
    settings.write_text(before + "".join(f"{line}\n" for line in lines))
    return before.count("\n") + 1


def codes(milepost: Milepost, *args: str, path: str = "specs/tasks.md") -> list[str]:
    return [found["code"] for found in milepost("check", path, "--format", "json", *args).json["findings"]]


def test_without_settings_the_default_rules_run(settings: Path, milepost: Milepost) -> None:
    assert codes(milepost) == ["MP601", "MP701", "MP702"]


def test_select_replaces_the_default_rules(settings: Path, milepost: Milepost) -> None:
    add(settings, 'select = ["MP304", "placeholder-left"]')
    assert codes(milepost) == ["MP304", "MP701"]


def test_extend_select_adds_to_them(settings: Path, milepost: Milepost) -> None:
    add(settings, 'extend-select = ["long-estimate"]')
    assert codes(milepost) == ["MP601", "MP304", "MP701", "MP702"]


def test_ignore_takes_away(settings: Path, milepost: Milepost) -> None:
    add(settings, 'ignore = ["MP7"]')
    assert codes(milepost) == ["MP601"]


def test_the_command_line_replaces_select_and_ignore(settings: Path, milepost: Milepost) -> None:
    add(settings, 'select = ["MP601"]', 'ignore = ["MP7"]')
    assert codes(milepost, "--select", "MP7") == ["MP701", "MP702"]
    assert codes(milepost, "--ignore", "MP6") == []


def test_some_files_are_spared_some_rules(settings: Path, milepost: Milepost) -> None:
    section = "lint" if settings.name == "milepost.toml" else "tool.milepost.lint"
    add(settings, f"[{section}.per-file-ignores]", '"specs/old/**" = ["MP7"]')
    assert codes(milepost) == ["MP601", "MP701", "MP702"]
    assert codes(milepost, path="specs/old/tasks.md") == ["MP601"]
    # Whoever selects rules by hand still gets those exceptions.
    assert codes(milepost, "--select", "MP7", path="specs/old/tasks.md") == []


@pytest.mark.parametrize(
    ("line", "message", "remedy"),
    [
        ('select = ["missing-estimat"]', "there is no rule `missing-estimat`", "did you mean `missing-estimate`?"),
        ('extend-select = ["MP999"]', "there is no rule `MP999`", "lists them"),
        ('ignore = "MP301"', "`ignore` of [LINT] is of the wrong type", "give a list"),
        ("select = [301]", "`select` of [LINT] is no list of strings", 'give a list such as ["MP301"]'),
        ("choose = []", "[LINT] has no setting `choose`", "it has select, extend-select"),
        ('per-file-ignores = { "a.md" = "MP301" }', "`a.md` of [LINT.per-file-ignores] is no list", "give a list"),
    ],
)
def test_a_complaint_names_the_line_and_the_remedy(
    settings: Path, milepost: Milepost, line: str, message: str, remedy: str
) -> None:
    number = add(settings, line)
    result = milepost("check", "specs/tasks.md")
    section = "lint" if settings.name == "milepost.toml" else "tool.milepost.lint"
    assert result.code == 3
    assert message.replace("LINT", section) in result.err
    assert f"--> {settings}:{number}\n" in result.err
    assert remedy in result.err


def test_milepost_toml_alone_counts_where_both_are(settings: Path, milepost: Milepost) -> None:
    add(settings, 'select = ["MP702"]')
    other = settings.with_name({"milepost.toml": "pyproject.toml"}.get(settings.name, "milepost.toml"))
    other.write_text((PYPROJECT if other.name == "pyproject.toml" else TOML) + 'select = ["MP701"]\n')
    assert codes(milepost) == (["MP702"] if settings.name == "milepost.toml" else ["MP701"])


def test_a_pyproject_of_others_is_none_of_our_business(project: Path, milepost: Milepost) -> None:
    (project / "tasks.md").write_text(PLAN)
    (project / "milepost.toml").unlink()
    (project / ".git").mkdir()
    (project / "pyproject.toml").write_text("this is [not TOML")
    assert codes(milepost, path="tasks.md") == ["MP601", "MP701", "MP702"]


def test_tiers_and_run_may_stand_in_pyproject(project: Path, milepost: Milepost) -> None:
    (project / "milepost.toml").unlink()
    (project / "tasks.md").write_text(PLAN.replace("_Estimated", "_Tier: 4_\n  - _Estimated"))
    # Without tiers of one's own there are three.
    (project / "pyproject.toml").write_text("[tool.milepost.run]\nlease_minutes = 30\n")
    assert codes(milepost, "--select", "unknown-tier", path="tasks.md") == ["MP403"]
    assert milepost("status", "tasks.md").code == 3  # so a run would be refused as well
    (project / "pyproject.toml").write_text('[tool.milepost.tiers.1]\ndriver = "manual"\n')
    assert codes(milepost, "--select", "unknown-tier", path="tasks.md") == ["MP403"]


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("tasks.md", "specs/old/tasks.md", True),
        ("old", "specs/old/tasks.md", True),
        ("*.md", "specs/old/tasks.md", True),
        ("*.txt", "specs/old/tasks.md", False),
        ("ld", "specs/old/tasks.md", False),
        ("specs/*.md", "specs/old/tasks.md", False),
        ("specs/**/*.md", "specs/old/tasks.md", True),
        ("specs/**/*.md", "specs/tasks.md", True),
        ("specs/old/", "specs/old/tasks.md", True),
        ("./specs/o?d", "specs/old/tasks.md", True),
        ("old/tasks.md", "specs/old/tasks.md", False),
        ("**/old/**", "specs/old/tasks.md", True),
        ("specs/[no]ld/tasks.md", "specs/old/tasks.md", True),
        ("specs/[!no]ld/tasks.md", "specs/old/tasks.md", False),
        ("a+b.md", "a+b.md", True),
    ],
)
def test_patterns_of_paths(glob: str, path: str, expected: bool) -> None:
    assert matches(glob, path) is expected
