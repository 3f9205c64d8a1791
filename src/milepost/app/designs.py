"""The parts of a design that concern a task."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from milepost.app.documents import read_document
from milepost.errors import InputError
from milepost.source.lazy_regex import lazy_regex

BESIDE = "design.md"
"""What the document with the design is called."""

_HEADING = lazy_regex(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
_FENCE = lazy_regex(r" {0,3}(`{3,}|~{3,})")
_CODE = lazy_regex(r"`([^`\n]{3,})`")


class Section(NamedTuple):
    """A heading of a design, and the text below it up to the next one."""

    title: str
    text: str


def read_design(plan: str) -> list[Section]:
    """The sections of the design beside a plan; none where there is no such document, or none that can be read."""
    folder = plan if os.path.isdir(plan) else os.path.dirname(plan)
    path = Path(folder) / BESIDE
    if not path.is_file():
        return []
    try:
        return sections(read_document(str(path)).text)
    except InputError:
        return []


def sections(text: str) -> list[Section]:
    """The sections of a Markdown document; headings inside code are none."""
    found: list[Section] = []
    title, lines, fence = "", list[str](), ""
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or mark.group(1).startswith(fence)):
            fence = "" if fence else mark.group(1)
        heading = None if fence or mark else _HEADING.fullmatch(line)
        if heading:
            found.append(Section(title, "\n".join(lines).strip()))
            title, lines = heading.group(2), []
        else:
            lines.append(line)
    found.append(Section(title, "\n".join(lines).strip()))
    return [section for section in found if section.text]


def excerpts(design: Iterable[Section], names: Iterable[str], room: int) -> list[Section]:
    """The sections that name something (ids, files, words in code spans), those that name most first, within ``room``.

    ``room`` is in characters; a section that is longer than what is left is cut.
    """
    patterns = [re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\d)") for name in dict.fromkeys(names) if name]
    ranked = []
    for number, section in enumerate(design):
        whole = f"{section.title}\n{section.text}"
        hits = sum(pattern.search(whole) is not None for pattern in patterns)
        if hits:
            ranked.append((-hits, number, section))
    found: list[Section] = []
    for _, _, section in sorted(ranked):
        if room < 100:
            break
        text = section.text if len(section.text) <= room else section.text[: room - 1] + "…"
        found.append(Section(section.title, text))
        room -= len(text) + len(section.title)
    return found


def named_in(texts: Iterable[str]) -> list[str]:
    """What texts name in code spans: functions, files, types."""
    return [name for text in texts for name in _CODE.findall(text)]
