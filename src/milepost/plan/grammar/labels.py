"""Labelled lines: ``**Status**: ✅ Complete``, ``**Depends on:** TASK-001 | **Estimate:** 2h``, ``Est: 3-4h``.

They say of a task under a heading what ``_Key: value_`` fields say of a task in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.grammar.fields import KEYS
from milepost.plan.model import Field
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

CRITERIA: tuple[str, ...] = (
    "acceptance criteria", "success criteria", "criterios de aceptación", "criterios de éxito",
    "critérios de aceitação", "critérios de sucesso", "critères d'acceptation", "critères d’acceptation",
    "criteri di accettazione",
    "akzeptanzkriterien", "abnahmekriterien", "erfolgskriterien", "kryteria akceptacji", "kabul kriterleri",
    "acceptatiecriteria", "tiêu chí chấp nhận", "kriteria penerimaan", "критерии приёмки", "критерии приемки",
    "критерии успеха", "критерії приймання", "验收标准", "驗收標準", "验收准则", "接受标准", "成功标准", "完成标准",
    "受け入れ基準", "受入れ基準", "受入基準", "受け入れ条件", "受入条件", "完了条件", "完了基準", "成功基準",
    "인수 조건", "인수 기준", "수락 기준", "승인 기준", "완료 조건", "성공 기준",
)  # fmt: skip
"""What acceptance criteria are called, in lower case."""

LABELS: dict[str, str] = {
    **dict.fromkeys(("status", "state", "current status", "estado", "status quo", "状态", "статус"), "status"),
    **dict.fromkeys(
        ("estimated time", "estimated effort", "estimated duration", "estimate", "estimated", "estimation", "effort",
         "time estimate", "effort estimate", "time", "est", "duration", "timeline", "estimación", "tiempo estimado",
         "esfuerzo", "预计时间", "工时", "оценка"), "estimated",
    ),
    **dict.fromkeys(
        ("depends", "depends on", "dependencies", "dependency", "blocked by", "requires", "after", "task dependencies",
         "dependencias", "depende de", "依赖", "зависимости", "зависит от"), "depends",
    ),
    **dict.fromkeys(("blocks", "unblocks", "blocking", "bloquea", "блокирует"), "blocks"),
    **dict.fromkeys(
        ("requirements", "requirement", "requirement refs", "reqs", "traces to", "traceability", "covers",
         "satisfies", "implements", "requisitos", "需求"), "requirements",
    ),
    **dict.fromkeys(("files", "file", "files to modify", "files to create", "files modified", "archivos"), "files"),
    **dict.fromkeys(("priority", "prioridad", "优先级", "приоритет"), "priority"),
    **dict.fromkeys(
        ("owner", "assignee", "assigned to", "assigned", "developer", "responsible", "负责人", "responsable",
         "исполнитель"), "owner",
    ),
    **dict.fromkeys(("type", "complexity", "subtasks", "deliverables", "component", "phase focus"), "about"),
    **dict.fromkeys((*CRITERIA, "definition of done", "done when"), "criteria"),
}  # fmt: skip
"""What a label in lower case means. ``about`` and ``criteria`` only show that a task is being described."""

_LABEL = lazy_regex(
    r"(?P<mark>\*\*|__|[_*])(?P<label>[^*_\n\r:：|]{1,40})(?:[:：](?P=mark)|(?P=mark)[ \t]*[:：])[ \t]*"
    r"|(?P<bare>[^\W\d_][^*_\n\r:：|`]{0,30})[:：][ \t]+"
)
_PART = lazy_regex(r"[^|·•]+")
_BARE_PRIORITY = lazy_regex(r"\W*(?P<value>P\d|\[p\d\])\W*", re.IGNORECASE)


def meaning(key: str) -> str | None:
    """What a field or label means to a task, whichever way it is written."""
    name = " ".join(key.split()).casefold()
    return KEYS.get(name) or LABELS.get(name)


def read_labels(text: str, line: Span) -> Iterator[Field]:
    """The labelled values of one line. Without emphasis a label must be a known one.

    ``|``, ``·`` and ``•`` part several values of a line, where the next part is labelled as well.
    """
    label = _label(text, line.start, line.end)
    if label is None:
        yield from _bare_parts(text, line)
        return
    while label is not None:
        following = next(_next_labels(text, label.end(), line.end), None)
        end = following.start() if following else line.end
        yield _field(text, label, end)
        label = following


def _label(text: str, start: int, end: int) -> re.Match[str] | None:
    found = _LABEL.match(text, start, end)
    return found if found and (found["label"] or meaning(found["bare"])) else None


def _next_labels(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    for mark in re.finditer(r"[|·•][ \t]*", text[start:end]):
        found = _label(text, start + mark.end(), end)
        if found:
            yield found


def _field(text: str, label: re.Match[str], end: int) -> Field:
    value = text[label.end() : end].rstrip(" \t\\|·•")
    span = Span(label.start(), label.end() + len(value))
    return Field((label["label"] or label["bare"]).strip(), value, span, Span(label.end(), span.end))


def _bare_parts(text: str, line: Span) -> Iterator[Field]:
    """``🔴 P0 | ✅ DONE | Est: 3h``: parts without labels, if any part has one or says a priority."""
    if "|" not in text[line.start : line.end]:
        return
    parts = [Span(*found.span()) for found in _PART.finditer(text, line.start, line.end)]
    labels = [_label(text, part.start + _blank(text, part), part.end) for part in parts]
    priorities = [_BARE_PRIORITY.fullmatch(text, part.start, part.end) for part in parts]
    if not any(labels) and not any(priorities):
        return
    for part, label, priority in zip(parts, labels, priorities, strict=True):
        if label:
            yield _field(text, label, part.end)
        elif priority:
            yield _plain_field(text, "Priority", Span(*priority.span("value")))
        else:
            yield _plain_field(text, "Status", part)


def _plain_field(text: str, key: str, part: Span) -> Field:
    start = part.start + _blank(text, part)
    value = text[start : part.end].rstrip()
    return Field(key, value, Span(start, start + len(value)), Span(start, start + len(value)))


def _blank(text: str, part: Span) -> int:
    piece = text[part.start : part.end]
    return len(piece) - len(piece.lstrip())
