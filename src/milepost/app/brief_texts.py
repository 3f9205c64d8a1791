"""What a plan says about a task in its own words: its steps, code and prose, and what holds for the tasks around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from milepost.plan.model import Phase, Plan, Task
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_TASK, _PHASE, _PLAN = 6000, 800, 1000
"""Characters of a task's own text, of its phase's introduction, and of what stands above all tasks."""

_TOLD = frozenset(
    (
        "requirements",
        "estimated",
        "files",
        "verify",
        "depends",
        "tier",
        "complexity",
        "ambiguity",
        "risk",
        "owner",
        "priority",
    )
)
"""Fields that a brief tells otherwise, or that are not about the work."""

_BULLET = lazy_regex(r"[ \t]*(?:[-*+][ \t]+)?")
_FENCE = lazy_regex(r"[ \t]*(?:`{3,}|~{3,})")
_NO_PROSE = lazy_regex(r"[ \t]*(?:#|>|\||-{3,}|\*{3,}|_{3,}|<!--|$)")


def own_text(plan: Plan, task: Task) -> str:
    """What the document says below a task's first line, but for the fields that a brief tells otherwise."""
    import textwrap

    if _is_json(plan):
        return _cut(f"```json\n{plan.source.slice(task.span)}\n```", _TASK)
    told = [field.span for field in task.fields if field.key.casefold() in _TOLD]
    start = min(task.head_span.end, task.span.end)
    kept = [
        line for place, line in _lines(plan.source.text, Span(start, task.span.end)) if not _within(place, line, told)
    ]
    return _cut(textwrap.dedent("\n".join(kept).expandtabs(4)).strip(), _TASK)


def introduction(plan: Plan, task: Task) -> str:
    """What the document says between the heading of a task's phase and the phase's first task."""
    phase = phase_of(plan, task)
    if phase is None or _is_json(plan):
        return ""
    first = plan.by_id.get(phase.tasks[0]) if phase.tasks else None
    if first is None or first.span.start <= phase.heading_span.end:
        return ""
    return _prose(plan, Span(phase.heading_span.end, first.span.start), _PHASE)


def preamble(plan: Plan) -> str:
    """What the document says above all tasks, but for headings, claims, quotations, tables and code."""
    starts = [*(phase.heading_span.start for phase in plan.phases[:1]), *(task.span.start for task in plan.tasks[:1])]
    title = plan.title_span.end if plan.title_span else 0
    start = plan.source.text.find("\n", title)
    return (
        "" if start < 0 or _is_json(plan) else _prose(plan, Span(start, max(start, min(starts, default=start))), _PLAN)
    )


def phase_of(plan: Plan, task: Task) -> Phase | None:
    """The phase of a task."""
    return next((one for one in plan.phases if task.phase is not None and one.id == task.phase), None)


def _prose(plan: Plan, span: Span, longest: int) -> str:
    claims = sorted(claim.span.start for claim in plan.claims)
    kept, code = [], False
    for place, line in _lines(plan.source.text, span):
        if _FENCE.match(line):
            code = not code
        elif not code and not _claims(claims, place, place + len(line)):
            kept.append("" if _NO_PROSE.match(line) else line.rstrip())
    paragraphs = "\n".join(kept).strip("\n")
    while "\n\n\n" in paragraphs:
        paragraphs = paragraphs.replace("\n\n\n", "\n\n")
    return _cut(paragraphs, longest)


def _claims(claims: list[int], start: int, end: int) -> bool:
    """Whether one of some claims begins between two places."""
    after = bisect_right(claims, start - 1)
    return after < len(claims) and claims[after] < end


def _lines(text: str, span: Span) -> Iterator[tuple[int, str]]:
    """The lines of a part of a text, each with its place."""
    place = span.start
    for line in text[span.start : span.end].split("\n"):
        yield place, line.rstrip("\r")
        place += len(line) + 1


def _within(place: int, line: str, spans: list[Span]) -> bool:
    """Whether a line says nothing but what one of some spans covers."""
    bullet = _BULLET.match(line)
    start = place + (bullet.end() if bullet else 0)
    end = place + len(line.rstrip())
    return start < end and any(span.start <= start and end <= span.end for span in spans)


def _is_json(plan: Plan) -> bool:
    return plan.source.text.lstrip()[:1] in ("{", "[") and plan.source.text.rstrip()[-1:] in ("}", "]")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
