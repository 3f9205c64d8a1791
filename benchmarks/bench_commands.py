"""Short commands on plans of 100, 1,000 and 10,000 tasks, each a fresh process: `python -m benchmarks.bench_commands`.

The first command on a text of the plan reads it, the others find what runs need of it kept; `claim` and `done` write
the document, for which it has to be read. Beside them planwright's `next` (named by PLANWRIGHT, or found on the path),
Backlog.md's list (BACKLOG, or `backlog` on the path) and Task Master's `next` (TASK_MASTER, or `task-master` on the
path), on as many tasks in their own formats.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bench_check import table
from benchmarks.measure import MILEPOST, Measurement, Sample, run_once
from benchmarks.plans import SETTINGS, Grid, plan

AIMS = {100: 200, 1_000: 220, 10_000: 350}
ROW = "{:<40} {:>9} {:>11} {:>9}   {}"


def grid(size: int) -> Grid:
    """A plan of that many tasks, ten to a phase at least."""
    width = max(10, size // 100)
    return Grid(phases=size // width, width=width)


def commands(place: Path, size: int, times: int) -> Iterator[str]:
    """A line for each of our commands; every round works on another task."""
    (place / "tasks.md").write_text(plan(grid(size)), encoding="utf-8")
    (place / "milepost.toml").write_text(SETTINGS.format(capacity=1000).replace("command", "manual"), encoding="utf-8")
    found: dict[str, list[Sample]] = {"next, plan never seen": [run_once([*MILEPOST, "next", "tasks.md"], place)]}
    for number in range(1, times + 1):
        task = f"1.{number}"
        for name, more in {"next": (), "claim": (task,), "status": (), "done": (task,)}.items():
            found.setdefault(name, []).append(run_once([*MILEPOST, name, "tasks.md", *more], place))
    for name, samples in found.items():
        aim = f"CPU < {AIMS[size]}" if name in ("next", "claim", "status", "done") else ""
        yield row(f"milepost {name}, {size:,} tasks", samples, aim)


def peers(place: Path, size: int, times: int) -> Iterator[str]:
    """A line for each peer that is installed."""
    if tool := os.environ.get("PLANWRIGHT") or shutil.which("planwright"):
        (place / "PLAN.md").write_text(table(grid(size)), encoding="utf-8")
        yield row(f"planwright next, {size:,} rows", [run_once([tool, "next"], place) for _ in range(times)], "")
    if (tool := os.environ.get("BACKLOG") or shutil.which("backlog")) and size <= 1_000:
        run_once(["git", "init", "-q"], place)
        run_once([tool, "init", "bench", "--defaults"], place, codes=(0, 1))
        (tasks := place / "backlog" / "tasks").mkdir(parents=True, exist_ok=True)
        for number in range(1, size + 1):
            head = f"---\nid: TASK-{number}\ntitle: Do part {number}\nstatus: To Do\nassignee: []\nlabels: []\n"
            text = f"{head}dependencies: []\ncreated_date: '2026-01-05'\n---\n\n## Description\n\nIt.\n"
            (tasks / f"task-{number} - Do-part-{number}.md").write_text(text, encoding="utf-8")
        lists = [run_once([tool, "task", "list", "--plain"], place) for _ in range(times)]
        yield row(f"backlog task list, {size:,} files", lists, "")
    if (tool := os.environ.get("TASK_MASTER") or shutil.which("task-master")) and size <= 1_000:
        (place / ".taskmaster" / "tasks").mkdir(parents=True)
        (place / ".taskmaster" / "tasks" / "tasks.json").write_text(json.dumps(task_master(size)), encoding="utf-8")
        nexts = [run_once([tool, "next"], place) for _ in range(min(times, 3))]
        yield row(f"task-master next, {size:,} tasks", nexts, "")


def task_master(size: int) -> dict[str, object]:
    """So many tasks in Task Master's form."""
    empty = {"description": "It.", "details": "", "testStrategy": "", "subtasks": [], "dependencies": []}
    numbers = range(1, size + 1)
    tasks = [{"id": n, "title": f"Do part {n}", "status": "pending", "priority": "medium", **empty} for n in numbers]
    return {"master": {"tasks": tasks, "metadata": {"description": "To measure"}}}


def row(name: str, samples: list[Sample], aim: str) -> str:
    """One line of the table."""
    found = Measurement(tuple(samples))
    return ROW.format(name, f"{found.cpu_min:.0f}", f"{found.cpu_median:.0f}", f"{found.wall_min:.0f}", aim)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_commands")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(AIMS), choices=list(AIMS))
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}; milliseconds\n")
    print(ROW.format("", "CPU min", "CPU median", "wall min", "aim"))
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
            os.environ["XDG_STATE_HOME"] = f"{ours}/state"
            for line in commands(Path(ours), size, options.times):
                print(line, flush=True)
            for line in peers(Path(theirs), size, options.times):
                print(line, flush=True)


if __name__ == "__main__":
    main()
