"""One attempt at a task, or one look at a criterion: commands run, and told to the run as one of its own commands.

An attempt can be called again after a crash: what was started before is waited for or adopted, not run twice.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from milepost.adapters import shim
from milepost.adapters.processes import Standing, standing, stop
from milepost.adapters.run_folder import RunFolder, last_lines
from milepost.adapters.subprocess_worker import CommandLost, CommandRunner, Ending, ShellCommand, ending
from milepost.errors import WorkerUnavailable
from milepost.execution.commands import Command, Complete, Fail, Lose, Overrun, RecordCriterion
from milepost.execution.queries import DueCriterion
from milepost.execution.records import Attempt, TaskRecord

BY_COMMAND = "command"
"""Who judged a criterion that states a command."""


class Overran(Exception):
    """A command ran past its limit and was stopped."""


@dataclass(slots=True)
class Job:
    """Something the supervisor waits for: an attempt, or (``attempt_no`` 0) the criteria of a checkpoint.

    ``folder`` is the one of its command.
    """

    attempt_no: int = 0
    folder: Path | None = None
    task: asyncio.Task[None] | None = None

    def folders(self) -> list[Path]:
        """The folder of the command, and those of the verifications that have begun."""
        return [] if self.folder is None else [self.folder, *self.folder.glob("verify-*")]

    @property
    def ended(self) -> bool:
        """Whether all that has begun has ended, so that the next supervisor can adopt it."""
        return {standing(folder) for folder in self.folders()} == {Standing.ENDED}


@dataclass
class Workshop:
    """Runs the commands of a run. ``env`` is added for everyone, ``tier_env`` for the workers of a tier by rank;
    ``brief`` writes the text a worker gets; ``grace`` is the seconds between asking a command to end and killing it.
    """

    runner: CommandRunner
    files: RunFolder
    now: Callable[[], float]
    grace: float
    brief: Callable[[TaskRecord], str]
    env: Mapping[str, str] = field(default_factory=dict)
    tier_env: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    async def attempt(self, record: TaskRecord, attempt: Attempt, limit: float | None) -> Command:
        """Run a task's command, then its verifications. Each may take ``limit`` seconds."""
        task, number = record.spec.id, attempt.no
        folder = self.files.attempt(task, number)
        text = record.spec.commands.get(attempt.tier, "")
        if not text and standing(folder) is Standing.UNCLAIMED:
            return Lose(self.now(), task, number, "the plan no longer states a command for it")
        env = self._environment(record, attempt, folder)
        verified: list[Mapping[str, object]] = []
        evidence: dict[str, object] = {}
        try:
            for step, command in enumerate((text, *record.spec.verify)):
                place = folder / f"verify-{step}" if step else folder
                end = await self._bounded(ShellCommand(place, command, self.files.root, env), limit)
                found = self.files.evidence(place, command, end)
                if step:
                    verified.append(found)
                    evidence["verify"] = verified
                else:
                    evidence = found
                if not end.ok:
                    return Fail(self.now(), task, number, _reason(command, end, place, bool(step)), evidence)
        except Overran:
            return Overrun(self.now(), task, number, limit or 0.0)
        except CommandLost as lost:
            return Lose(self.now(), task, number, str(lost))
        return Complete(self.now(), task, number, attempt.worker, evidence)

    async def criterion(self, job: Job, due: DueCriterion) -> Command:
        """Evaluate a criterion by its command."""
        folder = job.folder = self.files.new_criterion(due.checkpoint, due.number)
        env = {**self.env, "MILEPOST_CHECKPOINT": due.checkpoint}
        end = await self.runner.run(ShellCommand(folder, due.command, self.files.root, env))
        evidence = self.files.evidence(folder, due.command, end)
        return RecordCriterion(self.now(), due.checkpoint, due.number, end.ok, BY_COMMAND, evidence)

    def _environment(self, record: TaskRecord, attempt: Attempt, folder: Path) -> dict[str, str]:
        brief = folder / "brief.md"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            brief.write_text(self.brief(record), encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise WorkerUnavailable(f"its brief cannot be written: {error.strerror}", place=str(brief)) from None
        return {
            **self.env,
            "MILEPOST_TASK": record.spec.id,
            "MILEPOST_ATTEMPT": str(attempt.no),
            "MILEPOST_TIER": str(attempt.tier),
            "MILEPOST_BRIEF": str(brief),
            **self.tier_env.get(attempt.tier, {}),
        }

    async def _bounded(self, command: ShellCommand, limit: float | None) -> Ending:
        """Run a command that must end ``limit`` seconds after it was started, by whomever."""
        if limit is None:
            return await self.runner.run(command)
        began = _started_at(command.folder)
        try:
            async with asyncio.timeout(limit if began is None else limit - (self.now() - began)):
                return await self.runner.run(command)
        except TimeoutError:
            if standing(command.folder) is Standing.ENDED:
                return ending(command.folder)
            await stop([command.folder], self.grace)
            raise Overran from None


def plain_brief(record: TaskRecord) -> str:
    """What a worker is told of a task when nobody knows better: its title, and what was tried before."""
    earlier = [
        f"- attempt {attempt.no} on tier {attempt.tier} {attempt.outcome}: {attempt.reason}"
        for attempt in record.attempts
        if attempt.outcome
    ]
    lines = [f"# {record.spec.id} {record.spec.title}"]
    if earlier:
        lines += ["", "## Earlier attempts", "", *earlier]
    return "\n".join(lines) + "\n"


def _started_at(folder: Path) -> float | None:
    try:
        return os.lstat(folder / shim.STARTED).st_mtime
    except OSError:
        return None


def _reason(command: str, end: Ending, folder: Path, verifying: bool) -> str:
    """Why an attempt failed, in one line: what ended how, and the last thing it said."""
    what = f"verification `{command}` {end}" if verifying else f"its command {end}"
    lines = last_lines(folder / shim.OUTPUT)
    return f"{what}: {lines[-1][:300]}" if lines else what
