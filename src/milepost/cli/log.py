"""``milepost log``: what happened in a run, or what an attempt wrote."""

from __future__ import annotations

import sys
from typing import Any

import click

from milepost.app.runs import latest_run
from milepost.bootstrap import Project, open_project
from milepost.cli.events import event_line
from milepost.cli.options import json_option, plan_argument, say, say_json
from milepost.cli.text import clock
from milepost.errors import Refused
from milepost.execution.events import Event, to_payload
from milepost.execution.evolution import evolve
from milepost.execution.lookup import find_task
from milepost.execution.state import RunState


@click.command()
@plan_argument
@click.argument("task", metavar="[TASK]", required=False)
@click.option("--attempt", "attempt_no", type=click.IntRange(1), help="Which attempt of the task.  [default: the last]")
@json_option
def command(plan: str, task: str | None, attempt_no: int | None, as_json: bool) -> None:
    """Show what happened in a plan's run; with TASK, what its last attempt wrote."""
    project = open_project(plan)
    session = latest_run(project.ledger, project.identity)
    if session is None:
        raise Refused("the plan has not been run yet", place=plan, remedy=f"`milepost run {plan}` runs it")
    if task is not None:
        _show_output(project, session.state, task, attempt_no)
        return
    events = project.ledger.read(session.stream)
    if as_json:
        say_json([_as_json(number, event) for number, event in enumerate(events, 1)])
        return
    state = RunState()
    for event in events:
        evolve(state, event)
        line = event_line(event, state)
        if line:
            say(f"{clock(event.at)}  {line}")


def _as_json(version: int, event: Event) -> dict[str, Any]:
    payload = to_payload(event)
    if "spec" in payload:
        payload["spec"] = f"{len(payload['spec']['tasks'])} tasks"
    return {"version": version, "event": type(event).__name__, **payload}


def _show_output(project: Project, state: RunState, task: str, attempt_no: int | None) -> None:
    from milepost.adapters.run_folder import logs

    record = find_task(state, task)
    if not record.attempts:
        raise Refused(f"task {task} has not been attempted yet")
    number = attempt_no or record.attempts[-1].no
    path = project.attempt_log(state.run, task, number)
    if not path.parent.is_dir():
        raise Refused(f"attempt {number} of task {task} has left no log", place=str(path))
    for part in logs(path):
        with part.open("rb") as file:
            while chunk := file.read(1 << 16):
                sys.stdout.buffer.write(chunk)
    sys.stdout.flush()
