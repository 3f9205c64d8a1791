"""Plans of any size, whose claims hold, and the same graph as a makefile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Phases of equally many tasks. Each task waits for its counterpart in the phase before and for that one's
    right neighbour, so that the graph is no bundle of chains.
    """

    phases: int
    width: int

    @property
    def size(self) -> int:
        return self.phases * self.width

    def task_id(self, phase: int, place: int) -> str:
        return f"{phase + 1}.{place % self.width + 1}"

    def waits(self, phase: int, place: int) -> tuple[str, ...]:
        if phase == 0:
            return ()
        return tuple(dict.fromkeys(self.task_id(phase - 1, place + shift) for shift in (0, 1)))


def plan(grid: Grid, *, minutes: int = 30, run: str = "") -> str:
    """Give a plan in the reference format, every task with steps, requirement, estimate and, if any, a command."""
    hours = f"{grid.size * minutes / 60:g}"
    parts = [
        "# Generated - Implementation Plan\n\n> **Purpose:** A plan for measuring.\n\n## Task Overview\n\n",
        f"**Total Tasks:** {grid.size}  \n**Estimated Time:** {hours} hours  \n**Status:** Not Started\n\n",
        "## Task Breakdown\n\n",
    ]
    for phase in range(grid.phases):
        parts.append(f"### **Phase {phase + 1}: Part {phase + 1}**\n\n")
        parts += [_task(grid, phase, place, minutes, run) for place in range(grid.width)]
    parts += ["## Task Assignment\n\n| Task | Assigned To | Status | Notes |\n|---|---|---|---|\n"]
    parts += [f"| {phase + 1}.1-{phase + 1}.{grid.width} | Tier 3 | Not Started | |\n" for phase in range(grid.phases)]
    parts.append(f"\n---\n\n**Last Updated:** 2026-01-05  \n**Progress:** 0/{grid.size} tasks complete\n")
    return "".join(parts)


def _task(grid: Grid, phase: int, place: int, minutes: int, run: str) -> str:
    lines = [
        f"- [ ] **{grid.task_id(phase, place)}** Do part {place + 1} of phase {phase + 1}",
        "  - Write it",
        "  - Test it",
        f"  - _Requirements: REQ-{phase + 1}.{place + 1}_",
        f"  - _Estimated: {minutes} minutes_",
    ]
    if waits := grid.waits(phase, place):
        lines.append(f"  - _Depends: {', '.join(waits)}_")
    if run:
        lines.append(f"  - _Run: {run}_")
    return "\n".join(lines) + "\n\n"


def makefile(grid: Grid, *, run: str) -> str:
    """Give the same tasks with the same dependencies for make, which remembers by stamp files what is done."""
    cells = [(phase, place) for phase in range(grid.phases) for place in range(grid.width)]
    names = " ".join(grid.task_id(*cell) for cell in cells)
    rules = [f"{grid.task_id(*cell)}: {' '.join(grid.waits(*cell))}\n\t@{run} && touch $@\n" for cell in cells]
    return f".PHONY: all\nall: {names}\n" + "".join(rules)


SETTINGS = """\
[tiers.3]
name = "Measured"
driver = "command"
capacity = {capacity}
"""
