"""``milepost check`` from the outside: output, exit codes, bad input."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from milepost.cli.main import run

CLEAN = """\
# Birdhouse - Implementation Plan

**Total Tasks:** 2

### **Phase 1: Wood**

- [x] **1.1** Saw the boards
  - _Estimated: 1 hour_

- [ ] **1.2** Sand the boards
  - _Estimated: 2 hours_

## Checkpoints

### **Checkpoint 1: After Phase 1**
- [ ] Boards are straight

**Progress:** 1/2 tasks complete
"""
# Two warnings that --fix repairs, and an error that nobody but the author can repair.
FLAWED = CLEAN.replace("**Total Tasks:** 2", "**Total Tasks:** 7").replace("1/2", "2/2") + (
    "\n## Dependencies Between Tasks\n\n```\n1.1 → 1.2\n1.2 → 1.1\n```\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder; a settings file marks it as a project's root."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "milepost.toml").write_text("")
    return tmp_path


def write(folder: Path, text: str | bytes, name: str = "tasks.md") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def as_json(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_clean_plan_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, CLEAN)
    assert run(["check", "tasks.md"]) == 0
    assert capsys.readouterr() == ("All checks passed: 2 tasks, 1 phase, 1 checkpoint.\n", "")


def test_findings_are_shown_in_their_source(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, FLAWED)
    assert run(["check", "tasks.md"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert (
        out
        == """\
tasks.md:3:18 MP601 [total-mismatch] The total says 7 tasks, but the plan has 2 required tasks
  |
3 | **Total Tasks:** 7
  |                  ^ warning
  = help: Write 2

tasks.md:18:15 MP601 [total-mismatch] The progress says 2 of 2, but 1 of 2 required tasks are ticked
   |
18 | **Progress:** 2/2 tasks complete
   |               ^^^^^^^^^^^^^^^^^^ warning
   = help: Write 1/2

tasks.md:24:1 MP202 [dependency-cycle] These tasks wait for each other: 1.1 → 1.2 → 1.1
   |
24 | 1.2 → 1.1
   | ^^^^^^^^^ error
   = note: tasks.md:23:1 `1.2` waits for `1.1`
   = note: tasks.md:24:1 `1.1` waits for `1.2`

