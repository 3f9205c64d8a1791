"""No document makes a rule raise; fixes end, repeat nothing, and break nothing."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from milepost.lint.runner import Fixed, check, fix
from milepost.plan.model import Plan, TaskState
from milepost.plan.reader import read_plan
from milepost.source import SourceText

ids = st.sampled_from(["1.1", "1.2", "1.3", "2.1", "2.2", "9.9", "1", "T001", "1.1.1", "[ID]"])
marks = st.sampled_from([" ", "x", "-", "!", ">", "?", ""])
times = st.sampled_from(
    [
        "1 hour",
        "2h (1h-9h)",
        "soon",
        "[Hours]",
        "0 hours",
        "999999999999 weeks",
        "5s",
        "-3 hours",
        "",
        "3 days",
        "1-2 h",
    ]
)
words = st.sampled_from(
    [
        "Saw the boards",
        "~~Saw~~",
        "é🪚木",
        "| a | b |",
        "<!-- milepost: ignore[MP3, nothing] -->",
        "`code",
        "[REQ-X.X]",
        "",
    ]
)
statuses = st.sampled_from(
    [
        "Not Started",
        "In Progress",
        "✅ Done (today)",
        "42% Complete",
        "100%",
        "999%",
        "[Status]",
        "maybe",
        "%",
        "",
        "Blocked",
    ]
)


@st.composite
def task(draw: st.DrawFn) -> str:
    star = draw(st.sampled_from(["", "*"]))
    lines = [f"- [{draw(marks)}]{star} **{draw(ids)}** {draw(words)}"]
    fields = {
        "Estimated": times,
        "Depends": st.lists(ids, min_size=1, max_size=3).map(", ".join),
        "Tier": st.sampled_from(["1", "2", "3", "9", "strong"]),
        "Requirements": st.sampled_from(["REQ-1.1", "[REQ-X.X]", "Standards"]),
    }
    for key in draw(st.lists(st.sampled_from(sorted(fields)), max_size=3)):
        lines.append(f"  - _{key}: {draw(fields[key])}_")
    if draw(st.booleans()):
        lines.append(f"  - [{draw(marks)}] **{draw(ids)}** {draw(words)}")
    return "\n".join(lines)


chains = st.lists(ids, min_size=1, max_size=5).map(" → ".join)
graph = st.tuples(chains, st.integers(0, 12), ids).map(
    lambda parts: (
        f"## Dependencies Between Tasks\n\n```\n{parts[0]}\n{' ' * parts[1]}↓\n{' ' * parts[1]}{parts[2]}\n```"
    )
)
table = st.lists(st.tuples(ids, ids, st.sampled_from(["Tier 1", "Tier 9", "Ann", ""]), statuses), max_size=3).map(
    lambda rows: (
        "## Task Assignment\n\n| Task | Assigned To | Status | Notes |\n|---|---|---|---|\n"
        + "".join(f"| {first}-{last} | {tier} | {status} | |\n" for first, last, tier, status in rows)
    )
)
phase = st.tuples(st.sampled_from("1234Z"), words).map(lambda parts: f"### **Phase {parts[0]}: {parts[1]}**")
checkpoint = st.tuples(
    st.sampled_from(["After Phase 1", "After Phase 9", "After Task 1.2", "Before Completion", "Sanity", ""]), marks
).map(lambda parts: f"### **Checkpoint 1: {parts[0]}**\n- [{parts[1]}] It holds `true`")
claim = st.one_of(
    st.sampled_from(["3", "7 tasks", "[Number]", "12 (2 optional)", ""]).map("**Total Tasks:** {}".format),
    times.map("**Estimated Time:** {}".format),
    statuses.map("**Status:** {}".format),
    st.sampled_from(["[Date]", "yesterday", "2026-01-01", ""]).map("**Last Updated:** {}".format),
    st.sampled_from(["1/2", "9/9 tasks", "0 of 3", "[X/Y tasks complete]", "1/", ""]).map("**Progress:** {}".format),
)
note = st.one_of(
    chains.map("## Notes\n\n- **Critical Path:** Tasks {}".format),
    st.lists(ids, min_size=1, max_size=4).map(lambda names: f"## Notes\n\n- **Parallelizable:** {' and '.join(names)}"),
    st.sampled_from(["0.5x", "2x", "50% more", "0x"]).map("## Notes\n\n- **Escalation:** if it takes > {}".format),
)
ignore = st.sampled_from(
    [
        "<!-- milepost: ignore[MP6] -->",
        "<!-- milepost: ignore-file[ALL] -->",
        "<!-- milepost: ignore[] -->",
        "~~~",
        "```",
    ]
)
documents = st.tuples(
    st.lists(st.one_of(task(), task(), phase, graph, table, checkpoint, claim, note, ignore), max_size=14),
    st.sampled_from(["\n", "\n\n", "\r\n\r\n", "\r"]),
).map(lambda parts: "# [Feature Name] - Implementation Plan\n\n" + parts[1].join(parts[0]) + "\n")

CAPACITIES = {1: 1, 2: 2, 3: 4}


def read(text: str) -> Plan:
    return read_plan(SourceText(text))


def fixed(plan: Plan, *, unsafe: bool) -> Fixed:
    return fix(plan, select=["ALL"], capacities=CAPACITIES, unsafe=unsafe)


@given(documents)
@settings(max_examples=150, deadline=None)
@example("- [ ] **1.1** Saw\n  - _Estimated: 999999999999 weeks_\n  - _Depends: 1.1_\n")
def test_no_plan_makes_a_rule_raise(text: str) -> None:
    plan = read(text)
    findings = check(plan, select=["ALL"], capacities=CAPACITIES)
    assert findings == check(plan, select=["ALL"], capacities=CAPACITIES)
    assert [found.span.start for found in findings] == sorted(found.span.start for found in findings)
    assert len(set(findings)) == len(findings)
    assert all(0 <= found.span.start <= found.span.end <= len(text) for found in findings)


@given(st.text(alphabet="-[]x *_1.2→↓|`#<!->\n\té木\udcff:", max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_a_rule_raise(text: str) -> None:
    check(read(text), select=["ALL"], capacities=CAPACITIES)


@given(documents)
@settings(max_examples=150, deadline=None)
def test_fixed_findings_are_gone_and_bring_no_new_ones(text: str) -> None:
    plan = read(text)
    before = Counter(found.name for found in check(plan, capacities=CAPACITIES))
    result = fix(plan, capacities=CAPACITIES)
    after = Counter(found.name for found in result.remaining)
    assert not after - before
    assert not [found for found in result.remaining if found.fix and found.fix.safety == "safe"]
    assert result.applied or result.source.text == text


@pytest.mark.parametrize("unsafe", [False, True])
@given(text=documents)
@settings(max_examples=100, deadline=None)
def test_fixing_twice_is_fixing_once(unsafe: bool, text: str) -> None:
    once = fixed(read(text), unsafe=unsafe)
    twice = fixed(once.plan, unsafe=unsafe)
    assert twice.source.text == once.source.text
    assert not twice.applied


@given(documents)
@settings(max_examples=100, deadline=None)
def test_safe_fixes_keep_what_the_plan_demands(text: str) -> None:
    before = read(text)
    after = fix(before, select=["ALL"], capacities=CAPACITIES).plan

    def links(plan: Plan) -> set[tuple[str, str]]:
        return {(link.predecessor, link.successor) for link in plan.dependencies}

    assert links(after) == links(before)
    assert tasks(after) == tasks(before)


def tasks(plan: Plan) -> list[tuple[str, TaskState, int]]:
    """What a run reads of the tasks; a box with nothing in it, which counts as open, may become an open one."""
    return [
        (
            task.id,
            TaskState.NOT_STARTED if task.state is TaskState.UNKNOWN else task.state,
            task.effort.likely if task.effort else 0,
        )
        for task in plan.tasks
    ]
