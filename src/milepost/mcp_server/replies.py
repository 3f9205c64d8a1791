"""What tools answer: bounded JSON, pages with a cursor, text of plans set apart as data, errors that say what to do."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from milepost.app.suggestions import in_shell
from milepost.errors import MilepostError, UsageError

LONGEST_LIST = 8000
"""Characters of a list, its cursor included."""

LONGEST_TEXT = 16000
"""Characters of a text, such as a brief."""

_LONGEST_MESSAGE = 500
_ROOM = 400
"""Characters kept free for what stands around a list's entries."""

_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NEXT_STEP = {
    "refused": "next_tasks lists what can start now; get_plan shows where the run stands",
    "unknown-name": "get_plan lists tasks and checkpoints",
    "usage": "correct the arguments and call again",
    "document-changed": "read it again with get_plan, then repeat the edit",
    "version-conflict": "call again",
    "ledger-unavailable": "call again in a moment; if it goes on, tell a person: `milepost doctor`",
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool answers: a text for the model; ``failed`` when it is an error."""

    text: str
    failed: bool = False


def answer(value: Any) -> Reply:
    """Answer with JSON, without blanks that cost tokens."""
    return Reply(dump(value))


def dump(value: Any) -> str:
    """Compact JSON; letters of all languages stand for themselves, lone surrogates are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode()


def cut(text: str, longest: int) -> str:
    """A text of at most so many characters; one that was longer ends with ``…``."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def clean(text: str) -> str:
    """A text without control and bidirectional marks, which could hide what it says."""
    return _UNSAFE.sub("�", text)


def line(text: str, longest: int) -> str:
    """A text of a plan as one line that takes at most so many characters as JSON."""
    found = cut(" ".join(clean(text[: 4 * longest]).split()), longest)
    while len(dump(found)) - 2 > longest:  # quotes and backslashes take two
        found = cut(found, len(found) - max(1, (len(dump(found)) - 2 - longest) // 2))
    return found


def page(
    name: str,
    entries: Iterable[_T],
    show: Callable[[_T], Any],
    *,
    about: dict[str, Any] | None = None,
    cursor: Callable[[_T, int], str],
    limit: int | None = None,
    start: int = 0,
) -> Reply:
    """Answer with as many entries as fit; ``cursor`` gives what goes on after an entry (with its number, from 0).

    ``start`` is the number of the first entry.
    """
    head = dict(about or {})
    room = LONGEST_LIST - _ROOM - len(dump(head))
    shown: list[Any] = []
    last, more = "", False
    for number, entry in enumerate(entries, start):
        if limit is not None and len(shown) >= limit:
            more = True
            break
        value = show(entry)
        size = len(dump(value)) + 1
        if size > room and shown:
            more = True
            break
        shown.append(value)
        room -= size
        last = cursor(entry, number)
    found = {**head, name: shown}
    return answer({**found, "next_cursor": last} if more else found)


def numbered_page(
    name: str, entries: Sequence[_T], show: Callable[[_T], Any], given: str, about: dict[str, Any] | None = None
) -> Reply:
    """A page of a list that is at hand; the cursor counts entries."""
    start = offset(given)
    rest = entries[start:]
    return page(name, rest, show, about=about, cursor=lambda _, number: str(number + 1), start=start)


def offset(cursor: str) -> int:
    """How many entries a cursor passes over.

    Raises:
        UsageError: it is none.
    """
    if not cursor:
        return 0
    if not cursor.isdecimal() or len(cursor) > 12:
        raise UsageError(f"`{cursor[:40]}` is no cursor", remedy="give next_cursor of the page before, or none")
    return int(cursor)


def data(label: str, text: str) -> str:
    """Set a text of a document apart, between marks that it cannot hold: whatever it says, it is data."""
    shown = clean(text)
    mark = hashlib.blake2b(shown.encode("utf-8", "replace"), digest_size=6).hexdigest()
    return f"<{label} {mark}>\n{shown.rstrip()}\n</{label} {mark}>"


def _next_step(found: MilepostError) -> str:
    """What to do after an error; commands of the terminal are for people, not a way around what was refused."""
    if found.code == "not-trusted":
        command = in_shell("milepost", "trust", found.place)
        return f"a person has to read them and run `{command}`; do other tasks meanwhile, or block_task"
    remedy = found.remedy or _NEXT_STEP.get(found.code, "tell a person what happened")
    return f"for a person: {remedy}" if "`milepost " in remedy else remedy


def error(found: MilepostError) -> Reply:
    """Answer with what went wrong, where, and what to do next."""
    told = {"code": found.code, "message": line(str(found), _LONGEST_MESSAGE)}
    if found.place:
        told["place"] = line(found.place, 200)
    told["next"] = line(_next_step(found), 300)
    return Reply(dump({"error": told}), failed=True)
