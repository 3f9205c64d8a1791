"""What ``milepost schedule`` shows of an instance of a scheduling library."""

from __future__ import annotations

from collections.abc import Iterator

from milepost.app.instances import Effort, InstanceReport, load_instance, schedule_instance
from milepost.cli.gantt import Paper
from milepost.cli.options import say_json
from milepost.cli.text import printable, say
from milepost.plan.grammar.columns import display_width

_HEADS = ("activity", "mode", "start", "finish", "needs")


def print_instance(path: str, seconds: float | None, svg: str | None, as_json: bool, paper: Paper) -> int:
    """Schedule an instance and show the schedule; 1 where none was found."""
    report = schedule_instance(load_instance(path), path, _effort(seconds))
    if svg:
        from milepost.cli.svg import draw_instance, write

        write(svg, draw_instance(report))
    if as_json:
        say_json(report.as_dict())
    else:
        say("\n".join([*_summary(report), "", *_table(report, paper)]).rstrip(), drawn=paper.width)
    return 0 if report.makespan is not None else 1


def _effort(seconds: float | None) -> Effort | None:
    if seconds is None:
        return None
    from milepost.bootstrap import solving_effort

    return solving_effort(seconds, lambda text: say(text, err=True))


def _summary(report: InstanceReport) -> Iterator[str]:
    modes = f" in {report.modes} modes" if report.modes > report.activities else ""
    yield f"{printable(report.name)}: {report.activities} activities{modes}"
    if report.makespan is None:
        yield _nothing(report)
    else:
        over = report.makespan - report.lower_bound
        quality = "the shortest possible"
        if over and not report.proven:
            quality = f"at most {over} ({report.gap or 0:.1%}) above the shortest possible"
        yield f"makespan {report.makespan}, {quality}; no schedule is shorter than {report.lower_bound}"
    yield from map(printable, report.notes)
    if report.rows:
        for use in report.resources:
            what = "at most at once" if use.renewable else "in all"
            yield f"  {use.name}: {use.used} of {use.capacity} {what}"


def _nothing(report: InstanceReport) -> str:
    if report.proven:
        return "no schedule: the modes need more of a non-renewable resource than there is, whatever is chosen"
    return "no schedule found yet that keeps to the non-renewable resources: give it time with --optimize SECONDS"


def _table(report: InstanceReport, paper: Paper) -> Iterator[str]:
    """The activities by their starts, and a bar for each."""
    if not report.rows:
        return
    rows = sorted(report.rows, key=lambda row: (row.start, row.finish, report.rows.index(row)))
    lines = [
        (row.id, str(row.mode), str(row.start), str(row.finish), " ".join(f"{k} {n}" for k, n in row.needs.items()))
        for row in rows
    ]
    widths = [max(display_width(line[column]) for line in [_HEADS, *lines]) for column in range(len(_HEADS))]
    room = max(paper.width - sum(widths) - len(widths), 10)
    yield _line(_HEADS, widths).rstrip()
    horizon = max(report.makespan or 0, 1)
    for row, line in zip(rows, lines, strict=True):
        first, last = row.start * room // horizon, row.finish * room // horizon
        bar = paper.glyphs.critical * max(last - first, 1) if row.finish > row.start else paper.glyphs.checkpoint
        yield f"{_line(line, widths)} {' ' * min(first, room - 1)}{bar}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    texts = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    texts[-1] = cells[-1].ljust(widths[-1])
    return " ".join(texts)
