"""Arrow graphs. Each drawing stands beside the dependencies it means, written ``before>after``."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.plan.grammar.graphs import Graph, read_graph
from milepost.plan.grammar.ids import IdIndex
from milepost.plan.grammar.mermaid import read_mermaid
from milepost.source import SourceText, Span, apply

INDEX = IdIndex.of(("1", "2", "3", "4", "5", "6", "1.1", "1.2", "2.1", "2.2", "T1"))


def lines(text: str) -> list[Span]:
    source = SourceText(text)
    return [source.line_span(line) for line in range(1, len(source.line_starts) + 1)]


def read(text: str) -> Graph:
    return read_graph(text, lines(text), INDEX)


def pairs(graph: Graph) -> set[str]:
    return {f"{link.predecessor}>{link.successor}" for link in graph.links}


@pytest.mark.parametrize("arrow", ["→", "->", "=>", "⟶", "➜", "-->", "──>", "─→", "▶"])
def test_every_arrow_to_the_right(arrow: str) -> None:
    assert pairs(read(f"1 {arrow} 2{arrow}3")) == {"1>2", "2>3"}


@pytest.mark.parametrize("arrow", ["←", "<-", "<=", "<--"])
def test_every_arrow_to_the_left(arrow: str) -> None:
    assert pairs(read(f"1 {arrow} 2 {arrow} 3")) == {"2>1", "3>2"}


DRAWINGS = {
    "lists are all-to-all": ("1, 2 → 3, 4", "1>3 1>4 2>3 2>4"),
    "sets in braces": ("1 → {2,3 [P]} → 4 + 5", "1>2 1>3 2>4 2>5 3>4 3>5"),
    "semicolons end chains": ("1 → 2; 3 → 4", "1>2 3>4"),
    "words behind ids": ("1 Set up → 2 Build 3 things → 4 (Test)", "1>2 2>4"),
    "neighbours without a list": ("1 2\n↓ ↓\n3 4", "1>3 2>4"),
    "words before ids count in brackets only": ("Set up (1) → Build (2) → Version 3", "1>2"),
    "ranges": ("1-3 → 4", "1>4 2>4 3>4"),
    "a mark under an id": ("1 → 2\n    ↓\n    3", "1>2 2>3"),
    "a double mark": ("1\n⇓\n2", "1>2"),
    "letters and bars as marks": ("1   2\n|   |\nv   v\n3   4", "1>3 2>4"),
    "marks over a list go to their own ids": ("1, 2\n↓  ↓\n3, 4", "1>3 2>4"),
    "one mark over a list goes to all of it": ("1\n↓\n2, 3", "1>2 1>3"),
    "a tree": ("1\n├── 2\n│   └── 3\n└── 4", "1>2 2>3 1>4"),
    "branches with arrows": ("1 → 2\n    ├─→ 3 → 5\n    └─→ 4", "1>2 2>3 2>4 3>5"),
    "ascii branches": ("1\n|-> 2\n`-> 3", "1>2 1>3"),
    "a fork in a line": ("1 ─┬─→ 2\n   └─→ 3", "1>2 1>3"),
    "a merge": ("1 ─┐\n2 ─┼→ 4\n3 ─┘", "1>4 2>4 3>4"),
    "a merge of lists": ("1 ─┐\n   ├─→ 3\n2 ─┘", "1>3 2>3"),
    "branches upwards": ("    ┌→ 2\n1 ──┤\n    └→ 3", "1>2 1>3"),
    "an arrow at the start of a line leaves under its own kind": ("1 → 2\n  → 3", "1>2 1>3"),
    "an arrow at the end of a line goes on below": ("1 →\n2 →\n  3", "1>2 2>3"),
    "wide characters take two columns": ("1 准备 → 2\n         ↓\n         3", "1>2 2>3"),
    "blank lines are nothing": ("1\n\n↓\n\n2", "1>2"),
    "boxes are not wires": ("┌───┐   ┌───┐\n│ 1 │──→│ 2 │\n└───┘   └───┘", ""),
    "words that say what waits": ("2 ─── Depends on: 1\n3 blocked by 2", "1>2 2>3"),
    "words that say what waits beside a drawing": (
        "1\n│\n▼\n2 ─── Depends on: 1\n│\n▼\n3 ─── Depends on: 2",
        "1>2 2>3",
    ),
    "but not in brackets": ("1 → 2 (its end depends on 3)", "1>2"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings(name: str) -> None:
    drawing, expected = DRAWINGS[name]
    graph = read(drawing)
    assert pairs(graph) == set(expected.split())
    assert graph.ambiguities == ()
    assert graph.unknown == ()


AMBIGUOUS = {
    # the mark stands in column 4, under the arrow between 1 (column 0-2) and 2
    "under an arrow": ("1.1 → 1.2 → 3\n    ↓\n    4", "1.1 → 4", "1.1>1.2 1.2>3 1.1>4"),
    "between two groups": ("1      2\n    ↓\n    3", "2 → 3", "2>3"),
    "beside other marks": ("1.1 → 1.2\n    ↓ ↓\n  2.1 2.2", "1.1 → 2.1", "1.1>1.2 1.1>2.1 1.2>2.2"),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_mark_is_read_from_the_left_and_its_edits_state_the_reading(name: str) -> None:
    drawing, reading, expected = AMBIGUOUS[name]
    graph = read(drawing)
    assert pairs(graph) == set(expected.split())
    assert [ambiguity.reading for ambiguity in graph.ambiguities] == [reading]
    settled = apply(SourceText(drawing), [edit for found in graph.ambiguities for edit in found.edits]).text
    again = read(settled)
    assert again.ambiguities == ()
    assert pairs(again) == pairs(graph)
    assert reading in settled


def test_an_unknown_id_joins_nothing_and_is_reported() -> None:
    graph = read("1 → 9.9 → 2")
    assert pairs(graph) == set()
    assert [ref.id for ref in graph.unknown] == ["9.9"]


def test_links_point_at_their_ids() -> None:
    text = "1 → 2"
    assert text[slice(*read(text).links[0].span)] == text


MERMAID = """graph TD
    %% a comment
    A[1.1 Set up] --> B("1.2: Build")
    B -->|then| C{2.1} --> D[Milestone]; D --> 2.2
    T1 & A ==> 3
    subgraph group
    3 -- text --> 4
    end
    4 --- 5
    5 -.-> 6
    6 -. see also .-> 1.1
    style A fill:#f9f
    T9 --> 6"""


def test_mermaid() -> None:
    # 4 --- 5 has no arrowhead; words on a dotted line are a remark; the milestone D hands on what leads to it; T9 is no task
    graph = read_mermaid(MERMAID, lines(MERMAID), INDEX)
    assert pairs(graph) == {"1.1>1.2", "1.2>2.1", "2.1>2.2", "T1>3", "1.1>3", "3>4", "5>6"}
    assert [ref.id for ref in graph.unknown] == ["T9"]


@given(st.text(alphabet="123. ,;→←↓│├└┬┐┘┼─-=><|v+{}[]()abA&\n\t中", max_size=120))
def test_any_drawing_is_read_without_fail(text: str) -> None:
    for graph in (read(text), read_mermaid(text, lines(text), INDEX)):
        assert all(link.predecessor != link.successor for link in graph.links)
        assert all(ref.id not in INDEX for ref in graph.unknown)
        apply(SourceText(text), [edit for found in graph.ambiguities[:1] for edit in found.edits])
