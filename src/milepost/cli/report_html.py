"""A run's report as one HTML file that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from milepost.app.reports import RunReport
from milepost.cli.report_markdown import evidence_words, tier_words
from milepost.cli.text import clock, duration, money
from milepost.execution.records import Attempt, CheckpointRecord, TaskRecord

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --dim: #60646c; --line: #d9d9e0; --page: #fcfcfd; --card: #fff;
  --done: #2b9a66; --bad: #ce2c31; --warn: #ad5700; --t1: #8e4ec6; --t2: #0090ff; --t3: #30a46c; --t4: #889096; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --dim: #b0b4ba; --line: #363a3f; --page: #111113;
  --card: #18191b; --done: #3dd68c; --bad: #ff9592; --warn: #ffa057; } }
* { box-sizing: border-box } body { margin: 0 auto; max-width: 72rem; padding: 2rem 1rem 4rem; background: var(--page);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.6rem; margin: 0 0 .25rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem } p { margin: 0 }
.dim { color: var(--dim) } .done { color: var(--done) } .bad { color: var(--bad) } .warn { color: var(--warn) }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.2rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem 1rem;
  min-width: 9rem }
.card b { display: block; font-size: 1.35rem; font-variant-numeric: tabular-nums }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card) }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .7rem; vertical-align: top;
  border-bottom: 1px solid var(--line) } tr:last-child td { border-bottom: 0 } th { font-weight: 600; font-size: .85rem;
  color: var(--dim); white-space: nowrap } .n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap } code { font-size: .9em; overflow-wrap: anywhere }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif } svg .axis { fill: var(--dim) }
svg line { stroke: var(--line) } @media print { body { max-width: none } .wide { overflow: visible } }
"""
_GOOD = {"done", "finished by hand"}
_ROW, _LEFT, _WIDTH, _AXIS = 22, 260, 900, 24


def report_html(report: RunReport, title: str, *, now: float) -> str:
    """The report as a page: figures, a timeline of all attempts, tasks, escalations, tiers, checkpoints."""
    sections = [
        _cards(report),
        _section("Timeline", _timeline(report, now)),
        _section("Tasks", _table(_TASK_HEAD, (_task(record) for record in report.tasks))),
    ]
    if report.escalations:
        rows = (
            [_text(e.task), f"{e.from_tier} → {e.to_tier}", _text(e.reason), money(e.cost)] for e in report.escalations
        )
        sections.append(_section("Escalations", _table(("Task", "Tiers", "Why", "#Cost so far"), rows)))
    if report.refusals:
        refused = ([_text(r.task), _text(r.by), clock(r.at), _text(r.reason)] for r in report.refusals)
        sections.append(_section("Refused completions", _table(("Task", "By", "When", "Why"), refused)))
    tiers = ([_text(t.name), str(t.attempts), duration(t.seconds), money(t.cost)] for t in report.tiers)
    sections.append(_section("Tiers", _table(("Tier", "#Attempts", "#Work", "#Cost"), tiers)))
    sections += [_checkpoint(gate) for gate in report.checkpoints]
    name = _text(title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: run report</title><style>{_STYLE}</style></head><body>"
        f'<h1>{name}</h1><p class="dim">Run {_text(report.run)}, reported {clock(now)}</p>'
        f"{''.join(sections)}</body></html>\n"
    )


def _cards(report: RunReport) -> str:
    state = f'<b class="{"done" if report.finished else "warn"}">{_text(report.outcome)}</b>'
    figures = [
        f"{state}{report.progress}",
        f"<b>{duration(report.elapsed_seconds)}</b>planned {duration(report.planned_seconds)}",
        f"<b>{money(report.cost)}</b>cost",
        f"<b>{len(report.escalations)}</b>escalations",
        f"<b>{sum(tier.attempts for tier in report.tiers)}</b>attempts",
    ]
    return '<div class="cards">' + "".join(f'<div class="card">{figure}</div>' for figure in figures) + "</div>"


