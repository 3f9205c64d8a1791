"""``milepost report``: what a run did."""

from __future__ import annotations

import os
from collections import Counter

import click

from milepost.app.reports import RunReport
from milepost.app.runs import latest_run
from milepost.app.suggestions import in_shell
from milepost.cli.loading import open_project
from milepost.cli.options import plan_argument, say, say_json, write_output
from milepost.cli.text import duration, money
from milepost.errors import Refused
from milepost.execution.records import CheckpointRecord, CriterionStatus

_FORMS = {".md": "markdown", ".html": "html", ".htm": "html", ".json": "json"}
"""What is written into a file of such a name unless something else is asked for."""


@click.command()
@plan_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html", "json"]),
    help="HTML is one file that needs nothing beside it.  [default: what the name of FILE ends in, else text]",
)
@click.option("--json", "form", flag_value="json", help="Print JSON: the same as --format json.")
@click.option("-o", "--output", metavar="FILE", help="Write there instead of to standard output.")
def command(plan: str, form: str | None, output: str | None) -> None:
    """Report on a plan's run: planned against actual, escalations, refused completions, cost per tier, checkpoints
    and their evidence.
    """
    project = open_project(plan)
    session = latest_run(project.ledger, project.identity)
    if session is None:
        raise Refused("the plan has not been run yet", place=plan, remedy=f"`milepost run {in_shell(plan)}` runs it")
    report = project.report(session)
    title = project.title
    form = form or _FORMS.get(os.path.splitext(output or "")[1].lower(), "text")
    if form == "json":
        say_json(report.to_json(), output)
    elif form == "markdown":
        from milepost.cli.report_markdown import report_markdown

        write_output(report_markdown(report, title), output)
    elif form == "html":
        from milepost.cli.report_html import report_html

        write_output(report_html(report, title, now=project.now()), output)
    else:
        write_output("\n".join(report_lines(report)) + "\n", output)
    if output:
        say(f"{output} written", err=True)


def report_lines(report: RunReport) -> list[str]:
    """The report, line by line: result, time against plan, escalations, tiers, checkpoints."""
    word = report.outcome if report.finished or report.cancelled_by else "so far"
    planned = f" (planned {duration(report.planned_seconds)})" if report.planned_seconds else ""
    cost = f", cost {money(report.cost)}" if report.cost else ""
    took = f"{duration(report.elapsed_seconds)}{planned}{cost}"
    lines = [f"Run {report.run} {word}: {report.progress} in {took}"]
    if report.escalations:
        lines.append("Escalations")
        lines += [f"  {e.task}  tier {e.from_tier} → tier {e.to_tier}: {e.reason}" for e in report.escalations]
    if report.refusals:
        lines.append("Refused completions")
        lines += [f"  {r.task}  by {r.by}: {r.reason}" for r in report.refusals]
    used = [tier for tier in report.tiers if tier.attempts]
    if used:
        lines.append("Tiers")
    for tier in used:
        attempts = f"{tier.attempts} attempt{'s' if tier.attempts != 1 else ''}"
        price = f", cost {money(tier.cost)}" if tier.cost else ""
        lines.append(f"  {tier.name}: {attempts}, {duration(tier.seconds)} of work{price}")
    if report.checkpoints:
        lines.append("Checkpoints")
    lines += [f"  {_checkpoint(gate)}" for gate in report.checkpoints]
    return lines


def _checkpoint(gate: CheckpointRecord) -> str:
    good = [criterion for criterion in gate.criteria if criterion.status is CriterionStatus.PASSED]
    by = Counter(criterion.by for criterion in good)
    who = ", ".join(f"{count} by {name}" for name, count in by.items())
    word = "passed" if gate.passed else "open"
    return f"◆ {gate.spec.name}: {word}, {len(good)}/{len(gate.criteria)} criteria" + (f" ({who})" if who else "")
