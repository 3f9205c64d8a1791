"""What a worker itself reports of an attempt: a wish for a stronger tier, what it spent, what it did."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from milepost.adapters.subprocess_worker import Ending

RESULT = "result.json"
"""The file of an attempt's folder in which its worker may report."""

ESCALATE_EXIT = 79
"""The exit code by which a worker asks for a stronger tier."""

REASON = "REASON"
"""What stands for the reason where a worker is told how to ask."""

_WISH = re.compile(r"^\W*🚨\W*ESCALATE TO TIER (\d+)\W*(?P<reason>.*?)\W*$", re.IGNORECASE)
_LARGEST = 65536
_LONGEST = 2000
_AMOUNTS = ("cost", "tokens")


def wish(lines: Iterable[str], end: Ending, tier: int) -> str | None:
    """Why a worker asks for a tier stronger than its own; None when it does not.

    A line that names no stronger tier is an echo of what earlier workers were told, one that gives ``REASON`` for a
    reason an echo of what this one was told.
    """
    for line in reversed(list(lines)):
        found = _WISH.match(line)
        if found and int(found[1]) < tier and found["reason"] != REASON:
            return found["reason"][:_LONGEST] or f"tier {found[1]} is needed"
    return f"it ended with exit code {ESCALATE_EXIT}" if end.exit_code == ESCALATE_EXIT else None


def reported(path: Path) -> dict[str, object]:
    """What a worker wrote into its result file: amounts that are numbers, everything else as text."""
    try:
        with open(path, "rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError:
        return {}
    try:
        data = json.loads(raw)
    except ValueError:
        data = None
    if len(raw) > _LARGEST or not isinstance(data, dict):
        return {"report": f"{RESULT} holds no JSON object of at most {_LARGEST} bytes"}
    amounts: dict[str, object] = {name: data[name] for name in _AMOUNTS if _is_amount(data.get(name))}
    rest = {name: value for name, value in data.items() if name not in _AMOUNTS}
    return amounts | ({"report": _shown(rest)} if rest else {})


def _is_amount(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


def _shown(rest: dict[str, object]) -> str:
    only = rest.get("summary") if len(rest) == 1 else None
    return (only if isinstance(only, str) else json.dumps(rest, ensure_ascii=False))[:_LONGEST]
