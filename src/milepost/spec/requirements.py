"""Reads the requirements a document states, in every spelling seen beside plans.

Requirements are headings (``### Requirement 1``, ``### REQ-1: …``, ``### User Story 2 - …``, ``### Requirement: …``),
list items and paragraphs that start with an id (``1. **REQ-1.1:** …``, ``- **FR-003**: …``, ``**FR-1.1**: …``), rows
of a table whose first cell is an id, or, where there are none of these, the numbered items below "Requirements".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from milepost.plan.blocks import Block, BlockKind
from milepost.plan.dialects.document import LISTS, Document, Section, plain
from milepost.source import SourceText, Span
from milepost.source.lazy_regex import lazy_regex
from milepost.spec import spellings
from milepost.spec.labels import (
    announces_criteria,
    item_label,
    nested_labels,
    paragraph_of,
    read_label,
    scenario_name,
    text_of,
)
from milepost.spec.model import (
    AcceptanceCriterion,
    LabelledText,
    Requirement,
    RequirementKind,
    RequirementsDocument,
)
from milepost.spec.spellings import Name

_TITLE = lazy_regex(
    r"(?:functional[ ])?requirements?|需求|功能需求|要求|要件|requisitos|anforderungen|требования", re.IGNORECASE
)
_NUMBER = lazy_regex(r"\d+")
_COLONS = (":", "：", ":**", "：**", ":__", "：__")
_BOX = lazy_regex(r"\[[^\[\]\n]?\][ \t]+(?=\S)")
_TABLE_OF_IDS = lazy_regex(r"[\W_]*(?:id|ref|req\w*|number|nr|no|#|code|需求\w*)\b.*|[\W_]*", re.IGNORECASE)


def read_requirements(source: SourceText) -> RequirementsDocument:
    """Read any document; one that states no requirement gives a document without any."""
    return RequirementsDocument(source, tuple(_Reader(Document.of(source)).read()))


@dataclass
class _Draft:
    """A requirement while it is read."""

    name: Name
    span: Span
    title: str
    text: str = ""
    group: str = ""
    parent: str | None = None
    fields: list[LabelledText] = field(default_factory=list)
    criteria: list[AcceptanceCriterion] = field(default_factory=list)
    loose: list[AcceptanceCriterion] = field(default_factory=list)

    def finish(self) -> Requirement:
        """The requirement; numbered items that nothing announced are its criteria when it has no others."""
        return Requirement(
            id=self.name.id,
            title=self.title,
            text=self.text or self.title,
            span=self.span,
            id_span=self.name.id_span,
            title_span=self.name.title_span,
            kind=self.name.kind,
            group=self.group,
            parent=self.parent,
            fields=tuple(self.fields),
            criteria=tuple(self.criteria or self.loose),
        )


@dataclass
class _Reader:
    document: Document
    drafts: list[_Draft] = field(default_factory=list)
    rows: list[_Draft] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = self.document.text

    def read(self) -> Iterator[Requirement]:
        """Requirements in document order. What a heading names, items and rows of tables only mention again."""
        owners: dict[int, _Draft] = {}
        for section in self.document.sections:
            owner = next((owners[id(one)] for one in section.ancestors() if id(one) in owners), None)
            name = self._heading(section)
            if name:
                owner = owners[id(section)] = self._open(section, name, owner)
            self._section(section, owner, own=name is not None)
        if not self.drafts:
            self._numbered()
        headed = {draft.name.id for draft in owners.values()}
        places = {draft.name.id_span for draft in owners.values()}
        stated = {draft.name.id for draft in self.drafts}
        drafts = [one for one in self.drafts if one.name.id not in headed or one.name.id_span in places]
        drafts += [row for row in self.rows if row.name.id not in stated]
        for draft in sorted(drafts, key=lambda one: one.name.id_span):
            yield draft.finish()

    def _heading(self, section: Section) -> Name | None:
        if section.heading is None or section.level < 2:
            return None
        return spellings.in_heading(self.text, section.title_span)

    def _open(self, section: Section, name: Name, owner: _Draft | None) -> _Draft:
        group = section.parent.title if section.parent and section.parent.level > 1 else ""
        draft = self._draft(name, Span(section.start, section.end), owner, group)
        draft.text = self._prose(section)
        return draft

    def _draft(self, name: Name, span: Span, owner: _Draft | None, group: str) -> _Draft:
        """Start a requirement; a priority in brackets behind its id or in its title is a field of it."""
        title_span = name.title_span
        title = self.text[title_span.start : title_span.end]
        draft = _Draft(name, span, "", group=group, parent=owner.name.id if owner else None)
        line_end = self.text.find("\n", name.id_span.end)
        reach = Span(name.id_span.end, max(title_span.end, name.id_span.end))
        if line_end < 0 or reach.end <= line_end:
            priority = spellings.find_priority(self.text, reach)
            if priority:
                value = self.text[priority.value_span.start : priority.value_span.end]
                draft.fields.append(LabelledText("Priority", value, *priority))
                if self.text[priority.span.end : title_span.end].strip("* _:") == "":
                    title = self.text[title_span.start : max(priority.span.start, title_span.start)]
        draft.title = plain(title)
        self.drafts.append(draft)
        return draft

    def _prose(self, section: Section) -> str:
        for block in section.blocks:
            if block.kind is BlockKind.PARAGRAPH:
                return plain(text_of(self.text, block))
        return ""

    def _section(self, section: Section, owner: _Draft | None, *, own: bool) -> None:
        """Read a section's blocks into what they state, and into the requirement they belong to."""
        scenario = scenario_name(section.title) if owner and not own else None
        if owner and scenario:
            self._scenario(section, owner, scenario)
            return
        announced = owner is not None and not own and announces_criteria(section.title)
        current = owner
        for block in section.blocks:
            if block.kind is BlockKind.PARAGRAPH:
                stated = self._paragraph(block, owner, section)
                if stated:
                    current, announced = stated, False
                elif current:
                    announced = self._labels(block, current, announced)
            elif block.kind in LISTS:
                for item in block.children:
                    self._item(item, current, section, announced, ordered=block.kind is BlockKind.ORDERED_LIST)
            elif block.kind is BlockKind.TABLE:
                self._table(block, section)

    def _scenario(self, section: Section, owner: _Draft, name: str) -> None:
        fields = [
            found
            for block in section.blocks
            if block.kind in LISTS
            for item in block.children
            if (found := item_label(self.text, item))
        ]
        number = str(len(owner.criteria) + 1)
        span = Span(section.start, section.end)
        owner.criteria.append(AcceptanceCriterion(f"{owner.name.id}.{number}", number, name, span, tuple(fields)))

    def _paragraph(self, block: Block, owner: _Draft | None, section: Section) -> _Draft | None:
        """A requirement that a paragraph states by an id in bold."""
        if not self.text.startswith(("**", "__"), block.lines[0].start):
            return None
        name = spellings.in_line(self.text, block.lines[0])
        if name is None:
            return None
        draft = self._draft(name, block.span, owner, section.title)
        draft.text = plain(text_of(self.text, block, name.title_span.start))
        draft.fields += [found for line in block.lines[1:] if (found := read_label(self.text, line))]
        return draft

    def _labels(self, block: Block, current: _Draft, announced: bool) -> bool:
        """Keep a paragraph's labelled lines, and say whether what follows it are criteria."""
        for line in block.lines:
            own = spellings.own_number(self.text, line, current.name.id)
            found = None if own else read_label(self.text, line)
            if own:
                text = self.text[own.end : line.end]
                current.criteria.append(AcceptanceCriterion(f"{current.name.id}.{own.number}", own.number, text, line))
            elif found:
                current.fields.append(found)
                if self.text[found.span.start : found.value_span.start].rstrip().endswith(_COLONS):
                    announced = announces_criteria(found.label) and not found.value
        return announced

    def _item(self, item: Block, current: _Draft | None, section: Section, announced: bool, *, ordered: bool) -> None:
        paragraph = paragraph_of(item)
        if paragraph is None:
            return
        name = spellings.in_line(self.text, paragraph.lines[0])
        if name and not (current and spellings.sort_of(name.id) == "AC"):
            draft = self._draft(name, item.span, current, section.title)
            draft.text = plain(text_of(self.text, paragraph, name.title_span.start))
            draft.fields += nested_labels(self.text, item)
            draft.criteria += self._nested_criteria(item, draft)
        elif current and (announced or name or spellings.own_number(self.text, paragraph.lines[0], current.name.id)):
            self._criterion(item, paragraph, current.criteria, current.name.id, name, ordered=ordered)
        elif current and (found := item_label(self.text, item)):
            current.fields.append(found)
        elif current and ordered:
            self._criterion(item, paragraph, current.loose, current.name.id, None, ordered=True)

    def _criterion(
        self,
        item: Block,
        paragraph: Block,
        into: list[AcceptanceCriterion],
        owner: str,
        name: Name | None,
        *,
        ordered: bool,
    ) -> None:
        line = paragraph.lines[0]
        box = _BOX.match(self.text, line.start, line.end)
        own = None if name else spellings.own_number(self.text, line, owner)
        if own and ordered and not own.number.isdigit():
            own = None  # 5. **1.4a** is the fifth
        start = name.title_span.start if name else own.end if own else box.end() if box else line.start
        written = _NUMBER.match(item.info) if ordered else None
        number = own.number if own else str(int(written.group())) if written else str(len(into) + 1)
        found = AcceptanceCriterion(
            name.id if name else f"{owner}.{number}",
            number,
            text_of(self.text, paragraph, start),
            item.span,
            tuple(nested_labels(self.text, item)),
        )
        into.append(found)

    def _nested_criteria(self, item: Block, draft: _Draft) -> Iterator[AcceptanceCriterion]:
        """Criteria in the lists nested in a list item: below a bullet that announces them, or numbered."""
        found: list[AcceptanceCriterion] = []
        for block in item.children[1:]:
            if block.kind not in LISTS:
                continue
            ordered = block.kind is BlockKind.ORDERED_LIST
            for nested in block.children:
                label = item_label(self.text, nested)
                lists = [inner for inner in nested.children[1:] if inner.kind in LISTS]
                if label and announces_criteria(label.label):
                    for inner in lists:
                        self._all(inner, found, draft)
                elif ordered and label is None and (paragraph := paragraph_of(nested)):
                    self._criterion(nested, paragraph, found, draft.name.id, None, ordered=True)
        yield from found

    def _all(self, block: Block, found: list[AcceptanceCriterion], draft: _Draft) -> None:
        for item in block.children:
            if paragraph := paragraph_of(item):
                ordered = block.kind is BlockKind.ORDERED_LIST
                self._criterion(item, paragraph, found, draft.name.id, None, ordered=ordered)

    def _table(self, table: Block, section: Section) -> None:
        """Requirements of a table whose first column is called after ids; the second column says them."""
        head = [plain(self._cell(cell)) for cell in table.children[0].children] if table.children else []
        if len(head) < 2 or not _TABLE_OF_IDS.fullmatch(head[0]):
            return
        for row in table.children[1:]:
            cells = row.children
            name = spellings.in_cell(self.text, cells[0].span) if len(cells) > 1 else None
            if name and cells[0].lines:
                title = cells[1].span
                text = plain(self._cell(cells[1]))
                draft = _Draft(name._replace(title_span=title), row.span, text, text, section.title)
                draft.fields += self._columns(head, cells)
                self.rows.append(draft)

    def _columns(self, head: Sequence[str], cells: Sequence[Block]) -> Iterator[LabelledText]:
        for label, cell in zip(head[2:], cells[2:], strict=False):
            if label and cell.lines:
                yield LabelledText(label, plain(self._cell(cell)), cell.span, cell.span)

    def _cell(self, cell: Block) -> str:
        return self.text[cell.span.start : cell.span.end]

    def _numbered(self) -> None:
        """Take the numbered items below a heading "Requirements" when nothing else states any."""
        for section in self.document.sections:
            if _TITLE.fullmatch(section.title.strip()):
                for block in section.blocks:
                    if block.kind is BlockKind.ORDERED_LIST:
                        self._numbered_list(block, section)

    def _numbered_list(self, block: Block, section: Section) -> None:
        for item in block.children:
            paragraph, number = paragraph_of(item), _NUMBER.match(item.info)
            if paragraph is None or number is None:
                continue
            id_span = Span(item.span.start, item.span.start + len(number.group()))
            title = Span(paragraph.lines[0].start, paragraph.lines[-1].end)
            name = Name(str(int(number.group())), id_span, title, RequirementKind.REQUIREMENT)
            draft = self._draft(name, item.span, None, section.title)
            draft.text = draft.title = plain(text_of(self.text, paragraph))
            draft.fields += nested_labels(self.text, item)
