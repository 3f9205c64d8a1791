"""What is wider than the terminal is broken between words, by one rule for every command."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from milepost.cli.fitting import fit, unwrapped
from milepost.cli.text import terminal_columns
from milepost.plan.grammar.columns import display_width

PLAN = """\
# A plan with quite a long title, so that it does not fit everywhere - Implementation Plan

- [ ] **1** Lay out the whole package, its tests, its documentation and the release process
  - _Estimated: 4 hours_
- [ ] **2** Build everything that the requirements ask for, one after the other
  - _Estimated: 2 days_
  - _Depends: 1_
"""


@pytest.mark.parametrize(
    ("line", "columns", "expected"),
    [
        pytest.param("short", 20, "short", id="what fits stays"),
        pytest.param("one two three four five", 20, "one two three four\n  five", id="prose goes on two deeper"),
        pytest.param("  - one two three four five", 20, "  - one two three\n      four five", id="below an item"),
        pytest.param("id  one two three four five", 20, "id  one two three\n    four five", id="below the last column"),
        pytest.param("x" * 16 + "  one two", 20, "x" * 16 + "\n  one two", id="a column beyond the half is none"),
        pytest.param("see `git a b c` `git d e f`", 22, "see `git a b c`\n  `git d e f`", id="commands stay whole"),
        pytest.param("y" * 30, 20, "y" * 30, id="a word that is too long stays whole"),
        pytest.param("12 | one two three four five", 20, "12 | one two three four five", id="drawings stay"),
        pytest.param("計画 計画 計画 計画 計画", 20, "計画 計画 計画 計画\n  計画", id="wide signs take two columns"),
        pytest.param("\x1b[31mone two three four\x1b[0m", 20, "\x1b[31mone two three four\x1b[0m", id="colours none"),
        pytest.param("one two three four five", 19, "one two three four five", id="too narrow to break anything"),
    ],
)
def test_lines_are_broken_between_words(line: str, columns: int, expected: str) -> None:
    assert fit(line, columns) == expected


def test_lines_are_broken_one_by_one() -> None:
    assert fit("a\none two three four five\nb", 20) == "a\none two three four\n  five\nb"


def test_paragraphs_are_put_together_and_nothing_else() -> None:
    text = "# Head\nfirst\nsecond\n\n- item\n  more\n- other\n\n```\nx\ny\n```\nlast\n| a |\n| b |"
    assert unwrapped(text) == "# Head\nfirst second\n\n- item more\n- other\n\n```\nx\ny\n```\nlast\n| a |\n| b |"


def test_a_pipe_has_no_columns() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        assert terminal_columns(stream) is None
    os.close(read)


def shown(columns: int, folder: Path, *args: str) -> list[str]:
    """The lines that a command prints on a terminal of that width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key != "COLUMNS"} | {"TERM": "xterm"}
    command = [sys.executable, "-m", "milepost", *args]
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        os.close(theirs)
        raw = b""
        while chunk := _read(ours):
            raw += chunk
        process.wait()
    os.close(ours)
    return re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", raw.decode()).splitlines()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the last program that had it has let go of it
        return b""


@pytest.mark.parametrize("columns", [80, 50])
@pytest.mark.parametrize(
    "args",
    [
        ("rules",),
        ("explain", "unassigned-task"),
        ("schedule", "tasks.md"),
        ("schedule", "tasks.md", "--audit"),
        ("assign", "tasks.md"),
        ("check", "tasks.md", "--explain-dialect"),
        ("status", "tasks.md"),
        ("forecast", "tasks.md", "--samples", "100"),
    ],
    ids=" ".join,
)
def test_no_command_prints_beyond_the_terminal(project: Path, args: tuple[str, ...], columns: int) -> None:
    (project / "tasks.md").write_text(PLAN)
    lines = shown(columns, project, *args)
    assert len(lines) > 1
    assert [line for line in lines if display_width(line) > columns] == []


def test_a_width_that_was_asked_for_is_kept(project: Path) -> None:
    (project / "tasks.md").write_text(PLAN)
    assert max(map(display_width, shown(50, project, "schedule", "tasks.md", "--width", "120"))) > 100