Found 3 findings (1 error, 2 warnings); 2 fixable with --fix.
"""
    )


def test_quiet_leaves_the_summary_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, CLEAN)
    assert run(["check", "-q", "tasks.md"]) == 0
    assert capsys.readouterr().out == ""
    write(folder, FLAWED)
    assert run(["check", "-q", "tasks.md"]) == 1
    out = capsys.readouterr().out
    assert "MP202" in out
    assert "Found" not in out


def test_json_says_everything_the_text_says(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, FLAWED)
    assert run(["check", "tasks.md", "--format", "json"]) == 1
    data = as_json(capsys)
    assert data["summary"] == {
        "findings": 3, "errors": 1, "warnings": 2, "infos": 0, "fixable": 2, "fixed": 0,
    }  # fmt: skip
    assert data["findings"][0] == {
        "code": "MP601",
        "name": "total-mismatch",
        "severity": "warning",
        "message": "The total says 7 tasks, but the plan has 2 required tasks",
        "path": "tasks.md",
        "line": 3,
        "column": 18,
        "end_line": 3,
        "end_column": 19,
        "fix": {
            "title": "Write 2",
            "safety": "safe",
            "edits": [{"line": 3, "column": 18, "end_line": 3, "end_column": 19, "replacement": "2"}],
        },
        "fixable": True,
        "related": [],
    }
    # 1 hour and 2 hours.
    assert data["plans"] == [
        {
            "path": "tasks.md", "dialect": "reference", "tasks": 2, "required_tasks": 2, "phases": 1,
            "checkpoints": 1, "effort_seconds": 10800,
        }
    ]  # fmt: skip
    assert data["errors"] == []


def test_fix_writes_what_is_safe_and_reports_the_rest(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, FLAWED)
    assert run(["check", "tasks.md", "--fix"]) == 1
    assert capsys.readouterr().out.endswith("Fixed 2, 1 finding left (1 error).\n")
    text = path.read_text()
    assert "**Total Tasks:** 2\n" in text
    assert "**Progress:** 1/2 tasks complete\n" in text
    # Nothing is left that could be fixed, so the same command changes nothing more.
    assert run(["check", "tasks.md", "--fix"]) == 1
    assert path.read_text() == text


def test_fix_keeps_every_other_byte(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = b"\xef\xbb\xbf" + CLEAN.replace("\n", "\r\n").encode() + b"caf\xe9 \t\r\nno end"
    path = write(folder, odd.replace(b"Tasks:** 2", b"Tasks:** 7"))
    assert run(["check", "tasks.md", "--fix"]) == 0
    assert path.read_bytes() == odd
    assert capsys.readouterr().out.startswith("Fixed 1 finding. All checks passed: ")


def test_a_file_that_needs_no_fix_is_not_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, CLEAN)
    os.utime(path, ns=(1, 1))
    assert run(["check", "tasks.md", "--fix"]) == 0
    assert path.stat().st_mtime_ns == 1


def test_diff_shows_the_fixes_and_writes_nothing(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    path = write(folder, FLAWED)
    assert run(["check", "tasks.md", "--diff"]) == 1
    assert path.read_text() == FLAWED
    out, err = capfdbinary.readouterr()
    assert err == b"Would fix 2 findings.\n"
    changes = [line for line in out.decode().splitlines() if line[:1] in "+-"]
    assert changes == [
        "--- a/tasks.md", "+++ b/tasks.md",
        "-**Total Tasks:** 7", "+**Total Tasks:** 2",
        "-**Progress:** 2/2 tasks complete", "+**Progress:** 1/2 tasks complete",
    ]  # fmt: skip


def test_a_diff_is_a_patch_even_for_odd_bytes(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(folder, b"caf\xe9\r\n" + FLAWED.replace("\n", "\r\n").encode() + b"**Progress:** 2/2")
    assert run(["check", "tasks.md", "--diff"]) == 1
    out, _ = capfdbinary.readouterr()
    assert b" caf\xe9\r\n" in out
    assert b"+**Total Tasks:** 2\r\n" in out


def test_a_diff_of_a_clean_plan_is_empty(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(folder, CLEAN)
    assert run(["check", "tasks.md", "--diff"]) == 0
    assert capfdbinary.readouterr() == (b"", b"Nothing to fix.\n")


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        (["--select", "MP2"], ["MP202"]),
        (["--select", "total-mismatch"], ["MP601", "MP601"]),
        (["--ignore", "total-mismatch,MP301"], ["MP202"]),
        (["--select", "MP2,MP6", "--ignore", "MP202"], ["MP601", "MP601"]),
    ],
)
def test_rules_are_selected_and_ignored(
    folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], codes: list[str]
) -> None:
    write(folder, FLAWED)
    assert run(["check", "tasks.md", "--format", "json", *options]) == 1
    assert [found["code"] for found in as_json(capsys)["findings"]] == codes


def test_a_comment_silences_a_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, FLAWED.replace("**Total", "<!-- milepost: ignore[total-mismatch] the rest comes later -->\n**Total"))
    assert run(["check", "tasks.md", "--format", "json"]) == 1
    assert [(found["code"], found["line"]) for found in as_json(capsys)["findings"]] == [("MP601", 19), ("MP202", 25)]


def test_capacities_come_from_the_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crowded = CLEAN.replace("hour_", "hour_\n  - _Tier: 1_").replace("hours_", "hours_\n  - _Tier: 1_")
    write(folder, crowded + "\n## Notes\n\n- **Parallelizable:** Tasks 1.1 and 1.2\n")
    # Without settings nobody knows how many tasks a tier runs at once.
    assert run(["check", "tasks.md", "--select", "false-parallel-claim"]) == 0
    (folder / "milepost.toml").write_text('[tiers.1]\ndriver = "manual"\ncapacity = 1\n')
    assert run(["check", "tasks.md", "--select", "false-parallel-claim"]) == 1
    (folder / "milepost.toml").write_text('[tiers.1]\ndriver = "manual"\ncapacity = 2\n')
    assert run(["check", "tasks.md", "--select", "false-parallel-claim"]) == 0


def test_several_plans_are_checked_together(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, CLEAN)
    write(folder, CLEAN, "more.md")
    assert run(["check", "tasks.md", "more.md", "tasks.md"]) == 0
    assert capsys.readouterr().out == "All checks passed: 2 plans, 4 tasks, 2 phases, 2 checkpoints.\n"


def test_one_unreadable_plan_does_not_hide_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, FLAWED)
    assert run(["check", "missing.md", "tasks.md"]) == 3
    out, err = capsys.readouterr()
    assert "MP202" in out
    assert "missing.md" in err
    assert run(["check", "missing.md", "tasks.md", "--format", "json"]) == 3
    data = as_json(capsys)
    assert len(data["findings"]) == 3
    assert [error["path"] for error in data["errors"]] == ["missing.md"]


BAD_INPUT = {
    "missing": (None, "there is no such file"),
    "empty": (b"", "it is empty"),
    "blank": (b" \n\n\t\n", "it is empty"),
    "binary": (b"\x7fELF\x00\x01\x02" * 40, "it is a binary file"),
    "UTF-16": ("- [ ] 1.1 Saw".encode("utf-16"), "it is a binary file"),
    "without tasks": (b"# Notes\n\nNothing to do here.\n", "no task was found"),
    "fenced tasks only": (b"# Notes\n\n```\n- [ ] **1.1** Saw\n```\n", "no task was found"),
    "50 MB": (b"- [ ] 1.1 Saw the boards\n" * 2_100_000, "it is larger than 32 MB"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_ends_in_one_clear_message(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    raw, message = BAD_INPUT[name]
    if raw is not None:
        write(folder, raw)
    assert run(["check", "tasks.md"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("error[") == 1
    assert message in err
    assert "tasks.md" in err
    assert "Traceback" not in err


def test_a_folder_without_plans_is_said_to_be_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs").mkdir()
    assert run(["check", "specs"]) == 3
    assert "no plan was found in this folder" in capsys.readouterr().err


def test_bytes_that_are_no_utf8_do_not_disturb(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, CLEAN.encode().replace(b"Saw the boards", b"Saw \xff\xfe boards"))
    assert run(["check", "tasks.md"]) == 0
    write(folder, FLAWED.encode().replace(b"**Total Tasks:** 7", b"**Total Tasks:** 7 (\xff)"))
    assert run(["check", "tasks.md"]) == 1
    assert "7 (\\xff)" in capsys.readouterr().out
    run(["check", "tasks.md", "--format", "json"])
    assert as_json(capsys)["summary"]["findings"] == 3


def test_a_plan_cannot_send_commands_to_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b]0;owned\x07\x1b[31m\u202ered\x9b2J"
    write(
        folder,
        FLAWED.replace("1.1 → 1.2\n", f"1.1 → 1.2 {hostile}\n").replace("- [ ] **1.2**", f"- [ ] **1.2** {hostile}"),
    )
    write(folder, CLEAN.replace("Tasks:** 2", f"Tasks:** [{hostile}] 2"), "placeholder.md")
    run(["check", "tasks.md", "placeholder.md", f"no\x1b[31mfile{chr(7)}.md"])
    out, err = capsys.readouterr()
    assert not any(
        (char < " " and char not in "\n") or "\x7f" <= char < "\xa0" or char == "\u202e" for char in out + err
    )
    run(["check", "tasks.md", "placeholder.md", "--format", "json"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_an_unknown_rule_is_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, CLEAN)
    assert run(["check", "tasks.md", "--select", "missing-estimat"]) == 2
    assert "did you mean `missing-estimate`?" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["check"], ["check", "tasks.md", "--format", "xml"], ["check", "--frobnicate"]])
def test_wrong_usage(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_read_only_plan_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, FLAWED)
    if os.geteuid() == 0:
        pytest.skip("the superuser may write anything")
    path.chmod(0o444)
    assert run(["check", "tasks.md", "--fix"]) == 1
    assert "error[document-unwritable]" in capsys.readouterr().err
    assert path.read_text() == FLAWED


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_is_for_terminals_that_want_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    write(folder, FLAWED)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert run(["check", "tasks.md"]) == 1
    assert ("\x1b[" in terminal.getvalue()) is coloured


def test_a_terminal_that_shows_only_ascii(folder: Path) -> None:
    write(folder, FLAWED)
    done = subprocess.run(
        [sys.executable, "-m", "milepost", "check", "tasks.md"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 1
    assert b"1.1 \\u2192 1.2" in done.stdout
    assert done.stderr == b""


def test_plain_output_needs_no_heavy_package(folder: Path) -> None:
    write(folder, FLAWED)
    program = (
        "import sys; from milepost.cli.main import run; run(['check', 'tasks.md']);"
        "print(*sorted({'rich', 'asyncio', 'sqlite3', 'difflib', 'tempfile', 'markdown_it', 'json'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
