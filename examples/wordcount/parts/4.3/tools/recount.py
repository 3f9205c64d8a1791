"""Verify every word's count in another way: `python3 recount.py TEXT`.

The environment says how, as it would say which worker does the task: WORDCOUNT_METHOD=scan goes through the whole
text once for each different word, which is the obvious way and hopeless for a large text; =sort sorts once.
"""

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path

from wordcount.ranking import ranking
from wordcount.words import words


def scan(found: list[str]) -> dict[str, int]:
    """Count each different word by a pass over all words: quadratic."""
    return {word: found.count(word) for word in set(found)}


def sort(found: list[str]) -> dict[str, int]:
    """Count the runs of equal words among the sorted ones."""
    return {word: sum(1 for _ in run) for word, run in itertools.groupby(sorted(found))}


METHODS: dict[str, Callable[[list[str]], dict[str, int]]] = {"scan": scan, "sort": sort}


def main(path: Path) -> int:
    """Compare the two ways of counting."""
    method = METHODS[os.environ.get("WORDCOUNT_METHOD", "scan")]
    text = path.read_text(encoding="utf-8")
    found = list(words(text))
    print(f"recounting {len(found):,} words of {path.name} by {method.__name__}", flush=True)
    recounted = method(found)
    if recounted != dict(ranking(text, len(found))):
        print("the counts differ")
        return 1
    print(f"{len(recounted):,} different words, all counted alike")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
