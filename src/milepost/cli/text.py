"""Text that is safe to print."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from milepost.execution.wording import duration as duration

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


_SHORT = 20
"""Texts that fit anywhere."""


def printable(text: str) -> str:
    """Replace what could disturb a terminal (control and bidirectional marks, broken bytes) by ``\\xNN`` forms."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def say(text: str = "", *, err: bool = False, drawn: int = 0) -> None:
    """Print a text; what the terminal's encoding cannot show is written as ``\\xNN`` forms.

    On a terminal, lines that are too wide for it, and wider than the ``drawn`` columns that they were laid out for,
    are broken between words. Anywhere else a line is a line.
    """
    stream = sys.stderr if err else sys.stdout
    if len(text) > _SHORT:
        columns = terminal_columns(stream)
        if columns is not None:
            from milepost.cli.fitting import fit

            text = fit(text, max(columns, drawn))
    encoding = getattr(stream, "encoding", None) or "utf-8"
    echo(text.encode(encoding, "backslashreplace").decode(encoding) + "\n", err=err)


def echo(text: str, *, err: bool = False) -> None:
    """Print a text as it is.

    Raises:
        OSError: it cannot be written; as the file's name it has that of the stream.
    """
    import click

    try:
        click.echo(text, err=err, nl=False)
    except OSError as error:
        error.filename = error.filename or ("standard error" if err else "standard output")
        raise


def terminal_columns(stream: Any) -> int | None:
    """How many columns a stream has that is a terminal; ``COLUMNS`` says otherwise. None: it is none."""
    try:
        if not stream.isatty():
            return None
        asked = os.environ.get("COLUMNS", "")
        return int(asked) if asked.isdecimal() and int(asked) else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return None


def clock(moment: float) -> str:
    """A moment (seconds since 1970) as local wall time."""
    from datetime import datetime

    return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M:%S")


def money(amount: float) -> str:
    """An amount in the currency of the settings."""
    return f"{amount:.2f}"
