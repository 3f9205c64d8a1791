"""A pipe that nobody reads any more: silence where it is our own output, a message where it is any other."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NoReturn

import pytest

from milepost.cli import main


def test_a_reader_of_our_output_who_went_away_is_no_error_to_tell() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "milepost", "rules"]
        found = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert (found.returncode, found.stderr) == (1, "")


def test_any_other_pipe_that_breaks_never_ends_a_command_silently(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**given: object) -> NoReturn:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(main.group, "main", fail)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # it is let go of
    assert main.run(["run", "x"]) == 1
    assert "another process went away: Broken pipe" in capsys.readouterr().err
