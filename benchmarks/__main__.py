"""Print the table of first figures. `python -m benchmarks [--times N] [--tasks N]`, from the repository's root."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from benchmarks.measure import MILEPOST, Measurement, Sample, in_process, measure, run_once
from benchmarks.plans import SETTINGS, Grid, makefile, plan

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "wordcount"
LARGE = plan(Grid(phases=100, width=100))
ROW = "{:<46} {:>10} {:>10} {:>10}   {}"


def main() -> None:
    """Measure everything, one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--times", type=int, default=15, help="runs of each short command")
    parser.add_argument("--tasks", type=int, default=1000, help="no-op tasks to run")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}; milliseconds\n")
    print(ROW.format("", "CPU min", "CPU median", "wall min", "aim"))
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        for line in chain(cold(Path(folder), options.times), scanning(), running(Path(folder), options.tasks)):
            print(line, flush=True)


def cold(folder: Path, times: int) -> Iterator[str]:
    """Start-up and checking, each in a fresh process."""
    small = folder / "small"
    shutil.copytree(EXAMPLE, small)
    yield row("milepost --version", measure([*MILEPOST, "--version"], small, times=times), "CPU < 40")
    yield row("milepost --help", measure([*MILEPOST, "--help"], small, times=times), "CPU < 90")
    check = [*MILEPOST, "check", "tasks.md"]
    yield row("milepost check, example plan", measure(check, small, times=times), "CPU < 250")
    (large := folder / "large").mkdir()
    (large / "tasks.md").write_text(LARGE, encoding="utf-8")
    yield row("milepost check, 10,000 tasks", measure(check, large, times=3), "wall < 5000")


def scanning() -> Iterator[str]:
    """The block structure of a large plan, read by Milepost (with spans) and by markdown-it-py (with lines)."""
    from markdown_it import MarkdownIt

    from milepost.plan.blocks import parse_blocks

    peer = MarkdownIt("commonmark").enable("table").disable("inline")
    yield row("blocks of 10,000 tasks, Milepost", in_process(lambda: parse_blocks(LARGE), times=3), "")
    yield row("blocks of 10,000 tasks, markdown-it-py", in_process(lambda: peer.parse(LARGE), times=3), "")


def running(folder: Path, size: int) -> Iterator[str]:
    """No-op tasks through Milepost and through make, on the same graph with the same parallelism."""
    grid = Grid(phases=max(1, size // 50), width=min(size, 50))
    (project := folder / "run").mkdir()
    (project / "tasks.md").write_text(plan(grid, run="true"), encoding="utf-8")
    (project / "milepost.toml").write_text(SETTINGS.format(capacity=2), encoding="utf-8")
    (project / "graph.mk").write_text(makefile(grid, run="true"), encoding="utf-8")
    ours = run_once([*MILEPOST, "run", "tasks.md", "--trust"], project)
    yield f"\n{grid.size:,} no-op tasks, two at once; milliseconds a task"
    yield per_task("milepost run", ours, grid.size, "wall < 10")
    if shutil.which("make") is None:
        yield "make is not installed: nothing to compare with"
        return
    make = run_once(["make", "-s", "-j2", "-f", "graph.mk"], project)
    yield per_task(
        "make -j2, the same graph", make, grid.size, f"milepost takes {ours.wall / make.wall:.1f} times as long"
    )


def per_task(name: str, sample: Sample, size: int, aim: str) -> str:
    """One line of the table, for one task of a run."""
    return ROW.format(name, "", "", f"{sample.wall / size:.2f}", aim)


def row(name: str, found: Measurement, aim: str) -> str:
    """One line of the table."""
    figures = (f"{value:.0f}" for value in (found.cpu_min, found.cpu_median, found.wall_min))
    return ROW.format(name, *figures, aim)


if __name__ == "__main__":
    main()
