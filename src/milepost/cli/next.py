"""``milepost next``: the tasks that can start now."""

from __future__ import annotations

import click

from milepost.app.statuses import run_status
from milepost.cli.loading import open_project
from milepost.cli.options import json_option, plan_argument, say, say_json
from milepost.cli.text import duration
from milepost.execution.queries import Outcome


@click.command()
@plan_argument
@click.option("--tier", type=click.IntRange(1), help="Only tasks for this tier.")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many to show at most.")
@json_option
def command(plan: str, tier: int | None, limit: int, as_json: bool) -> None:
    """Show the tasks that can start now, the most urgent first (by the critical path)."""
    project = open_project(plan)
    status = run_status(project.peek_run(), project.now())
    ready = [record for record in status.ready if tier in (None, record.tier)]
    if as_json:
        shown = [status.task_json(record) for record in ready[:limit]]
        say_json(
            {"tasks": shown, "ready": len(ready), "outcome": status.outcome.value, "waiting_for": status.reasons()}
        )
        return
    for record in ready[:limit]:
        effort = f", {duration(record.spec.effort)}" if record.spec.effort else ""
        say(f"{record.spec.id}  {record.spec.title}  (tier {record.tier}{effort})")
    if len(ready) > limit:
        say(f"… and {len(ready) - limit} more; --limit shows them")
    if ready and status.state.paused_by:
        say(f"None starts yet: the run is paused by {status.state.paused_by}; `milepost resume` lets it go on.")
    if not ready:
        say(_why_nothing(status.outcome, len(status.running), status.reasons()))


def _why_nothing(outcome: Outcome, running: int, reasons: list[str]) -> str:
    if outcome is Outcome.FINISHED:
        return "Nothing: the plan is finished."
    head = f"Nothing can start now; {running} running." if running else "Nothing can start now."
    return "\n".join([head, *(f"  - {reason}" for reason in reasons)])
