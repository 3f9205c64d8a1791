"""Every critical path of a plan, and what nearly is critical."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.app.schedules import Criticality, ScheduleReport
from milepost.cli.gantt import Paper, compact_time
from milepost.cli.text import printable
from milepost.plan.grammar.columns import display_width


def critical_lines(found: Criticality, report: ScheduleReport, paper: Paper) -> Iterator[str]:
    """The paths, a number before each, and under them the tasks with little float."""
    many = "1 critical path" if found.total == 1 else f"{found.total:,} critical paths"
    left = f", the first {len(found.paths)} of them" if found.total > len(found.paths) else ""
    yield f"{many}{' with gates' if report.gates else ' without gates'}{left}"
    arrow = f" {paper.glyphs.arrow} "
    for number, path in enumerate(found.paths, 1):
        names = [report.checkpoints.get(name, name) for name in path]
        pieces = [f"{name}{arrow}" for name in names[:-1]] + names[-1:]
        yield from _wrapped(f"  {number:>3}  ", pieces, paper)
    floats = {row.id: row.total_float_seconds for row in report.rows}
    near = [f"{report.checkpoints.get(name, name)} ({compact_time(floats[name])})" for name in found.near]
    pieces = [f"{name}, " for name in near[:-1]] + (near[-1:] or ["none"])
    yield f"float of up to {compact_time(found.near_seconds)}"
    yield from _wrapped(" " * 7, pieces, paper)


def _wrapped(head: str, pieces: list[str], paper: Paper) -> Iterator[str]:
    """Pieces behind each other in lines as wide as the paper."""
    line, begun = head, False
    for piece in map(printable, pieces):
        if begun and display_width(line + piece.rstrip()) > paper.width:
            yield line.rstrip()
            line = " " * len(head)
        line, begun = line + piece, True
    yield line.rstrip()
