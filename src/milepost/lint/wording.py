"""How messages name things."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, noun: str) -> str:
    """``1 task``, ``2 tasks``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listing(names: Sequence[str], *, most: int = 6) -> str:
    """`` `1.1`, `1.2` and `1.3` ``; long lists are cut short."""
    quoted = [f"`{name}`" for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(quoted)} and {len(names) - most} more"
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def chain(names: Sequence[str], *, most: int = 12) -> str:
    """``1.1 → 1.2 → 1.3``; the middle of a long chain is left out."""
    if len(names) > most:
        return " → ".join([*names[: most // 2], "…", *names[-most // 2 :]])
    return " → ".join(names)
