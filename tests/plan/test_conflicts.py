"""Conflict marks of git, told from everything that looks like them."""

from __future__ import annotations

import pytest

from milepost.plan.conflicts import conflicts
from milepost.source import SourceText

HUNK = "<<<<<<< HEAD\n- [x] a\n=======\n- [ ] a\n>>>>>>> b\n"


@pytest.mark.parametrize("text", [HUNK, f"- [ ] b\n\n{HUNK}\nWords\n", HUNK.rstrip(), HUNK.replace("\n", "\r\n")])
def test_a_hunk_is_a_conflict(text: str) -> None:
    (span,) = conflicts(SourceText(text))
    assert text[span.start : span.end].startswith("<<<<<<< HEAD")
    assert text[span.start : span.end].rstrip().endswith(">>>>>>> b")


@pytest.mark.parametrize(
    "text",
    [
        f"```\n{HUNK}```\n",
        f"~~~~ diff\n{HUNK}~~~~\n",
        "Title\n=======\n\n>>>>>>> deep quotation\n",
        HUNK.replace("<<<<<<<", "<<<<<<<<"),
        HUNK.replace("=======", "========"),
        "".join(f"  {line}\n" for line in HUNK.splitlines()),
    ],
)
def test_what_is_no_conflict(text: str) -> None:
    assert conflicts(SourceText(text)) == ()


def test_each_conflict_counts_once() -> None:
    assert len(conflicts(SourceText(f"{HUNK}\n```\n{HUNK}```\n\n{HUNK}"))) == 2
