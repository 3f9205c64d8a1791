"""Reading never fails, and never costs a byte."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milepost.plan.dialects import DIALECTS
from milepost.plan.model import Plan
from milepost.plan.reader import read_plan
from milepost.source import SourceText, Span, apply

EXAMPLE = (Path(__file__).parent.parent / "fixtures" / "plans" / "star-chart.md").read_text("utf-8")

PIECES = [
    "# ", "## Phase 1: A\n", "### **Phase 2** - B", "## Dependencies\n", "## Task Assignment\n", "## Notes\n", "## Checkpoints\n",
    "### Checkpoint 1: After Phase 1-9\n", "### Checkpoint: After Task 1.1\n", "- [ ] ", "- [x] **1.1** ", "* [?] 1.2 ", "- [] ",
    "1. [-] T001 ", "**1.1**", "  - ", "    ", "\t", "\n", "\r\n", "\r", "\n\n", "> ", "```\n", "```mermaid\ngraph TD\n", "1.1 --> 1.2\n",
    "1.1 → 1.2", "   ↓\n", " ├─→ 1.2\n", "_Estimated: 2h_", "_Depends: 1.1, 1.2 (SS+1h)_", "_Run: a_b_ ", "_Requirements: [REQ-X.X], 1.2_",
    "_Complexity: 99_ _Risk: x_", "_", "**Status:** ", "**Critical Path:** 1.1 → 9.9", "**Parallelizable:** 1.1; 1.2. 3", "**Escalation:** > 2x",
    "| Task | Tier | Status |\n|--|--|--|\n", "| 1.1-1.2 | Tier 2 | x |\n", "|", "`pytest -q`", "[Date]", "~~", "---\n", "- - - - ", "中文", "🔭",
    "\udcff", "\u2028", "\x00", "[a]: b\n", "<!-- ", "</div>", "\\", "999999999999999999999999. ", "((((", "1.1-1.1-1.1",
]  # fmt: skip

fragments = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=40).map("".join)


def spans(value: object) -> list[Span]:
    """Every span in a plan, however deep."""
    if isinstance(value, Span):
        return [value]
    if isinstance(value, tuple):
        return [span for part in value for span in spans(part)]
    slots = getattr(type(value), "__slots__", None) or (list(vars(value)) if isinstance(value, Plan) else [])
    if isinstance(value, SourceText):
        return []
    return [span for name in slots for span in spans(getattr(value, name))]


@given(st.binary(max_size=400))
def test_any_bytes_survive(raw: bytes) -> None:
    source = SourceText.from_bytes(raw)
    assert source.to_bytes() == raw
    assert apply(source, []) is source


@given(fragments, st.sampled_from([None, *(dialect.name for dialect in DIALECTS)]))
@settings(max_examples=300)
def test_any_text_is_read_without_fail(text: str, dialect: str | None) -> None:
    source = SourceText(text)
    plan = read_plan(source, dialect)
    assert plan.source is source
    assert all(0 <= span.start <= span.end <= len(text) for span in spans(plan))
    known = set(plan.by_id)
    assert all({d.predecessor, d.successor} <= known for d in plan.dependencies)
    assert all(set(row.tasks) <= known for row in plan.assignments)
    assert all(task.checkbox is None or source.slice(task.checkbox.span) == task.checkbox.mark for task in plan.tasks)


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_plan_is_read_without_fail(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(EXAMPLE)))
    end = data.draw(st.integers(start, min(start + 200, len(EXAMPLE))))
    text = EXAMPLE[:start] + data.draw(fragments) + EXAMPLE[end:]
    plan = read_plan(SourceText(text))
    for observation in plan.observations:
        apply(plan.source, observation.edits)


@pytest.mark.parametrize(
    "text",
    ["- " * 3000 + "[ ] **1.1** a", "".join("  " * n + f"- [ ] **{'1.' * n}1** a\n" for n in range(300)), "> " * 3000 + "- [ ] a",
     "[" * 20000, "`" * 20001, "_a: " * 5000, "1.1 → " * 5000, "**" * 10000, "|" * 20000, "1" * 20000, " " * 20000 + "!", "│" * 20000],
    ids=["bullets", "tasks", "quotes", "brackets", "ticks", "fields", "arrows", "stars", "pipes", "digits", "blanks", "wires"],
)  # fmt: skip
def test_deep_and_long_texts_are_read_without_fail(text: str) -> None:
    wrapped = f"- [ ] **1.1** a\n  - {text}\n\n## Dependencies\n\n{text}\n"
    for variant in (text, wrapped, wrapped.replace("1.1 → ", "1.1 →\n")):
        read_plan(SourceText(variant))
