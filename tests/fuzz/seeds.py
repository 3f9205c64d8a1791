"""Documents to start from: our fixtures, in every dialect, and in every dress a file may come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from milepost.plan.reader import read_plan
from milepost.plan.template import spec_files
from milepost.plan.writing import STYLES, write_plan
from milepost.source import SourceText

FIXTURES = Path(__file__).parent.parent / "fixtures"
DIALECTS = sorted((FIXTURES / "dialects").iterdir())
CRASHES = FIXTURES / "fuzz"

WORD = b"Dig"

DRESSES: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda raw: raw,
    "CRLF": lambda raw: raw.replace(b"\n", b"\r\n"),
    "CR": lambda raw: raw.replace(b"\n", b"\r"),
    "tabs": lambda raw: raw.replace(b"\n    ", b"\n\t\t").replace(b"\n  ", b"\n\t"),
    "BOM": lambda raw: b"\xef\xbb\xbf" + raw,
    "no final newline": lambda raw: raw.rstrip(b"\n"),
    "bad UTF-8": lambda raw: raw.replace(WORD, b"D\xff\xfeg"),
    "emoji": lambda raw: raw.replace(WORD, "🪏 Dig 👷🏽‍♀️".encode()),
    "CJK": lambda raw: raw.replace(WORD, "深い穴を掘る：".encode()),
    "right to left": lambda raw: raw.replace(WORD, "חפירה \u200f(عمق) ".encode()),
    "trailing blanks": lambda raw: raw.replace(b"\n", b" \t\n"),
}  # fmt: skip


def seeds(*, dressed: bool = True) -> Iterator[bytes]:
    """All documents to start from; each in one dress only if not ``dressed``."""
    dresses = list(DRESSES.values()) if dressed else [DRESSES["as it is"]]
    plans = sorted((FIXTURES / "plans").glob("*.md"))
    yield from (text.encode() for text in spec_files("Tower").values())
    for path in plans:
        plan = read_plan(SourceText.from_bytes(path.read_bytes()))
        yield from (write_plan(plan, target).source.to_bytes() for target in STYLES)
    for path in (*plans, *DIALECTS):
        yield from (dress(path.read_bytes()) for dress in dresses)
