"""The examples of docs/dialects.md are read as their headings say, and have the tasks that the page names."""

from __future__ import annotations

import re

import pytest
from tests.project.repository import ROOT

from milepost.plan.dialects import DIALECTS
from milepost.plan.reader import read_plan
from milepost.source.text import SourceText

PAGE = (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^## (\S+)\n.*?^```markdown\n(.*?)^```\n\nTasks: (.*?)$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_dialect_but_the_reference_one_has_its_example() -> None:
    assert {name for name, _, _ in EXAMPLES} == {dialect.name for dialect in DIALECTS} - {"reference"}


@pytest.mark.parametrize(("name", "example", "tasks"), EXAMPLES, ids=[name for name, _, _ in EXAMPLES])
def test_example(name: str, example: str, tasks: str) -> None:
    plan = read_plan(SourceText(example))
    assert plan.dialect == name
    assert ", ".join(task.id for task in plan.leaves) == tasks
