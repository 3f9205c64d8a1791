"""New spec folders: a plan in the reference format with its requirements and its design, to be filled in.

What is in square brackets is a placeholder, which the checker reports until somebody fills it in. All else holds from
the start: totals, the critical path, what can be done in parallel.
"""

from __future__ import annotations


def spec_files(title: str, today: str = "[Date]") -> dict[str, str]:
    """Give the texts of a new spec folder by file name, in the order people read them; ``today`` is their date."""
    templates = {"requirements.md": _REQUIREMENTS, "design.md": _DESIGN, "tasks.md": _TASKS}
    return {name: text.replace("{title}", title).replace("{today}", today) for name, text in templates.items()}


_REQUIREMENTS = """\
# {title} - Requirements

> **Purpose:** [Who needs this, and what for]

---

## Functional Requirements

### 1. [First Concern]

1. **REQ-1.1:** The system shall [Do Something].
   - **Given** [Starting Point]
   - **When** [Event]
   - **Then** [Outcome]
   - **Priority:** Must
2. **REQ-1.2:** The system shall [Do Something Else].
   - **Priority:** Should

### 2. [Second Concern]

1. **REQ-2.1:** The system shall [Do Something].
   - **Priority:** Must

---

## Constraints

- **CONST-1:** [What limits the solution]
"""

_DESIGN = """\
# {title} - Design

> **Purpose:** How the requirements are met, and why in this way.

---

## Parts

| Part | Does | Serves |
|------|------|--------|
| [First Part] | [Its Job] | REQ-1.1, REQ-1.2 |
| [Second Part] | [Its Job] | REQ-2.1 |

## Decisions

- **[Decision]:** [Reason, and what was turned down]

## How it is tested

- [What proves that it works]
"""

_TASKS = """\
# {title} - Implementation Plan

> **Purpose:** [What the feature is for]

---

## Task Overview

**Total Tasks:** 7\x20\x20
**Estimated Time:** 11 hours\x20\x20
**Status:** Not Started

---

## Task Breakdown

### **Phase 1: Setup**

- [ ] **1.1** Prepare the workspace
  - Tools, configuration, an empty test suite that runs
  - _Requirements: CONST-1_
  - _Estimated: 1 hour_

### **Phase 2: Core**

- [ ] **2.1** Build [First Part]
  - Write it together with its unit tests
  - _Requirements: REQ-1.1, REQ-1.2_
  - _Estimated: 3 hours_

- [ ] **2.2** Build [Second Part]
  - Write it together with its unit tests
  - _Requirements: REQ-2.1_
  - _Estimated: 2 hours_

### **Phase 3: Integration**

- [ ] **3.1** Connect the parts
  - Errors at the seams
  - _Requirements: REQ-1.1, REQ-2.1_
  - _Estimated: 2 hours_

- [ ] **3.2** Test from end to end
  - One test for each requirement
  - _Requirements: REQ-1.1, REQ-1.2, REQ-2.1_
  - _Estimated: 1 hour_

### **Phase 4: Completion**

- [ ] **4.1** Write the documentation
  - _Requirements: Documentation standards_
  - _Estimated: 1 hour_

- [ ] **4.2** Review
  - _Requirements: Code standards_
  - _Estimated: 1 hour_

---

## Checkpoints

### **Checkpoint 1: After Phase 2**
- [ ] All unit tests pass
- [ ] Both parts do what the design says

### **Checkpoint 2: Before Completion**
- [ ] All tests pass
- [ ] The documentation is complete

---

## Dependencies Between Tasks

```
1.1 → 2.1, 2.2 → 3.1 → 3.2 → 4.1, 4.2
```

---

## Task Assignment

| Task    | Assigned To | Status      | Notes        |
|---------|-------------|-------------|--------------|
| 1.1     | Tier 3      | Not Started | Simple setup |
| 2.1-2.2 | Tier 2      | Not Started | Core logic   |
| 3.1-3.2 | Tier 2      | Not Started | Integration  |
| 4.1-4.2 | Tier 3      | Not Started | Completion   |

---

## Notes

- **Critical Path:** Tasks 1.1 → 2.1 → 3.1 → 3.2 (must be done in order)
- **Parallelizable:** Tasks 2.1 and 2.2 can be done in parallel
- **Escalation:** If any task takes > 2x estimated time, escalate to higher tier

---

**Last Updated:** {today}\x20\x20
**Progress:** 0/7 tasks complete
"""
