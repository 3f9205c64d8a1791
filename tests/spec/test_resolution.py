from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.plan.grammar.references import read_references
from milepost.plan.model import ReferenceKind
from milepost.source import SourceText, Span
from milepost.spec.requirements import read_requirements
from milepost.spec.resolution import Meaning, RequirementIndex, key_of

REFERENCE = """\
1. **REQ-1.1:** a
2. **REQ-1.2:** b
3. **REQ-1.3:** c

1. **REQ-2.1:** d

- **CONST-1:** e
- **US-001:** f
"""
KIRO = """\
### Requirement 1: One (US-6.1)

#### Acceptance Criteria

1. a
2. b
3. c

### Requirement 2: Two

#### Acceptance Criteria

1. d
"""


NESTED = """\
### Requirement 1: One

#### Acceptance Criteria

1. a
   a. the first half
   b. the second half
2. b
"""


def index(text: str) -> RequirementIndex:
    return RequirementIndex.of([read_requirements(SourceText(text))])


def names(text: str, reference: str) -> list[str]:
    found = index(text).resolve(reference)
    assert (found.meaning is Meaning.REQUIREMENTS) == bool(found.targets)
    return [target.criterion.id if target.criterion else target.requirement.id for target in found.targets]


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("REQ-1.2", ["REQ-1.2"]),
        ("[REQ-1.2]", ["REQ-1.2"]),
        ("`REQ-1.2`", ["REQ-1.2"]),
        ("REQ-1.2 (in part)", ["REQ-1.2"]),
        ("1.2", ["REQ-1.2"]),  # no other sort is numbered 1.2
        ("Requirement 1.2", ["REQ-1.2"]),
        ("REQ-1.x", ["REQ-1.1", "REQ-1.2", "REQ-1.3"]),
        ("REQ-1.*", ["REQ-1.1", "REQ-1.2", "REQ-1.3"]),
        ("REQ-1", ["REQ-1.1", "REQ-1.2", "REQ-1.3"]),
        ("REQ-1.1 - REQ-1.3", ["REQ-1.1", "REQ-1.2", "REQ-1.3"]),
        ("REQ-1.2–REQ-2.1", ["REQ-1.2", "REQ-1.3", "REQ-2.1"]),
        ("REQ-1.1-1.2", ["REQ-1.1", "REQ-1.2"]),
        ("REQ-1.1 to REQ-1.2", ["REQ-1.1", "REQ-1.2"]),
        ("US1", ["US-001"]),
        ("US-1", ["US-001"]),
        ("User Story 1", ["US-001"]),
        ("CONST-1", ["CONST-1"]),
        ("All", ["REQ-1.1", "REQ-1.2", "REQ-1.3", "REQ-2.1", "CONST-1", "US-001"]),
    ],
)
def test_ids_wildcards_ranges_and_stories(reference: str, expected: list[str]) -> None:
    assert names(REFERENCE, reference) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("1.2", ["1.2"]),
        ("1", ["1"]),
        ("REQ-1", ["1"]),
        ("Requirement 2", ["2"]),
        ("R1.3", ["1.3"]),
        ("1.1-1.3", ["1.1", "1.2", "1.3"]),
        ("1.1-3", ["1.1", "1.2", "1.3"]),
        ("1.x", ["1"]),
        ("US-6.1", ["1"]),  # the heading says that this is its other name
        ("US-6.1 AC-2", ["1.2"]),
        ("US-6.1 AC-1 through AC-2", ["1.1", "1.2"]),
        ("Two", ["2"]),
    ],
)
def test_criteria(reference: str, expected: list[str]) -> None:
    assert names(KIRO, reference) == expected


def test_a_bare_criterion_belongs_to_what_was_named_before() -> None:
    found = index(KIRO)
    second = found.requirements[1]
    assert found.resolve("AC-1").meaning is Meaning.ELSEWHERE
    target = found.resolve("AC-1", within=second).targets[0]
    assert target.criterion
    assert target.criterion.id == "2.1"


