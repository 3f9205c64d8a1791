"""``make corpus``: what is read in each public document below ``MILEPOST_SHARED``, dialect by dialect."""

from __future__ import annotations

import csv
import gc
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.corpus.shared_corpus import SHARED, Entry, entries, table, unread_reason

from milepost.lint import runner
from milepost.plan.coverage import unread_tasks
from milepost.plan.model import Plan
from milepost.source import Severity

COLUMNS = (
    "documents", "plans", "tasks", "rough", "stated ids", "boxed", "in words", "no state", "dependencies",
    "requirements", "errors", "warnings", "unread", "differing", "unexplained",
)  # fmt: skip
_TOLERANCE = 10


@dataclass
class Figures:
    """The sums of a dialect, and what has to be looked at."""

    sums: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def add(self, entry: Entry, plan: Plan) -> None:
        """Count one document."""
        sums, tasks = self.sums, plan.tasks
        findings = Counter(found.severity for found in runner.check(plan))
        sums["documents"] += 1
        sums["plans"] += bool(tasks)
        sums["tasks"] += len(tasks)
        sums["rough"] += entry.rough
        sums["stated ids"] += sum(task.id_span is not None for task in tasks)
        sums["boxed"] += sum(task.checkbox is not None for task in tasks)
        sums["in words"] += sum(task.checkbox is None and task.written is not None for task in tasks)
        sums["no state"] += sum(task.checkbox is None and task.written is None for task in tasks)
        sums["dependencies"] += len(plan.dependencies)
        sums["requirements"] += sum(len(task.requirements) for task in tasks)
        sums["errors"] += findings[Severity.ERROR]
        sums["warnings"] += findings[Severity.WARNING]
        unread = [plan.source.position(span.start).line for span in unread_tasks(plan)]
        sums["unread"] += len(unread)
        reason = unread_reason(plan)
        self.sums["unexplained"] += reason is None
        if reason is None or unread:
            lines = ", ".join(map(str, unread)) or "none"
            self.remarks.append(
                f"{entry.file}: lines that look like unread tasks: {lines}: {reason or 'NOT EXPLAINED'}"
            )
        self._compare(entry, plan)

    def _compare(self, entry: Entry, plan: Plan) -> None:
        ours, rough = len(plan.tasks), entry.rough
        if _TOLERANCE * abs(ours - rough) <= rough:
            return
        self.sums["differing"] += 1
        reason = next((row for row in table("count_reasons.tsv") if row["sha256"] == plan.source.digest), None)
        if reason and int(reason["ours"]) == ours:
            self.remarks.append(f"{entry.file}: {ours} tasks, rough count {rough}: {reason['reason']}")
        else:
            self.sums["unexplained"] += 1
            self.remarks.append(f"{entry.file}: {ours} tasks, rough count {rough}: NOT EXPLAINED")


def dialects() -> list[str]:
    """The dialects of the manifest, in its order."""
    with (SHARED / "corpus" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as lines:
        return list(dict.fromkeys(row["dialect"] for row in csv.DictReader(lines, delimiter="\t")))


def rows(found: dict[str, Figures]) -> Iterator[str]:
    """The table, a line of sums at its end."""
    total: Counter[str] = Counter()
    form = "{:<13}" + "".join(f"{{:>{max(len(name), 5) + 2}}}" for name in COLUMNS)
    yield form.format("", *COLUMNS)
    for dialect, figures in found.items():
        total.update(figures.sums)
        yield form.format(dialect, *(figures.sums[name] for name in COLUMNS))
    yield form.format("all", *(total[name] for name in COLUMNS))


def main() -> int:
    """Print the figures. Exit code 1: a count differs that nobody explained, or a line looks like an unread task."""
    if not (SHARED / "corpus" / "MANIFEST.tsv").is_file():
        print("set MILEPOST_SHARED to the folder that holds corpus/MANIFEST.tsv", file=sys.stderr)
        return 2
    gc.set_threshold(50_000, 20, 100)  # as the command line does
    found: dict[str, Figures] = {}
    cpu = 0.0
    for dialect in dialects():
        figures = found.setdefault(dialect, Figures())
        for entry in entries(dialect):
            start = time.process_time()
            figures.add(entry, entry.plan)
            cpu += time.process_time() - start
    print("\n".join(rows(found)))
    for dialect, figures in found.items():
        if figures.remarks:
            print(f"\n{dialect}")
            print("\n".join(f"  {remark}" for remark in figures.remarks))
    print(f"\nread, checked and counted in {cpu:.1f} s of CPU time, in one process")
    return 1 if any(figures.sums["unexplained"] for figures in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
