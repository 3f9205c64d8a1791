"""What a word is: letters, with apostrophes inside; upper and lower case are the same."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def words(text: str) -> Iterator[str]:
    """Give the words of a text in order, in lower case.

    >>> list(words("Don't panic: 42 is no word, don't!"))
    ["don't", 'panic', 'is', 'no', 'word', "don't"]
    >>> list(words("Straße, l’été"))
    ['straße', 'l’été']
    """
    return (match.group().lower() for match in _WORD.finditer(text))
