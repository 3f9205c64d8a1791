"""What earlier attempts left for the next one: branches with their work, and conflicts with both sides."""

from __future__ import annotations

from milepost.execution.records import Attempt, TaskRecord

_FILES = 20


def left_behind(record: TaskRecord) -> list[str]:
    """What the next worker of a task is told of the work of earlier ones, in Markdown; of a conflict the newest."""
    lines = [line for attempt in record.attempts for line in _branch(attempt)]
    for attempt in reversed(record.attempts):
        if attempt.evidence.get("conflict"):
            return lines + _conflict(attempt)
    return lines


def _branch(attempt: Attempt) -> list[str]:
    left = attempt.evidence.get("workspace")
    if not attempt.outcome or not left or not left["files"]:
        return []
    files, more = left["files"][:_FILES], len(left["files"]) - _FILES
    shown = ", ".join(files) + (f" and {more} more" if more > 0 else "")
    return [f"- attempt {attempt.no} left its work on branch `{left['branch']}`: {shown}"]


def _conflict(attempt: Attempt) -> list[str]:
    conflict = attempt.evidence["conflict"]
    branch = attempt.evidence["workspace"]["branch"]
    others = "; ".join(conflict["others"]) or "what others did meanwhile"
    return [
        "",
        f"### Conflict in {', '.join(conflict['files'])}",
        "",
        f"Attempt {attempt.no} was right by itself but changed what others had changed before it was merged: {others}.",
        f"Your folder holds their side. `git merge {branch}` brings in the other one; make one of both.",
        "",
        "What others changed:",
        "",
        *_fenced(conflict["theirs"]),
        "",
        f"What attempt {attempt.no} changed:",
        "",
        *_fenced(conflict["ours"]),
    ]


def _fenced(diff: str) -> list[str]:
    fence = "```"
    while fence in diff:
        fence += "`"
    return [f"{fence}diff", *diff.rstrip("\n").split("\n"), fence]
