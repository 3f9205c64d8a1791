"""One attempt at a task, or one look at a criterion: commands run, and told to the run as one of its own commands.

An attempt can be called again after a crash: what was started before is waited for or adopted, not run twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from milepost.adapters import shim
from milepost.adapters.agent_reports import AgentReport, agent_report, session_to_resume
from milepost.adapters.isolation import Bench, Isolation, OwnBench
from milepost.adapters.live_logs import make_room
from milepost.adapters.processes import Standing, age, standing, stop
from milepost.adapters.run_folder import RunFolder, last_lines
from milepost.adapters.subprocess_worker import (
    LOG_LIMIT,
    CommandLost,
    CommandRunner,
    Ending,
    ShellCommand,
    ending,
    make_folder,
)
from milepost.adapters.surroundings import Surroundings
from milepost.adapters.worker_reports import RESULT, reported, wish
from milepost.app.agent_presets import AgentTier
from milepost.app.left_behind import left_behind
from milepost.errors import WorkerUnavailable
from milepost.execution.commands import Command, Complete, Fail, Lose, Overrun, RecordCriterion
from milepost.execution.queries import DueCriterion, running
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState
from milepost.execution.wording import duration

BY_COMMAND = "command"
"""Who judged a criterion that states a command."""


BRIEF = "brief.md"
"""The file of an attempt's folder that tells its worker everything."""


