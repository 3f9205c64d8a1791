"""Our block scanner against markdown-it-py, on generated documents and, where it is at hand, on a corpus."""

from __future__ import annotations

import os
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from milepost.plan.blocks import Block, BlockKind, parse_blocks, walk
from milepost.source import SourceText


class Node(NamedTuple):
    """A block, comparable: how deep it lies, its first line from 0, and whatever tells it from others."""

    depth: int
    kind: str
    line: int
    detail: str
    content: list[str]


# Ours


_LEAVES = (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.FENCE, BlockKind.CODE, BlockKind.HTML)


def our_nodes(text: str) -> list[Node]:
    source = SourceText(text)
    nodes: list[Node] = []
    waiting = [(block, 0) for block in reversed(parse_blocks(text).children)]
    while waiting:
        block, depth = waiting.pop()
        line = source.position(block.span.start).line - 1
        nodes.append(Node(depth, block.kind.value, line, _detail(block), _content(source, block)))
        if block.kind is not BlockKind.ROW:
            waiting.extend((child, depth + 1) for child in reversed(block.children))
    return nodes


def _detail(block: Block) -> str:
    if block.kind is BlockKind.HEADING:
        return str(block.level)
    if block.kind is BlockKind.ITEM:
        return f"{block.level or '0'}{block.info[-1]}" if block.info[0].isdigit() else block.info
    return block.info


def _content(source: SourceText, block: Block) -> list[str]:
    if block.kind is BlockKind.ROW:
        return [_cell(source.slice(cell.lines[0])) for cell in block.children]
    if block.kind not in _LEAVES:
        assert not block.lines
        return []
    return _comparable(block.kind.value, [source.slice(line) for line in block.lines], "\t" in source.text)


def _cell(text: str) -> str:
    return text.replace("\\|", "|").replace("\0", "\ufffd").strip()


def _comparable(kind: str, lines: list[str], tabs: bool) -> list[str]:
    """Make line contents comparable.

    markdown-it trims paragraphs as a whole, turns a tab that is partly indentation into blanks, NUL into U+FFFD, and
    counts blank lines at the end of an open block otherwise.
    """
    if tabs or kind in ("paragraph", "heading"):
        lines = [line.strip() for line in lines]
    text = "\n".join(line.replace("\0", "\ufffd") if line.strip() else "" for line in lines)
    return (text.strip() if kind in ("paragraph", "heading") else text.rstrip("\n")).split("\n")


# Theirs

_KINDS = {
    "paragraph_open": "paragraph",
    "heading_open": "heading",
    "bullet_list_open": "bullet list",
    "ordered_list_open": "ordered list",
    "list_item_open": "item",
    "blockquote_open": "quote",
    "fence": "fence",
    "code_block": "code",
    "html_block": "html",
    "hr": "break",
    "table_open": "table",
    "tr_open": "row",
}


@cache
def _markdown_it() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 100_000}).enable("table")
    parser.core.ruler.disable("inline")
    parser.block.ruler.disable("reference")  # Link reference definitions stay paragraphs with us.
    return parser


def their_nodes(text: str) -> list[Node]:
    nodes: list[Node] = []
    depth = 0
    tabs = "\t" in text
    for token in _markdown_it().parse(text):
        if token.type in ("thead_open", "thead_close", "tbody_open", "tbody_close"):
            continue
        if token.type == "inline":
            nodes[-1].content.extend(_inline_lines(nodes[-1].kind, token.content, tabs))
        elif token.type in _KINDS:
            assert token.map is not None
            kind = _KINDS[token.type]
            nodes.append(Node(depth, kind, token.map[0], _their_detail(token), _their_lines(kind, token.content, tabs)))
        if not token.type.startswith(("td", "th")):
            depth += token.nesting
    return nodes


def _inline_lines(kind: str, content: str, tabs: bool) -> list[str]:
    return [content.strip()] if kind == "row" else _comparable(kind, content.split("\n"), tabs)


def _their_detail(token: Token) -> str:
    if token.type == "heading_open":
        return token.tag[1:]
    if token.type == "list_item_open":
        return f"{int(token.info)}{token.markup}" if token.info else token.markup
    if token.type in ("bullet_list_open", "ordered_list_open"):
        return token.markup
    return token.info.strip(" \t") if token.type == "fence" else ""


def _their_lines(kind: str, content: str, tabs: bool) -> list[str]:
    if kind not in ("html", "fence", "code"):
        return []
    return _comparable(kind, (content.lstrip(" ") if kind == "html" else content).split("\n"), tabs)


