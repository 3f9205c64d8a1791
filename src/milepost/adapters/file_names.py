"""Names of anything at all turned into names of files."""

from __future__ import annotations

import hashlib
import re

_LONGEST_NAME = 120
_LONGEST_STEP = 80
_STEP = re.compile(r"\w(?:[\w/-]|\.(?!\.|lock\b|/|#|\Z))*(?:#\d+)?", re.ASCII)


def file_name(name: str) -> str:
    """Turn any name into a file's name: readable, and different for different names."""
    plain = name.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    if plain.startswith("."):
        plain = "%2E" + plain[1:]
    raw = plain.encode("utf-8", "surrogateescape")
    if len(raw) <= _LONGEST_NAME:
        return plain
    return raw[-_LONGEST_NAME + 18 :].decode("utf-8", "ignore") + "%" + hashlib.sha256(raw).hexdigest()[:16]


def branch_name(name: str) -> str:
    """Turn any name into one step of a branch's name, which no tool stumbles over as a folder's name either.

    Different for different names; a run's ``#N`` becomes ``-N``.
    """
    if len(name) <= _LONGEST_STEP and _STEP.fullmatch(name):
        return name.replace("/", "+").replace("#", "-")
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:_LONGEST_STEP]
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}".lstrip("-")
