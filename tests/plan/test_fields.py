"""Fields, references and commands inside the text of a plan."""

import pytest

from milepost.plan.grammar.commands import read_command, split_trailing_command
from milepost.plan.grammar.fields import read_fields
from milepost.plan.grammar.references import read_references
from milepost.source import Span


def whole(text: str) -> Span:
    return Span(0, len(text))


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("_Estimated: 2 hours_", [("Estimated", "2 hours")]),
        ("*Estimated: 2 hours*", [("Estimated", "2 hours")]),
        ("_Run: python -m my_pkg.tool --x_y_", [("Run", "python -m my_pkg.tool --x_y")]),
        ("_Run: `echo *a* _b_`_", [("Run", "`echo *a* _b_`")]),
        ("_Complexity: 6_ _Ambiguity: 4_ _Risk: 5_", [("Complexity", "6"), ("Ambiguity", "4"), ("Risk", "5")]),
        ("_Optional_ _Tier: 2_", [("Optional", ""), ("Tier", "2")]),
        ("_Run: sh a_ _b: c_", [("Run", "sh a_ _b: c")]),  # "b" is no field, so the underscores belong to the command
        ("_Requirements: REQ-1,\n  REQ-2_", [("Requirements", "REQ-1, REQ-2")]),
        ("_Due:_", [("Due", "")]),
        ("_Note: any key is a field_", [("Note", "any key is a field")]),
        ("_just words_", []),
        ("_Estimated: 2 hours", []),
        ("_Estimated: 2 hours_ or so", []),
        ("__Estimated: 2 hours__", []),
        ("Estimated: 2 hours", []),
        ("_", []),
    ],
)
def test_fields(text: str, fields: list[tuple[str, str]]) -> None:
    found = read_fields(text, whole(text))
    assert [(field.key, field.value) for field in found] == fields
    for field in found:
        assert " ".join(text[slice(*field.value_span)].split()) == field.value
        assert text[field.span.start] == text[field.span.end - 1]


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("REQ-1.1, REQ-2.3", "REQ-1.1:requirement REQ-2.3:requirement"),
        ("1.2 and 2.3", "1.2:requirement 2.3:requirement"),
        ("FR-003", "FR-003:requirement"),
        ("[US1]; US-002", "US1:story US-002:story"),
        ("REQ-1.x", "REQ-1.x:wildcard"),
        ("[REQ-X.X]", "[REQ-X.X]:placeholder"),
        ("Safety and privacy", "Safety_and_privacy:standard"),  # one standard, no list
        ("", ""),
    ],
)
def test_references(text: str, references: str) -> None:
    found = read_references(text, whole(text))
    assert [f"{r.text.replace(' ', '_')}:{r.kind.value}" for r in found] == references.split()


@pytest.mark.parametrize(
    ("text", "words", "command"),
    [
        ("All tests pass `pytest -q`", "All tests pass", "pytest -q"),
        ("Check: `make all`.", "Check", "make all"),
        ("Only `this` in `the end`", "Only `this` in", "the end"),
        ("`make`", "make", "make"),
        ("``echo `date` ``", "echo `date`", "echo `date`"),
        ("The `api` is stable", "The `api` is stable", None),
        ("A lone ` tick `", "A lone", "tick"),
        ("No code", "No code", None),
        ("Empty ` `", "Empty ` `", None),
    ],
)
def test_trailing_commands(text: str, words: str, command: str | None) -> None:
    found = split_trailing_command(text, whole(text))
    assert found.text == words
    assert (found.command and found.command.text) == command
    if found.command:
        assert text[slice(*found.command.span)] == command


def test_backticks_around_a_stated_command_are_no_part_of_it() -> None:
    for text, command in (("pytest -q", "pytest -q"), ("`pytest -q`", "pytest -q"), ("echo `date` `id`", None)):
        found = read_command(text, whole(text))
        assert found is not None
        assert found.text == (command or text)
    assert read_command("  ", whole("  ")) is None
