"""Text that is safe to print."""

from __future__ import annotations

import re
import sys

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Replace what could disturb a terminal (control and bidirectional marks, broken bytes) by ``\\xNN`` forms."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def say(text: str = "", *, err: bool = False) -> None:
    """Print a text; what the terminal's encoding cannot show is written as ``\\xNN`` forms."""
    import click

    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)


def duration(seconds: float) -> str:
    """A length of time as people say it: ``2h 05m``, ``3m 20s``, ``4.2s``."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s" if whole % 60 else f"{whole // 60}m"
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}h {minutes:02}m" if minutes else f"{hours}h"


def clock(moment: float) -> str:
    """A moment (seconds since 1970) as local wall time."""
    from datetime import datetime

    return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M:%S")


def money(amount: float) -> str:
    """An amount in the currency of the settings."""
    return f"{amount:.2f}"
