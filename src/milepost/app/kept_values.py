"""Plain values as bytes, for what Milepost keeps for its own next command.

They are written as Python writes its own compiled modules, which is read in a third of the time that JSON takes. Such
bytes are read only from a folder that is the user's alone, under a head that says which Milepost and which Python
wrote them and has their digest: whoever could forge that could as well change Milepost.
"""

from __future__ import annotations

import hashlib
import marshal
import sys
from typing import Any

from milepost import __version__

WRITER = f"{__version__} {sys.implementation.cache_tag} {marshal.version}"
"""Who can read what is written here: a head of kept bytes has to begin with it."""


def to_bytes(value: Any) -> bytes:
    """Write a value of numbers, texts, None, lists, tuples and dictionaries; raises ValueError for any other."""
    return marshal.dumps(value)


def from_bytes(raw: bytes | memoryview) -> Any:
    """The value that :func:`to_bytes` wrote; any exception says that there is none."""
    return marshal.loads(raw)


def digest_of(*parts: bytes | memoryview) -> str:
    """What tells parts, taken together, from any others."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def sealed(told: str, body: bytes | memoryview) -> bytes:
    """Put a body under a head that says who wrote it, what it is, in words, and how to know that it is whole."""
    return b"".join((f"{_head(told, body)}\n".encode("ascii"), body))


def unsealed(raw: bytes) -> tuple[list[str], memoryview]:
    """What the head says of a body, in words, and the body.

    Raises:
        ValueError: another Milepost or another Python wrote it, or it is not whole.
    """
    end = raw.index(b"\n")
    head, body = raw[:end].decode("ascii"), memoryview(raw)[end + 1 :]  # it may be large: no copies
    told = head[len(WRITER) + 1 :].rpartition(" ")[0]
    if head != _head(told, body):
        raise ValueError("it is not whole, or not for this Milepost")
    return told.split(" "), body


def _head(told: str, body: bytes | memoryview) -> str:
    return f"{WRITER} {told} {digest_of(body)}"
