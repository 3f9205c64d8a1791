"""Tools that show plans, called by the official client."""

from __future__ import annotations

from pathlib import Path

from tests.mcp_server.served import PLAN, Served

from milepost.mcp_server.replies import LONGEST_LIST


def test_plans_are_listed_with_their_progress(plan: Path, ask: Served) -> None:
    other = plan.parent / "specs" / "other"
    other.mkdir(parents=True)
    (other / "tasks.md").write_text("# Other\n\n- [x] 1. One\n- [ ] 2. Two\n")
    (other / "broken").mkdir()
    (other / "broken" / "tasks.md").write_text("no task at all\n")
    found = Served(plan.parent, ask.caller)("list_plans").json
    listed = {one["plan"]: one for one in found["plans"]}
    assert sorted(listed) == ["specs/other/broken/tasks.md", "specs/other/tasks.md", "tasks.md"]
    assert listed["specs/other/broken/tasks.md"]["error"] == "no task was found in it"
    assert (listed["specs/other/tasks.md"]["done"], listed["specs/other/tasks.md"]["tasks"]) == (1, 2)
    several = Served(plan.parent, ask.caller)("get_plan").error
    assert several["message"] == "this folder has 3 plans"
    assert (
        "did you mean specs/other/"
        in Served(plan.parent, ask.caller)("get_plan", plan="specs/othr/tasks.md").error["next"]
    )


def test_a_plan_and_its_sections(plan: Path, ask: Served) -> None:
    found = ask("get_plan").json
    assert (found["title"], found["tasks"], found["ready"]) == ("Greeting", 5, 2)  # ready for somebody: 1.1 and 1.2
    assert found["phases"] == [
        {"section": "phase 1", "title": "Words", "done": 0, "tasks": 2},
        {"section": "phase 2", "title": "Program", "done": 0, "tasks": 3},
    ]
    assert [task["id"] for task in ask("get_plan", section="phase 2").json["tasks"]] == ["2.1", "2.2", "2.3"]
    assert ask("get_plan", section="Words").json["tasks"][1]["for"] == "people"
    task = ask("get_plan", section="2.1")
    assert task.json["waits_for"] == ["task 1.1", "Checkpoint 1"]
    assert "- [ ] **2.1** Write the program" in task.text
    assert ask("get_plan", section="checkpoints").json["checkpoints"][0]["state"] == "ahead"
    assert "did you mean 2.3?" in ask("get_plan", section="2.33").error["next"]


def test_the_document_is_read_in_pages_that_make_the_whole(plan: Path, ask: Served) -> None:
    filler = "".join(f"Line {number} of what is only prose, which nobody has to do.\n" for number in range(400))
    plan.write_text(PLAN + "\n" + filler)
    cursor, whole, pages = "", "", 0
    while True:
        found = ask("get_plan", section="document", **({"cursor": cursor} if cursor else {})).text
        assert len(found) <= LONGEST_LIST
        lines = found.split("\n")
        whole += "\n".join(lines[2 : next(n for n, text in enumerate(lines) if text.startswith("</document "))]) + "\n"
        pages += 1
        if not lines[-1].startswith("next_cursor: "):
            break
        cursor = lines[-1].removeprefix("next_cursor: ")
    assert pages > 2
    assert whole == plan.read_text()


def test_findings_are_listed(plan: Path, ask: Served) -> None:
    assert ask("check_plan").json["list"][0]["name"] == "uncovered-requirement"  # REQ-2.1 is served by no task
    plan.write_text(PLAN.replace("**Total Tasks:** 5", "**Total Tasks:** 7"))
    found = {one["name"]: one for one in ask("check_plan").json["list"]}
    assert found["total-mismatch"]["line"] == 5
    assert found["total-mismatch"]["fix"]


def test_requirements_are_traced(plan: Path, ask: Served) -> None:
    assert [gap["id"] for gap in ask("trace_requirement").json["gaps"]] == ["REQ-2.1"]
    found = ask("trace_requirement", requirement="req-1.1")
    assert [task["id"] for task in found.json["tasks"]] == ["1.1"]
    assert "It shall greet politely." in found.text
    assert ask("trace_requirement", requirement="REQ-1.9").error["next"].startswith("did you mean REQ-1.")


def test_a_large_plan_is_answered_in_bounds(plan: Path, ask: Served) -> None:
    """10,000 tasks with titles of 3,000 characters at the worst: every list stays small, and pages give all."""
    size, long = 10_000, "very " * 600
    lines = [
        f"- [ ] **{number // 100 + 1}.{number % 100 + 1}** Do {long if number == 7 else number}\n"
        for number in range(size)
    ]
    phases = [
        f"### **Phase {number + 1}: Part of all that has to be done**\n\n{''.join(lines[number * 100 : number * 100 + 100])}\n"
        for number in range(100)
    ]
    graph = "## Dependencies Between Tasks\n\n```text\n1.1 → 1.2\n```\n"
    plan.write_text(f"# Large - Implementation Plan\n\n{''.join(phases)}{graph}")
    calls: list[tuple[str, dict[str, object]]] = [
        ("next_tasks", {"limit": 500}),
        ("get_plan", {}),
        ("get_plan", {"section": "phase 1"}),
        ("check_plan", {}),
    ]
    answers = ask.all(*calls)
    assert [found.failed for found in answers] == [False] * 4
    assert max(len(found.text) for found in answers) <= LONGEST_LIST
    ready = answers[0].json
    assert ready["ready"] == size - 1  # all but 1.2, which waits for 1.1
    assert max(len(str(task)) for task in ready["tasks"]) <= 1200
    after = ask("next_tasks", limit=500, cursor=ready["next_cursor"]).json
    assert not {task["id"] for task in ready["tasks"]} & {task["id"] for task in after["tasks"]}
    assert len(answers[1].json["phases"]) < 100
    assert answers[1].json["next_cursor"]
