"""What a person sees while a run goes on: a plain log of lines, or a live view on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

import click

from milepost.app.event_lines import event_line
from milepost.app.suggestions import in_shell
from milepost.cli.text import clock, duration, printable
from milepost.execution import events as ev
from milepost.execution.policy import RunSpec
from milepost.execution.queries import awaiting_approval
from milepost.execution.records import CriterionStatus, TaskStatus
from milepost.execution.state import RunState

if TYPE_CHECKING:
    from rich.console import Group

_ASKED_BY_NAME = 3
_ENDED = (ev.AttemptFailed, ev.AttemptOverran, ev.AttemptLost, ev.TaskCompleted, ev.TaskBlocked, ev.TaskSkipped)


class Progress(Protocol):
    """Shows a run as it goes."""

    def __enter__(self) -> Progress:
        """Begin to show."""

    def __exit__(self, *error: object) -> None:
        """Stop showing."""

    def see(self, event: ev.Event, state: RunState) -> None:
        """Something happened; ``state`` is the one after it."""

    def notice(self, text: str) -> None:
        """Something is to be known that is no event of the run."""


def make_progress(
    plan: str, state: RunState, *, quiet: bool, to_stderr: bool, approved: Collection[str] = ()
) -> Progress:
    """Pick the view: none when quiet, live on a terminal, else lines.

    Nobody is asked for the approval of the checkpoints in ``approved``.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    if not quiet and stream.isatty():
        return LiveProgress(plan, state, to_stderr=to_stderr, announced=set(approved))
    return LineProgress(plan, quiet=quiet, to_stderr=to_stderr, announced=set(approved))


class LineProgress:
    """A line with a time for each event."""

    def __init__(self, plan: str, *, quiet: bool, to_stderr: bool, announced: set[str]) -> None:
        self.plan = plan
        self.quiet = quiet
        self.to_stderr = to_stderr
        self.requests = Requests(plan, announced)

    def __enter__(self) -> LineProgress:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def see(self, event: ev.Event, state: RunState) -> None:
        """Print the event's line, and say once of what waits for a person that it does."""
        if self.quiet:
            return
        line = event_line(event, state)
        if line:
            self._print(event.at, line)
        for request in self.requests.news(event, state):
            self._print(event.at, request)

    def notice(self, text: str) -> None:
        """Print the notice as a line."""
        if not self.quiet:
            self._print(time.time(), text)

    def _print(self, at: float, line: str) -> None:
        click.echo(f"{time.strftime('%H:%M:%S', time.localtime(at))} {printable(line)}", err=self.to_stderr)


class LiveProgress:
    """A bar, the running tasks with their time against their limit, and the log scrolling above."""

    def __init__(self, plan: str, state: RunState, *, to_stderr: bool, announced: set[str]) -> None:
        from rich.console import Console
        from rich.live import Live

        self.plan = plan
        self.console = Console(stderr=to_stderr, highlight=False)
        self.lock = threading.Lock()
        self.running: dict[str, tuple[str, int, float, float | None]] = {}
        self.requests = Requests(plan, announced)
        self.waiting: list[str] = []
        self.done = self.total = 0
        self._count(state)
        for record in state.tasks.values():
            if record.current:
                self._add(record.spec.id, state, record.current.started_at)
        self.live = Live(console=self.console, get_renderable=self.render, refresh_per_second=8, transient=True)

    def __enter__(self) -> LiveProgress:
        self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.live.stop()

    def see(self, event: ev.Event, state: RunState) -> None:
        """Log the event above the view and bring the view up to date."""
        from rich.text import Text

        with self.lock:
            if isinstance(event, ev.AttemptStarted):
                self._add(event.task, state, event.at)
            elif isinstance(event, _ENDED):
                self.running.pop(event.task, None)
            self._count(state)
            self.waiting = [gate.spec.name for gate in awaiting_approval(state)]
        lines = [event_line(event, state), *self.requests.news(event, state)]
        for line in filter(None, lines):
            stamp = time.strftime("%H:%M:%S", time.localtime(event.at))
            self.console.print(Text.assemble((stamp, "dim"), " ", (printable(line), _style(event))))

    def notice(self, text: str) -> None:
        """Log the notice above the view."""
        from rich.text import Text

        stamp = time.strftime("%H:%M:%S")
        self.console.print(Text.assemble((stamp, "dim"), " ", (printable(text), "yellow")))

    def render(self) -> Group:
        """Draw the view as it is now."""
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with self.lock:
            rows, done, total, waiting = list(self.running.items()), self.done, self.total, list(self.waiting)
        now = time.time()
        table = Table.grid(padding=(0, 2))
        for task, (title, tier, started, limit) in rows[:20]:
            spent = now - started
            of = f" of {duration(limit)}" if limit else ""
            late = limit is not None and spent > limit / 2
            table.add_row(
                Text("▶", "cyan"),
                Text(printable(f"{task} {title}"), overflow="ellipsis", no_wrap=True),
                Text(f"tier {tier}", "dim"),
                Text(f"{duration(spent)}{of}", "yellow" if late else ""),
            )
        head = Table.grid(padding=(0, 2))
        head.add_row(ProgressBar(total=max(total, 1), completed=done, width=40), Text(f"{done}/{total} tasks"))
        notes = [Text(printable(f"◆ {name} waits for approval"), "yellow") for name in waiting]
        return Group(table, *notes, head)

    def _add(self, task: str, state: RunState, started: float) -> None:
        record = state.tasks.get(task)
        if record is not None:
            self.running[task] = (record.spec.title, record.tier, started, state.attempt_limit(record))

    def _count(self, state: RunState) -> None:
        self.total = len(state.tasks)
        self.done = self.total - state.open_tasks


