"""Findings as workflow commands: GitHub Actions shows them beside the lines of a change."""

from __future__ import annotations

from milepost.cli.formats.results import Results
from milepost.cli.text import printable
from milepost.source import Diagnostic, Severity, SourceText

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(results: Results) -> str:
    """Write a command for each finding and each plan that could not be read."""
    lines = [_finding(source, found) for source, found in results.findings()]
    for error in results.errors:
        path, _, line = error.place.rpartition(":")
        place = {"file": path, "line": line} if line.isdecimal() else {"file": error.place}
        remedy = f"\n{error.remedy}" if error.remedy else ""
        lines.append(_command("error", {**place, "title": error.code}, f"{error}{remedy}"))
    return "".join(f"{line}\n" for line in lines)


def _finding(source: SourceText, found: Diagnostic) -> str:
    line, column = source.position(found.span.start)
    end_line, end_column = source.position(max(found.span.end - 1, found.span.start))
    place = {"file": source.path, "line": line, "endLine": end_line}
    if line == end_line:  # columns of a finding over several lines are not understood there
        place |= {"col": column, "endColumn": end_column}
    help_text = f" ({found.fix.title})" if found.fix else ""
    return _command(
        _COMMANDS[found.severity],
        {**place, "title": f"{found.code} {found.name}"},
        found.message + help_text,
    )


def _command(name: str, properties: dict[str, object], message: str) -> str:
    stated = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {stated}::{_data(message)}"


def _data(text: str) -> str:
    """Escape what would end the message, or begin another command."""
    return printable(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
