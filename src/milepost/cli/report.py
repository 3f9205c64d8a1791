"""A run's report as text."""

from __future__ import annotations

from collections import Counter

from milepost.app.reports import RunReport
from milepost.cli.text import duration
from milepost.execution.records import CheckpointRecord, CriterionStatus


def report_lines(report: RunReport) -> list[str]:
    """The report, line by line: result, time against plan, escalations, tiers, checkpoints."""
    word = "finished" if report.finished else "so far"
    planned = f" (planned {duration(report.planned_seconds)})" if report.planned_seconds else ""
    cost = f", cost {report.cost:.4g}" if report.cost else ""
    took = f"{duration(report.elapsed_seconds)}{planned}{cost}"
    lines = [f"Run {report.run} {word}: {report.done}/{len(report.tasks)} tasks done in {took}"]
    if report.escalations:
        lines.append("Escalations")
        lines += [f"  {e.task}  tier {e.from_tier} → tier {e.to_tier}: {e.reason}" for e in report.escalations]
    used = [tier for tier in report.tiers if tier.attempts]
    if used:
        lines.append("Tiers")
    for tier in used:
        attempts = f"{tier.attempts} attempt{'s' if tier.attempts != 1 else ''}"
        price = f", cost {tier.cost:.4g}" if tier.cost else ""
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