class Requests:
    """What a run asks people for: approvals of checkpoints, workers for tasks that no command does, larger budgets.

    And it says which tasks wait for their date. Each is said once; nobody is asked for the approval of the checkpoints
    in ``announced``.
    """

    def __init__(self, plan: str, announced: set[str]) -> None:
        self.plan = plan
        self.announced = announced
        self.asked: set[tuple[str, int, int]] = set()
        self.spec: RunSpec | None = None
        self.by_hand: set[int] = set()
        self.dated: set[str] = set()
        self.exhausted: set[tuple[str, str]] = set()

    def news(self, event: ev.Event, state: RunState) -> list[str]:
        """Lines that ask for what has not been asked for yet, once all is told that ``event`` led to."""
        if isinstance(event, (ev.AttemptFailed, ev.AttemptOverran)) and _escalated(event, state):
            return []
        timely = self._claims(state, event.at) + self._dates(state, event.at)
        return self._approvals(state) + timely + self._budgets(state)

    def _budgets(self, state: RunState) -> list[str]:
        lines = []
        for scope, measure in sorted(state.exhausted - self.exhausted):
            budget = state.budget(scope)
            if budget is not None and budget.escalate:
                continue
            more = f"milepost budget {in_shell(self.plan, '--scope', scope)} --{measure} LIMIT"
            lines += [
                f"nothing more starts in the {scope}: its {measure} budget is spent",
                f"  allow more with: {more}",
            ]
        self.exhausted = set(state.exhausted)
        return lines

    def _approvals(self, state: RunState) -> list[str]:
        lines = []
        for gate in awaiting_approval(state):
            if gate.spec.id in self.announced:
                continue
            self.announced.add(gate.spec.id)
            texts = [c.spec.text for c in gate.criteria if not c.spec.command and c.status is CriterionStatus.PENDING]
            lines.append(f"{gate.spec.name} waits for approval: {'; '.join(texts)}")
            lines.append(f"  sign it off with: milepost approve {in_shell(self.plan, gate.spec.name)} --by NAME")
        return lines

    def _claims(self, state: RunState, now: float) -> list[str]:
        if state.spec is not self.spec:  # a tier at which every task has a command need not be looked at again
            self.spec = state.spec
            self.dated = {task.id for task in state.spec.tasks if task.not_before}
            self.by_hand = {rank for rank in state.tiers if any(rank not in t.commands for t in state.spec.tasks)}
        found = []
        for rank in self.by_hand:
            for _, task in state.ready.get(rank, ()):
                record = state.tasks[task]
                request = (task, rank, len(record.attempts))
                if not record.command and request not in self.asked:
                    self.asked.add(request)
                    found.append(record)
        if len(found) > _ASKED_BY_NAME:
            return [f"{len(found)} tasks wait for somebody to claim them: milepost next {in_shell(self.plan)}"]
        lines = []
        for record in found:
            when = f" from {clock(record.ready_at)} on" if record.ready_at > now else ""
            lines.append(
                f"{record.spec.id} waits for somebody to claim it on tier {record.tier}{when}: {record.spec.title}"
            )
            lines.append(f"  take it with: milepost claim {in_shell(self.plan, record.spec.id)} --by NAME")
        return lines

    def _dates(self, state: RunState, now: float) -> list[str]:
        """Commands that only the date of their task holds back."""
        found = [state.tasks[name] for name in sorted(self.dated)]
        found = [record for record in found if record.unmet == 0 and record.status is TaskStatus.PENDING]
        self.dated -= {record.spec.id for record in found}
        return [
            f"{record.spec.id} starts from {clock(record.ready_at)} on: {record.spec.title}"
            for record in found
            if record.command and record.ready_at > now
        ]


def _escalated(event: ev.AttemptFailed | ev.AttemptOverran, state: RunState) -> bool:
    """Whether the task has left the tier of the attempt that ended, of which another event tells."""
    record = state.tasks.get(event.task)
    attempt = next((each for each in record.attempts if each.no == event.attempt_no), None) if record else None
    return record is not None and attempt is not None and record.tier < attempt.tier


def _style(event: ev.Event) -> str:
    if isinstance(event, (ev.AttemptFailed, ev.TaskBlocked, ev.CriterionFailed)):
        return "red"
    if isinstance(event, (ev.AttemptOverran, ev.TaskEscalated, ev.AttemptLost)):
        return "yellow"
    return "green" if isinstance(event, (ev.TaskCompleted, ev.CheckpointPassed, ev.RunFinished)) else ""
