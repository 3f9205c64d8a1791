"""Reading and checking: `python -m benchmarks.bench_check`, from the repository's root.

Beside Milepost, in the same run: planwright's `validate` (a plan in a table; named by PLANWRIGHT, or found on the
path), and markdown-it-py's parse of the same text, which reads nothing of a plan.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.__main__ import ROW, row
from benchmarks.measure import MILEPOST, in_process, measure
from benchmarks.plans import Grid, plan

SIZES = (1_000, 10_000, 100_000)
EDITS: dict[str, Callable[[str], str]] = {
    "a box ticked": lambda text: text.replace("[ ] **5.50**", "[x] **5.50**"),
    "a word added half-way": lambda text: text.replace("Do part 50 of phase 5\n", "Do part 50 of phase 5 well\n"),
    "a word added at the top": lambda text: text.replace("**Purpose:** A", "**Purpose:** A good"),
}


def main() -> None:
    """Measure everything, one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_check")
    parser.add_argument("--times", type=int, default=3, help="runs of each command; the largest plan is checked once")
    options = parser.parse_args()
    gc.set_threshold(50_000, 200, 100)  # as the command has it
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed command finds its modules compiled
    print(f"load {' '.join(f'{value:.1f}' for value in os.getloadavg())}, {os.cpu_count()} cores; milliseconds\n")
    print(ROW.format("", "CPU min", "CPU median", "wall min", "aim"))
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as folder:
        for lines in (small(Path(folder), options.times), growth(Path(folder), options.times)):
            for line in lines:
                print(line, flush=True)
    for line in (*parts(options.times), *edits(options.times)):
        print(line, flush=True)
    corpus()


def small(folder: Path, times: int) -> Iterator[str]:
    """Checking plans as people write them: the example, and the reference document where it is at hand."""
    reference = Path(os.environ.get("MILEPOST_SHARED", "/nonexistent"), "reference", "tasks-template.md")
    for path in (Path(__file__).parent.parent / "examples" / "wordcount" / "tasks.md", reference):
        if path.is_file():
            found = measure([*MILEPOST, "check", str(path.absolute())], folder, times=times, codes=(0, 1))
            yield row(f"milepost check, {path.name} of {path.parent.name}", found, "CPU < 250")


def growth(folder: Path, times: int) -> Iterator[str]:
    """Checking plans of growing size, each in a fresh process, ours and planwright's."""
    taken: dict[int, float] = {}
    for size in SIZES:
        (place := folder / str(size)).mkdir()
        (place / "tasks.md").write_text(plan(grid(size)), encoding="utf-8")
        found = measure([*MILEPOST, "check", "tasks.md"], place, times=1 if size == SIZES[-1] else times)
        taken[size] = found.cpu_min
        aim = {1_000: "CPU < 350", 10_000: f"CPU < 1500, < 200 MB: {memory(place):.0f} MB"}.get(size, "")
        yield row(f"milepost check, {size:,} tasks", found, aim)
    exponent = math.log10(taken[100_000] / taken[10_000])
    yield f"growth from 10,000 to 100,000 tasks: n^{exponent:.2f} (aim: linear)"
    yield from peer(folder, times)


def memory(place: Path) -> float:
    """The most memory that checking took, in MB."""
    code = "import resource, sys; from milepost.cli.main import run; run(['check', 'tasks.md', '-q']); "
    code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    out = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True).stdout
    return int(out.split()[-1]) / (1024 if sys.platform != "darwin" else 2**20)


def peer(folder: Path, times: int) -> Iterator[str]:
    """planwright's check of as many tasks with the same dependencies."""
    tool = os.environ.get("PLANWRIGHT") or shutil.which("planwright")
    if tool is None:
        yield "planwright is not installed: `pip install planwright` where PLANWRIGHT names it, to compare with it"
        return
    for size in SIZES[:2]:
        (place := folder / f"peer-{size}").mkdir()
        (place / "PLAN.md").write_text(table(grid(size)), encoding="utf-8")
        yield row(
            f"planwright validate, {size:,} rows", measure([tool, "validate"], place, times=times, codes=(0, 1)), ""
        )


def table(cells: Grid) -> str:
    """The grid as planwright writes plans: one row a task, no steps and no requirements."""
    rows = [
        f"| {cells.task_id(phase, place)} | Do part {place + 1} of phase {phase + 1} | todo | me | 0.5h "
        f"| {', '.join(cells.waits(phase, place)) or '-'} |"
        for phase in range(cells.phases)
        for place in range(cells.width)
    ]
    head = "# Generated\n\n| ID | Title | Status | Owner | Estimate | Depends |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def parts(times: int) -> Iterator[str]:
    """What checking 10,000 tasks is made of, beside another parser of Markdown."""
    from markdown_it import MarkdownIt

    from milepost.lint import runner
    from milepost.plan.blocks import parse_blocks
    from milepost.plan.reader import read_plan
    from milepost.source import SourceText

    text = plan(grid(10_000))
    whole = read_plan(SourceText(text))
    other = MarkdownIt("commonmark").enable("table").disable("inline")
    yield ""
    yield row("10,000 tasks: blocks", in_process(lambda: parse_blocks(text), times=times), "")
    yield row("10,000 tasks: blocks and model", in_process(lambda: read_plan(SourceText(text)), times=times), "")
    yield row("10,000 tasks: rules", in_process(lambda: runner.check(whole), times=times), "")
    yield row("10,000 tasks: blocks by markdown-it-py", in_process(lambda: other.parse(text), times=times), "")


def edits(times: int) -> Iterator[str]:
    """Checking a plan of 1,000 tasks again after one line changed."""
    from milepost.lint import runner
    from milepost.plan.incremental import Reparser
    from milepost.plan.reader import read_plan
    from milepost.source import SourceText

    text = plan(grid(1_000))
    yield ""
    yield row(
        "1,000 tasks: read and checked", in_process(lambda: runner.check(read_plan(SourceText(text))), times=times), ""
    )
    for name, change in EDITS.items():
        versions = [SourceText(text), SourceText(change(text))] * times  # taken from the end
        reparser = Reparser()
        reparser.update(SourceText(text))
        found = in_process(lambda r=reparser, v=versions: runner.check(r.update(v.pop())), times=2 * times)  # type: ignore[misc]
        yield row(f"1,000 tasks: again, {name}", found, "CPU < 50")


def corpus() -> None:
    """Say what checking all public plans takes, when they are there."""
    folder = Path(os.environ.get("MILEPOST_SHARED", "/nonexistent"), "corpus")
    paths = sorted(str(path) for path in folder.glob("*/*") if path.suffix in (".md", ".json", ".txt"))
    if paths:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [*MILEPOST, "check", "--quiet", *paths]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"\n{len(paths)} public plans checked by one process: {taken * 1000:.0f} ms CPU (aim: < 10000)")


def grid(size: int) -> Grid:
    """So many tasks, in phases of a hundred."""
    return Grid(phases=size // 100, width=100)


if __name__ == "__main__":
    main()
