from __future__ import annotations

import pytest

from milepost.lint.claims import groups
from milepost.plan.model import Claim, ClaimKind
from milepost.source import Span


@pytest.mark.parametrize(
    ("text", "tasks", "expected"),
    [
        ("Tasks 3.1 and 3.2 can be done in parallel", "3.1 3.2", ["3.1 3.2"]),
        ("2.1 → 2.2 → 2.3 (must be done in order)", "2.1 2.2 2.3", ["2.1 2.2 2.3"]),
        ("**3.1**, `3.2` & 3.3", "3.1 3.2 3.3", ["3.1 3.2 3.3"]),
        # A semicolon, a full stop or other words start a new statement.
        ("3.1 and 3.2; 4.1 and 4.2", "3.1 3.2 4.1 4.2", ["3.1 3.2", "4.1 4.2"]),
        ("3.1, 3.2. Also 4.1, 4.2", "3.1 3.2 4.1 4.2", ["3.1 3.2", "4.1 4.2"]),
        # Commas between pairs separate the pairs, but not the members of one plain list.
        ("3.1 and 3.2, 4.1 and 4.2", "3.1 3.2 4.1 4.2", ["3.1 3.2", "4.1 4.2"]),
        ("3.1, 3.2 and 3.3", "3.1 3.2 3.3", ["3.1 3.2 3.3"]),
        ("(3.1, 3.2), (4.1, 4.2)", "3.1 3.2 4.1 4.2", ["3.1 3.2", "4.1 4.2"]),
        # What a range leaves unwritten belongs to its ends; a comma behind a range may separate.
        ("3.1-3.3", "3.1 3.2 3.3", ["3.1 3.2 3.3"]),
        ("3.1-3.3, 4.1", "3.1 3.2 3.3 4.1", ["3.1 3.2 3.3", "4.1"]),
        # Conditions belong to no group, wherever they stand.
        ("3.1 and 3.2 (after 2.3)", "3.1 3.2 2.3", ["3.1 3.2"]),
        ("After 2.3, tasks 3.1 and 3.2", "2.3 3.1 3.2", []),
        ("once 2.3 is done: 3.1, 3.2", "2.3 3.1 3.2", ["3.1 3.2"]),
        # The reader gives one claim for each statement of the sentence; what came before is another statement.
        ("3.1 and 3.2 (after 2.3); 4.1 and 4.2", "4.1 4.2", ["4.1 4.2"]),
        ("none", "", []),
    ],
)
def test_a_sentence_falls_into_the_groups_it_speaks_of(text: str, tasks: str, expected: list[str]) -> None:
    claim = Claim(ClaimKind.PARALLELIZABLE, text, Span(0, 0), Span(0, 0), tuple(tasks.split()))
    assert [" ".join(group) for group in groups(claim)] == expected


def test_one_id_is_not_found_inside_another() -> None:
    claim = Claim(ClaimKind.PARALLELIZABLE, "1.10 and 1.1", Span(0, 0), Span(0, 0), ("1.10", "1.1"))
    assert groups(claim) == [("1.10", "1.1")]
