"""``milepost log``: what happened in a run, or what an attempt wrote."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from milepost.app.event_lines import event_line
from milepost.app.runs import BY_DOCUMENT, RunSession, latest_run
from milepost.app.suggestions import in_shell
from milepost.bootstrap import Project, open_project
from milepost.cli.acting import require_part_of_runs
from milepost.cli.following import events_of, output_of
from milepost.cli.options import json_option, plan_argument, say, say_json
from milepost.cli.text import clock
from milepost.cli.watch import pause
from milepost.errors import Refused, TransportRefused, TransportUnavailable, UnknownName, UsageError
from milepost.execution.events import Event, to_payload
from milepost.execution.evolution import evolve
from milepost.execution.lookup import find_task
from milepost.execution.records import Attempt, TaskRecord
from milepost.execution.state import RunState

if TYPE_CHECKING:
    from milepost.adapters.agent_transcripts import Transcript


@click.command()
@plan_argument
@click.argument("task", metavar="[TASK]", required=False)
@click.option("--attempt", "attempt_no", type=click.IntRange(1), help="Which attempt of the task.  [default: the last]")
@click.option("--follow", "-f", is_flag=True, help="Go on showing what is new, until the run (or the attempt) is over.")
@click.option("--raw", is_flag=True, help="With TASK: what an agent printed as it is, byte for byte.")
@json_option
def command(plan: str, task: str | None, attempt_no: int | None, follow: bool, raw: bool, as_json: bool) -> None:
    """Show what happened in a plan's run; with TASK, what its last attempt wrote.

    Of a coding agent is shown what it said, which tools it called and what they gave; --raw shows the lines that it
    printed. With --follow and --json each event is a line of JSON of its own.
    """
    if raw and task is None:
        raise UsageError("--raw is for what an attempt printed", remedy="name the task")
    project = open_project(plan)
    session = latest_run(project.ledger, project.identity)
    if session is None:
        raise Refused("the plan has not been run yet", place=plan, remedy=f"`milepost run {in_shell(plan)}` runs it")
    if task is not None:
        require_part_of_runs(project, task)
        record = find_task(session.state, task)
        attempt = _attempt(record, attempt_no)
        going = not attempt.outcome and attempt.lease_until is None
        parts = _output(project, session.state, record, attempt, or_nothing=as_json or (follow and going))
        if follow:
            if as_json:
                raise UsageError("an attempt's output is no JSON while it is being written", remedy="leave --json out")
            _follow_output(project, session, record.spec.id, attempt, raw)
            return
        if as_json:
            say_json(_attempt_as_json(record, attempt, parts))
            return
        _write(chain.from_iterable(map(_pieces, parts)), None if raw else _transcript(project, attempt))
        return
    events: Iterable[Event] = project.ledger.read(session.stream)
    if follow:
        events = events_of(session)
    if as_json and follow:
        for number, event in enumerate(events, 1):
            say(json.dumps(_as_json(number, event)))
            sys.stdout.flush()
        return
    if as_json:
        say_json([_as_json(number, event) for number, event in enumerate(events, 1)])
        return
    state = RunState()
    for event in events:
        evolve(state, event)
        line = event_line(event, state)
        if line:
            say(f"{clock(event.at)}  {line}")
            sys.stdout.flush()


def _follow_output(project: Project, session: RunSession, task: str, attempt: Attempt, raw: bool) -> None:
    def over() -> bool:
        session.refresh()
        record = session.state.tasks.get(task)
        return record is None or record.current is None or record.current.no != attempt.no

    pieces = output_of(project.attempt_log(session.stream, task, attempt.no), over, pause)
    _write(pieces, None if raw else _transcript(project, attempt))


def _transcript(project: Project, attempt: Attempt) -> Transcript | None:
    """What makes the output of an attempt readable, where a known agent made it."""
    from milepost.adapters.agent_transcripts import READ, Transcript

    tier = project.settings.tiers.get(attempt.tier)
    return Transcript(tier.agent) if tier is not None and tier.agent in READ else None


def _write(pieces: Iterable[bytes], transcript: Transcript | None) -> None:
    for piece in pieces:
        sys.stdout.buffer.write(piece if transcript is None else transcript.feed(piece))
        sys.stdout.flush()
    if transcript is not None:
        sys.stdout.buffer.write(transcript.end())
        sys.stdout.flush()


def _as_json(version: int, event: Event) -> dict[str, Any]:
    payload = to_payload(event)
    if "spec" in payload:
        payload["spec"] = f"{len(payload['spec']['tasks'])} tasks"
    return {"version": version, "event": type(event).__name__, **payload}


def _attempt(record: TaskRecord, attempt_no: int | None) -> Attempt:
    name = record.spec.id
    if not record.attempts:
        how = f"it was finished by hand by {record.by}"
        if record.by == BY_DOCUMENT:
            how = "its box was ticked in the plan"
        raise Refused(f"task {name} has not been attempted" + (f"; {how}" if record.over and record.by else " yet"))
    found = next((each for each in record.attempts if each.no == attempt_no), None)
    if attempt_no is not None and found is None:
        raise UnknownName(f"task {name} has no attempt {attempt_no}", remedy=f"its last is {record.attempts[-1].no}")
    return found or record.attempts[-1]


def _output(project: Project, state: RunState, record: TaskRecord, attempt: Attempt, *, or_nothing: bool) -> list[Path]:
    """The files that hold what an attempt wrote, the oldest first."""
    from milepost.adapters.live_logs import is_copy
    from milepost.adapters.run_folder import logs

    path = project.attempt_log(state.run, record.spec.id, attempt.no)
    stays: object = "with a `store` in [blobs], here and where workers are, whole logs come along"
    elsewhere = f", made by the worker {attempt.evidence['worker']}" if "worker" in attempt.evidence else ""
    why = f"attempt {attempt.no} of task {record.spec.id}, by {attempt.worker}{elsewhere}, has left no output here"
    try:
        project.bring_log(state.run, record.spec.id, attempt)
    except (TransportRefused, TransportUnavailable) as error:
        stays = attempt.evidence.get("log_stays") or error
        if not or_nothing and not is_copy(path):
            raise Refused(f"{why}: {stays}", place=error.place, remedy=error.remedy) from None
    if path.parent.is_dir():
        if attempt.outcome and is_copy(path):
            if "log_sha256" not in attempt.evidence:
                stays = "what there may be besides went with its worker"
            say(f"note: this is what was seen of it while it was written: {stays}", err=True)
        return list(logs(path))
    if or_nothing:
        return []
    remedy = "what people and agents do leaves none; that of commands goes with `milepost gc`"
    if not attempt.outcome and attempt.lease_until is None:
        remedy = "with --follow you see it as soon as there is any"
    elif elsewhere:
        remedy = str(stays)
    raise Refused(why, remedy=remedy)


def _attempt_as_json(record: TaskRecord, attempt: Attempt, parts: list[Path]) -> dict[str, Any]:
    output = b"".join(part.read_bytes() for part in parts)
    return {
        "task": record.spec.id,
        "attempt_no": attempt.no,
        "tier": attempt.tier,
        "worker": attempt.worker,
        "log": [str(part) for part in parts],
        "output": output.decode("utf-8", "replace"),
    }


def _pieces(part: Path) -> Iterator[bytes]:
    with part.open("rb") as file:
        while piece := file.read(1 << 16):
            yield piece
