"""Names of anything at all turned into names of files."""

from __future__ import annotations

import hashlib

_LONGEST_NAME = 120


def file_name(name: str) -> str:
    """Turn any name into a file's name: readable, and different for different names."""
    plain = name.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    if plain.startswith("."):
        plain = "%2E" + plain[1:]
    raw = plain.encode("utf-8", "surrogateescape")
    if len(raw) <= _LONGEST_NAME:
        return plain
    return raw[-_LONGEST_NAME + 18 :].decode("utf-8", "ignore") + "%" + hashlib.sha256(raw).hexdigest()[:16]