class Overran(Exception):
    """A command ran past its limit, in seconds, and was stopped."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit


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
    """Runs the commands of a run.

    ``workers`` holds the surroundings of each tier's workers by rank, ``common`` those of criteria and of tiers
    without any; ``env`` is added for everyone. ``brief`` writes the text a worker gets; ``grace`` is the seconds
    between asking a command to end and killing it; ``log_limit`` bytes of its output are kept. ``time_limit`` seconds
    bound what has no limit of its own. ``plan_folder`` is where the plan lies. With ``isolation`` attempts of its tiers
    work in a workspace of their own. ``context`` gives further variables for an attempt at a task, by its number.
    ``agents`` are the coding agents whose output is understood, by rank.
    """

    runner: CommandRunner
    files: RunFolder
    now: Callable[[], float]
    grace: float
    brief: Callable[[TaskRecord], str]
    env: Mapping[str, str] = field(default_factory=dict)
    workers: Mapping[int, Surroundings] = field(default_factory=dict)
    common: Surroundings = field(default_factory=Surroundings)
    plan_folder: Path | None = None
    log_limit: int = LOG_LIMIT
    time_limit: float | None = None
    isolation: Isolation | None = None
    agents: Mapping[int, AgentTier] = field(default_factory=dict)
    context: Callable[[str, int], Mapping[str, str]] = lambda task, attempt_no: {}

    async def attempt(self, record: TaskRecord, attempt: Attempt, limit: float | None) -> Command:
        """Run a task's command, then its verifications. Each may take ``limit`` seconds."""
        bench = self._bench(record, attempt)
        verdict = await self._attempt(record, attempt, limit, bench)
        await bench.leave()
        return verdict

    async def _attempt(self, record: TaskRecord, attempt: Attempt, limit: float | None, bench: Bench) -> Command:
        task, number = record.spec.id, attempt.no
        folder = self.files.attempt(task, number)
        worker = self.workers.get(attempt.tier, self.common)
        text = record.spec.commands.get(attempt.tier, "")
        if not text and standing(folder) is Standing.UNCLAIMED:
            return Lose(self.now(), task, number, "the plan no longer states a command for it")
        agent = self.agents.get(attempt.tier)
        fresh = self._prepare(record, folder, bench.note + (agent.note if agent else ""))
        session = session_to_resume(record, attempt, agent, bench.own)
        variables = self._variables(record, attempt, folder) | ({"MILEPOST_SESSION": session} if session else {})
        command = self._command(folder, text, folder, worker, variables, await bench.enter())
        evidence: dict[str, Any] = {}
        try:
            end = await self._bounded(command, limit, fresh=fresh)
            said = agent_report(agent, folder)
            evidence = self._evidence(command, end, worker, said)
            complaint = await bench.keep(evidence)
            lines = [] if end.kept_bytes == 0 else last_lines(folder / shim.OUTPUT)
            reason = wish([*lines, *said.answer.split("\n")], end, attempt.tier)
            if reason:
                return Fail(self.now(), task, number, worker.masked(reason), evidence, escalate=True)
            if said.error:
                return Fail(self.now(), task, number, worker.masked(f"its agent says: {said.error[:300]}"), evidence)
            if not end.ok:
                return Fail(self.now(), task, number, _reason("its command", end, folder), evidence)
            if complaint:
                return Fail(self.now(), task, number, complaint, evidence)
            failure, evidence["verify"] = await self._verify(record, folder, command, limit, worker)
        except Overran as overran:
            said = agent_report(agent, folder)
            evidence = evidence or worker.masked({**said.evidence(), **reported(folder / RESULT)})
            await bench.keep(evidence)
            return Overrun(self.now(), task, number, overran.limit, evidence)
        except CommandLost as lost:
            await bench.keep(evidence)
            return Lose(self.now(), task, number, str(lost))
        if not evidence["verify"]:
            del evidence["verify"]
        if failure:
            return Fail(self.now(), task, number, failure, evidence)
        conflict = await bench.merge(evidence)
        if conflict:
            return Fail(self.now(), task, number, conflict, worker.masked(evidence), escalate=True, asked=False)
        return Complete(self.now(), task, number, attempt.worker, evidence)

    async def verify(
        self, record: TaskRecord, attempt: Attempt, limit: float | None
    ) -> tuple[str, list[dict[str, Any]]]:
        """Run a task's verifications for somebody who did it by hand; gives why they failed, and the evidence.

        Each call runs them anew.
        """
        folder = self.files.new_verification(record.spec.id, attempt.no)
        worker = self.workers.get(attempt.tier, self.common)
        variables = self._variables(record, attempt, folder)
        command = self._command(folder, "", folder, worker, variables, self.files.root)
        try:
            return await self._verify(record, folder, command, limit, worker)
        except Overran as overran:
            return f"verification ran past {duration(overran.limit)} and was stopped", []
        except CommandLost as lost:
            return f"verification was lost: {lost}", []
        except asyncio.CancelledError:
            await stop(folder.glob("verify-*"), self.grace)
            raise

    async def _verify(
        self, record: TaskRecord, folder: Path, like: ShellCommand, limit: float | None, worker: Surroundings
    ) -> tuple[str, list[dict[str, Any]]]:
        """Run verifications in turn, up to the first that fails."""
        found: list[dict[str, Any]] = []
        for step, text in enumerate(record.spec.verify, 1):
            command = replace(like, folder=folder / f"verify-{step}", text=text)
            end = await self._bounded(command, limit)
            found.append(self._evidence(command, end, worker))
            if not end.ok:
                return _reason(f"verification `{text}`", end, command.folder), found
        return "", found

    async def criterion(self, job: Job, due: DueCriterion) -> Command:
        """Evaluate a criterion by its command."""
        folder = job.folder = self.files.new_criterion(due.checkpoint, due.number)
        if self.isolation is None or not self.isolation.criteria:
            return await self._judge(due, folder, self.files.root)
        workspace, name = self.isolation.workspace, f"{due.checkpoint}/{due.number + 1}/{folder.name}"
        verdict = await self._judge(due, folder, await asyncio.to_thread(workspace.look, name))
        await asyncio.to_thread(workspace.forget, name)
        return verdict

    async def _judge(self, due: DueCriterion, folder: Path, root: Path) -> Command:
        env = {"MILEPOST_CHECKPOINT": due.checkpoint}
        command = self._command(folder, due.command, folder, self.common, env, root)
        try:
            end = await self._bounded(command, None)
        except Overran as overran:
            evidence: Mapping[str, Any] = {
                "command": due.command,
                "error": f"it ran past {duration(overran.limit)} and was stopped",
            }
            return RecordCriterion(self.now(), due.checkpoint, due.number, False, BY_COMMAND, evidence)
        evidence = self._evidence(command, end, self.common)
        return RecordCriterion(self.now(), due.checkpoint, due.number, end.ok, BY_COMMAND, evidence)

    async def tidy(self, state: RunState) -> list[str]:
        """Give up the workspaces of attempts that run no more; gives what people should know."""
        if self.isolation is None:
            return []
        live = [(record.spec.id, record.current.no) for record in running(state) if record.current]
        return await asyncio.to_thread(self.isolation.workspace.tidy, live)

    def _bench(self, record: TaskRecord, attempt: Attempt) -> Bench:
        if self.isolation is None or attempt.tier not in self.isolation.tiers:
            return Bench(self.files.root)
        return OwnBench(self.isolation.workspace, record, attempt)

    def _command(
        self, folder: Path, text: str, attempt: Path, worker: Surroundings, env: Mapping[str, str], root: Path
    ) -> ShellCommand:
        cwd = root
        if worker.cwd == "plan" and self.plan_folder is not None:
            cwd = self.plan_folder
            if root != self.files.root and cwd.is_relative_to(self.files.root):
                cwd = root / cwd.relative_to(self.files.root)
                cwd.mkdir(parents=True, exist_ok=True)
        elif worker.cwd == "attempt":
            cwd = attempt / "work"
            cwd.mkdir(parents=True, exist_ok=True)
        everything = {**worker.env, **self.env, **env, **worker.secret_env}
        return ShellCommand(folder, text, cwd, everything, self.log_limit, worker.secrets)

    def _evidence(
        self, command: ShellCommand, end: Ending, worker: Surroundings, said: AgentReport | None = None
    ) -> dict[str, Any]:
        found = self.files.evidence(command.folder, command.text, end) | (said.evidence() if said else {})
        masked: dict[str, Any] = worker.masked({**found, **reported(command.folder / RESULT)})
        return masked

    def _prepare(self, record: TaskRecord, folder: Path, notes: str) -> bool:
        """Write the brief and ``notes`` into an attempt's folder; whether that is new, not a former supervisor's."""
        try:
            fresh = make_folder(folder)
            if not fresh:
                make_room(folder)
            with open(f"{folder}/{BRIEF}", "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(self.brief(record) + notes)
        except OSError as error:
            place = str(folder / BRIEF)
            raise WorkerUnavailable(f"its brief cannot be written: {error.strerror}", place=place) from None
        return fresh

    def _variables(self, record: TaskRecord, attempt: Attempt, folder: Path) -> dict[str, str]:
        return {
            "MILEPOST_TASK": record.spec.id,
            "MILEPOST_ATTEMPT": str(attempt.no),
            "MILEPOST_TIER": str(attempt.tier),
            "MILEPOST_BRIEF": f"{folder}/{BRIEF}",
            "MILEPOST_RESULT": f"{folder}/{RESULT}",
            **self.context(record.spec.id, attempt.no),
        }

    async def _bounded(self, command: ShellCommand, limit: float | None, *, fresh: bool = False) -> Ending:
        """Run a command that must end ``limit`` seconds after it was started, by whomever; ``fresh``: by nobody yet."""
        limit = self.time_limit if limit is None else limit
        if limit is None:
            return await self.runner.run(command, fresh=fresh)
        try:
            async with asyncio.timeout(limit - (0.0 if fresh else age(command.folder))):
                return await self.runner.run(command, fresh=fresh)
        except TimeoutError:
            if standing(command.folder) is Standing.ENDED:
                return ending(command.folder)
            await stop([command.folder], self.grace)
            raise Overran(limit) from None


def leftovers(state: RunState, files: RunFolder) -> list[Path]:
    """Commands that run for attempts which lost their task while nobody supervised."""
    found = [
        files.attempt(record.spec.id, attempt.no)
        for record in state.tasks.values()
        for attempt in record.attempts
        if attempt.outcome and attempt.lease_until is None and "exit_code" not in attempt.evidence
    ]
    folders = [folder for attempt in found for folder in Job(folder=attempt).folders()]
    return [folder for folder in folders if standing(folder) is Standing.RUNNING]


def plain_brief(record: TaskRecord) -> str:
    """What a worker is told of a task when nobody knows better: its title, and what was tried before."""
    earlier = [
        f"- attempt {attempt.no} on tier {attempt.tier} {attempt.outcome}: {attempt.reason}"
        for attempt in record.attempts
        if attempt.outcome
    ]
    lines = [f"# {record.spec.id} {record.spec.title}"]
    if earlier:
        lines += ["", "## Earlier attempts", "", *earlier, *left_behind(record)]
    return "\n".join(lines) + "\n"


def _reason(what: str, end: Ending, folder: Path) -> str:
    """Why an attempt failed, in one line: what ended how, and the last thing it said."""
    lines = last_lines(folder / shim.OUTPUT)
    return f"{what} {end}: {lines[-1][:300]}" if lines else f"{what} {end}"
