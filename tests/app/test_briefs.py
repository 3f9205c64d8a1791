"""What a brief takes from a plan, from the documents beside it, and from what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from milepost.app.brief_shelf import BriefShelf
from milepost.app.briefs import write_brief
from milepost.app.plans import load_plan
from milepost.execution.policy import TaskSpec, Wait
from milepost.execution.records import Attempt, TaskRecord, TaskStatus
from milepost.execution.state import RunState

PLAN = """# Login - Implementation Plan

> **Purpose:** People sign in.

**Total Tasks:** 2
**Status:** Not Started

Use the `Database` wrapper, never raw SQL.

```text
not prose
```

## Task Breakdown

### **Phase 1: Core**

Everything here has tests next to it.

- [ ] **1.1** Store hashes
  - Use scrypt
  - [x] pick a library
    - of this decade
  - _Requirements: REQ-1.1_
  - _Estimated: 3 hours_
  - _Files: hashes.py_
  - _Due: 2026-12-01_

  The signature is:

  ```python
  def hash_password(password: str) -> str:
      ...
  ```

  Beware: the old hashes are MD5.

### **Phase 2: Page**

- [ ] **2.1** The page
  - _Depends: 1.1_

---

**Progress:** 0/2 tasks complete
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "tasks.md").write_text(PLAN)
    (tmp_path / "requirements.md").write_text("1. **REQ-1.1:** It shall store hashes.\n")
    (tmp_path / "design.md").write_text("# Hashing\n\n`hashes.py` has two functions.\n")
    return str(tmp_path / "tasks.md")


def brief(path: str, state: RunState, task: str, *printed: str) -> str:
    around = BriefShelf(path).around(0.0, lambda task, attempt_no: printed)
    return write_brief(load_plan(path), state, state.tasks[task], around)


def state_of(*records: TaskRecord) -> RunState:
    state = RunState()
    state.tasks.update({record.spec.id: record for record in records})
    return state


def test_a_task_is_told_in_the_words_of_its_plan(path: str) -> None:
    told = brief(path, state_of(TaskRecord(TaskSpec("1.1", "Store hashes", 3), 3)), "1.1")
    assert (
        "## What to do\n\n"
        "- Use scrypt\n"
        "- [x] pick a library\n"
        "  - of this decade\n"
        "- _Due: 2026-12-01_\n\n"
        "The signature is:\n\n"
        "```python\ndef hash_password(password: str) -> str:\n    ...\n```\n\n"
        "Beware: the old hashes are MD5.\n"
    ) in told
    assert "## What holds for its phase\n\nEverything here has tests next to it.\n" in told
    assert "## What holds for the whole plan\n\nUse the `Database` wrapper, never raw SQL.\n\n##" in told
    assert "- REQ-1.1: It shall store hashes." in told
    assert "`hashes.py` has two functions." in told
    assert "not prose" not in told


def test_results_are_told_by_notes_or_by_what_agents_answered(path: str) -> None:
    before = TaskRecord(TaskSpec("1.1", "Store hashes", 3, files=("hashes.py",)), 3, TaskStatus.DONE)
    before.attempts = [Attempt(1, 3, "Tier 3", 0.0, None)]
    before.attempts[0].evidence = {"report": "They are in hashes.py.", "session": "s"}
    after = TaskRecord(TaskSpec("2.1", "The page", 3, waits=(Wait("1.1"),)), 3)
    told = brief(path, state_of(before, after), "2.1")
    assert "- 1.1 Store hashes [hashes.py]: done: They are in hashes.py." in told


def test_what_an_agent_tried_is_told_by_its_answer_and_by_what_failed(path: str) -> None:
    record = TaskRecord(TaskSpec("1.1", "Store hashes", 3), 3)
    tried = Attempt(1, 3, "Tier 3", 0.0, None)
    tried.outcome, tried.reason = "failed", "verification `make test` ended with exit code 1"
    tried.evidence = {
        "report": "I wrote it.",
        "verify": [{"command": "make test", "exit_code": 1, "output": "test_salt: it is empty"}],
    }
    record.attempts = [tried]
    told = brief(path, state_of(record), "1.1", '{"type": "system"}')
    assert "  - it said: I wrote it.\n  - `make test` printed: test_salt: it is empty\n" in told
    assert "system" not in told  # the agent's log is for programs


def test_documents_that_change_are_read_again(path: str) -> None:
    shelf = BriefShelf(path)
    assert len(shelf.around(0.0, lambda task, attempt_no: ()).requirements) == 1
    assert shelf.around(1.0, lambda task, attempt_no: ()).design is shelf.around(2.0, lambda t, n: ()).design
    (Path(path).parent / "design.md").unlink()
    assert shelf.around(3.0, lambda task, attempt_no: ()).design == []


def test_a_task_of_another_format_is_told_as_it_stands_there(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_text('{"tasks": [{"id": 1, "title": "Dig", "status": "pending", "details": "Two metres deep."}]}')
    told = brief(str(path), state_of(TaskRecord(TaskSpec("1", "Dig", 3), 3)), "1")
    assert '"details": "Two metres deep."' in told
    assert "whole plan" not in told
