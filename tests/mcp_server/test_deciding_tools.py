"""Tools for what is decided about a plan, called by the official client."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.mcp_server.served import PLAN, Served, trust

from milepost.bootstrap import open_project


@pytest.fixture
def due(plan: Path, ask: Served) -> Path:
    """The plan with its first task done, so that its checkpoint is due."""
    ask("claim_task")
    ask("complete_task", task="1.1", attempt_no=1)
    return plan


def test_a_checkpoint_is_judged_by_its_commands(due: Path, ask: Served) -> None:
    assert ask("checkpoint", action="run").error["code"] == "not-trusted"
    trust(due)
    failed = ask("checkpoint", action="run").json
    assert [one["status"] for one in failed["criteria"]] == ["failed", "pending"]
    (due.parent / "words.txt").write_text("hello")
    passed = ask("checkpoint", action="run", checkpoint="Checkpoint 1").json
    assert [one["status"] for one in passed["criteria"]] == ["passed", "pending"]
    assert "- [x] Words are there" in due.read_text()


def test_a_checkpoint_that_is_not_due(plan: Path, ask: Served) -> None:
    assert "is not due yet: it waits for task 1.1" in ask("checkpoint", action="run", checkpoint="1").error["message"]
    assert ask("checkpoint", action="run").error["message"] == "`checkpoint` is missing; due now: none"
    assert ask("checkpoint", checkpoint="9").error["next"] == "it has: Checkpoint 1"


def test_an_agent_cannot_approve_unless_it_may(due: Path, ask: Served) -> None:
    trust(due)
    (due.parent / "words.txt").write_text("hello")
    ask("checkpoint", action="run")
    asked = ask("checkpoint", action="request_approval").json
    assert (asked["state"], asked["criteria"]) == ("waits for a person", ["Somebody likes them"])
    assert "milepost approve" in asked["next"]
    assert not open_project(str(due)).peek_run().checkpoints["checkpoint-1"].passed
    approved = ask.as_("chief", "approve")("checkpoint", action="request_approval", comment="nice words").json
    assert approved["state"] == "passed"
    criterion = open_project(str(due)).peek_run().checkpoints["checkpoint-1"].criteria[1]
    assert (criterion.by, criterion.evidence["comment"]) == ("chief", "nice words")
    assert [task["id"] for task in ask("next_tasks").json["tasks"]] == ["2.1", "2.2"]


def test_people_are_asked_for_approval_once_by_the_configured_command(due: Path, ask: Served) -> None:
    trust(due)
    (due.parent / "words.txt").write_text("hello")
    ask("checkpoint", action="run")
    assert ask("checkpoint", action="request_approval").json["notified"] is False
    pipe = due.parent / "told"
    os.mkfifo(pipe)
    settings = due.parent / "milepost.toml"
    settings.write_text(settings.read_text() + f"""\n[notify]\ncommand = 'echo "$MILEPOST_MESSAGE" > {pipe}'\n""")
    twice = [("checkpoint", {"action": "request_approval"})] * 2
    assert [answer.json["notified"] for answer in ask.all(*twice)] == [True, True]
    told = pipe.read_text()  # waits for the command; the second would stand behind the first
    assert told == "Checkpoint 1 waits for approval (asked by ada): Somebody likes them\n"


def test_who_may_not_approve_never_does(plan: Path, ask: Served) -> None:
    assert ask("checkpoint", action="request_approval", checkpoint="1").json["next"] == "it is not due yet"
    assert not any(item.passed for item in open_project(str(plan)).peek_run().checkpoints.values())


def test_an_edit_is_shown_then_written_without_touching_the_rest(plan: Path, ask: Served) -> None:
    plan.write_bytes(PLAN.replace("\n", "\r\n").encode())
    edits = [{"old": "Write the manual", "new": "Write a short manual"}]
    shown = ask("edit_plan", edits=edits)
    assert shown.json["applied"] is False
    assert "+- [ ] **2.2** Write a short manual" in shown.text
    assert b"short" not in plan.read_bytes()
    token = shown.json["next"].rsplit("`", 2)[1]
    assert ask("edit_plan", edits=edits, confirm=token).json["applied"] is True
    assert plan.read_bytes() == PLAN.replace("the manual", "a short manual").replace("\n", "\r\n").encode()


def test_an_edit_is_refused_if_the_file_changed_meanwhile(plan: Path, ask: Served) -> None:
    edits = [{"old": "Write the manual", "new": "Write a manual"}]
    token = ask("edit_plan", edits=edits).json["next"].rsplit("`", 2)[1]
    changed = PLAN.replace("Say goodbye", "Say farewell")
    plan.write_text(changed)
    refused = ask("edit_plan", edits=edits, confirm=token).error
    assert refused["code"] == "document-changed"
    assert "call again without confirm" in refused["next"]
    other = [{"old": "Write the program", "new": "Write a program"}]
    fresh = ask("edit_plan", edits=edits).json["next"].rsplit("`", 2)[1]
    assert ask("edit_plan", edits=other, confirm=fresh).error["code"] == "document-changed"
    assert plan.read_text() == changed


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("- [ ] **1.1**", "- [x] **1.1**", "refused", "would change the state of task 1.1"),
        ("- [ ] **1.1**", "- [x] **0.9** Before\n- [ ] **1.1**", "refused", "would change the state of task 0.9"),
        ("_Depends: 2.1, 2.2_", "_Depends: 2.1, 2.9_", "plan-invalid", "new errors: [unknown-task]"),
        ("_Depends: 1.1_", "", "usage", "more than once"),
        ("Write the handbook", "", "usage", "the plan does not say `Write the handbook`"),
        ("Write the manual", "Write the manual", "usage", "the same as before"),
        ("", "new", "usage", "`old` is empty"),
    ],
)
def test_edits_that_cannot_be(plan: Path, ask: Served, old: str, new: str, code: str, message: str) -> None:
    refused = ask("edit_plan", edits=[{"old": old, "new": new}]).error
    assert refused["code"] == code
    assert message in refused["message"]
    assert plan.read_text() == PLAN


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- [ ] Somebody likes them\n", "", "would change Checkpoint 1"),
        ("- [ ] Somebody likes them", "- [x] Somebody likes them", "would change Checkpoint 1"),
        ("`test -f words.txt`", "`true`", "would change Checkpoint 1"),
        ("After Task 1.1", "Before Completion", "would change Checkpoint 1"),
        ("  - _Owner: human_\n", "", "would change who does task 1.2"),
        ("- [ ] **1.2** Ask a poet\n  - _Estimated: 2 hours_\n  - _Owner: human_", "- [ ] **1.3** Ask", "task 1.2"),
        ("  - _Verify: test -f program.txt_\n", "", "or what verifies it"),
    ],
)
def test_an_agent_cannot_edit_away_what_guards_its_work(
    plan: Path, ask: Served, old: str, new: str, message: str
) -> None:
    edits = [{"old": old, "new": new}]
    refused = ask("edit_plan", edits=edits).error
    assert message in refused["message"]
    assert "that is for people" in refused["next"]
    assert not ask.as_("chief", "approve")("edit_plan", edits=edits).failed


def test_an_agent_may_add_what_guards_its_work(ask: Served) -> None:
    edits = [
        {"old": "- [ ] Somebody likes them", "new": "- [ ] Somebody likes them\n- [ ] Everybody likes them"},
        {"old": "  - Say goodbye\n", "new": "  - Say goodbye\n  - _Verify: test -s words.txt_\n"},
    ]
    assert not ask("edit_plan", edits=edits).failed


def test_edits_of_another_shape(ask: Served) -> None:
    assert "exactly `old` and `new`" in ask("edit_plan", edits=[{"old": "x"}]).error["message"]
    assert "exactly `old` and `new`" in ask("edit_plan", edits=["x"]).error["message"]
    assert ask("edit_plan", edits=[]).error["message"] == "nothing is to be changed"


def test_schedule_forecast_and_what_if(ask: Served) -> None:
    # 1.1 (2h) → 2.1 and 2.2 (2h, at once) → 2.3 (2h); 1.2 beside them.
    found = ask("get_schedule").json
    assert found["makespan_seconds"] == 6 * 3600
    assert found["effort_seconds"] == 10 * 3600
    rows = {row["id"]: row for row in ask("get_schedule", view="tasks").json["tasks"]}
    assert (rows["2.3"]["start"], rows["2.3"]["finish"], rows["1.2"]["float"]) == (4 * 3600, 6 * 3600, 4 * 3600)
    forecast = ask("get_schedule", view="forecast", deadline="1000h").json
    assert forecast["deadline"] == {"seconds": 3_600_000, "odds": 1.0}
    assert [one["percent"] for one in forecast["percentiles"]] == [10, 50, 80, 95]
    compared = ask("get_schedule", what_if={"tiers": {"3.capacity": 1}, "without": ["1.2"]}).json
    # One after the other, without 1.2: four tasks of two hours.
    assert (compared["before"]["makespan_seconds"], compared["after"]["makespan_seconds"]) == (6 * 3600, 8 * 3600)


@pytest.mark.parametrize(
    ("what_if", "message"),
    [
        ({"tier": {"3": 1}}, "`what_if` is not understood"),
        ({"tiers": {"three": 1}}, "`what_if` is not understood"),
        ({"efforts": {"2.1": "soon"}}, "`what_if` is not understood"),
        ({"without": ["9.9"]}, "the plan has no task 9.9"),
        ({}, "nothing is to change"),
    ],
)
def test_what_if_of_nothing_that_is_there(ask: Served, what_if: dict[str, object], message: str) -> None:
    assert ask("get_schedule", what_if=what_if).error["message"] == message
