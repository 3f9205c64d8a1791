"""References to tasks of another plan: a file or a folder, and an id in it."""

from __future__ import annotations

import re
from collections.abc import Callable

from milepost.source import Span
from milepost.source.lazy_regex import lazy_regex

_ELSEWHERE = lazy_regex(
    r"(?:tasks?[ ]+)?[`\[(]*"
    r"(?:(?P<file>(?:[\w.-]+/|\.{1,2}/|/)*[\w-][\w.-]*\.md)[`\])]*(?:[ ]*[#:][ ]*|[ ]+)"
    r"|(?P<folder>(?:\.{1,2}/|/)?(?:[\w-][\w.-]*/)+(?:[\w-]*[a-z_][\w-]*)?)[`\])]*(?:[ ]*[#:][ ]*|[ ]+|(?<=/)))"
    r"(?:tasks?[ -]+)?`?(?P<id>[A-Z]{0,8}-?\d+(?:\.\d+)*[a-z]?)`?(?![\w.]*\w)",
    re.IGNORECASE,
)
"""``../login/tasks.md#2.1``, ``login/tasks.md task 2.1``, ``specs/login 2.1``, ``login/2.1``."""


def read_elsewhere(text: str, start: int, end: int, own: str, known: Callable[[str], bool]) -> Span | None:
    """The span of a reference to another plan's task that begins at ``start``; None if there is none.

    ``own`` is the path of the plan itself; ``T001/T002`` are two ids if the first is ``known``, no folder and an id.
    """
    found = _ELSEWHERE.match(text, start, end)
    if found is None:
        return None
    if found["file"]:
        name = found["file"].removeprefix("./")
        return None if "/" not in name and own.endswith(name) else Span(start, found.end())
    return None if known(found["folder"].partition("/")[0]) else Span(start, found.end())
