"""Patterns of paths, as ``.gitignore`` and linters use them."""

from __future__ import annotations

import re
from functools import cache


def matches(glob: str, path: str) -> bool:
    """Say whether a relative path (with forward slashes) matches a pattern.

    ``*`` and ``?`` stay within one name, ``**`` crosses folders. A pattern without a slash means any name on the
    path: a file, or a folder with all that is in it; one with a slash means the path from its beginning, or a folder.
    """
    return _compiled(glob).match(path) is not None


@cache
def _compiled(glob: str) -> re.Pattern[str]:
    anchored = "/" in glob.rstrip("/")
    body = _translated(glob.removeprefix("./").strip("/"))
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{body}(?:/.*)?\\Z", re.DOTALL)


def _translated(glob: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", glob)
    return "".join(_piece(piece) for piece in pieces)


def _piece(piece: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if piece in known:
        return known[piece]
    if len(piece) > 2 and piece[0] == "[" and piece[-1] == "]":
        inner = piece[1:-1].replace("\\", "\\\\")
        return f"[{'^' + inner[1:] if inner[0] == '!' else inner}]"
    return re.escape(piece)
