"""``milepost run``: execute a plan on its tiers."""

from __future__ import annotations

import signal

import click

from milepost.app.checkpoints import find_checkpoint
from milepost.app.event_lines import event_line
from milepost.app.runs import require_runnable
from milepost.app.statuses import RunStatus, run_status
from milepost.app.suggestions import in_shell
from milepost.app.trust import commands_of, require_trusted, trust
from milepost.cli.acting import tell_unticked
from milepost.cli.json_log import JsonLog
from milepost.cli.loading import open_project
from milepost.cli.options import by_option, json_option, plan_argument, say, say_json
from milepost.cli.progress import Progress, make_progress
from milepost.cli.report import report_lines
from milepost.execution.events import Event
from milepost.execution.queries import Outcome
from milepost.execution.state import RunState


@click.command()
@plan_argument
@click.option("--trust", "trust_now", is_flag=True, help="Allow the plan's commands first, as `milepost trust` does.")
@click.option("--approve", "approvals", multiple=True, metavar="CHECKPOINT", help="Sign this one off when it is due.")
@by_option
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Stay while only people, or another `milepost run`, can move it on.",
)
@click.option("--force", is_flag=True, help="Say nothing of warnings. A plan with errors is never run.")
@click.option(
    "--engine",
    type=click.Choice(["local", "temporal"]),
    default=None,
    help="Who makes the attempts: this machine, or the workers of a Temporal server; the settings' engine if not said.",
)
@click.option("--new", is_flag=True, help="Begin a new run; one that goes on is cancelled.")
@click.option("--quiet", "-q", is_flag=True, help="Print only the report.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="MILEPOST_LOG_FORMAT",
    help="Write the log for people, or for programs: a JSON object a line, on standard error.",
)
@json_option
def command(
    plan: str,
    trust_now: bool,
    approvals: tuple[str, ...],
    by: str,
    wait: bool,
    force: bool,
    engine: str | None,
    new: bool,
    quiet: bool,
    log_format: str,
    as_json: bool,
) -> int:
    """Execute a plan: every task on its tier as soon as what it waits for is done.

    What overruns or fails escalates to a stronger tier, checkpoints hold back what comes after them, and the plan's
    boxes are ticked on the way. Stop with Ctrl-C; the same command goes on where it stopped and repeats nothing that
    finished.

    Exit codes: 0 finished, 1 stopped before the end, 130 interrupted.
    """
    project = open_project(plan)
    configured = project.settings.tiers if project.settings.path else {}
    capacities = {rank: tier.capacity for rank, tier in configured.items()} or None
    warnings = require_runnable(project.plan, capacities)
    commands = commands_of(project.spec, project.settings)
    if trust_now:
        trust(commands, project.settings.root)
    require_trusted(commands, project.settings.root, plan)
    session = project.open_run(by, new=new)
    state = session.state
    if warnings and not force:
        count = "1 warning" if warnings == 1 else f"{warnings} warnings"
        say(f"note: the plan has {count}; `milepost check {in_shell(plan)}` shows them", err=True)
    tell_unticked(plan, project.unticked(state))
    approved = {find_checkpoint(state, name): by for name in approvals}
    shown: Progress = (
        JsonLog(plan, session.stream)
        if log_format == "json"
        else make_progress(plan, state, quiet=quiet, to_stderr=as_json, approved=approved)
    )
    with shown as progress, project.notifications(session, approved) as notify:

        def see(event: Event, now: RunState) -> None:
            progress.see(event, now)
            notify(event, now, event_line(event, now))

        ended = project.drive(
            session,
            wait=wait,
            approved=approved,
            on_event=see,
            on_notice=progress.notice,
            engine_name=engine or "",
        )
    status = run_status(session.state, project.now())
    report = project.report(session)
    if as_json:
        say_json({**report.to_json(), "outcome": status.outcome.value, "waiting_for": status.reasons()})
    else:
        for line in [*_stopped(plan, status, ended.signal), *report_lines(report)]:
            say(line)
    if ended.signal:
        return 128 + signal.Signals[ended.signal].value
    return 0 if status.outcome is Outcome.FINISHED else 1


def _stopped(plan: str, status: RunStatus, by_signal: str) -> list[str]:
    """Why the run stopped before its end, and how to go on."""
    if status.outcome in (Outcome.FINISHED, Outcome.CANCELLED):
        return [""]
    lines = ["", f"Stopped before the end; `milepost run {in_shell(plan)}` goes on from here."]
    if not by_signal:
        lines += [f"  - {reason}" for reason in status.reasons()]
    return lines
