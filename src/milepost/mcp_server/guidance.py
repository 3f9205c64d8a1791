"""Resources and prompts: shortcuts to what the tools give; nothing is reachable through them alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milepost.errors import UnknownName, UsageError


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request that a person can pick: its text with ``{argument}`` places, and what the arguments mean."""

    name: str
    about: str
    arguments: Mapping[str, str]
    text: str

    def filled(self, given: Mapping[str, str]) -> str:
        """The text with the arguments in their places.

        Raises:
            UsageError: an argument is unknown, or too long.
        """
        for name, value in given.items():
            if name not in self.arguments or len(value) > 500:
                raise UsageError(f"`{name[:60]}` is no argument of {self.name}, or it is too long")
        text = self.text
        for name in self.arguments:
            text = text.replace(f"{{{name}}}", given.get(name, "").strip() or "(the only one; see list_plans)")
        return text


PROMPTS = {
    prompt.name: prompt
    for prompt in (
        Prompt(
            "write_plan",
            "Write a plan from requirements",
            {"plan": "Path of the plan that is to be written or completed"},
            "Write the implementation plan {plan} from the requirements.md and design.md beside it.\n"
            "1. trace_requirement without a requirement lists what no task serves yet.\n"
            "2. Plan phases with tasks of half an hour to four hours: an id and a title "
            "(`- [ ] **1.1** Title`), steps as nested bullets, and the lines `_Requirements: REQ-1.1_`, "
            "`_Estimated: 2 hours_`, `_Depends: 1.1_`, `_Files: path_`, `_Verify: command_` where they apply.\n"
            "3. Put a checkpoint after each phase with criteria that a command or a person can judge.\n"
            "4. Make the changes with edit_plan, or in the file itself if it does not exist yet; then check_plan until "
            "nothing is left, and trace_requirement until there are no gaps.",
        ),
        Prompt(
            "review_plan",
            "Review a plan",
            {"plan": "Path of the plan"},
            "Review the plan {plan}. Use get_plan, check_plan, trace_requirement and get_schedule (summary and "
            "forecast). Report: claims that do not hold, requirements without a task, tasks that are too large or "
            "cannot be verified, missing dependencies, checkpoints nobody can judge, and what decides the end date. "
            "Propose edits with edit_plan and show their diffs; confirm none without being asked to.",
        ),
        Prompt(
            "work_next_task",
            "Work the next task",
            {"plan": "Path of the plan"},
            "Do the next task of the plan {plan}: claim_task without a task, keep attempt_no, get_brief, do what the "
            "brief describes and nothing else, stay within the files it names, heartbeat before the lease ends, and "
            "complete_task with a note for whoever builds on it. If it fails, fail_task with what you tried; if a "
            "person has to decide something, block_task. If a call says that the attempt is not yours any more, stop.",
        ),
    )
}

RESOURCES: dict[str, tuple[str, dict[str, Any], str]] = {
    "milepost://plans": ("list_plans", {}, "The plans served here"),
}
"""Resources by address: the tool that gives the same, with its arguments."""

TEMPLATES = {
    "milepost://plan/{plan}": "A plan's overview, as get_plan gives it",
    "milepost://document/{plan}": "The first page of a plan's text, as get_plan gives it",
    "milepost://ready/{plan}": "What can start now, as next_tasks gives it",
}


def tool_for(address: str) -> tuple[str, dict[str, Any]]:
    """The tool that gives what stands at an address, and its arguments.

    Raises:
        UnknownName: nothing stands there.
    """
    from urllib.parse import unquote

    if address in RESOURCES:
        name, given, _ = RESOURCES[address]
        return name, dict(given)
    for start, tool, section in (
        ("milepost://plan/", "get_plan", "overview"),
        ("milepost://document/", "get_plan", "document"),
        ("milepost://ready/", "next_tasks", ""),
    ):
        if address.startswith(start) and len(address) > len(start):
            given = {"plan": unquote(address[len(start) :])}
            return tool, {**given, "section": section} if section else given
    raise UnknownName(f"there is no resource {address[:100]}", remedy="list_plans names the plans")
