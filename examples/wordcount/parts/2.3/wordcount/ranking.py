"""Which words a text uses most."""

from collections import Counter

from wordcount.words import words


def ranking(text: str, size: int) -> list[tuple[str, int]]:
    """Give the most frequent words with their counts; equally frequent ones in alphabetical order.

    >>> ranking("b a b c a b", 2)
    [('b', 3), ('a', 2)]
    """
    found = Counter(words(text))
    return sorted(found.items(), key=lambda entry: (-entry[1], entry[0]))[:size]
