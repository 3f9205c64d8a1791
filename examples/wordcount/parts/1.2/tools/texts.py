"""Write the texts that the tests count: `python3 texts.py FOLDER`. The same texts every time."""

import random
import sys
from pathlib import Path

SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu"]


def vocabulary(size: int, chance: random.Random) -> list[str]:
    """Made-up words, each once."""
    words: dict[str, None] = {}
    while len(words) < size:
        words["".join(chance.choices(SYLLABLES, k=chance.randint(2, 5)))] = None
    return list(words)


def large_text(word_count: int) -> str:
    """Lines of twelve words, frequent ones far more often than rare ones, as in a real text."""
    chance = random.Random(1)
    known = vocabulary(20_000, chance)
    words = [known[int(len(known) * chance.random() ** 3)] for _ in range(word_count)]
    return "\n".join(" ".join(words[start : start + 12]) for start in range(0, word_count, 12)) + "\n"


def main(folder: Path) -> None:
    """Write every text."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "empty.txt": "",
        "one-line.txt": "The cat saw the other cat.",
        "unicode.txt": "Déjà vu — déjà lu; Straße, l’été.\nnaïve café\n",
        "large.txt": large_text(200_000),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    print(f"wrote {len(texts)} texts into {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
