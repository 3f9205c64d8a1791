"""Text in brackets: what waits to be filled in, and what only talks."""

from __future__ import annotations

import pytest
from tests.plan.dialect_checks import read

from milepost.plan.dialects.placeholders import is_placeholder
from milepost.plan.model import Observation, ObservationKind, Plan


def placeholders(plan: Plan) -> list[Observation]:
    return [observation for observation in plan.observations if observation.kind is ObservationKind.PLACEHOLDER]


PLACEHOLDERS = [
    "[Feature Name]", "[Number]", "[REQ-X.X]", "[Date]", "[Hours/Days]", "[X/Y tasks complete]",
    "[Not Started / In Progress / X% Complete]", "[What it is for]", "[YYYY-MM-DD]", "[TBD]",
]  # fmt: skip


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_placeholders(text: str) -> None:
    assert is_placeholder(text[1:-1])
    plan = read(f"- [ ] **1.1** Dig {text} deep\n  - _Requirements: {text}_\n")
    assert [found.text for found in placeholders(plan)] == [text, text]


@pytest.mark.parametrize(
    "text",
    ["[a link](there)", "[Feature Name](there)", "[Feature Name][1]", "![Some Picture](p.png)", "[x]", "[P]", "[US1]",
     "[In Progress]", "[12]", "`[Feature Name]`", "\\[Feature Name]", "[^1]", "[WIP]", "a[Number]", "[See Below]"],
)  # fmt: skip
def test_what_is_no_placeholder(text: str) -> None:
    plan = read(f"- [ ] **1.1** Dig {text} deep\n\n```\n[Feature Name]\n```\n\n[See Below]: there\n")
    assert placeholders(plan) == []


@pytest.mark.parametrize(
    "line",
    [
        "- [ ] No [TODO] or [TBD] is left",
        "Is the harbour lit at night? [Edge Cases]",
        '"Is it said what happens then?" [Spec §2] [Edge Cases]',
        "Keys: { boats: [...] } and { ports: [...] }",
        "1. **[Backend Developer]** begins with the hull",
        "- **[Primary Research]**: `notes.md`",
        "- Sew the sails **[Human-owned]**",
        "- Sew the sails [Optional enhancement]",
    ],
)
def test_brackets_that_only_talk(line: str) -> None:
    assert placeholders(read(f"# P\n\n- [ ] **1.1** a\n\n{line}\n")) == []


@pytest.mark.parametrize(
    "line", ["**[Feature Name]**", "- **[Task Name]**: [Description]", "**Owner:** [...]", "| a | [...] |", "[TODO]"]
)
def test_brackets_that_wait(line: str) -> None:
    assert placeholders(read(f"# P\n\n- [ ] **1.1** a\n\n{line}\n"))
