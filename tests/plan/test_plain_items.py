"""The step that takes plain bullets at once gives the blocks that reading them mark by mark gives, span for span."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzz.seeds import DIALECTS

from milepost.plan import block_syntax
from milepost.plan.block_model import Block
from milepost.plan.blocks import parse_blocks

SHARED = Path(os.environ.get("MILEPOST_SHARED", "/nonexistent"))

INDENTS = st.sampled_from(["", "  ", "    ", "      ", " ", "\t", "> ", "1. ", "- "])
MARKS = st.sampled_from(["- ", "* ", "+ ", "-  ", "-", "-\t", "1. ", ""])
TEXTS = st.sampled_from(
    ["a", "[ ] a", "[x]* b", "[ ]", "_Key: v_", "_ _ _", "**1.1** c", "* * *", "*", "`code`", "```", "`", "1. d", "- e",
     "> q", "# h", "text  ", "|a|b|", "|-|-|", "---", "===", "", "é", "<b>", "<!-- c", "~~s~~", "~~~", ": x", "=", "_", "__"]
)  # fmt: skip
LINES = st.tuples(INDENTS, MARKS, TEXTS, st.sampled_from(["\n", "\n", "\r\n", "\r", " \n"])).map("".join)


def shape(block: Block) -> tuple[object, ...]:
    inner = [shape(child) for child in block.children]
    return block.kind, block.span, list(block.lines), block.level, block.info, block.checkbox, inner


def mark_by_mark(text: str) -> Block:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_syntax, "PLAIN_ITEM", re.compile(r"(?!)"))
        return parse_blocks(text)


@settings(max_examples=600, deadline=None)
@given(st.lists(LINES, max_size=12).map("".join))
def test_any_lines(text: str) -> None:
    assert shape(parse_blocks(text)) == shape(mark_by_mark(text))


@pytest.mark.parametrize("path", DIALECTS, ids=lambda path: path.stem)
def test_documents_of_all_dialects(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert shape(parse_blocks(text)) == shape(mark_by_mark(text))


@pytest.mark.skipif(not SHARED.is_dir(), reason="MILEPOST_SHARED is not set")
def test_documents_of_the_corpus() -> None:
    for path in sorted((SHARED / "corpus").rglob("*.md")):
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        assert shape(parse_blocks(text)) == shape(mark_by_mark(text)), path
