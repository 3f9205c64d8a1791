"""How much of each document was understood, and as what it was read: ``milepost check --coverage``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from milepost.app.checks import Explored
from milepost.cli.text import printable
from milepost.errors import InputError
from milepost.lint.wording import count


def coverage_text(explored: Sequence[Explored]) -> str:
    """Write a line for each document, and one for each line of it that looks like a task and was not read."""
    return "".join(f"{line}\n" for one in explored for line in _coverage(one))


def _coverage(one: Explored) -> Iterator[str]:
    source, found = one.plan.source, one.coverage
    yield printable(
        f"{source.path}: {count(found.lines, 'line')}: {found.recognised} recognised, {found.prose} prose, "
        f"{found.blank} blank, {len(found.unread)} like tasks but unread ({count(len(one.plan.leaves), 'task')} read)"
    )
    for span in found.unread:
        document, place = source.locate(span)
        line, column = document.position(place.start)
        yield printable(f"{document.path}:{line}:{column} unread: {document.slice(place)}")


def dialect_text(explored: Sequence[Explored]) -> str:
    """Say of each document which dialect it was read as, why, and which ones did not fit."""
    return "".join(f"{line}\n" for one in explored for line in _dialect(one))


def _dialect(one: Explored) -> Iterator[str]:
    yield printable(f"{one.plan.source.path}: {one.choice.name}: {one.choice.why}")
    if one.choice.declined:
        yield f"  tried before, and not recognised: {', '.join(one.choice.declined)}"


def explored_json(explored: Sequence[Explored], errors: Sequence[InputError]) -> str:
    """Write both as JSON."""
    import json

    data = {
        "plans": [_data(one) for one in explored],
        "errors": [
            {"code": error.code, "message": str(error), "path": printable(error.place), "remedy": error.remedy}
            for error in errors
        ],
    }
    return json.dumps(data, indent=2) + "\n"


def _data(one: Explored) -> dict[str, Any]:
    source, found = one.plan.source, one.coverage
    return {
        "path": printable(source.path),
        "dialect": one.choice.name,
        "why": printable(one.choice.why),
        "declined": list(one.choice.declined),
        "tasks": len(one.plan.leaves),
        "lines": found.lines,
        "blank": found.blank,
        "recognised": found.recognised,
        "prose": found.prose,
        "complete": found.complete and bool(one.plan.tasks),
        "unread": [_unread(one, number) for number in range(len(found.unread))],
    }


def _unread(one: Explored, number: int) -> dict[str, Any]:
    document, place = one.plan.source.locate(one.coverage.unread[number])
    line, column = document.position(place.start)
    return {"path": printable(document.path), "line": line, "column": column, "text": printable(document.slice(place))}