def _section(title: str, body: str) -> str:
    return f'<h2>{_text(title)}</h2><div class="wide">{body}</div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; a heading that starts with `#` is over numbers."""
    numeric = [name.startswith("#") for name in head]
    top = "".join(
        f"<th{' class=n' if n else ''}>{_text(name.lstrip('#'))}</th>" for name, n in zip(head, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if n else ''}>{cell}</td>" for cell, n in zip(row, numeric, strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


_TASK_HEAD = ("Task", "Title", "State", "Tier", "#Estimated", "#Worked", "#Attempts", "By", "#Cost")


def _task(record: TaskRecord) -> list[str]:
    tone = {"done": "done", "blocked": "bad"}.get(record.status.value, "")
    over = record.spec.effort is not None and record.worked_seconds > record.spec.effort
    worked = duration(record.worked_seconds) if record.attempts else "–"
    return [
        _text(record.spec.id),
        _text(record.spec.title),
        f'<span class="{tone}">{record.status.value}</span>',
        tier_words(record),
        duration(record.spec.effort) if record.spec.effort else "–",
        f'<span class="warn">{worked}</span>' if over else worked,
        str(len(record.attempts)),
        _text(record.by),
        money(record.cost),
    ]


def _checkpoint(gate: CheckpointRecord) -> str:
    rows = (
        [
            _text(criterion.spec.text),
            f'<span class="{_tone(criterion.status.value)}">{criterion.status.value}</span>',
            _text(criterion.by),
            clock(criterion.at) if criterion.at is not None else "",
            _text(evidence_words(criterion).replace("`", "")),
        ]
        for criterion in gate.criteria
    )
    title = f"{gate.spec.name}: {'passed' if gate.passed else 'open'}"
    return _section(title, _table(("Criterion", "State", "By", "When", "Evidence"), rows))


def _tone(status: str) -> str:
    return {"passed": "done", "failed": "bad"}.get(status, "dim")


def _timeline(report: RunReport, now: float) -> str:
    """Each attempt as a bar from its start to its end, coloured by tier; what failed is drawn pale."""
    rows = [record for record in report.tasks if record.attempts]
    if not rows:
        return '<p class="dim" style="padding:1rem">Nothing was attempted.</p>'
    start = min(attempt.started_at for record in rows for attempt in record.attempts)
    end = max(attempt.ended_at or now for record in rows for attempt in record.attempts)
    scale = (_WIDTH - _LEFT - 20) / max(end - start, 1e-9)
    height = _ROW * len(rows) + 2 * _AXIS
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Timeline of all attempts" width="100%">']
    for step in range(6):
        x = _LEFT + (end - start) * scale * step / 5
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_AXIS - 4}" y2="{height - _AXIS + 2}"/>')
        label = f'text-anchor="middle">{duration((end - start) * step / 5)}</text>'
        parts += [f'<text class="axis" x="{x:.1f}" y="{y}" {label}' for y in (_AXIS - 9, height - 6)]
    for number, record in enumerate(rows):
        y = _AXIS + number * _ROW
        label = f"{record.spec.id} {record.spec.title}"
        shown = label if len(label) <= 38 else f"{label[:37]}…"
        parts.append(f'<text x="8" y="{y + 14}">{_text(shown)}<title>{_text(label)}</title></text>')
        parts += [_bar(attempt, start, scale, y, now) for attempt in record.attempts]
    return "".join(parts) + "</svg>"


def _bar(attempt: Attempt, start: float, scale: float, y: int, now: float) -> str:
    x = _LEFT + (attempt.started_at - start) * scale
    width = max(((attempt.ended_at or now) - attempt.started_at) * scale, 2)
    pale = "" if attempt.outcome in _GOOD or not attempt.outcome else ' opacity="0.45"'
    words = f"attempt {attempt.no} on tier {attempt.tier}: {attempt.outcome or 'running'} {attempt.reason}".strip()
    colour = f"var(--t{min(attempt.tier, 4)})"
    rest = f'height="{_ROW - 8}" rx="3" fill="{colour}"{pale}><title>{_text(words)}</title></rect>'
    return f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" {rest}'


def _text(text: str) -> str:
    return escape(text.encode("utf-8", "replace").decode())
