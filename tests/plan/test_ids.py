"""Ids, lists and ranges."""

import pytest

from milepost.plan.grammar.ids import IdIndex, find_ids, is_id, read_id_list

INDEX = IdIndex.of(
    ["1.1", "1.2", "2.1", "2.2", "2.3", "3", "T001", "T002", "T003", "T029a", "T054b-1", "TASK-001"],
    {"2": ("2.1", "2.2", "2.3")},
)


@pytest.mark.parametrize(
    "text",
    ["1", "1.1", "2.3.4", "T001", "T029a", "T054b-1", "TASK-001", "REQ-1.2", "task-190.1", "9b.1", "3A.2", "S.2"],
)
def test_what_an_id_is(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "a", "1.", ".1", "1..2", "v1.2.x", "T001-T003", "1 1", "1.2-1.3"])
def test_what_no_id_is(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("1.1", "1.1"),
        ("1.1, 2.3", "1.1 2.3"),
        ("1.1 and 2.3", "1.1 2.3"),
        ("1.1 & 2.3", "1.1 2.3"),
        ("{T001,T002 [P]}", "T001 T002"),
        ("**2.1**, `2.2`", "2.1 2.2"),
        ("2.1-2.3", "2.1 2.2 2.3"),
        ("2.1 – 2.3", "2.1 2.2 2.3"),
        ("T001–T003", "T001 T002 T003"),
        ("T001-003", "T001 T002 T003"),  # the shortened end takes the stem of the first id
        ("1.2 to 2.1", "1.2 2.1"),  # neighbours in document order
        ("Tasks 1.1-1.2, 3", "1.1 1.2 3"),
        ("Phase 2", "2.1 2.2 2.3"),
        ("2.x", "2.1 2.2 2.3"),
        ("TASK-001", "TASK-001"),
        ("T029a; T054b-1", "T029a T054b-1"),
        ("2.1, whatever 2.2", "2.1"),  # a list ends at the first other word
        ("Python 3.11", ""),
        ("all the rest", ""),
        ("T001 + 2 weeks of use", "T001"),  # an amount of time is no task
    ],
)
def test_lists_and_ranges(text: str, ids: str) -> None:
    found = read_id_list(text, INDEX)
    assert list(found.ids) == ids.split()
    assert found.unknown == ()


def test_the_number_of_a_group_stands_for_its_tasks() -> None:
    found = read_id_list("1, 2, 4", INDEX)
    assert list(found.ids) == ["1.1", "1.2", "2.1", "2.2", "2.3"]
    assert [ref.id for ref in found.unknown] == ["4"]


def test_all_means_all() -> None:
    assert read_id_list("all tasks", INDEX).ids == tuple(INDEX.order)


def test_a_range_with_an_unknown_end_keeps_what_is_known() -> None:
    found = read_id_list("1.1-9.9", INDEX)
    assert [ref.id for ref in found.known] == ["1.1"]
    assert [ref.id for ref in found.unknown] == ["9.9"]


def test_spans_point_at_what_is_written() -> None:
    text = "after 1.1, 2.1-2.3."
    found = read_id_list(text, INDEX, 6)
    assert [text[ref.span.start : ref.span.end] for ref in found.known] == ["1.1", "2.1-2.3", "2.1-2.3", "2.1-2.3"]
    assert found.end == len(text) - 1


def test_finding_ids_in_prose() -> None:
    assert [ref.id for ref in find_ids("see T001 and REQ-1.2, not v1.2b3 or 3.11.x")] == ["T001", "REQ-1.2"]


def test_likeness_of_ids() -> None:
    assert INDEX.shaped_like_ours("7.9")
    assert INDEX.shaped_like_ours("T777")
    assert not INDEX.shaped_like_ours("SHA-256")
