"""The forms in which ``milepost check`` prints findings for other programs."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Milepost

from milepost import __version__
from milepost.lint import registry

# Line 3: a fixable warning; line 5: an empty phase, an info; line 15: a cycle, an error with two related places.
PLAN = """\
# Birdhouse - Implementation Plan

**Total Tasks:** 7

### **Phase 1: Empty**

### **Phase 2: Wood**

- [ ] **1.1** Saw the boards
- [ ] **1.2** 🪚 Sand the boards

## Dependencies Between Tasks

```
1.1 → 1.2
1.2 → 1.1
```
"""
CYCLE = "These tasks wait for each other: 1.1 → 1.2 → 1.1"


@pytest.fixture
def plan(project: Path) -> Path:
    path = project / "tasks.md"
    path.write_text(PLAN)
    return path


def sarif(milepost: Milepost, *args: str) -> dict[str, Any]:
    data = milepost("check", *args, "--format", "sarif").json
    assert data["version"] == "2.1.0"
    assert data["$schema"].endswith("sarif-2.1.0.json")
    (run,) = data["runs"]
    assert isinstance(run, dict)
    return run


def test_github_shows_findings_beside_the_lines(plan: Path, milepost: Milepost) -> None:
    result = milepost("check", "tasks.md", "--format", "github")
    assert result.code == 1
    # `7` is one character wide: first and last column are the same. The cycle's arrow line has nine characters.
    assert result.out == (
        "::warning file=tasks.md,line=3,endLine=3,col=18,endColumn=18,title=MP601 total-mismatch"
        "::The total says 7 tasks, but the plan has 2 required tasks (Write 2)\n"
        "::notice file=tasks.md,line=5,endLine=5,col=5,endColumn=22,title=MP702 empty-phase::Phase 1 has no tasks\n"
        f"::error file=tasks.md,line=16,endLine=16,col=1,endColumn=9,title=MP202 dependency-cycle::{CYCLE}\n"
    )


def test_github_commands_cannot_be_forged(project: Path, milepost: Milepost) -> None:
    name = "a,line=9::b%0A\n::error::c.md"
    (project / name).write_text(PLAN.replace("**Total Tasks:** 7", "**Status:** 50%"))
    result = milepost("check", name, "--format", "github")
    lines = result.out.splitlines()
    # The status, the phase, the cycle; a line each.
    assert len(lines) == 3
    assert all(
        line.split(" ", 1)[1].startswith("file=a%2Cline=9%3A%3Ab%250A%0A%3A%3Aerror%3A%3Ac.md,line=") for line in lines
    )
    assert "::The status says 50%25, the boxes say 0%25" in lines[0]


def test_github_shows_plans_that_cannot_be_read(project: Path, milepost: Milepost) -> None:
    result = milepost("check", "missing.md", "--format", "github")
    assert result.code == 3
    assert result.out.startswith(
        "::error file=missing.md,title=plan-unreadable::there is no such file%0Acheck the path"
    )


def test_sarif_describes_every_rule(plan: Path, milepost: Milepost) -> None:
    driver = sarif(milepost, "tasks.md")["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("milepost", __version__)
    assert [rule["id"] for rule in driver["rules"]] == [rule.code for rule in registry.RULES]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["markdown"].startswith(rule["shortDescription"]["text"])
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_sarif_places_findings_and_fixes(plan: Path, milepost: Milepost) -> None:
    run = sarif(milepost, "tasks.md")
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    total, phase, cycle = run["results"]
    place = {"uri": "tasks.md"}
    region = {"startLine": 3, "startColumn": 18, "endLine": 3, "endColumn": 19}
    assert total == {
        "ruleId": "MP601",
        "ruleIndex": [rule.code for rule in registry.RULES].index("MP601"),
        "level": "warning",
        "message": {"text": "The total says 7 tasks, but the plan has 2 required tasks"},
        "locations": [{"physicalLocation": {"artifactLocation": place, "region": region}}],
        "fixes": [
            {
                "description": {"text": "Write 2"},
                "artifactChanges": [
                    {
                        "artifactLocation": place,
                        "replacements": [{"deletedRegion": region, "insertedContent": {"text": "2"}}],
                    }
                ],
                "properties": {"safety": "safe"},
            }
        ],
    }
    assert phase["level"] == "note"
    assert (cycle["level"], cycle["message"]["text"]) == ("error", CYCLE)
    lines = [one["physicalLocation"]["region"]["startLine"] for one in cycle["relatedLocations"]]
    assert sorted(lines) == [15, 16]


def test_sarif_names_files_as_uris(project: Path, milepost: Milepost) -> None:
    odd = project / "a plan#1 é.md"
    odd.write_text(PLAN)
    outside = project.parent / "tasks.md"
    outside.write_text(PLAN)
    uris = {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for result in sarif(milepost, odd.name, str(outside))["results"]
    }
    assert uris == {"a%20plan%231%20%C3%A9.md", f"file://{outside}"}


def test_sarif_says_what_could_not_be_read(project: Path, milepost: Milepost) -> None:
    (invocation,) = sarif(milepost, "missing.md")["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    assert notification["message"]["text"] == "missing.md: there is no such file"


def test_junit_has_a_suite_for_each_plan(plan: Path, milepost: Milepost) -> None:
    (plan.parent / "clean.md").write_text("- [ ] **1.1** Saw\n")
    result = milepost("check", "tasks.md", "clean.md", "missing.md", "--format", "junit")
    assert result.code == 3
    root = ElementTree.fromstring(result.out)
    # Three findings, of which one is only an info; one passed case; one plan that cannot be read.
    assert root.attrib == {"name": "milepost", "tests": "5", "failures": "2", "errors": "1"}
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("tasks.md", "3", "2"),
        ("clean.md", "1", "0"),
        ("missing.md", "1", "0"),
    ]
    case = root[0][2]
    assert (case.get("name"), case.get("line")) == ("MP202 dependency-cycle 16:1", "16")
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message"), failure.text) == ("error", CYCLE, f"tasks.md:16:1: {CYCLE}")


def test_junit_is_xml_whatever_the_plan_says(project: Path, milepost: Milepost) -> None:
    hostile = "]]> <!-- & \" ' \x01 \ufffe \udcff"
    text = PLAN.replace("**Total Tasks:** 7", f"**Status:** Complete ({hostile})")
    (project / '<&".md').write_bytes(text.encode("utf-8", "surrogateescape"))
    result = milepost("check", '<&".md', "--format", "junit")
    root = ElementTree.fromstring(result.out)
    assert root[0].get("name") == '<&".md'
    messages = [failure.get("message") for failure in root.iter("failure")]
    assert any(message and "but 2 of 2 boxes" in message for message in messages)


@pytest.mark.parametrize("form", ["github", "sarif", "junit"])
def test_a_plan_cannot_send_commands_to_the_terminal(project: Path, milepost: Milepost, form: str) -> None:
    (project / "tasks.md").write_text(PLAN.replace("1.2 → 1.1", "1.2 → 1.1 \x1b[31m\u202e\x07"))
    out = milepost("check", "tasks.md", "--format", form).out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out)


@pytest.mark.parametrize(
    ("form", "least"), [("github", ""), ("junit", '<testcase name="all rules"'), ("sarif", '"results": []')]
)
def test_a_clean_plan_is_clean_in_every_form(project: Path, milepost: Milepost, form: str, least: str) -> None:
    (project / "tasks.md").write_text("- [ ] **1.1** Saw\n")
    result = milepost("check", "tasks.md", "--format", form)
    assert result.code == 0
    assert least in result.out
