"""Which files a task may change, as its ``_Files:_`` say."""

from __future__ import annotations

import re
from collections.abc import Iterable

from milepost.app.globs import matches

_STATED = re.compile(r"`?(?P<path>[^`]*?)`?(?:\s+\(.*\))?", re.DOTALL)


def out_of_bounds(changed: Iterable[str], files: Iterable[str]) -> list[str]:
    """Those of some changed files (from the project's folder) that are none of a task's files; all may be without any.

    A file of the task is a path, a folder with all in it, or a pattern; a remark in brackets behind it is none.
    """
    allowed = [_path(stated) for stated in files]
    if not allowed or not all(allowed):
        return []
    return [path for path in changed if not any(_covers(file, path) for file in allowed)]


def _path(stated: str) -> str:
    found = _STATED.fullmatch(stated.strip())
    path = found["path"].strip() if found else stated
    return "" if path == "." else path.removeprefix("./").strip("/")


def _covers(file: str, path: str) -> bool:
    # Literally first: some frameworks have files called `[id].tsx`.
    return path == file or path.startswith(f"{file}/") or matches(f"/{file}", path)
