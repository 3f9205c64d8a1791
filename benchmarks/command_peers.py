"""Programs that keep plans too, and how each is asked what `next`, `claim`, `status` and `done` ask of ours.

A peer is found on the path, or where the environment variable of its name says, as SPEC_RUNNER does for spec-runner.
What a peer has no command for is left out; what it fails at is said.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench_check import table
from benchmarks.measure import Sample, run_once
from benchmarks.plans import Grid


@dataclass(frozen=True)
class Peer:
    """A program: ``prepare`` writes so many tasks in its own form into a folder, for which ``most`` is the limit.

    ``commands`` are its words for ours, with the number of a task in them. It is asked ``rounds`` times at most.
    """

    program: str
    prepare: Callable[[Path, Grid, str], None]
    commands: Mapping[str, tuple[str, ...]]
    most: int = 10_000
    rounds: int = 5

    @property
    def variable(self) -> str:
        """The environment variable that may say where it is."""
        return self.program.upper().replace("-", "_")

    @property
    def place(self) -> str | None:
        """Where it is, if it is installed."""
        return os.environ.get(self.variable) or shutil.which(self.program)

    def ask(self, name: str, number: int, place: Path) -> Sample:
        """Give it its word for one of our commands on a task."""
        words = [word.format(number=number) for word in self.commands[name]]
        return run_once([str(self.place), *words], place, codes=range(256))


def _planwright(place: Path, grid: Grid, program: str) -> None:
    (place / "PLAN.md").write_text(table(grid), encoding="utf-8")


def _backlog(place: Path, grid: Grid, program: str) -> None:
    run_once(["git", "init", "-q"], place)
    run_once([program, "init", "bench", "--defaults"], place, codes=(0, 1))
    (tasks := place / "backlog" / "tasks").mkdir(parents=True, exist_ok=True)
    for number in range(1, grid.size + 1):
        head = f"---\nid: TASK-{number}\ntitle: Do part {number}\nstatus: To Do\nassignee: []\nlabels: []\n"
        text = f"{head}dependencies: []\ncreated_date: '2026-01-05'\n---\n\n## Description\n\nIt.\n"
        (tasks / f"task-{number} - Do-part-{number}.md").write_text(text, encoding="utf-8")


def _task_master(place: Path, grid: Grid, program: str) -> None:
    empty = {"description": "It.", "details": "", "testStrategy": "", "subtasks": [], "dependencies": []}
    numbers = range(1, grid.size + 1)
    tasks = [{"id": n, "title": f"Do part {n}", "status": "pending", "priority": "medium", **empty} for n in numbers]
    (place / ".taskmaster" / "tasks").mkdir(parents=True)
    found = {"master": {"tasks": tasks, "metadata": {"description": "To measure"}}}
    (place / ".taskmaster" / "tasks" / "tasks.json").write_text(json.dumps(found), encoding="utf-8")


def _spec_runner(place: Path, grid: Grid, program: str) -> None:
    (place / "spec").mkdir()
    parts = ["# Tasks\n\n## Milestone 1: MVP\n\n"]
    for number in range(1, grid.size + 1):
        parts.append(f"### TASK-{number:03}: Do part {number}\n🔴 P0 | ⬜ TODO | Est: 1h\n\n")
        parts.append("**Checklist:**\n- [ ] Write it\n\n**Traces to:** [REQ-001]\n**Depends on:** —\n\n---\n\n")
    (place / "spec" / "tasks.md").write_text("".join(parts), encoding="utf-8")


def _agendum(place: Path, grid: Grid, program: str) -> None:
    run_once([program, "init"], place)
    run_once([program, "project", "create", "bench"], place)
    board = place / ".agendum" / "projects" / "bench" / "board"
    board.mkdir(parents=True, exist_ok=True)
    moment = "'2026-01-05T09:00:00+00:00'"
    for number in range(1, grid.size + 1):
        head = f"id: item-{number:03}\ntitle: Do part {number}\nproject: bench\nstatus: pending\npriority: medium\n"
        lists = "acceptance_criteria: []\nblocks: []\nconstraints: []\ndepends_on: []\nkey_files: []\ntags: []\n"
        rest = f"type: dev\nverified: false\ncreated: {moment}\nupdated: {moment}\n"
        text = f"---\n{head}{lists}{rest}---\n\n## Notes\n\n\n## Progress\n\n## Decisions"
        (board / f"item-{number:03}.md").write_text(text, encoding="utf-8")


PEERS = (
    Peer("planwright", _planwright, {"next": ("next",), "status": ("status",)}),
    Peer(
        "backlog",
        _backlog,
        {
            "next": ("task", "list", "--plain"),
            "claim": ("task", "edit", "{number}", "-s", "In Progress", "-a", "@me", "--plain"),
            "status": ("overview",),
            "done": ("task", "edit", "{number}", "-s", "Done", "--plain"),
        },
        most=1_000,
    ),
    Peer(
        "task-master",
        _task_master,
        {
            "next": ("next",),
            "claim": ("set-status", "--id={number}", "--status=in-progress"),
            "status": ("list",),
            "done": ("set-status", "--id={number}", "--status=done"),
        },
        most=1_000,
        rounds=1,  # a minute each where it cannot reach its server
    ),
    Peer(
        "spec-runner",
        _spec_runner,
        {
            "next": ("task", "next"),
            "claim": ("task", "start", "TASK-{number:03}"),
            "status": ("task", "stats"),
            "done": ("task", "done", "TASK-{number:03}"),
        },
    ),
    Peer("agendum", _agendum, {"next": ("next", "bench"), "status": ("status",)}),
)
"""Agendum and planwright have commands for looking only."""


def asked(peer: Peer, place: Path, grid: Grid, times: int) -> Iterator[tuple[str, list[Sample]]]:
    """Each of our commands for which a peer has a word, and what it took."""
    peer.prepare(place, grid, str(peer.place))
    found: dict[str, list[Sample]] = {name: [] for name in peer.commands}
    for number in range(1, min(times, peer.rounds) + 1):
        for name, samples in found.items():
            samples.append(peer.ask(name, number, place))
    yield from found.items()
