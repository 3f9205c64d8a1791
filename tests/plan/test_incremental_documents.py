"""Whole documents edited again and again: plan, findings and coverage are those of reading each version afresh."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.seeds import seeds

from milepost.lint import runner
from milepost.plan.coverage import coverage
from milepost.plan.incremental import Reparser
from milepost.plan.reader import read_plan
from milepost.source import SourceText

SHARED = Path(os.environ.get("MILEPOST_SHARED", "/nonexistent"))
SEEDS = [raw.decode("utf-8", "surrogateescape") for raw in seeds()]
INSERTED = ("", "x", " ", "[x]", "\n", "\r\n", "```\n", "~~~\n", "# H\n", "## Phase 9: New\n", "- [ ] **9.9** New\n", "- [ ] T999 New\n",
            "- [ ] 9.9 New\n", "  - _Depends: 1.1_\n", "  - step\n", "> ", "\t", "| a | b |\n", "---\n", "é", "[Name]", "1.1 → 2.1\n")  # fmt: skip


def require_same(reparser: Reparser, source: SourceText, *, everything: bool) -> None:
    again, afresh = reparser.update(source), read_plan(source)
    assert again == afresh
    if everything:
        assert runner.check(again, select=["ALL"]) == runner.check(afresh, select=["ALL"])
        assert coverage(again) == coverage(afresh)


def edited(text: str, place: float, length: int, new: str) -> str:
    """Replace so many characters at a place, counted as a share of the text."""
    at = round(place * len(text))
    return text[:at] + new + text[at + length :]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(INSERTED)), min_size=1, max_size=4),
)
def test_any_edits_of_documents_of_all_dialects(text: str, edits: list[tuple[float, int, str]]) -> None:
    reparser = Reparser()
    reparser.update(SourceText(text, path="tasks.md"))
    for number, edit in enumerate(edits, 1):
        text = edited(text, *edit)
        require_same(reparser, SourceText(text, path="tasks.md"), everything=number == len(edits))


def versions(text: str, chance: random.Random) -> Iterator[str]:
    """The text after one edit more each time: a line touched, words and lines added, lines taken out."""
    yield text
    for _ in range(3):
        lines = text.splitlines(keepends=True) or [""]
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                lines[at] = lines[at].replace("[ ]", "[x]") if "[ ]" in lines[at] else f"{lines[at].rstrip()} more\n"
            case 1:
                lines.insert(at, chance.choice(INSERTED))
            case 2:
                del lines[at : at + chance.randrange(1, 4)]
            case _:
                lines[0] = f"New words\n\n{lines[0]}"
        text = "".join(lines)
        yield text


@pytest.mark.skipif(not SHARED.is_dir(), reason="MILEPOST_SHARED is not set")
def test_edits_of_documents_of_the_corpus() -> None:
    for number, path in enumerate(sorted((SHARED / "corpus").rglob("*.md"))):
        reparser = Reparser()
        name = path.name
        for text in versions(path.read_bytes().decode("utf-8", "surrogateescape"), random.Random(number)):
            require_same(reparser, SourceText(text, path=name), everything=False)
