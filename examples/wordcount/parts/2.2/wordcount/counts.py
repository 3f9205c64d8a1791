"""How long a text is."""

from typing import NamedTuple

from wordcount.words import words


class Counts(NamedTuple):
    """Lines, words and characters of a text."""

    lines: int
    words: int
    characters: int


def count(text: str) -> Counts:
    """Count a text; a last line without an end counts as a line.

    >>> count("one two\\nthree")
    Counts(lines=2, words=3, characters=13)
    >>> count("")
    Counts(lines=0, words=0, characters=0)
    """
    lines = text.count("\n") + (text != "" and not text.endswith("\n"))
    return Counts(lines, sum(1 for _ in words(text)), len(text))