@pytest.mark.parametrize(
    ("text", "reference", "meaning"),
    [
        (REFERENCE, "REQ-1.4", Meaning.UNKNOWN),
        (REFERENCE, "REQ-3.x", Meaning.UNKNOWN),
        (REFERENCE, "7.1", Meaning.UNKNOWN),
        (KIRO, "1.4", Meaning.UNKNOWN),
        (KIRO, "3.1-3.2", Meaning.UNKNOWN),
        (REFERENCE, "NFR-1", Meaning.ELSEWHERE),  # no NFR is stated here: it may be in another document
        (KIRO, "FR-001", Meaning.ELSEWHERE),
        (REFERENCE, "Documentation standards", Meaning.STANDARD),
        (REFERENCE, "Security and privacy", Meaning.STANDARD),
        (KIRO, "N/A", Meaning.STANDARD),
    ],
)
def test_what_leads_nowhere(text: str, reference: str, meaning: Meaning) -> None:
    assert index(text).resolve(reference).meaning is meaning


def test_placeholders_are_left_alone() -> None:
    assert index(REFERENCE).resolve("[REQ-X.X]", ReferenceKind.PLACEHOLDER).meaning is Meaning.PLACEHOLDER


def test_a_list_is_taken_apart_by_the_plans_reader() -> None:
    text = "REQ-1.1, REQ-1.x and CONST-1; Code standards"
    found = index(REFERENCE)
    meanings = [
        (one.text, found.resolve(one.text, one.kind).meaning) for one in read_references(text, Span(0, len(text)))
    ]
    assert meanings == [
        ("REQ-1.1", Meaning.REQUIREMENTS),
        ("REQ-1.x", Meaning.REQUIREMENTS),
        ("CONST-1", Meaning.REQUIREMENTS),
        ("Code standards", Meaning.STANDARD),
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("US-001", "US1"), ("FR-01", "FR-1"), ("req-1.2", "REQ-1.02"), ("REQ_3", "REQ-3")]
)
def test_spellings_of_one_id(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@given(st.text(max_size=30), st.sampled_from([REFERENCE, KIRO, ""]))
def test_any_reference_means_something(reference: str, text: str) -> None:
    found = index(text).resolve(reference)
    assert (found.meaning is Meaning.REQUIREMENTS) == bool(found.targets)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("1.0", ["1"]),  # the requirement as a whole
        ("1.1a", ["1.1"]),
        ("1.1.b", ["1.1"]),
        ("Req 1.2b", ["1.2"]),
        ("1.1.2", ["1.1"]),
    ],
)
def test_part_of_a_criterion(reference: str, expected: list[str]) -> None:
    assert names(NESTED, reference) == expected


@pytest.mark.parametrize("reference", ["2.0", "1.3", "1.3a", "1.3.1"])
def test_part_of_nothing(reference: str) -> None:
    assert index(NESTED).resolve(reference).meaning is Meaning.UNKNOWN


def test_references_in_one_pair_of_brackets() -> None:
    text = "[1.1, 1.2]"
    found = read_references(text, Span(0, len(text)))
    assert [(one.text, text[slice(*one.span)]) for one in found] == [("1.1", "1.1"), ("1.2", "1.2")]


def test_numbers_that_go_on_from_the_name_of_a_standard() -> None:
    text = "1.1, Findings of test 2, 4 & 5, 1.2"
    found = read_references(text, Span(0, len(text)))
    assert [(one.text, one.kind.name) for one in found] == [
        ("1.1", "REQUIREMENT"), ("Findings of test 2", "STANDARD"), ("4", "STANDARD"), ("5", "STANDARD"),
        ("1.2", "REQUIREMENT"),
    ]  # fmt: skip
    meant = [index(NESTED).resolve(one.text, one.kind).meaning for one in found]
    assert meant == [Meaning.REQUIREMENTS, *[Meaning.STANDARD] * 3, Meaning.REQUIREMENTS]


@pytest.mark.parametrize("reference", ["Requirement 1 - One", "Requirement 1: One", "1 – One and more"])
def test_a_requirement_with_its_title(reference: str) -> None:
    assert names(NESTED, reference) == ["1"]
