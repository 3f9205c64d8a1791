"""What a reader carries along while it reads one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from milepost.plan.dialects.document import Document, Section
from milepost.plan.grammar.durations import Duration, parse_duration
from milepost.plan.grammar.ids import IdIndex, IdRef
from milepost.plan.model import Observation, ObservationKind, Task
from milepost.source import Edit, Span


@dataclass
class Reading:
    """The document, the sizes its estimates may use, and what was noticed so far."""

    document: Document
    sizes: Mapping[str, int] | None = None
    observations: list[Observation] = field(default_factory=list)
    index: IdIndex = field(default_factory=IdIndex)
    text: str = ""
    groups: frozenset[str] = frozenset()
    """Names that look like ids of tasks and stand for groups of them: ``WP01``."""
    local: dict[str, IdIndex] = field(default_factory=dict)
    """How ids are looked up in phases that count their tasks from the start again."""
    local_sections: dict[int, str] = field(default_factory=dict)
    """Those phases by the identity of their sections."""
    _durations: dict[str, Duration | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep the document's text at hand."""
        self.text = self.document.text

    def index_in(self, place: Task | Section) -> IdIndex:
        """The ids as a task, or a section, means them."""
        if not self.local:
            return self.index
        if isinstance(place, Task):
            return self.local.get(place.phase or "", self.index)
        phases = (self.local_sections.get(id(around)) for around in place.ancestors())
        return self.local.get(next((phase for phase in phases if phase), ""), self.index)

    def observe(
        self,
        kind: ObservationKind,
        span: Span,
        detail: str = "",
        *,
        text: str | None = None,
        edits: tuple[Edit, ...] = (),
        related: tuple[Span, ...] = (),
    ) -> None:
        """Note something that could not simply be taken; its text is what the span covers unless given."""
        shown = self.text[span.start : span.end] if text is None else text
        self.observations.append(Observation(kind, span, shown, detail, edits, related))

    def unknown(self, refs: tuple[IdRef, ...], where: str) -> None:
        """Note ids that name no task; ``where`` says what names them."""
        for ref in dict.fromkeys(ref for ref in refs if ref.id not in self.groups):
            self.observe(ObservationKind.UNKNOWN_TASK, ref.span, where, text=ref.id)

    def elsewhere(self, span: Span, where: str) -> Span | None:
        """Note a reference to a task of another plan at the beginning of a span, and give its span."""
        if "/" not in self.text[span.start : span.end] and ".md" not in self.text[span.start : span.end]:
            return None
        from milepost.plan.grammar.elsewhere import read_elsewhere

        own = self.document.source.path.replace("\\", "/")
        found = read_elsewhere(self.text, span.start, span.end, own, lambda name: name in self.index)
        if found:
            self.observe(ObservationKind.UNKNOWN_TASK, found, where)
        return found

    def duration(self, text: str) -> Duration | None:
        """Read a duration, each spelling once."""
        if text not in self._durations:
            self._durations[text] = parse_duration(text, self.sizes)
        return self._durations[text]
