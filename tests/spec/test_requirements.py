from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.source import SourceText
from milepost.spec.model import Requirement, RequirementKind
from milepost.spec.requirements import read_requirements


def read(text: str) -> dict[str, Requirement]:
    return read_requirements(SourceText(text)).by_id


REFERENCE = """\
# Word Count - Requirements

## Functional Requirements

### 1. Counting

1. **REQ-1.1:** The system shall count words,
   in any language.
   - **Given** a text
   - **When** it is counted
   - **Then** the number is right
   - **Priority:** Must
2. **REQ-1.2:** The system shall count lines.
   - Priority: could

## Constraints

- **CONST-1:** No dependencies

```
- **REQ-9.9:** shown as code
```
"""


def test_the_reference_spelling() -> None:
    found = read(REFERENCE)
    assert list(found) == ["REQ-1.1", "REQ-1.2", "CONST-1"]
    first = found["REQ-1.1"]
    assert first.text == "The system shall count words, in any language."
    assert [(one.label, one.value) for one in first.fields] == [
        ("Given", "a text"),
        ("When", "it is counted"),
        ("Then", "the number is right"),
        ("Priority", "Must"),
    ]
    assert (first.is_must, found["REQ-1.2"].is_must) == (True, False)
    assert (first.group, found["CONST-1"].kind) == ("1. Counting", RequirementKind.CONSTRAINT)
    assert REFERENCE[first.id_span.start : first.id_span.end] == "REQ-1.1"
    assert REFERENCE[first.span.start : first.span.end].startswith("1. **REQ-1.1:**")
    assert REFERENCE[first.span.start : first.span.end].endswith("**Priority:** Must")
    value = first.fields[0].value_span
    assert REFERENCE[value.start : value.end] == "a text"


KIRO = """\
# Requirements Document

## Requirements

### Requirement 1: Signing in

**User Story:** As a user, I want to sign in, so that I see my data.

#### Acceptance Criteria

1. WHEN the password is right THEN the system SHALL open the page
2. IF it is wrong THEN the system SHALL say so:
   - without a hint
3. WHEN nobody types THEN nothing happens

#### Notes

1. No criterion

### Requirement 2

#### Acceptance Criteria for Requirement 2

1. One
"""


def test_kiro_numbers_criteria_within_their_requirement() -> None:
    found = read(KIRO)
    assert [(one.id, one.title) for one in found.values()] == [("1", "Signing in"), ("2", "")]
    assert [one.id for one in found["1"].criteria] == ["1.1", "1.2", "1.3"]
    assert [one.id for one in found["2"].criteria] == ["2.1"]
    assert found["1"].fields[0].label == "User Story"
    span = found["1"].criteria[1].span
    assert KIRO[span.start : span.end] == "2. IF it is wrong THEN the system SHALL say so:\n   - without a hint"


@pytest.mark.parametrize("heading", ["### 需求 1 - 登入", "### Requisito 1: Entrar", "### Requirement 1 — Entry"])
def test_requirements_in_other_words(heading: str) -> None:
    found = read(f"# R\n\n{heading}\n\n#### 驗收標準\n\n1. 一\n2. 二\n")
    assert list(found) == ["1"]
    assert [one.id for one in found["1"].criteria] == ["1.1", "1.2"]


SPEC_KIT = """\
# Feature Specification: Directory

### User Story 1 - Browse (Priority: P1)

A member browses.

**Why this priority**: It is the core.

**Acceptance Scenarios**:

1. **Given** a list, **When** it opens, **Then** it shows
2. **Given** nothing, **When** it opens, **Then** it is empty

### User Story 2a - Filter (Priority: P3) 🎯

## Requirements *(mandatory)*

### Functional Requirements

- **FR-001**: System MUST list members
- **FR-002** (Must): System MUST filter
- **FR-003:** [NEEDS CLARIFICATION]

### Measurable Outcomes

- **SC-001**: Under a second
"""


def test_spec_kit_has_stories_requirements_and_outcomes() -> None:
    found = read(SPEC_KIT)
    assert {one.id: one.kind.value for one in found.values()} == {
        "US1": "story",
        "US2a": "story",
        "FR-001": "requirement",
        "FR-002": "requirement",
        "FR-003": "requirement",
        "SC-001": "outcome",
    }
    story = found["US1"]
    assert (story.title, story.priority, story.is_must) == ("Browse", "P1", True)
    assert [one.id for one in story.criteria] == ["US1.1", "US1.2"]
    assert found["US2a"].priority == "P3"
    assert not found["US2a"].is_must
    # "System MUST" is the wording of every line; only a priority says how much it matters.
    assert [found[name].is_must for name in ("FR-001", "FR-002")] == [False, True]


OPEN_SPEC = """\
## ADDED Requirements

### Requirement: Two-factor sign-in
The system SHALL ask for a code.

#### Scenario: Right code
- **WHEN** the code is right
- **THEN** the page opens

#### Scenario: Wrong code
- **WHEN** it is wrong
- **THEN** it is asked again
"""


def test_openspec_names_requirements_by_their_titles() -> None:
    (found,) = read(OPEN_SPEC).values()
    assert (found.id, found.group) == ("Two-factor sign-in", "ADDED Requirements")
    assert found.text == "The system SHALL ask for a code."
    assert [one.text for one in found.criteria] == ["Right code", "Wrong code"]
    assert [(one.label, one.value) for one in found.criteria[0].fields] == [
        ("WHEN", "the code is right"),
        ("THEN", "the page opens"),
    ]


