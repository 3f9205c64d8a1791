"""Checkpoints written as a sentence at the end of a phase: ``**Checkpoint**: Foundation ready``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.assemble import PlanReader
from milepost.plan.model import Anchor, AnchorKind, Checkpoint, Criterion
from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_CHECKPOINT = lazy_regex(
    r"(?:[^\w\s*_]+[ \t]*)?(?:\*\*|__)[^\w*_]*(?:checkpoint|gate|检查点|檢查點|チェックポイント)[^*_:：\r\n]*"
    r"(?:[:：][ \t]*(?:\*\*|__)|(?:\*\*|__)[ \t]*[:：])[ \t]*(?P<text>\S.*)",
    re.IGNORECASE | re.DOTALL,
)


def phase_checkpoints(reader: PlanReader) -> Iterator[Checkpoint]:
    """A checkpoint after the tasks of the phase it stands in; it holds back what waits for them, and nothing else."""
    tasks = {phase: tuple(ids) for phase, ids in reader.phase_tasks.items() if ids}
    sections = {id(section): phase for phase, section in reader.phase_sections.items()}
    used: set[str] = set()
    for section in reader.document.sections:
        phase = next((sections[id(one)] for one in section.ancestors() if id(one) in sections), None)
        for block in _paragraphs(section.blocks) if phase in tasks else ():
            found = _CHECKPOINT.match(reader.reading.text, block.lines[0].start, block.lines[-1].end)
            if found and phase and phase not in used:
                used.add(phase)
                yield _checkpoint(found, phase, tasks[phase])


def _paragraphs(blocks: list[Block]) -> Iterator[Block]:
    for block in blocks:
        inner = block.children if block.kind is BlockKind.QUOTE else (block,)
        yield from (one for one in inner if one.kind is BlockKind.PARAGRAPH)


def _checkpoint(found: re.Match[str], phase: str, tasks: tuple[str, ...]) -> Checkpoint:
    text = " ".join(found["text"].split())
    span = Span(*found.span())
    label = Span(found.start(), found.start("text"))
    anchor = Anchor(AnchorKind.TASK, tasks, text)
    criteria = (Criterion(text, Span(*found.span("text"))),)
    name = f"Checkpoint after {phase if phase.startswith('WP') else f'Phase {phase}'}"
    return Checkpoint(f"after-{phase.casefold()}", name, text, anchor, span, label, criteria)
