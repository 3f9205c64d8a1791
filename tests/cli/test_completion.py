"""Completion in shells, and the sections of the help."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from milepost.cli.main import COMMANDS, SECTIONS, run


def _bash(bin: Path, words: str) -> list[str]:
    """What a bash with our script offers after some words; `FILES` where it completes names of files."""
    program = bin / "milepost"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m milepost "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(milepost completion bash)"\n'
        "compopt() { COMPREPLY=(FILES); }\n"
        f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _milepost_completion milepost\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("milepost ch", ["check"]),
        ("milepost un", ["unblock"]),
        ("milepost run --n", ["--no-wait", "--new"]),
        ("milepost agents init --client cu", ["cursor"]),
        ("milepost check ''", ["FILES"]),
        ("milepost next ''", ["FILES"]),
    ],
)
def test_bash_completes(tmp_path: Path, words: str, offered: list[str]) -> None:
    assert _bash(tmp_path, words) == offered


def test_a_command_is_completed_without_importing_any() -> None:
    code = (
        "import os, sys; os.environ.update(_MILEPOST_COMPLETE='bash_complete', COMP_WORDS='milepost ', COMP_CWORD='1')\n"
        "from milepost.cli.main import group\n"
        "try: group.main([], 'milepost')\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('milepost.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *offered, imported = done.stdout.splitlines()
    assert offered == [f"plain,{name}" for name in COMMANDS]
    assert imported == "['milepost.cli.main']"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_MILEPOST_COMPLETE" in capsys.readouterr().out


def test_a_shell_that_is_not_known(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert run(["completion"]) == 2
    assert "there is no completion for `tcsh`" in capsys.readouterr().err
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run(["completion"]) == 0
    assert "fish_complete" in capsys.readouterr().out


def test_the_help_lists_every_command_in_its_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    at = [told.index(f"{title}:\n") for title in SECTIONS]
    assert at == sorted(at)
    for title, section in SECTIONS.items():
        part = told.partition(f"{title}:\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in part.splitlines() if line[2] != " "] == list(section)
