"""What a task's fields mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from milepost.plan.dialects.reading import Reading
from milepost.plan.grammar.commands import read_command
from milepost.plan.grammar.fields import KEYS
from milepost.plan.grammar.references import read_references
from milepost.plan.model import Effort, Field, ObservationKind
from milepost.source.lazy_regex import lazy_regex

_PLACEHOLDER = lazy_regex(r"\[[^\[\]]*\]")
_SCORE = lazy_regex(r"(10|[1-9])(?:\s*/\s*10)?")
_TIER = lazy_regex(r"(?:tier[\s-]*|T)?(\d{1,3})", re.IGNORECASE)
_DATE = lazy_regex(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?")
_FIRST_YEAR, _LAST_YEAR = 1970, 9000
_YES = frozenset({"", "yes", "true", "1", "x"})
_HUMAN = frozenset({"human", "person", "a human", "manual"})

Values = dict[str, Any]


def understand(reading: Reading, fields: Iterable[Field]) -> Values:
    """Turn fields into attributes of a task. Of a repeated key the first counts, but requirements and checks add up.

    Values that cannot be read are noted and left out; unfilled placeholders are left out (they are noted elsewhere).
    """
    values: Values = {}
    for field in fields:
        name = KEYS.get(field.key.casefold())
        reader = _READERS.get(name) if name else None
        is_placeholder = field.value.startswith("[") and name != "requirements" and _PLACEHOLDER.fullmatch(field.value)
        if reader and not is_placeholder:
            reader(reading, field, values)
    return values


def _requirements(reading: Reading, field: Field, values: Values) -> None:
    values["requirements"] = (*values.get("requirements", ()), *read_references(reading.text, field.value_span))


def _estimated(reading: Reading, field: Field, values: Values) -> None:
    if "effort" in values:
        return
    duration = reading.duration(field.value)
    if duration is None:
        reading.observe(ObservationKind.UNREADABLE_DURATION, field.value_span, field.key)
    else:
        values["effort"] = Effort(*duration, field.value, field.value_span)


def _run(reading: Reading, field: Field, values: Values) -> None:
    values.setdefault("run", read_command(reading.text, field.value_span))


def _verify(reading: Reading, field: Field, values: Values) -> None:
    command = read_command(reading.text, field.value_span)
    if command:
        values["verify"] = (*values.get("verify", ()), command)


def _files(reading: Reading, field: Field, values: Values) -> None:
    parts = (part.strip().strip("`").strip() for part in field.value.split(","))
    values["files"] = (*values.get("files", ()), *(part for part in parts if part))


def _score(reading: Reading, field: Field, values: Values) -> None:
    found = _SCORE.fullmatch(field.value)
    if found:
        values.setdefault(field.key.casefold(), int(found[1]))
    else:
        _unreadable(reading, field, "a whole number from 1 to 10")


def _tier(reading: Reading, field: Field, values: Values) -> None:
    found = _TIER.fullmatch(field.value)
    if found:
        values.setdefault("tier", int(found[1]))
    else:
        _unreadable(reading, field, "a tier's rank")


def _date(reading: Reading, field: Field, values: Values) -> None:
    name = KEYS[field.key.casefold()].replace(" ", "_")
    why = _no_date(field.value)
    if not why:
        values.setdefault(name, field.value)
    else:
        reading.observe(ObservationKind.UNREADABLE_DATE, field.value_span, f"{field.key} is {why}")


def _no_date(text: str) -> str:
    """Why a text is no date; empty if it is one."""
    if not _DATE.fullmatch(text):
        return "no date such as 2026-12-01"
    from datetime import datetime

    try:
        year = datetime.fromisoformat(text).year
    except ValueError:
        return "a day or a time that does not exist"
    return "" if _FIRST_YEAR <= year <= _LAST_YEAR else "no year for a plan"


def _text(reading: Reading, field: Field, values: Values) -> None:
    if field.value:
        values.setdefault(field.key.casefold(), field.value)


def _owner(reading: Reading, field: Field, values: Values) -> None:
    _text(reading, field, values)
    if field.value.casefold() in _HUMAN:
        values["human"] = True


def _flag(reading: Reading, field: Field, values: Values) -> None:
    if field.value.casefold() in _YES:
        values[field.key.casefold()] = True


def _unreadable(reading: Reading, field: Field, wanted: str) -> None:
    reading.observe(ObservationKind.UNREADABLE_VALUE, field.value_span, f"{field.key} is not {wanted}")


_READERS: dict[str, Callable[[Reading, Field, Values], None]] = {
    "requirements": _requirements,
    "estimated": _estimated,
    "run": _run,
    "verify": _verify,
    "files": _files,
    "complexity": _score,
    "ambiguity": _score,
    "risk": _score,
    "tier": _tier,
    "not before": _date,
    "due": _date,
    "deadline": _date,
    "priority": _text,
    "owner": _owner,
    "optional": _flag,
    "human": _flag,
    "parallel": _flag,
}