def disagreement(text: str) -> str:
    """Describe the first difference of the two trees, empty if there is none."""
    ours, theirs = our_nodes(text), their_nodes(text)
    for index in range(max(len(ours), len(theirs))):
        our = ours[index] if index < len(ours) else None
        their = theirs[index] if index < len(theirs) else None
        if not _same(our, their):
            return f"ours {our}\ntheirs {their}"
    return ""


def _same(our: Node | None, their: Node | None) -> bool:
    if our is None or their is None or our[:4] != their[:4]:
        return False
    if our.kind == "row":
        # markdown-it gives every row as many cells as the header has; we keep what is there.
        width = len(their.content)
        return (our.content + [""] * width)[:width] == their.content
    return our.content == their.content


# Where markdown-it departs from the specification, or we decided otherwise

_TEXTS = (BlockKind.PARAGRAPH, BlockKind.HEADING)
_CONTAINERS = (BlockKind.QUOTE, BlockKind.BULLET_LIST, BlockKind.ORDERED_LIST)
_TAB_IN_QUOTES = re.compile(r">[^\r\n]*>[^\r\n]*\t")
_DELIMITERS = re.compile(r"[ \t>]*[-:|][-:| \t]*")
_MARKED = re.compile(r"[ \t>]*(?:[-+*#<`~]|[0-9]{1,9}[.)])")
_EMPTY_ITEM = re.compile(r"(?:[-+*]|[0-9][.)])[ \t]*(?:(?:\r\n?|\n)[ \t>]*){2}(?:[\r\n]|\Z)")
_DEEP = re.compile(r"(?: {4}|\t) *\Z")
_MARK = re.compile(r"[ \t]*[#>*+`~<=_0-9-]")


def excluded(text: str) -> bool:
    """Say whether a document shows one of the known departures."""
    return (
        # We read front matter.
        text.startswith("---")
        # In a quote inside a quote it counts the columns of tabs wrongly.
        or _TAB_IN_QUOTES.search(text) is not None
        # It looks for tables first: `- a | b` above a delimiter row is a table's header to it, no item.
        or any(_table_at_mark(header, row) for header, row in pairwise(_lines(text)))
        # It ends a list where two blank lines follow an empty item.
        or _EMPTY_ITEM.search(text) is not None
        or any(departs(text, block) for departs in _DEPARTURES for block in walk(parse_blocks(text)))
    )


def _table_at_mark(header: str, row: str) -> bool:
    if "|" not in header or not _DELIMITERS.fullmatch(row):
        return False
    return _MARKED.match(header) is not None or header.count(">") > row.count(">")


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n?|\n", text)


def _swallowed_mark(text: str, block: Block) -> bool:
    """A `>` indented by four and more columns is code by the specification; markdown-it lets it continue a quote."""
    return any(
        before.kind in _CONTAINERS
        and after.kind is BlockKind.CODE
        and text[slice(*after.lines[0])].lstrip().startswith(">")
        for before, after in pairwise(block.children)
    )


def _lazy_header(text: str, block: Block) -> bool:
    """It makes a table of a delimiter row inside an item and a header that only lazily continues that item."""
    return block.kind is BlockKind.ITEM and any(
        "|" in text[slice(*line)] and _DELIMITERS.fullmatch(_line_after(text, line.end))
        for child in block.children
        if child.kind in _TEXTS
        for line in child.lines[1:]
    )


def _deep_lazy_line(text: str, block: Block) -> bool:
    """A line indented too far to start a block continues a paragraph in a container that does not reach to it.

    Not so in markdown-it, if it would start a block without the container's indentation.
    """
    nested = block.kind in (BlockKind.ITEM, BlockKind.QUOTE)
    lines = [line for child in block.children if nested for line in child.lines[1:] if child.kind in _TEXTS]
    return any(_MARK.match(text, line.start) and _DEEP.search(_before(text, line.start)) for line in lines)


_DEPARTURES = (_swallowed_mark, _lazy_header, _deep_lazy_line)


def _line_after(text: str, offset: int) -> str:
    return [*_lines(text[offset:]), ""][1]


def _before(text: str, offset: int) -> str:
    return text[max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1 : offset]


def without_front_matter(text: str) -> str:
    """Blank out the front matter, which markdown-it does not know, keeping its lines."""
    first = next(iter(parse_blocks(text).children), None)
    if first is None or first.kind is not BlockKind.FRONT_MATTER:
        return text
    return re.sub(r"[^\r\n]", "", text[: first.span.end]) + text[first.span.end :]


# Generated documents


def _pieces(*rows: str) -> list[str]:
    return "¦".join(rows).split("¦")


