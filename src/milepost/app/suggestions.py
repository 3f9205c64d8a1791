"""Command lines that messages suggest."""

from __future__ import annotations


def in_shell(*words: object) -> str:
    """Words of a command line as a shell has to be given them: quoted where they need it."""
    import shlex

    return shlex.join(map(str, words))
