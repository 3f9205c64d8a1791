"""The block scanner on hand-written documents; trees are written as indented outlines: kind, then content."""

from __future__ import annotations

from textwrap import dedent

import pytest

from milepost.plan.blocks import Block, BlockKind, parse_blocks, walk
from milepost.source import Span


def outline(text: str) -> str:
    """Draw a document's tree: each block's kind (with its level, info and task mark) and its lines, one ``|`` before each."""
    rows: list[str] = []
    waiting = [(block, 0) for block in reversed(parse_blocks(text).children)]
    while waiting:
        block, depth = waiting.pop()
        rows.append("  " * depth + " ".join(_words(text, block)))
        waiting.extend((child, depth + 1) for child in reversed(block.children))
    return "\n".join(rows)


def _words(text: str, block: Block) -> list[str]:
    words = [block.kind.value]
    if block.kind is BlockKind.HEADING:
        words.append(str(block.level))
    if block.info and block.kind in (BlockKind.ITEM, BlockKind.FENCE):
        words.append(block.info)
    if block.checkbox:
        words.append(f"[{text[slice(*block.checkbox)]}]")
    return words + [f"|{text[slice(*line)]}" for line in block.lines]


def only(text: str, kind: BlockKind) -> Block:
    """Give the one block of a kind."""
    (block,) = (block for block in walk(parse_blocks(text)) if block.kind is kind)
    return block


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", ""),
        (" \n\t\n", ""),
        # Paragraph lines lose the blanks at both ends; one that is indented by four continues the paragraph.
        ("a\n  b  \n      c", "paragraph |a |b |c"),
        # Closing `#` marks need a blank before them, opening ones one after them; seven open nothing.
        ("# a #\n## b#\n###\n####### c\n#d", "heading 1 |a\nheading 2 |b#\nheading 3 |\nparagraph |####### c |#d"),
        ("a\nb\n===\nc\n-", "heading 1 |a |b\nheading 2 |c"),
        ("---\n\n***\n_ _ _", "break\nbreak\nbreak"),
        # Code keeps blank lines inside, not those behind; a tab is worth four columns.
        ("    a\n\n\tb\n\n", "code |a | |b"),
        ("<div>\n a\n\nb", "html |<div> | a\nparagraph |b"),
        # A comment's end may come after blank lines; a complete tag of another name interrupts no paragraph.
        ("<!-- a\n\nb -->\nc\n<x>", "html |<!-- a | |b -->\nparagraph |c |<x>"),
        # Only an item numbered 1 or a bullet, with text, interrupts a paragraph.
        ("a\n2. b\n*\n* c", "paragraph |a |2. b |*\nbullet list\n  item *\n    paragraph |c"),
        # A new marker starts a new list.
        ("- a\n+ b", "bullet list\n  item -\n    paragraph |a\nbullet list\n  item +\n    paragraph |b"),
        ("[a]: b\n", "paragraph |[a]: b"),
        # U+2028 and form feeds end no line, a lone carriage return does.
        ("a\u2028b\x0cc\rd", "paragraph |a\u2028b\x0cc |d"),
        ("\ud800\0", "paragraph |\ud800\0"),
    ],
)
def test_blocks(text: str, tree: str) -> None:
    assert outline(text) == tree


def test_items_nest_by_the_column_of_their_content() -> None:
    text = dedent("""\
        1. **1.1** a
           - b

             c
          - d
        10) e
            f
    """)
    # `- d` stands at column 2, left of item 1's content (column 3): no child of it. `)` starts another list than `.`.
    assert outline(text) == dedent("""\
        ordered list
          item 1.
            paragraph |**1.1** a
            bullet list
              item -
                paragraph |b
                paragraph |c
        bullet list
          item -
            paragraph |d
        ordered list
          item 10)
            paragraph |e |f""")


def test_an_item_gives_its_number_and_a_span_over_its_children() -> None:
    text = "x\n\n7. a\n   - b  \n\n\nc"
    (seven,) = (block for block in walk(parse_blocks(text)) if block.info == "7.")
    assert seven.level == 7
    assert text[slice(*seven.span)] == "7. a\n   - b  "  # No blank line after it, but its last line in full.


def test_quotes_and_their_lazy_lines() -> None:
    text = "> a\nb\n> > c\n>\n\n> d"
    # A blank line ends a quote, a lone `>` only the paragraph in it.
    assert outline(text) == dedent("""\
        quote
          paragraph |a |b
          quote
            paragraph |c
        quote
          paragraph |d""")
    assert parse_blocks(text).children[0].span == Span(0, 13)  # To the lone `>`: 4 + 2 + 6 characters before it.


def test_fences_lose_their_own_indentation_and_fence_lines() -> None:
    text = "-  ~~~ sh x\n     a\n  \n   ```\n   ~~~~  \n```\nopen\n\n"
    # The inner ``` is content; a fence that nothing closes runs to the end, with its blank line.
    assert outline(text) == dedent("""\
        bullet list
          item -
            fence sh x |  a | |```
        fence |open |""")
    assert text[slice(*parse_blocks(text).children[1].span)] == "```\nopen"


def test_a_backtick_fence_has_no_backtick_in_its_info() -> None:
    assert outline("``` a`b\n~~~ a`b") == "paragraph |``` a`b\nfence a`b"