_INDENTS = ["", "", "", "", " ", "  ", "   ", "    ", "     ", "      ", "        ", "\t", " \t", "  \t", "\t\t"]
_MARKS = _pieces(
    "- ¦* ¦+ ¦1. ¦2. ¦1) ¦10. ¦01. ¦0. ¦-\t¦-   ¦-     ¦1.\t¦-¦1.¦*¦123456789. ¦1234567890. ¦- - ¦- [ ] ¦- [x] ",
    "> ¦>¦>\t¦> > ",
)
_BODIES = _pieces(
    "¦a¦b c¦foo bar  ¦# h¦## h ##¦#¦#\t¦####### x¦#a¦# #¦# a \\#¦---¦***¦___¦- - -¦* * *¦_ _ _¦* *¦***  ¦---\t",
    "===¦--¦-¦-- -¦= =¦```¦```py¦~~~¦~~~~¦``` a`b¦````¦~~~ a`b¦```  ¦<div>¦</div>¦<DIV¦<search>¦<hr/>¦<details open>",
    "<!-- x¦-->¦<!-- a -->¦<!-->¦<!doctype html>¦<!X¦<?php¦?>¦<![CDATA[¦]]>¦<pre>¦</pre>¦<script>x¦<textarea¦</script>",
    "<b>¦</b>¦<b>  ¦<b a='1' c>¦<a href=x¦<i>x¦<a/>¦<1>¦</a b>¦[a]: b¦[x] a¦[ ] t¦\\# x¦`c`¦+¦*¦a\\¦1.¦1)¦2. b¦&nbsp;",
    "\u00a0¦\u2028¦\x0c¦\x0bx¦a\0b",
)
_TABLE_BODIES = _pieces(
    "a | b¦| a |¦|--|--|¦--|--¦:-|-:¦| - | - |¦|-¦-|¦:-¦---¦| a | b | c |¦|¦||¦| |¦\\|¦a\\|b | c¦|---|---|---|¦:--",
    "a|b¦x|¦|x¦- | -¦-- | --¦`a|b` | c¦| a\\\\| b |¦:¦|-|\t¦=|=",
)
_LINE_ENDS = ["\n"] * 6 + ["\r\n", "\r"]


def _documents(bodies: list[str]) -> st.SearchStrategy[str]:
    marks = st.lists(st.tuples(st.sampled_from(_MARKS), st.sampled_from([""] * 8 + _INDENTS)).map("".join), max_size=3)
    line = st.tuples(st.sampled_from(_INDENTS), marks.map("".join), st.sampled_from(bodies)).map("".join)
    lines = st.lists(st.tuples(line, st.sampled_from(_LINE_ENDS)).map("".join), min_size=1, max_size=9)
    return lines.map("".join) | lines.map(lambda found: "".join(found).rstrip("\r\n"))


_SETTINGS = settings(
    max_examples=int(os.environ.get("MILEPOST_BLOCK_EXAMPLES", "300")),
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@_SETTINGS
@given(_documents(_BODIES))
def test_agrees_with_markdown_it(text: str) -> None:
    assume(not excluded(text))
    assert not disagreement(text)


@_SETTINGS
@given(_documents([body for body in _BODIES[::4] if body.isascii()] + _TABLE_BODIES))
def test_agrees_with_markdown_it_on_tables(text: str) -> None:
    assume(not excluded(text))
    assert not disagreement(text)


@_SETTINGS
@given(_documents(_BODIES + _TABLE_BODIES) | st.text(alphabet=st.characters(exclude_categories=[])))
def test_spans_nest_and_follow_each_other(text: str) -> None:
    for block in walk(parse_blocks(text)):
        assert 0 <= block.span.start <= block.span.end <= len(text)
        assert not re.search(r"[\r\n]", text[block.span.end - 1 : block.span.end]) or block.kind is BlockKind.DOCUMENT
        for inner in [*[child.span for child in block.children], *block.lines]:
            assert block.span.start <= inner.start <= inner.end <= block.span.end or not text[slice(*inner)].strip()
        for before, after in pairwise(block.children):
            assert before.span.end <= after.span.start
        for line in block.lines:
            assert not re.search(r"[\r\n]", text[slice(*line)])


def _shared_documents() -> list[Path]:
    root = os.environ.get("MILEPOST_SHARED")
    return sorted(Path(root).rglob("*.md")) if root else []


@pytest.mark.skipif("MILEPOST_SHARED" not in os.environ, reason="needs a corpus")
def test_agrees_with_markdown_it_on_real_documents() -> None:
    differing = {}
    for path in _shared_documents():
        text = without_front_matter(SourceText.from_bytes(path.read_bytes()).text)
        found = "" if excluded(text) else disagreement(text)
        if found:
            differing[path] = found
    assert not differing
