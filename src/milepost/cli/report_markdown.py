"""A run's report as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from milepost.app.reports import RunReport
from milepost.cli.text import clock, duration, money
from milepost.execution.records import CriterionRecord, TaskRecord


def report_markdown(report: RunReport, title: str) -> str:
    """The report as a document of its own: summary, tasks, escalations, tiers, checkpoints with their evidence."""
    lines = [
        f"# {_plain(title)}: run report",
        "",
        f"- **Run:** {_plain(report.run)}",
        f"- **State:** {_plain(report.outcome[:1].upper() + report.outcome[1:])}, {report.progress}",
        f"- **Time:** {duration(report.elapsed_seconds)} (planned {duration(report.planned_seconds)})",
        f"- **Cost:** {money(report.cost)}",
        "",
        "## Tasks",
        "",
        *table(
            ("Task", "Title", "State", "Tier", "Estimated", "Worked", "Attempts", "By", "Cost"),
            map(_task, report.tasks),
        ),
    ]
    if report.escalations:
        rows = ([e.task, f"{e.from_tier} → {e.to_tier}", e.reason, money(e.cost)] for e in report.escalations)
        lines += ["", "## Escalations", "", *table(("Task", "Tiers", "Why", "Cost so far"), rows)]
    if report.refusals:
        refused = ([r.task, r.by, clock(r.at), r.reason] for r in report.refusals)
        lines += ["", "## Refused completions", "", *table(("Task", "By", "When", "Why"), refused)]
    tiers = ([t.name, str(t.attempts), duration(t.seconds), money(t.cost)] for t in report.tiers)
    lines += ["", "## Tiers", "", *table(("Tier", "Attempts", "Work", "Cost"), tiers)]
    if report.checkpoints:
        lines += ["", "## Checkpoints"]
    for gate in report.checkpoints:
        lines += ["", f"### {_plain(gate.spec.name)}: {'passed' if gate.passed else 'open'}", ""]
        lines += table(("Criterion", "State", "By", "When", "Evidence"), map(_criterion, gate.criteria))
    return "\n".join(lines) + "\n"


def tier_words(record: TaskRecord) -> str:
    """The tier a task ended on, and the one it was planned for when that is another."""
    return str(record.tier) if record.tier == record.spec.tier else f"{record.spec.tier} → {record.tier}"


def evidence_words(criterion: CriterionRecord) -> str:
    """What speaks for a criterion's judgement: its command's exit code and log, or what somebody said."""
    found = criterion.evidence
    if "command" in found:
        return f"`{found['command']}` exit code {found.get('exit_code')}, {duration(float(found.get('seconds', 0)))}"
    return str(found.get("comment", ""))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, line by line."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(_plain(cell) for cell in row) + " |" for row in rows]


def _task(record: TaskRecord) -> list[str]:
    estimate = duration(record.spec.effort) if record.spec.effort else "–"
    worked = duration(record.worked_seconds) if record.attempts else "–"
    state, attempts = record.status.value, str(len(record.attempts))
    return [
        record.spec.id,
        record.spec.title,
        state,
        tier_words(record),
        estimate,
        worked,
        attempts,
        record.by,
        money(record.cost),
    ]


def _criterion(criterion: CriterionRecord) -> list[str]:
    when = clock(criterion.at) if criterion.at is not None else ""
    return [criterion.spec.text, criterion.status.value, criterion.by, when, evidence_words(criterion)]


def _plain(text: str) -> str:
    """Text that cannot break out of its cell or line."""
    return " ".join(text.split()).replace("|", "\\|").encode("utf-8", "replace").decode()