def test_a_tab_that_is_partly_indentation_is_content() -> None:
    # The item's content starts at column 2 and its code at column 6, inside the second tab (columns 4 to 8).
    assert outline("- a\n\n\t\tb") == "bullet list\n  item -\n    paragraph |a\n    code |\tb"


def test_tables() -> None:
    text = "a\n| b | `c|d` |\n|:--|:-:|--:|\ne \\| f |\n\n"
    # The header is the paragraph's last line. A `|` splits even inside a code span, unless a backslash stands before.
    # Rows keep the cells they have.
    assert outline(text) == dedent("""\
        paragraph |a
        table
          row
            cell |b
            cell |`c
            cell |d`
          row
            cell |e \\| f""")
    table = only(text, BlockKind.TABLE)
    assert text[slice(*table.span)] == text[2:].rstrip("\n")
    assert [text[slice(*row.span)] for row in table.children] == ["| b | `c|d` |", "e \\| f |"]


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|",  # One delimiter cell for two header cells.
        "a | b\n--- | -x-",
        "a | b\n    --|--",  # Four columns of indentation.
        "> a | b\n--|--",  # The delimiter row only lazily continues the quote's paragraph.
    ],
)
def test_no_tables(text: str) -> None:
    assert BlockKind.TABLE not in [block.kind for block in walk(parse_blocks(text))]


def test_a_table_in_an_item_starts_at_the_marker() -> None:
    assert outline("- a | b\n  --|--\n  c") == dedent("""\
        bullet list
          item -
            table
              row
                cell |a
                cell |b
              row
                cell |c""")


def test_an_empty_cell_has_an_empty_line_where_text_would_go() -> None:
    text = "| a |  |\n|--|--|"
    empty = only(text, BlockKind.ROW).children[1]
    assert empty.lines == [Span(5, 5)]  # Behind the second `|`.


def test_a_table_ends_at_a_blank_line_or_another_block() -> None:
    assert outline("|a|\n|-|\n> b").splitlines()[-2:] == ["quote", "  paragraph |b"]


@pytest.mark.parametrize(
    ("item", "mark"),
    [
        ("- [ ] a", " "),
        ("- [x] a", "x"),
        ("3. [~]\ta", "~"),
        ("* [ ]* a", " "),
        ("- [?]\n  a", "?"),
        ("-\n  [x] a", "x"),
        ("- [ ]", None),
        ("- [ ]  \n\n  a", None),
        ("- [x]a", None),
        ("- [xx] a", None),
        ("- [] a", None),
        ("- a\n\n  [x] b", None),
        ("- > [x] a", None),
    ],
)
def test_task_marks(item: str, mark: str | None) -> None:
    box = only(item, BlockKind.ITEM).checkbox
    assert (box and item[slice(*box)]) == mark


def test_a_task_mark_stays_in_the_line() -> None:
    assert outline("> - [x] a") == "quote\n  bullet list\n    item - [x]\n      paragraph |[x] a"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter(end: str) -> None:
    text = end.join(["---", "a: 1", "", "b: 2", "--- ", "# c"])
    assert outline(text) == "front matter |a: 1 | |b: 2\nheading 1 |c"
    assert text[slice(*only(text, BlockKind.FRONT_MATTER).span)].endswith("--- ")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("---\n---\na", "front matter\nparagraph |a"),
        ("---\n\na\n\n---\n", "break\nparagraph |a\nbreak"),  # A break before a blank line opens no front matter.
        ("---\r\n\r\na\r\n\r\n---\r\n", "break\nparagraph |a\nbreak"),
        ("---\na: 1\n", "break\nparagraph |a: 1"),
        ("\n---\na\n---\n", "break\nheading 2 |a"),
    ],
)
def test_what_is_front_matter(text: str, tree: str) -> None:
    assert outline(text) == tree


def test_line_ends_belong_to_no_block() -> None:
    text = "# a\r\n\r\n- b\r\n  c\r\n"
    assert [text[slice(*block.span)] for block in walk(parse_blocks(text))][1:] == [
        "# a",
        *["- b\r\n  c"] * 2,
        "b\r\n  c",
    ]


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        # The document, so many quotes, the paragraph. Each lazy line goes on with it.
        (">" * 5000 + "a\n" + "b\n" * 5000, 5002),
        # The document, a list and an item for each dash, the paragraph. Blank lines leave all of them open.
        ("- " * 5000 + "a\n" + "\n" * 5000, 10002),
        # The last star is an item of its own; a line of stars and an `a` is no break, found out once.
        ("* " * 5000 + "a", 10002),
        ("".join("  " * depth + "- a\n" for depth in range(500)), 1501),
    ],
)
def test_deep_nesting(text: str, blocks: int) -> None:
    assert sum(1 for _ in walk(parse_blocks(text))) == blocks


def test_top_level_blocks_can_be_read_again_on_their_own() -> None:
    text = "# a\n\n- [ ] b\n  - c\n\n```\nd\n```\n| e |\n|---|\n"
    whole = parse_blocks(text)
    for block in whole.children:
        (again,) = parse_blocks(text[slice(*block.span)]).children
        assert again.kind is block.kind
        assert again.span == Span(0, block.span.end - block.span.start)