OTHERS = """\
# Requirements

## FR-1: Tags
**Priority**: MUST

**FR-1.1**: Users create tags
- by hand
- Priority: low

**FR-1.2** - Users delete tags

### US-1: As a user, I want tags (P0)
**Acceptance Criteria**:
- [ ] They are saved
- [x] **AC-2**: They are shown

**Details**:
- Not a criterion

- REQ-7: Plain bullet
- UTF-8: no requirement
- **TASK-1**: no requirement
- See REQ-8 for more

| ID | Title | Priority |
|----|-------|----------|
| [REQ-7](#x) | Said again | high |
| `REQ-9` | From a table | Crítico |
"""


def test_headings_paragraphs_bullets_and_tables() -> None:
    found = read(OTHERS)
    assert list(found) == ["FR-1", "FR-1.1", "FR-1.2", "US-1", "REQ-7", "REQ-9"]
    assert found["FR-1"].is_must
    assert [found[name].parent for name in ("FR-1", "FR-1.1", "FR-1.2")] == [None, "FR-1", "FR-1"]
    assert found["FR-1.1"].priority == "low"
    assert [(one.id, one.text) for one in found["US-1"].criteria] == [
        ("US-1.1", "They are saved"),
        ("AC-2", "They are shown"),
    ]
    assert found["US-1"].priority == "P0"
    assert found["REQ-7"].text == "Plain bullet"
    assert (found["REQ-9"].text, found["REQ-9"].is_must) == ("From a table", True)


def test_a_heading_is_not_stated_again_by_a_list() -> None:
    found = read_requirements(SourceText("## REQ-1: One\n\ntext\n\n## Order\n\n- REQ-1: first\n- REQ-2: then\n"))
    assert [(one.id, one.title) for one in found.requirements] == [("REQ-1", "One"), ("REQ-2", "then")]


def test_numbered_items_count_where_nothing_else_does() -> None:
    assert list(read("## Requirements\n\n1. First\n2. Second\n\n## Other\n\n1. No\n")) == ["1", "2"]
    assert list(read("## Requirements\n\n1. First\n\n### Requirement 4: x\n")) == ["4"]


@pytest.mark.parametrize("text", ["", "# Title\n", "- [ ] **1.1** A task\n", "Prose about REQ-1.\n", "### Phase-1\n"])
def test_documents_without_requirements(text: str) -> None:
    assert read(text) == {}


@pytest.mark.parametrize("text", [REFERENCE, KIRO, SPEC_KIT, OPEN_SPEC, OTHERS])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_change_nothing(text: str, end: str) -> None:
    plain, other = read(text), read(text.replace("\n", end))
    assert list(plain) == list(other)
    for name, one in plain.items():
        assert [c.id for c in one.criteria] == [c.id for c in other[name].criteria]
        assert [(f.label, f.value) for f in one.fields] == [(f.label, f.value) for f in other[name].fields]
        assert one.title == other[name].title


@given(st.data())
def test_any_document_is_read_without_fail_and_nothing_is_lost(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([REFERENCE, KIRO, SPEC_KIT, OPEN_SPEC, OTHERS]))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    raw = (whole[:start] + data.draw(st.text(max_size=5)) + whole[end:]).encode("utf-8", "surrogatepass")
    source = SourceText.from_bytes(raw)
    found = read_requirements(source)
    assert found.source.to_bytes() == raw
    for one in found.requirements:
        assert source.slice(one.id_span) in {one.id, one.id.removeprefix("US")}
        for label in one.fields:
            assert label.span.start <= label.value_span.start <= label.value_span.end <= len(source.text)
        for criterion in one.criteria:
            assert criterion.text.split()[0] in source.slice(criterion.span)


@given(st.text(alphabet="#*- 1.:|[]()REQUSFx\n\t`", max_size=120))
def test_any_text_is_read_without_fail(text: str) -> None:
    source = SourceText(text)
    for one in read_requirements(source).requirements:
        assert source.slice(one.id_span)


@pytest.mark.parametrize(
    ("requirement", "criteria"),
    [
        ("要件1", "受入基準"),
        ("要件 1", "受け入れ基準"),
        ("需求 1", "验收标准"),
        ("요구사항 1", "인수 조건"),
        ("Requisito 1", "Critérios de Aceitação"),
        ("Requisito 1", "Criterios de Aceptación"),
        ("Anforderung 1", "Akzeptanzkriterien"),
        ("Exigence 1", "Critères d'acceptation"),
        ("Требование 1", "Критерии приёмки"),
    ],
)
def test_criteria_in_other_languages(requirement: str, criteria: str) -> None:
    found = read(f"### {requirement}: A\n\nB\n\n#### {criteria}\n\n1. WHEN a THEN b\n2. c\n")["1"]
    assert [one.id for one in found.criteria] == ["1.1", "1.2"]
    found = read(f"### {requirement}: A\n\n**{criteria}:**\n\n1. WHEN a THEN b\n")["1"]
    assert [one.id for one in found.criteria] == ["1.1"]


OWN_NUMBERS = """\
### Req 1: Beds

- 1.1: Two of them
- **1.2** Raked
- [ ] 1.3 Watered

1.4 WHEN it rains THEN wait
1.5. WHEN it stops THEN go on

### REQ-2: Paths

#### Acceptance Criteria

**[new]** The first one is from last year.

1. Straight
2. **2.1a** Even straighter
"""


def test_criteria_that_write_their_requirement_before_their_own_number() -> None:
    found = read(OWN_NUMBERS)
    assert [one.id for one in found["1"].criteria] == ["1.1", "1.2", "1.3", "1.4", "1.5"]
    assert [one.text for one in found["1"].criteria][3:] == ["WHEN it rains THEN wait", "WHEN it stops THEN go on"]
    # The remark between the heading and the list changes nothing, and 2.1a is the second in its list.
    assert [one.id for one in found["REQ-2"].criteria] == ["REQ-2.1", "REQ-2.2"]
